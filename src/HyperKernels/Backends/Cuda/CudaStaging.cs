using static HyperKernels.Backends.Cuda.CudaApi;

namespace HyperKernels.Backends.Cuda;

/// <summary>
/// Copies through two blocks of host memory that the device reads by itself: while one is on its way, the other is filled or emptied. An
/// upload returns when its last block is filled; nothing waits for the device unless both blocks are on their way.
/// </summary>
internal sealed unsafe class CudaStaging : IDisposable
{
    // Large enough that a transfer's fixed cost is lost in it, small enough to be had on any machine.
    private const int BlockBytes = 4 << 20;
    private const uint WithoutTiming = 2;

    private readonly CudaDevice _device;
    private readonly Lock _gate = new();
    private readonly nint[] _blocks = new nint[2];
    private readonly nint[] _done = new nint[2];
    private int _turn;

    /// <summary>Takes the blocks; the device's context must be current.</summary>
    public CudaStaging(CudaDevice device)
    {
        _device = device;
        try
        {
            for (int i = 0; i < 2; i++)
            {
                void* block;
                _device.Check(cuMemHostAlloc(&block, BlockBytes, 0), nameof(cuMemHostAlloc), $"{BlockBytes:N0} bytes for transfers");
                _blocks[i] = (nint)block;
                nint done;
                _device.Check(cuEventCreate(&done, WithoutTiming), nameof(cuEventCreate), "transfers");
                _done[i] = done;
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public void Upload(ReadOnlySpan<byte> source, nint destination, nint stream)
    {
        lock (_gate)
        {
            for (int place = 0; place < source.Length; place += BlockBytes)
            {
                ReadOnlySpan<byte> part = source.Slice(place, Math.Min(BlockBytes, source.Length - place));
                int block = NextFree();
                part.CopyTo(new Span<byte>((void*)_blocks[block], BlockBytes));
                _device.Check(cuMemcpyHtoDAsync_v2(destination + place, (void*)_blocks[block], (nuint)part.Length, stream), nameof(cuMemcpyHtoDAsync_v2),
                    $"{source.Length:N0} bytes");
                Mark(block, stream);
            }
        }
    }

    public void Download(nint source, Span<byte> destination, nint stream)
    {
        lock (_gate)
        {
            // The block before the present one is emptied while the present one is on its way.
            int before = -1, beforePlace = 0;
            for (int place = 0; place < destination.Length; place += BlockBytes)
            {
                int length = Math.Min(BlockBytes, destination.Length - place);
                int block = NextFree();
                _device.Check(cuMemcpyDtoHAsync_v2((void*)_blocks[block], source + place, (nuint)length, stream), nameof(cuMemcpyDtoHAsync_v2), $"{destination.Length:N0} bytes");
                Mark(block, stream);
                Empty(before, beforePlace, destination);
                (before, beforePlace) = (block, place);
            }
            Empty(before, beforePlace, destination);
        }
    }

    /// <summary>Silent, also on a lost device; the device's context must be current.</summary>
    public void Dispose()
    {
        for (int i = 0; i < 2; i++)
        {
            if (_done[i] != 0)
            {
                _ = cuEventDestroy_v2(_done[i]);
            }
            if (_blocks[i] != 0)
            {
                _ = cuMemFreeHost((void*)_blocks[i]);
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

    private void Mark(int block, nint stream) => _device.Check(cuEventRecord(_done[block], stream), nameof(cuEventRecord), "a transfer");

    private void Wait(int block) => _device.Check(cuEventSynchronize(_done[block]), nameof(cuEventSynchronize), "a transfer");
}
