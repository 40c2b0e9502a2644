using HyperKernels.Backends;
using ILGPU.Backends;
using ILGPU.Backends.PTX;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;
using static HyperKernels.Gpu.CudaErrors;
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
        using Turn turn = new(this);
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
        using Turn turn = new(this);
        int status = cuPointerGetAttribute(out nint context, ContextOfPointer, memory);
        if (status is not (Success or InvalidValue))
        {
            throw Failure(status, nameof(cuPointerGetAttribute), $"0x{memory:X}");
        }
        if (status == InvalidValue || context != _accelerator.NativePtr)
        {
            Throw.Argument(
                $"Tensor.FromDevice: 0x{memory:X} is not memory of this device's context, which is ILGPU's own: that of another, such as PyTorch's, cannot be used here. "
                + "Copy it through the host, or allocate it with the accelerator of GpuBackends.Open.");
        }
        // Kernels read by sixteen bytes where offset and sizes allow it, and take the base for aligned: the base is moved back, the offset forward.
        nint past = memory & 15;
        offset = past / sizeof(float);
        return new GpuBuffer(new RawMemory(_accelerator, memory - past, bytes + past), 0, bytes + past, owner: null);
    }

    // An address is as good as a handle and an offset.
    public override nint HandleOf(BufferRef place, out long offset)
    {
        nint start = base.HandleOf(place, out long bytes);
        offset = 0;
        return start + (nint)bytes;
    }

    public override void Free(nint memory)
    {
        lock (Gate)
        {
            // Also the collector's thread comes here, and late: a context that is gone has taken its memory along.
            if (IsDisposed || Health.IsLost)
            {
                return;
            }
            try
            {
                using Turn turn = new(this);
                _ = CudaAPI.CurrentAPI.FreeMemory(memory);
            }
            catch (DeviceException)
            {
                // It is lost, which the next call tells.
            }
        }
    }

    public override IGpuGraph? Capture(Action launches)
    {
        using Turn turn = new(this);
        // Refused for example by the legacy default stream.
        if (cuStreamBeginCapture_v2(_stream.StreamPtr, ThreadLocalCapture) != Success)
        {
            return null;
        }
        int status;
        nint graph = 0;
        nint executable = 0;
        try
        {
            launches();
        }
        finally
        {
            status = cuStreamEndCapture(_stream.StreamPtr, out graph);
            if (status == Success && graph != 0)
            {
                status = cuGraphInstantiateWithFlags(out executable, graph, 0);
                _ = cuGraphDestroy(graph);
            }
        }
        return status == Success && executable != 0 ? new Graph(this, executable) : null;
    }

    /// <summary>Throws if a call failed, and remembers a failure after which the context is of no more use.</summary>
    public void Check(CudaError status, string call, string subject)
    {
        if (status != CudaError.CUDA_SUCCESS)
        {
            throw Failure((int)status, call, subject);
        }
    }

    protected override string LaunchCall => "cuLaunchKernel";

    protected override string WaitCall => "cuStreamSynchronize";

    protected override DeviceException Translate(AcceleratorException failure, string call, string subject) =>
        Failure(StatusOf((CudaException)failure), call, subject);

    protected override DeviceException Refusal(AcceleratorException failure, CompiledKernel kernel, string name)
    {
        int status = StatusOf((CudaException)failure);
        if (!IsBuildFailure(status))
        {
            return Failure(status, "loading a kernel", name);
        }
        // ILGPU has the log, but keeps it to itself.
        _ = CudaAPI.CurrentAPI.LoadModule(out _, ((PTXCompiledKernel)kernel).PTXAssembly, out string? log);
        return new KernelBuildException($"cuda: {Text("cuModuleLoadDataEx", status)} for {name} on '{Description}'. Log:\n{log?.TrimEnd('\0', '\n', ' ')}");
    }

    protected override nint Take(long bytes)
    {
        Check(CudaAPI.CurrentAPI.AllocateMemory(out nint memory, (nint)bytes), "cuMemAlloc", $"{bytes:N0} bytes");
        return memory;
    }

    protected override void Write(ReadOnlySpan<byte> source, nint memory, long offset) => _staging.Upload(source, memory + (nint)offset);

    protected override void Read(nint memory, long offset, Span<byte> destination) => _staging.Download(memory + (nint)offset, destination);

    protected override void Set(nint memory, long offset, long count, int bits) =>
        Check((CudaError)cuMemsetD32Async(memory + (nint)offset, (uint)bits, (nuint)count, _stream.StreamPtr), nameof(cuMemsetD32Async), $"{count:N0} elements");

    protected override void Release() => _staging.Dispose();

    protected override nint Occupant()
    {
        Check((CudaError)cuCtxGetCurrent(out nint context), nameof(cuCtxGetCurrent), Description);
        return context;
    }

    // The context is made the thread's in any case: ILGPU does so only where it has not done so before, and others of the process, such as the CUDA runtime,
    // may have put theirs in its place since.
    protected override void Enter()
    {
        Check(CudaAPI.CurrentAPI.SetCurrentContext(_accelerator.NativePtr), "cuCtxSetCurrent", Description);
        try
        {
            _accelerator.Bind();
        }
        catch (CudaException failure)
        {
            throw Translate(failure, "cuCtxSetCurrent", Description);
        }
    }

    // An accelerator that is the application's stays the thread's, as after every call to ILGPU, which remembers it so.
    protected override void Leave(nint before)
    {
        if (IsOwned)
        {
            _ = CudaAPI.CurrentAPI.SetCurrentContext(before);
        }
    }

    // Kernels run after their launch returns: the call that hears of a fault need not be the one that made it.
    private DeviceException Failure(int status, string call, string subject)
    {
        string message = $"cuda: {Text(call, status)} for {subject}.";
        if (!IsLoss(status))
        {
            return new DeviceException(message);
        }
        Accelerators.Abandon(_accelerator);
        return Health.Lose($"{message} The last kernel before was {LastKernel}.");
    }

    private sealed class Graph(CudaDevice device, nint executable) : IGpuGraph
    {
        public void Launch()
        {
            using Turn turn = new(device);
            device.Check((CudaError)cuGraphLaunch(executable, device._stream.StreamPtr), nameof(cuGraphLaunch), "a captured step");
        }

        public void Dispose()
        {
            lock (device.Gate)
            {
                if (device.IsDisposed || device.Health.IsLost)
                {
                    return;
                }
                try
                {
                    using Turn turn = new(device);
                    _ = cuGraphExecDestroy(executable);
                }
                catch (DeviceException)
                {
                    // It is lost, which the next call tells.
                }
            }
        }
    }
}
