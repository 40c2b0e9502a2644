using HyperKernels.Backends.Gpu;
using static HyperKernels.Backends.OpenCL.OpenCLApi;
using static HyperKernels.Backends.OpenCL.OpenCLErrors;

namespace HyperKernels.Backends.OpenCL;

/// <summary>
/// A few blocks of host memory that the device reads directly, used in turn: an upload is a copy into one of them, and the caller goes on
/// while earlier work and the transfer are still under way. Not safe for use by several threads at once.
/// </summary>
internal sealed unsafe class OpenCLStaging : IDisposable
{
    /// <summary>Larger uploads go straight from the caller's memory and wait: copying them twice would cost more than waiting.</summary>
    public const int LargestBytes = 8 << 20;

    private const int SmallestBytes = 64 << 10;
    private const int Blocks = 4;
    private const ulong AllocateHostMemory = 16;
    private const ulong MapWrite = 2;

    private readonly nint _context;
    private readonly nint _queue;
    private readonly Block[] _blocks = new Block[Blocks];
    private int _next;

    public OpenCLStaging(nint context, nint queue)
    {
        _context = context;
        _queue = queue;
    }

    /// <summary>Copies now, transfers later. The status is the transfer's.</summary>
    public int Upload(ReadOnlySpan<byte> source, nint buffer, long offset)
    {
        ref Block block = ref _blocks[_next];
        _next = (_next + 1) % Blocks;
        Check(WaitFor(ref block), nameof(clWaitForEvents), "an upload");
        if (block.Bytes < source.Length)
        {
            Release(ref block);
            Make(ref block, Math.Max(SmallestBytes, (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)source.Length)));
        }
        source.CopyTo(new Span<byte>((void*)block.Pointer, block.Bytes));
        nint done;
        int status = clEnqueueWriteBuffer(_queue, buffer, 0, (nuint)offset, (nuint)source.Length, (void*)block.Pointer, 0, null, &done);
        block.Done = status == Success ? done : 0;
        return status;
    }

    public void Dispose()
    {
        for (int i = 0; i < Blocks; i++)
        {
            _ = WaitFor(ref _blocks[i]);
            Release(ref _blocks[i]);
        }
    }

    private static int WaitFor(ref Block block)
    {
        nint done = block.Done;
        if (done == 0)
        {
            return Success;
        }
        int status = clWaitForEvents(1, &done);
        _ = clReleaseEvent(done);
        block.Done = 0;
        return status;
    }

    private void Make(ref Block block, int bytes)
    {
        int status;
        nint memory = clCreateBuffer(_context, AllocateHostMemory, (nuint)bytes, null, &status);
        Check(status, nameof(clCreateBuffer), $"{bytes:N0} bytes of staging memory");
        nint pointer = clEnqueueMapBuffer(_queue, memory, 1, MapWrite, 0, (nuint)bytes, 0, null, null, &status);
        if (status != Success)
        {
            _ = clReleaseMemObject(memory);
            throw new DeviceException(Text(nameof(clEnqueueMapBuffer), status, $"{bytes:N0} bytes of staging memory"));
        }
        block = new Block { Memory = memory, Pointer = pointer, Bytes = bytes };
    }

    private static void Release(ref Block block)
    {
        if (block.Memory != 0)
        {
            _ = clReleaseMemObject(block.Memory);
            block = default;
        }
    }

    private struct Block
    {
        public nint Memory;
        public nint Pointer;
        public int Bytes;
        public nint Done;
    }
}
