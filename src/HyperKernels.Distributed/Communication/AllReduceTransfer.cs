using System.Buffers;
using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.CompilerServices;

namespace HyperKernels.Distributed;

/// <summary>
/// A sum over all processes. Each process adds up one stretch of the values, in the order of ranks, and sends the sums to all. Few values
/// go whole from each to each instead: one round of messages, not two, with the same sums.
/// </summary>
/// <remarks>Any process sends and receives 2 (N - 1) / N of the values, in 2 (N - 1) messages each way: the least bytes there can be.</remarks>
internal sealed class AllReduceTransfer<T> : Transfer
    where T : unmanaged, INumber<T>
{
    // Below this, messages cost by their number.
    private const int WholeBytes = 4096;

    private readonly MpiCommunicator _communicator;
    private readonly Memory<T> _values;
    private readonly int _tag;
    private readonly bool _isWhole;
    private readonly List<Transfer> _pending = [];
    private T[]? _received;
    private bool _isDone;

    public AllReduceTransfer(MpiCommunicator communicator, Memory<T> values, int tag)
    {
        (_communicator, _values, _tag) = (communicator, values, tag);
        _isWhole = (long)values.Length * Unsafe.SizeOf<T>() <= WholeBytes;
        Exchange();
    }

    private int Own => _isWhole ? _values.Length : Stretch(_communicator.Rank).Length;

    public override bool Poll()
    {
        foreach (Transfer transfer in _pending)
        {
            if (!transfer.Poll())
            {
                return false;
            }
        }
        Advance();
        return _isDone || Poll();
    }

    public override void Wait()
    {
        while (!_isDone)
        {
            foreach (Transfer transfer in _pending)
            {
                transfer.Wait();
            }
            Advance();
        }
    }

    // What others have of this process's stretch comes here, what this one has of theirs goes there.
    private void Exchange()
    {
        _received = ArrayPool<T>.Shared.Rent(Math.Max(1, Own * (_communicator.Size - 1)));
        foreach (int other in _communicator.Others())
        {
            _pending.Add(_communicator.ReceiveTagged(Received(other), other, _tag));
        }
        foreach (int other in _communicator.Others())
        {
            _pending.Add(_communicator.SendTagged<T>(_isWhole ? _values : Stretch(other), other, _tag));
        }
    }

    private void Advance()
    {
        _pending.Clear();
        if (_received is null)
        {
            _isDone = true;
            return;
        }
        Add();
        ArrayPool<T>.Shared.Return(_received);
        _received = null;
        _isDone = _isWhole;
        if (_isDone)
        {
            return;
        }
        foreach (int other in _communicator.Others())
        {
            _pending.Add(_communicator.ReceiveTagged(Stretch(other), other, _tag));
        }
        foreach (int other in _communicator.Others())
        {
            _pending.Add(_communicator.SendTagged<T>(Stretch(_communicator.Rank), other, _tag));
        }
    }

    // The sum grows in the place of rank 0's values, which are the first to be added.
    private void Add()
    {
        Span<T> own = (_isWhole ? _values : Stretch(_communicator.Rank)).Span;
        Span<T> sum = _communicator.Rank == 0 ? own : Received(0).Span;
        for (int rank = 1; rank < _communicator.Size; rank++)
        {
            TensorPrimitives.Add(sum, rank == _communicator.Rank ? own : Received(rank).Span, sum);
        }
        if (_communicator.Rank != 0)
        {
            sum.CopyTo(own);
        }
    }

    private Memory<T> Received(int from) => _received.AsMemory(Own * (from < _communicator.Rank ? from : from - 1), Own);

    private Memory<T> Stretch(int rank)
    {
        int start = (int)((long)_values.Length * rank / _communicator.Size);
        return _values[start..(int)((long)_values.Length * (rank + 1) / _communicator.Size)];
    }
}
