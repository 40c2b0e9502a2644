using System.Reflection;
using HyperKernels.Backends;
using ILGPU.Backends;
using ILGPU.Runtime;

namespace HyperKernels.Gpu;

/// <summary>
/// An accelerator of ILGPU with one stream: memory, launches in order, transfers. What is asked for later sees what was asked for earlier. Safe for use by
/// several threads: ILGPU itself is not, so that every call is made under <see cref="Gate"/>.
/// </summary>
internal abstract partial class GpuDevice : IDisposable
{
    private readonly Dictionary<MethodInfo, IDisposable> _kernels = [];

    /// <param name="accelerator">Its backend must have been mended: <see cref="Accelerators"/>.</param>
    /// <param name="stream">Where all work goes.</param>
    /// <param name="owned">Whether both, and their context, end with this object.</param>
    /// <param name="remedy">What helps once the device is lost, as a clause.</param>
    protected GpuDevice(Accelerator accelerator, AcceleratorStream stream, bool owned, string remedy)
    {
        Accelerator = accelerator;
        Stream = stream;
        IsOwned = owned;
        Health = new DeviceHealth(remedy);
        if (owned)
        {
            // ILGPU's finalizers call the driver on the collector's thread and end the process where it refuses.
            GC.SuppressFinalize(stream);
            GC.SuppressFinalize(accelerator.DefaultStream);
        }
    }

    /// <summary><c>opencl</c> or <c>cuda</c>.</summary>
    public abstract string Name { get; }

    /// <summary>Device and driver in words.</summary>
    public abstract string Description { get; }

    /// <summary>Whether it has tensor cores that kernels can use.</summary>
    public abstract bool HasTensorCores { get; }

    /// <summary>Whether it is the processor, whose threads share few registers and whose group memory is ordinary memory.</summary>
    public virtual bool IsProcessor => false;

    /// <summary>How many groups can run at once, roughly: launches that stride over their work need no more.</summary>
    public int ComputeUnits => Accelerator.NumMultiprocessors;

    public Accelerator Accelerator { get; }

    public AcceleratorStream Stream { get; }

    /// <summary>Held during every call to ILGPU, also by who makes several launches that belong together.</summary>
    public Lock Gate { get; } = new();

    protected bool IsOwned { get; }

    protected DeviceHealth Health { get; }

    /// <summary>The last kernel that was launched: kernels run after their launch returns, so that the call that hears of a fault need not have made it.</summary>
    protected string LastKernel { get; private set; } = "none so far";

    /// <summary>Takes memory from the device; contents undefined.</summary>
    /// <exception cref="DeviceException">There is not that much.</exception>
    public GpuBuffer Allocate(long bytes)
    {
        using Turn turn = new(this);
        return new GpuBuffer(new RawMemory(Accelerator, Take(bytes), bytes), 0, bytes, this);
    }

    /// <summary>Gives memory of <see cref="Allocate"/> back once the work that uses it is done. Silent, also on a lost device.</summary>
    public abstract void Free(nint memory);

    /// <summary>Makes memory that belongs to somebody else usable here, for as long as its owner keeps it.</summary>
    /// <param name="memory">The API's name for it.</param>
    /// <param name="bytes">How much of it is wanted.</param>
    /// <param name="offset">Where it begins in the buffer, in elements.</param>
    /// <exception cref="ArgumentException">It is of another context, there is less, or it is not aligned to elements.</exception>
    public abstract GpuBuffer Borrow(nint memory, long bytes, out long offset);

    /// <summary>The API's name for a place: memory and bytes behind its start.</summary>
    public virtual nint HandleOf(BufferRef place, out long offset)
    {
        GpuBuffer buffer = (GpuBuffer)place.Buffer;
        offset = buffer.Start + (place.Offset * 4);
        return buffer.Memory.NativePtr;
    }

    /// <summary>The kernel, compiled at its first use.</summary>
    /// <exception cref="DeviceLostException">ILGPU cannot compile it.</exception>
    /// <exception cref="KernelBuildException">The driver cannot.</exception>
    public LoadedKernel<TArguments> Find<TArguments>(Action<TArguments> kernel)
        where TArguments : struct
    {
        MethodInfo method = kernel.Method;
        lock (Gate)
        {
            if (_kernels.TryGetValue(method, out IDisposable? known))
            {
                return (LoadedKernel<TArguments>)known;
            }
            using Turn turn = new(this);
            LoadedKernel<TArguments> loaded = Load<TArguments>(method);
            _kernels.Add(method, loaded);
            return loaded;
        }
    }

    /// <summary>Starts a kernel over some groups; returns before it is done.</summary>
    /// <exception cref="DeviceException">The driver refuses it.</exception>
    public void Start<TArguments>(LoadedKernel<TArguments> kernel, int groups, in TArguments arguments)
        where TArguments : struct
    {
        using Turn turn = new(this);
        try
        {
            kernel.Start(Stream, new ILGPU.KernelConfig(groups, kernel.GroupSize), arguments);
        }
        catch (AcceleratorException failure)
        {
            throw Translate(failure, LaunchCall, kernel.Name);
        }
        LastKernel = kernel.Name;
        Launched();
    }

    /// <summary>Copies from the host; the source may be reused on return.</summary>
    public void Upload(ReadOnlySpan<byte> source, BufferRef destination)
    {
        using Turn turn = new(this);
        try
        {
            Write(source, HandleOf(destination, out long offset), offset);
        }
        catch (AcceleratorException failure)
        {
            throw Translate(failure, "an upload", $"{source.Length:N0} bytes");
        }
    }

    /// <summary>Copies to the host, after all work before.</summary>
    public void Download(BufferRef source, Span<byte> destination)
    {
        using Turn turn = new(this);
        try
        {
            Read(HandleOf(source, out long offset), offset, destination);
        }
        catch (AcceleratorException failure)
        {
            throw Translate(failure, "a download", $"{destination.Length:N0} bytes");
        }
    }

    /// <summary>Sets 32-bit elements to the same bits.</summary>
    public void Fill(BufferRef destination, long count, int bits)
    {
        using Turn turn = new(this);
        try
        {
            Set(HandleOf(destination, out long offset), offset, count, bits);
        }
        catch (AcceleratorException failure)
        {
            throw Translate(failure, "a fill", $"{count:N0} elements");
        }
    }

    /// <summary>Waits until all work is done.</summary>
    public void Synchronize()
    {
        using Turn turn = new(this);
        try
        {
            Stream.Synchronize();
        }
        catch (AcceleratorException failure)
        {
            throw Translate(failure, WaitCall, "all work so far");
        }
    }

    /// <summary>Makes one object of launches and fills, which are not done yet. Null if the API has no such thing or refuses.</summary>
    public virtual IGpuGraph? Capture(Action launches) => null;

    /// <summary>What the API calls a launch, and waiting for all work.</summary>
    protected abstract string LaunchCall { get; }

    /// <inheritdoc cref="LaunchCall"/>
    protected abstract string WaitCall { get; }

    /// <summary>What to throw for a driver's answer. Remembers the device as lost where nothing on it can be trusted any more.</summary>
    protected abstract DeviceException Translate(AcceleratorException failure, string call, string subject);

    /// <summary>What to throw where the driver does not take a kernel's text.</summary>
    protected abstract DeviceException Refusal(AcceleratorException failure, CompiledKernel kernel, string name);

    /// <summary>Takes memory.</summary>
    protected abstract nint Take(long bytes);

    /// <summary>Copies into memory of the API, offset in bytes.</summary>
    protected abstract void Write(ReadOnlySpan<byte> source, nint memory, long offset);

    /// <summary>Copies out of it and waits.</summary>
    protected abstract void Read(nint memory, long offset, Span<byte> destination);

    /// <summary>Sets 32-bit elements.</summary>
    protected abstract void Set(nint memory, long offset, long count, int bits);

    /// <summary>After every launch.</summary>
    protected virtual void Launched()
    {
    }

    private LoadedKernel<TArguments> Load<TArguments>(MethodInfo method)
        where TArguments : struct
    {
        string name = KernelLoader.NameOf(method);
        try
        {
            CompiledKernel compiled = KernelLoader.Compile(Accelerator.GetBackend(), method);
            // A fault of an earlier kernel shows here, and not as a refusal of this one.
            Synchronize();
            try
            {
                return KernelLoader.Load<TArguments>(Accelerator, method, compiled);
            }
            catch (AcceleratorException failure)
            {
                throw Refusal(failure, compiled, name);
            }
        }
        catch (Exception failure) when (failure is not DeviceException)
        {
            // ILGPU's context is of no more use after a kernel that did not compile.
            throw Health.Lose($"{Name}: kernel {name} does not compile: {failure.Message}");
        }
    }
}

/// <summary>Launches that start together.</summary>
internal interface IGpuGraph : IDisposable
{
    /// <summary>Starts them, in order; returns before they are done.</summary>
    void Launch();
}
