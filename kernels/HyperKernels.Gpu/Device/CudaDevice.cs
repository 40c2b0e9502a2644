using System.Runtime.InteropServices;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;
using static HyperKernels.Gpu.CudaImports;

namespace HyperKernels.Gpu;

/// <summary>A device through CUDA's driver: a context of ILGPU's own, and one stream.</summary>
internal sealed class CudaDevice : GpuDevice
{
    // What other threads do meanwhile neither joins a capture nor breaks it.
    private const int ThreadLocalCapture = 1;
    private const int ContextOfPointer = 1;

    private readonly CudaAccelerator _accelerator;
    private readonly CudaStream _stream;
    private readonly CudaStaging _staging;

    /// <exception cref="DeviceException">There is no host memory for transfers.</exception>
    public CudaDevice(CudaAccelerator accelerator, CudaStream stream, bool owned)
        : base(accelerator, stream, owned, "start the process anew") // What breaks a CUDA context breaks it for the whole process.
    {
        _accelerator = accelerator;
        _stream = stream;
        Description = $"{accelerator.Name} (compute {accelerator.Architecture.Major}.{accelerator.Architecture.Minor}, {accelerator.MemorySize >> 20:N0} MiB, "
            + $"CUDA {accelerator.DriverVersion.Major}.{accelerator.DriverVersion.Minor})";
        using AccelerationScope scope = Enter();
        _staging = new CudaStaging(this, stream);
    }

    public override string Name => "cuda";

    public override string Description { get; }

    public override bool HasTensorCores => _accelerator.Architecture >= CudaArchitecture.SM_80;

    /// <remarks>
    /// An address of another context, such as the primary one that PyTorch and the CUDA runtime use, is refused: ILGPU has a context of its own, in which it means nothing.
    /// </remarks>
    public override GpuBuffer Borrow(nint memory, long bytes, out long offset)
    {
        if (memory == 0 || memory % sizeof(float) != 0)
        {
            Throw.Argument($"Tensor.FromDevice: the address must be a multiple of four bytes, and not null; got 0x{memory:X}.");
        }
        using AccelerationScope scope = Enter();
        if (cuPointerGetAttribute(out nint context, ContextOfPointer, memory) != 0 || context != _accelerator.NativePtr)
        {
            Throw.Argument(
                $"Tensor.FromDevice: 0x{memory:X} is not memory of this device's context, which is ILGPU's own: that of another, such as PyTorch's, cannot be used here. "
                + "Copy it through the host, or allocate it with the accelerator of GpuBackends.Open.");
        }
        // Kernels read by sixteen bytes where offset and sizes allow it, and take the base for aligned: the base is moved back, the offset forward.
        nint past = memory & 15;
        offset = past / sizeof(float);
        return new GpuBuffer(new ForeignMemory(_accelerator, memory - past, bytes + past), 0, bytes + past, owner: null);
    }

    public override IGpuGraph? Capture(Action launches)
    {
        using AccelerationScope scope = Enter();
        // Refused for example by the legacy default stream.
        if (cuStreamBeginCapture_v2(_stream.StreamPtr, ThreadLocalCapture) != 0)
        {
            return null;
        }
        nint graph = 0;
        int status;
        try
        {
            launches();
        }
        finally
        {
            status = cuStreamEndCapture(_stream.StreamPtr, out graph);
        }
        if (status != 0 || graph == 0)
        {
            return null;
        }
        status = cuGraphInstantiateWithFlags(out nint executable, graph, 0);
        _ = cuGraphDestroy(graph);
        return status == 0 ? new Graph(this, executable) : null;
    }

    /// <summary>Throws if a call failed, and remembers a failure after which the context is of no more use.</summary>
    public void Check(CudaError status, string call, string subject)
    {
        if (status != CudaError.CUDA_SUCCESS)
        {
            throw Failure((int)status, call, subject);
        }
    }

    protected override bool IsFromDriver(Exception failure) => failure is CudaException;

    protected override DeviceException Translate(Exception failure, string call, string subject) =>
        Failure(Enum.TryParse(((CudaException)failure).Error, out CudaError status) ? (int)status : (int)CudaError.CUDA_ERROR_UNKNOWN, call, subject);

    protected override void Write(ReadOnlySpan<byte> source, nint memory, long offset)
    {
        using AccelerationScope scope = Enter();
        _staging.Upload(source, memory + (nint)offset);
    }

    protected override void Read(nint memory, long offset, Span<byte> destination)
    {
        using AccelerationScope scope = Enter();
        _staging.Download(memory + (nint)offset, destination);
    }

    protected override void Set(nint memory, long offset, long count, int bits)
    {
        using AccelerationScope scope = Enter();
        Check((CudaError)cuMemsetD32Async(memory + (nint)offset, (uint)bits, (nuint)count, _stream.StreamPtr), nameof(cuMemsetD32Async), $"{count:N0} elements");
    }

    protected override void Release()
    {
        using AccelerationScope scope = Enter();
        _staging.Dispose();
    }

    // Whether a context that said so answers every later call with an error: nothing but a new process helps.
    private static bool IsLoss(int status) => status switch
    {
        4 => true, // the driver is shutting down
        214 or 220 => true, // uncorrectable memory error, of the device or of NVLink
        700 or 702 => true, // illegal address, launch timeout
        709 or 710 => true, // context destroyed, assert
        >= 714 and <= 719 => true, // stack, instruction, alignment, address space, program counter, launch failed
        999 => true, // unknown, which the driver says when it has lost track
        _ => false,
    };

    // Kernels run after their launch returns: the call that hears of a fault need not be the one that made it.
    private DeviceException Failure(int status, string call, string subject)
    {
        string name = cuGetErrorName(status, out nint text) == 0 && text != 0 ? Marshal.PtrToStringUTF8(text)! : "unknown code";
        string message = $"cuda: {call} failed ({name}, {status}) for {subject}.";
        return IsLoss(status) ? Health.Lose($"{message} The last kernel before was {LastKernel}.") : new DeviceException(message);
    }

    private AccelerationScope Enter() => new(_accelerator.BindScoped());

    /// <summary>Makes the context the calling thread's until the end of the block, and leaves the thread's own as it was.</summary>
    private readonly ref struct AccelerationScope(ScopedAcceleratorBinding binding)
    {
        public void Dispose() => binding.Dispose();
    }

    private sealed class Graph(CudaDevice device, nint executable) : IGpuGraph
    {
        public void Launch()
        {
            lock (device.Gate)
            {
                device.Health.ThrowIfLost();
                using AccelerationScope scope = device.Enter();
                device.Check((CudaError)cuGraphLaunch(executable, device._stream.StreamPtr), nameof(cuGraphLaunch), "a captured step");
            }
        }

        public void Dispose()
        {
            lock (device.Gate)
            {
                if (!device.Health.IsLost)
                {
                    using AccelerationScope scope = device.Enter();
                    _ = cuGraphExecDestroy(executable);
                }
            }
        }
    }
}
