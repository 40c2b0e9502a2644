using System.Buffers;

namespace HyperKernels.Distributed;

/// <summary>A request of MPI with the memory that it works on.</summary>
internal sealed unsafe class MpiTransfer : Transfer
{
    private readonly string _call;
    private readonly int _expected;
    private readonly nint _type;
    private MemoryHandle _memory;
    private nint _request;
    private bool _isDone;

    /// <param name="call">What started it.</param>
    /// <param name="request">What MPI calls it.</param>
    /// <param name="memory">Held in place until it is done.</param>
    /// <param name="type">Of the values that are received.</param>
    /// <param name="expected">How many are to be received; -1 where that need not be checked.</param>
    public MpiTransfer(string call, nint request, MemoryHandle memory, nint type = 0, int expected = -1)
    {
        (_call, _request, _memory, _type, _expected) = (call, request, memory, type, expected);
    }

    public override bool Poll()
    {
        if (_isDone)
        {
            return true;
        }
        MpiApi.Status status = default;
        int flag = 0;
        fixed (nint* request = &_request)
        {
            MpiLibrary.Check(MpiApi.MPI_Test(request, &flag, &status), nameof(MpiApi.MPI_Test), _call);
        }
        if (flag != 0)
        {
            Finish(&status);
        }
        return _isDone;
    }

    public override void Wait()
    {
        if (_isDone)
        {
            return;
        }
        MpiApi.Status status = default;
        fixed (nint* request = &_request)
        {
            MpiLibrary.Check(MpiApi.MPI_Wait(request, &status), nameof(MpiApi.MPI_Wait), _call);
        }
        Finish(&status);
    }

    private void Finish(MpiApi.Status* status)
    {
        _isDone = true;
        _memory.Dispose();
        if (_expected < 0)
        {
            return;
        }
        int count = 0;
        MpiLibrary.Check(MpiApi.MPI_Get_count(status, _type, &count), nameof(MpiApi.MPI_Get_count), _call);
        if (count != _expected)
        {
            throw new CommunicationException($"MPI: {_call}: {_expected} values were expected; {count} came. Both processes must give the same sizes.");
        }
    }
}
