using ILGPU.Runtime.Cuda;
using static ILGPU.Runtime.Cuda.CudaAPI;

namespace HyperKernels.Gpu;

/// <summary>
/// Copies through two blocks of host memory that the device reads by itself: while one is on its way, the other is filled or emptied. An
/// upload returns when its last block is filled; nothing waits for the device unless both blocks are on their way.
/// </summary>
internal sealed unsafe class CudaStaging : IDisposable
{
    // Large enough that a transfer's fixed cost is lost in it, small enough to be had on any machine.
    private const int BlockBytes = 4 << 20;

    private readonly CudaDevice _device;
    private readonly CudaStream _stream;
    private readonly nint[] _blocks = new nint[2];
    private readonly nint[] _done = new nint[2];
    private int _turn;

    /// <summary>Takes the blocks; the device's context must be current, here and in all that follows.</summary>
    public CudaStaging(CudaDevice device, CudaStream stream)
    {
        _device = device;
        _stream = stream;
        try
        {
            for (int i = 0; i < 2; i++)
            {
                _device.Check(CurrentAPI.AllocateHostMemory(out _blocks[i], BlockBytes), "cuMemAllocHost", $"{BlockBytes:N0} bytes for transfers");
                _device.Check(CurrentAPI.CreateEvent(out _done[i], CudaEventFlags.CU_EVENT_DISABLE_TIMING), "cuEventCreate", "transfers");
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public void Upload(ReadOnlySpan<byte> source, nint destination)
    {
        for (int place = 0; place < source.Length; place += BlockBytes)
        {
            ReadOnlySpan<byte> part = source.Slice(place, Math.Min(BlockBytes, source.Length - place));
            int block = NextFree();
            part.CopyTo(new Span<byte>((void*)_blocks[block], BlockBytes));
            _device.Check(CurrentAPI.MemcpyAsync(destination + place, _blocks[block], part.Length, _stream), "cuMemcpyAsync", $"{source.Length:N0} bytes");
            Mark(block);
        }
    }

    public void Download(nint source, Span<byte> destination)
    {
        // The block before the present one is emptied while the present one is on its way.
        int before = -1, beforePlace = 0;
        for (int place = 0; place < destination.Length; place += BlockBytes)
        {
            int length = Math.Min(BlockBytes, destination.Length - place);
            int block = NextFree();
            _device.Check(CurrentAPI.MemcpyAsync(_blocks[block], source + place, length, _stream), "cuMemcpyAsync", $"{destination.Length:N0} bytes");
            Mark(block);
            Empty(before, beforePlace, destination);
            (before, beforePlace) = (block, place);
        }
        Empty(before, beforePlace, destination);
    }

    /// <summary>Silent, also on a lost device.</summary>
    public void Dispose()
    {
        for (int i = 0; i < 2; i++)
        {
            if (_done[i] != 0)
            {
                _ = CurrentAPI.DestroyEvent(_done[i]);
            }
            if (_blocks[i] != 0)
            {
                _ = CurrentAPI.FreeHostMemory(_blocks[i]);
            }
            (_done[i], _blocks[i]) = (0, 0);
        }
    }

    private int NextFree()
    {
        int block = _turn;
        _turn ^= 1;
        Wait(block);
        return block;
    }

    private void Empty(int block, int place, Span<byte> destination)
    {
        if (block >= 0)
        {
            Wait(block);
            int length = Math.Min(BlockBytes, destination.Length - place);
            new ReadOnlySpan<byte>((void*)_blocks[block], length).CopyTo(destination[place..]);
        }
    }

    private void Mark(int block) => _device.Check(CurrentAPI.RecordEvent(_done[block], _stream.StreamPtr), "cuEventRecord", "a transfer");

    private void Wait(int block) => _device.Check(CurrentAPI.SynchronizeEvent(_done[block]), "cuEventSynchronize", "a transfer");
}
