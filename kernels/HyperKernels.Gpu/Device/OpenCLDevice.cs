using System.Runtime.InteropServices;
using System.Text;
using ILGPU.Backends;
using ILGPU.Backends.OpenCL;
using ILGPU.Runtime;
using ILGPU.Runtime.OpenCL;
using static HyperKernels.Gpu.OpenCLImports;
using static ILGPU.Runtime.OpenCL.CLAPI;

namespace HyperKernels.Gpu;

/// <summary>A device through OpenCL.</summary>
internal sealed unsafe class OpenCLDevice : GpuDevice
{
    // Drivers may hold work back until they are told; told at every launch, some are slow.
    private const int LaunchesPerFlush = 16;

    // Small uploads are copied here and transferred later, while the caller goes on; larger ones wait, because copying twice costs more.
    private const int StagingBytes = 4 << 20;
    private const int LargestStaged = 1 << 20;
    private const int StagingAlignment = 64;

    private const int LogBytes = 1 << 20;

    private const uint MemorySize = 0x1102;
    private const uint MemoryContext = 0x1106;

    private readonly CLAccelerator _accelerator;
    private byte* _staging;
    private int _staged;
    private int _launches;

    public OpenCLDevice(CLAccelerator accelerator, CLStream stream, bool owned)
        : base(accelerator, stream, owned, "dispose what is on it and open it again")
    {
        _accelerator = accelerator;
        Description = $"{accelerator.Name.Trim()} ({accelerator.PlatformName.Trim()})";
        _staging = (byte*)NativeMemory.AlignedAlloc(StagingBytes, StagingAlignment);
    }

    public override string Name => "opencl";

    public override string Description { get; }

    public override bool IsProcessor => _accelerator.DeviceType.HasFlag(CLDeviceType.CL_DEVICE_TYPE_CPU);

    // OpenCL has no words for them.
    public override bool HasTensorCores => false;

    public override GpuBuffer Borrow(nint memory, long bytes, out long offset)
    {
        using Turn turn = new(this);
        nuint size = 0;
        nint context = 0;
        Check(clGetMemObjectInfo(memory, MemorySize, (nuint)sizeof(nuint), &size, null), nameof(clGetMemObjectInfo), "the memory that was handed over");
        Check(clGetMemObjectInfo(memory, MemoryContext, (nuint)sizeof(nint), &context, null), nameof(clGetMemObjectInfo), "the memory that was handed over");
        if (context != _accelerator.NativePtr)
        {
            Throw.Argument(
                "Tensor.FromDevice: the memory object belongs to another context than this device, which has one of ILGPU's own (CLAccelerator.NativePtr): create it there.");
        }
        if ((nuint)bytes > size)
        {
            Throw.Argument($"Tensor.FromDevice: the shape needs {bytes:N0} bytes; the memory object has {size:N0}.");
        }
        offset = 0;
        return new GpuBuffer(new RawMemory(_accelerator, memory, bytes), 0, bytes, owner: null);
    }

    // Memory outlives its context: also on a device that was lost or disposed.
    public override void Free(nint memory)
    {
        lock (Gate)
        {
            _ = CurrentAPI.ReleaseBuffer(memory);
        }
    }

    protected override string LaunchCall => "a launch";

    protected override string WaitCall => "clFinish";

    protected override DeviceException Translate(AcceleratorException failure, string call, string subject) =>
        Failure(((CLException)failure).Error, call, subject);

    protected override DeviceException Refusal(AcceleratorException failure, CompiledKernel kernel, string name)
    {
        CLError status = ((CLException)failure).Error;
        string? log = BuildLog((CLCompiledKernel)kernel, ref status);
        string subject = $"{name} on '{Description}'";
        return log is not null ? new KernelBuildException($"{Text(status, "a build", subject)} Log:\n{log}")
            : IsGone((int)status) ? Failure(status, "a build", subject)
            : new DeviceException(Text(status, "a build", subject));
    }

    protected override nint Take(long bytes)
    {
        CLError status = CurrentAPI.CreateBuffer(_accelerator.NativePtr, CLBufferFlags.CL_MEM_READ_WRITE, (nint)bytes, 0, out nint memory);
        // Whatever other code: memory that is not there leaves the queue as it was.
        return status == CLError.CL_SUCCESS ? memory
            : throw (IsGone((int)status) ? Failure(status, "clCreateBuffer", $"{bytes:N0} bytes") : new DeviceException(Text(status, "clCreateBuffer", $"{bytes:N0} bytes")));
    }

    protected override void Write(ReadOnlySpan<byte> source, nint memory, long offset)
    {
        if (source.Length <= LargestStaged)
        {
            if (_staged + source.Length > StagingBytes)
            {
                // All transfers out of it are done then.
                Check(CurrentAPI.FinishCommandQueue(Queue), "clFinish", "an upload");
                _staged = 0;
            }
            byte* place = _staging + _staged;
            source.CopyTo(new Span<byte>(place, source.Length));
            Check(CurrentAPI.WriteBuffer(Stream, memory, false, (nint)offset, source.Length, (nint)place), "clEnqueueWriteBuffer", "an upload");
            _staged = (_staged + source.Length + StagingAlignment - 1) / StagingAlignment * StagingAlignment;
            return;
        }
        fixed (byte* start = source)
        {
            Check(CurrentAPI.WriteBuffer(Stream, memory, true, (nint)offset, source.Length, (nint)start), "clEnqueueWriteBuffer", "an upload");
        }
    }

    protected override void Read(nint memory, long offset, Span<byte> destination)
    {
        fixed (byte* start = destination)
        {
            Check(CurrentAPI.ReadBuffer(Stream, memory, true, (nint)offset, destination.Length, (nint)start), "clEnqueueReadBuffer", "a download");
        }
        _staged = 0;
    }

    protected override void Set(nint memory, long offset, long count, int bits) =>
        Check(CurrentAPI.FillBuffer(Stream, memory, bits, (nint)offset, (nint)(count * sizeof(int))), "clEnqueueFillBuffer", "a fill");

    protected override void Launched()
    {
        if (++_launches % LaunchesPerFlush == 0)
        {
            _ = CurrentAPI.FlushCommandQueue(Queue);
        }
    }

    protected override void Release()
    {
        NativeMemory.AlignedFree(_staging);
        _staging = null;
    }

    private nint Queue => ((CLStream)Stream).CommandQueue;

    // ILGPU keeps the log to itself, and of a long one says only that it was too long: the text is built again. Null if that is not what failed.
    private string? BuildLog(CLCompiledKernel kernel, ref CLError status)
    {
        if (CurrentAPI.CreateProgram(_accelerator.NativePtr, kernel.Source, out nint program) != CLError.CL_SUCCESS)
        {
            return null;
        }
        string? log = null;
        CLError built = CurrentAPI.BuildProgram(program, _accelerator.DeviceId, $"-cl-std={kernel.CVersion}");
        if (built == CLError.CL_BUILD_PROGRAM_FAILURE)
        {
            status = built;
            byte[] text = new byte[LogBytes];
            fixed (byte* start = text)
            {
                // One that is longer still is cut off, or left out.
                _ = CurrentAPI.GetProgramBuildInfo(program, _accelerator.DeviceId, CLProgramBuildInfo.CL_PROGRAM_BUILD_LOG, LogBytes, start, out _);
            }
            log = Encoding.UTF8.GetString(text).TrimEnd('\0', '\n', ' ');
        }
        _ = CurrentAPI.ReleaseProgram(program);
        return log;
    }

    private void Check(CLError status, string call, string subject)
    {
        if (status != CLError.CL_SUCCESS)
        {
            throw Failure(status, call, subject);
        }
    }

    private DeviceException Failure(CLError status, string call, string subject)
    {
        string text = Text(status, call, subject);
        return IsLoss((int)status) ? Health.Lose($"{text} The last kernel before was {LastKernel}.") : new DeviceException(text);
    }

    private static string Text(CLError status, string call, string subject) => $"opencl: {call} failed ({status}, {(int)status}) for {subject}.";

    // Whether a queue that answers so has met an error in a kernel before, after which nothing it holds can be trusted: not so for want
    // of memory (-4, -6) or a wrong argument (-30 to -72), except that the device, the context or the queue itself became invalid.
    private static bool IsLoss(int status) => IsGone(status) || (status != -4 && status != -6 && (status > -30 || status < -72));

    // Not found, not available, or the device, the context or the queue is none any more: whatever was asked for, no later call goes better.
    private static bool IsGone(int status) => status is -1 or -2 or -33 or -34 or -36;
}
