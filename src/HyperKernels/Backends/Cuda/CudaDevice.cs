using System.Text;
using HyperKernels.Backends.Gpu;
using static HyperKernels.Backends.Cuda.CudaApi;
using static HyperKernels.Backends.Cuda.CudaErrors;

namespace HyperKernels.Backends.Cuda;

/// <summary>A device through CUDA's driver API: its primary context, which it shares with the CUDA runtime and PyTorch, and one stream.</summary>
internal sealed unsafe class CudaDevice : IGpuDevice
{
    // The stream does not wait for the legacy default stream of the process, nor that for it.
    private const uint NonBlocking = 1;
    private const int InfoLog = 3, InfoLogBytes = 4, ErrorLog = 5, ErrorLogBytes = 6;
    private const int LogBytes = 16 << 10;
    private const int MaxThreadsPerBlock = 0;

    // What other threads do meanwhile neither joins a capture nor breaks it.
    private const int ThreadLocalCapture = 1;

    private readonly CudaChoice _choice;
    private readonly nint _context;
    private readonly nint _stream;
    private readonly bool _owned;
    private readonly CudaStaging _staging;
    // What breaks a CUDA context breaks it for the whole process.
    private readonly DeviceHealth _health = new("start the process anew");
    private volatile string _lastKernel = "none so far";
    private bool _disposed;

    /// <summary>Opens a device's primary context with a stream of its own.</summary>
    public CudaDevice(CudaChoice choice)
    {
        _choice = choice;
        _owned = true;
        nint context;
        Check(cuDevicePrimaryCtxRetain(&context, choice.Device), nameof(cuDevicePrimaryCtxRetain), Description);
        _context = context;
        try
        {
            using Current current = Enter();
            nint stream;
            Check(cuStreamCreate(&stream, NonBlocking), nameof(cuStreamCreate), Description);
            _stream = stream;
            _staging = new CudaStaging(this);
        }
        catch
        {
            Release();
            throw;
        }
    }

    private CudaDevice(CudaChoice choice, nint context, nint stream)
    {
        _choice = choice;
        (_context, _stream) = (context, stream);
        using Current current = Enter();
        _staging = new CudaStaging(this);
    }

    public string Name => "cuda";

    public string Description => _choice.Description;

    public int ComputeUnits => _choice.ComputeUnits;

    public bool HasTensorCores => _choice.Architecture >= EmbeddedPtx.TensorArchitecture;

    /// <summary>Works in a context and on a stream that belong to somebody else, and leaves them as they are.</summary>
    /// <exception cref="BackendUnavailableException">No driver, or nothing compiles kernels for the context's device.</exception>
    /// <exception cref="DeviceException">The driver refuses the context.</exception>
    public static CudaDevice Over(nint context, nint stream)
    {
        if (!CudaChoice.IsUsable(out string reason))
        {
            throw new BackendUnavailableException($"cuda: not available: {reason}");
        }
        int device;
        CudaErrors.Check(cuCtxPushCurrent_v2(context), nameof(cuCtxPushCurrent_v2), "the context that was handed over");
        int status = cuCtxGetDevice(&device);
        nint before;
        _ = cuCtxPopCurrent_v2(&before);
        CudaErrors.Check(status, nameof(cuCtxGetDevice), "the context that was handed over");
        CudaChoice choice = CudaChoice.Of(device, KernelCache.Default, out reason) ?? throw new BackendUnavailableException($"cuda: not available: {reason}");
        return new CudaDevice(choice, context, stream);
    }

    public GpuBuffer Allocate(long bytes)
    {
        using Current current = Enter();
        nint memory;
        if (_choice.HasPools)
        {
            Check(cuMemAllocAsync(&memory, (nuint)bytes, _stream), nameof(cuMemAllocAsync), $"{bytes:N0} bytes");
        }
        else
        {
            Check(cuMemAlloc_v2(&memory, (nuint)bytes), nameof(cuMemAlloc_v2), $"{bytes:N0} bytes");
        }
        return new GpuBuffer(this, memory, bytes);
    }

    // Kernels read by sixteen bytes where offset and sizes allow it, and take the base for aligned: the base is moved back, the offset forward.
    public GpuBuffer Borrow(nint memory, long bytes, out long offset)
    {
        nint past = memory & 15;
        if (memory == 0 || past % 4 != 0)
        {
            Throw.Argument($"Tensor.FromDevice: the address must be a multiple of four bytes, and not null; got 0x{memory:X}.");
        }
        offset = past / 4;
        return new GpuBuffer(this, memory - past, bytes + past, owned: false);
    }

    // An address is as good as a handle and an offset.
    public nint HandleOf(BufferRef place, out long offset)
    {
        offset = 0;
        return Address(place);
    }

    public void Free(nint handle)
    {
        // Also the collector's thread comes here, and late: a context that is gone has taken its memory along.
        if (_health.IsLost || Volatile.Read(ref _disposed) || cuCtxPushCurrent_v2(_context) != Success)
        {
            return;
        }
        using Current current = default;
        _ = _choice.HasPools ? cuMemFreeAsync(handle, _stream) : cuMemFree_v2(handle);
    }

    public IGpuModule Build(KernelSource source)
    {
        byte[] image = _choice.Compiler.Compile(source);
        using Current current = Enter();
        byte[] log = new byte[2 * LogBytes];
        int status;
        nint module;
        fixed (byte* start = image)
        fixed (byte* text = log)
        {
            int* names = stackalloc int[] { InfoLog, InfoLogBytes, ErrorLog, ErrorLogBytes };
            void** values = stackalloc void*[4];
            values[0] = text;
            values[1] = values[3] = (void*)LogBytes;
            values[2] = text + LogBytes;
            status = cuModuleLoadDataEx(&module, start, 4, names, values);
        }
        if (IsBuildFailure(status))
        {
            throw new KernelBuildException($"{Text(nameof(cuModuleLoadDataEx), status, $"{source.File} on '{Description}'")} Log:\n{LogText(log)}");
        }
        Check(status, nameof(cuModuleLoadDataEx), source.File);
        return new CudaModule(this, module, source.File);
    }

    public void Launch(GpuKernel kernel, int groups, ReadOnlySpan<KernelArgument> arguments)
    {
        // A buffer becomes two arguments, address and offset.
        long* bits = stackalloc long[2 * arguments.Length];
        void** places = stackalloc void*[2 * arguments.Length];
        int count = 0;
        foreach (ref readonly KernelArgument argument in arguments)
        {
            if (argument.IsBuffer)
            {
                bits[count] = argument.Buffer?.Handle ?? 0;
                places[count] = bits + count;
                count++;
            }
            bits[count] = argument.Bits;
            places[count] = argument.Structure is null ? bits + count : argument.Structure;
            count++;
        }
        using Current current = Enter();
        int status = cuLaunchKernel(kernel.Handle, (uint)groups, 1, 1, (uint)kernel.GroupSize, 1, 1, 0, _stream, places, null);
        Check(status, nameof(cuLaunchKernel), kernel.Name);
        _lastKernel = kernel.Name;
    }

    public IGpuGraph? Capture(Action launches)
    {
        using Current current = Enter();
        // Refused for example by the legacy default stream of a context that was handed over.
        if (cuStreamBeginCapture_v2(_stream, ThreadLocalCapture) != Success)
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
            status = cuStreamEndCapture(_stream, &graph);
        }
        if (status != Success || graph == 0)
        {
            return null;
        }
        nint executable;
        status = cuGraphInstantiate_v2(&executable, graph, null, null, 0);
        _ = cuGraphDestroy(graph);
        return status == Success ? new CudaGraph(this, executable) : null;
    }

    public void Upload(ReadOnlySpan<byte> source, BufferRef destination)
    {
        using Current current = Enter();
        _staging.Upload(source, Address(destination), _stream);
    }

    public void Download(BufferRef source, Span<byte> destination)
    {
        using Current current = Enter();
        _staging.Download(Address(source), destination, _stream);
    }

    public void Fill(BufferRef destination, long count, int bits)
    {
        using Current current = Enter();
        Check(cuMemsetD32Async(Address(destination), (uint)bits, (nuint)count, _stream), nameof(cuMemsetD32Async), $"{count:N0} elements");
    }

    public void Synchronize()
    {
        using Current current = Enter();
        Check(cuStreamSynchronize(_stream), nameof(cuStreamSynchronize), Description);
    }

    public void Dispose()
    {
        if (!Interlocked.Exchange(ref _disposed, true))
        {
            Release();
        }
    }

    /// <summary>Throws if a call failed, and remembers a failure after which the context is of no more use.</summary>
    public void Check(int status, string call, string subject)
    {
        if (status == Success)
        {
            return;
        }
        string text = Text(call, status, subject);
        // Kernels run after their launch returns: the call that hears of a fault need not be the one that made it.
        throw IsLost(status) ? _health.Lose($"{text} The last kernel before was {_lastKernel}.") : new DeviceException(text);
    }

    private static nint Address(BufferRef place) => ((GpuBuffer)place.Buffer).Handle + (nint)(place.Offset * 4);

    private static string LogText(byte[] log)
    {
        string[] parts = [.. new[] { log[LogBytes..], log[..LogBytes] }.Select(part => Encoding.UTF8.GetString(part).Split('\0')[0].Trim()).Where(part => part.Length > 0)];
        return parts.Length > 0 ? string.Join('\n', parts) : "(none)";
    }

    // Makes the context the calling thread's until the end of the block, and leaves the thread's own context as it was.
    private Current Enter()
    {
        _health.ThrowIfLost();
        ObjectDisposedException.ThrowIf(Volatile.Read(ref _disposed), this);
        Check(cuCtxPushCurrent_v2(_context), nameof(cuCtxPushCurrent_v2), Description);
        return default;
    }

    private void Release()
    {
        if (_context != 0 && cuCtxPushCurrent_v2(_context) == Success)
        {
            using Current current = default;
            if (_stream != 0 || !_owned)
            {
                _ = cuStreamSynchronize(_stream);
            }
            _staging?.Dispose();
            if (_owned && _stream != 0)
            {
                _ = cuStreamDestroy_v2(_stream);
            }
        }
        if (_owned)
        {
            _ = cuDevicePrimaryCtxRelease_v2(_choice.Device);
        }
    }

    private readonly ref struct Current
    {
#pragma warning disable CA1822 // What is undone is the thread's, not the value's.
        public void Dispose()
#pragma warning restore CA1822
        {
            nint context;
            _ = cuCtxPopCurrent_v2(&context);
        }
    }

    private sealed class CudaGraph(CudaDevice device, nint executable) : IGpuGraph
    {
        public void Launch()
        {
            using Current current = device.Enter();
            device.Check(cuGraphLaunch(executable, device._stream), nameof(cuGraphLaunch), "a captured step");
        }

        public void Dispose()
        {
            if (!device._health.IsLost && !Volatile.Read(ref device._disposed) && cuCtxPushCurrent_v2(device._context) == Success)
            {
                using Current current = default;
                _ = cuGraphExecDestroy(executable);
            }
        }
    }

    private sealed class CudaModule(CudaDevice device, nint module, string file) : IGpuModule
    {
        public GpuKernel Find(string name)
        {
            using Current current = device.Enter();
            nint function;
            int status = cuModuleGetFunction(&function, module, name);
            if (status == NotFound)
            {
                throw new KernelBuildException(Text(nameof(cuModuleGetFunction), status, $"{name} of {file}"));
            }
            device.Check(status, nameof(cuModuleGetFunction), $"{name} of {file}");
            // The group size that the source declares is the bound for which it was compiled.
            int groupSize;
            device.Check(cuFuncGetAttribute(&groupSize, MaxThreadsPerBlock, function), nameof(cuFuncGetAttribute), name);
            return new GpuKernel(name, function, groupSize);
        }
    }
}
