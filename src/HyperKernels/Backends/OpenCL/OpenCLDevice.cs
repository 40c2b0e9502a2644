using HyperKernels.Backends.Gpu;
using static HyperKernels.Backends.OpenCL.OpenCLApi;
using static HyperKernels.Backends.OpenCL.OpenCLErrors;

namespace HyperKernels.Backends.OpenCL;

/// <summary>A device through OpenCL 1.2: one context, one queue in order.</summary>
internal sealed unsafe class OpenCLDevice : IGpuDevice
{
    private const ulong ReadWrite = 1;
    private const int LaunchesPerFlush = 16;
    private const uint QueueContext = 0x1090, QueueDevice = 0x1091, QueueProperties = 0x1093;
    private const uint MemorySize = 0x1102;
    private const nint OutOfOrder = 1;

    // Kernels keep their arguments between calls, so that setting them and launching is one step.
    private readonly Lock _gate = new();
    private readonly nint _device;
    private readonly nint _context;
    private readonly nint _queue;
    private readonly bool _owned;
    private readonly OpenCLCompiler _compiler;
    private readonly OpenCLStaging _staging;
    private readonly DeviceHealth _health = new("dispose what is on it and open it again");
    private int _launches;

    /// <summary>Opens a device with a context and a queue of its own.</summary>
    public OpenCLDevice(OpenCLChoice choice, KernelCache cache)
    {
        _owned = true;
        _device = choice.Device;
        Description = choice.Description;
        ComputeUnits = choice.ComputeUnits;
        int status;
        nint device = _device;
        _context = clCreateContext(null, 1, &device, 0, 0, &status);
        Check(status, nameof(clCreateContext), Description);
        _queue = clCreateCommandQueue(_context, _device, 0, &status);
        Check(status, nameof(clCreateCommandQueue), Description);
        _staging = new OpenCLStaging(_context, _queue);
        _compiler = new OpenCLCompiler(choice, _context, cache);
    }

    private OpenCLDevice(OpenCLChoice choice, nint context, nint queue)
    {
        (_device, _context, _queue) = (choice.Device, context, queue);
        Description = choice.Description;
        ComputeUnits = choice.ComputeUnits;
        _staging = new OpenCLStaging(_context, _queue);
        _compiler = new OpenCLCompiler(choice, _context, KernelCache.Default);
    }

    public string Name => "opencl";

    public string Description { get; }

    public int ComputeUnits { get; }

    // OpenCL has no words for them.
    public bool HasTensorCores => false;

    /// <summary>Works in a context and on a queue that belong to somebody else, and leaves them as they are.</summary>
    /// <exception cref="BackendUnavailableException">There is no OpenCL loader.</exception>
    /// <exception cref="DeviceException">OpenCL refuses a handle.</exception>
    /// <exception cref="ArgumentException">The queue is of another context or device, or runs its work out of order.</exception>
    public static OpenCLDevice Over(nint context, nint queue, nint device)
    {
        if (!OpenCLChoice.IsUsable(out string reason))
        {
            throw new BackendUnavailableException($"opencl: not available: {reason}");
        }
        if (QueueInfo(queue, QueueContext) != context || QueueInfo(queue, QueueDevice) != device)
        {
            Throw.Argument("Device.FromOpenCL: the queue must belong to the context and the device that were handed over with it.");
        }
        if ((QueueInfo(queue, QueueProperties) & OutOfOrder) != 0)
        {
            Throw.Argument("Device.FromOpenCL: the queue must run its work in order; it was made with CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE.");
        }
        return new OpenCLDevice(OpenCLChoice.Of(device), context, queue);
    }

    public GpuBuffer Borrow(nint memory, long bytes, out long offset)
    {
        nuint size = 0;
        Check(clGetMemObjectInfo(memory, MemorySize, (nuint)sizeof(nuint), &size, null), nameof(clGetMemObjectInfo), "the memory that was handed over");
        if ((nuint)bytes > size)
        {
            Throw.Argument($"Tensor.FromDevice: the shape needs {bytes:N0} bytes; the memory object has {size:N0}.");
        }
        offset = 0;
        return new GpuBuffer(this, memory, bytes, owned: false);
    }

    public GpuBuffer Allocate(long bytes)
    {
        _health.ThrowIfLost();
        int status;
        nint memory = clCreateBuffer(_context, ReadWrite, (nuint)bytes, null, &status);
        Check(status, nameof(clCreateBuffer), $"{bytes:N0} bytes");
        return new GpuBuffer(this, memory, bytes);
    }

    public nint HandleOf(BufferRef place, out long offset)
    {
        offset = place.Offset * 4;
        return Handle(place);
    }

    public void Free(nint handle) => _ = clReleaseMemObject(handle);

    public IGpuModule Build(KernelSource source) => _compiler.Build(source);

    public void Launch(GpuKernel kernel, int groups, ReadOnlySpan<KernelArgument> arguments)
    {
        _health.ThrowIfLost();
        lock (_gate)
        {
            uint index = 0;
            foreach (ref readonly KernelArgument argument in arguments)
            {
                long bits = argument.Bits;
                int status;
                if (argument.IsBuffer)
                {
                    nint memory = argument.Buffer?.Handle ?? 0;
                    status = clSetKernelArg(kernel.Handle, index, (nuint)sizeof(nint), memory == 0 ? null : &memory);
                    status = status != Success ? status : clSetKernelArg(kernel.Handle, ++index, sizeof(long), &bits);
                }
                else
                {
                    status = clSetKernelArg(kernel.Handle, index, (nuint)argument.Size, argument.Structure is null ? &bits : argument.Structure);
                }
                if (status != Success)
                {
                    throw new DeviceException(Text(nameof(clSetKernelArg), status, $"argument {index} of {kernel.Name}"));
                }
                index++;
            }
            nuint groupSize = (nuint)kernel.GroupSize;
            nuint size = (nuint)groups * groupSize;
            Run(clEnqueueNDRangeKernel(_queue, kernel.Handle, 1, null, &size, &groupSize, 0, null, null), nameof(clEnqueueNDRangeKernel), kernel.Name);
            // Drivers may hold work back until they are told; told at every launch, some are slow.
            if (++_launches % LaunchesPerFlush == 0)
            {
                _ = clFlush(_queue);
            }
        }
    }

    public IGpuGraph? Capture(Action launches) => null;

    public void Upload(ReadOnlySpan<byte> source, BufferRef destination)
    {
        _health.ThrowIfLost();
        nint buffer = Handle(destination);
        int status;
        if (source.Length <= OpenCLStaging.LargestBytes)
        {
            lock (_gate)
            {
                status = _staging.Upload(source, buffer, destination.Offset * 4);
            }
        }
        else
        {
            fixed (byte* start = source)
            {
                status = clEnqueueWriteBuffer(_queue, buffer, 1, (nuint)(destination.Offset * 4), (nuint)source.Length, start, 0, null, null);
            }
        }
        Run(status, nameof(clEnqueueWriteBuffer), "an upload");
    }

    public void Download(BufferRef source, Span<byte> destination)
    {
        _health.ThrowIfLost();
        fixed (byte* start = destination)
        {
            Run(
                clEnqueueReadBuffer(_queue, Handle(source), 1, (nuint)(source.Offset * 4), (nuint)destination.Length, start, 0, null, null),
                nameof(clEnqueueReadBuffer), "a download");
        }
    }

    public void Fill(BufferRef destination, long count, int bits)
    {
        _health.ThrowIfLost();
        Run(
            clEnqueueFillBuffer(_queue, Handle(destination), &bits, sizeof(int), (nuint)(destination.Offset * 4), (nuint)(count * 4), 0, null, null),
            nameof(clEnqueueFillBuffer), "a fill");
    }

    public void Synchronize()
    {
        _health.ThrowIfLost();
        Run(clFinish(_queue), nameof(clFinish), "all work so far");
    }

    public void Dispose()
    {
        _ = clFinish(_queue);
        _staging.Dispose();
        if (_owned)
        {
            _ = clReleaseCommandQueue(_queue);
            _ = clReleaseContext(_context);
        }
    }

    private static nint QueueInfo(nint queue, uint name)
    {
        nint value = 0;
        Check(clGetCommandQueueInfo(queue, name, (nuint)sizeof(nint), &value, null), nameof(clGetCommandQueueInfo), "the queue that was handed over");
        return value;
    }

    private static nint Handle(BufferRef place) => ((GpuBuffer)place.Buffer).Handle;

    private void Run(int status, string call, string subject)
    {
        if (status != Success)
        {
            string text = Text(call, status, subject);
            throw IsLoss(status) ? _health.Lose(text) : new DeviceException(text);
        }
    }
}
