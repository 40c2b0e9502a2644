using System.Reflection;
using HyperKernels.Backends;
using ILGPU.Runtime;

namespace HyperKernels.Gpu;

/// <summary>
/// An accelerator of ILGPU with one stream: memory, launches in order, transfers. What is asked for later sees what was asked for earlier. Safe for use by
/// several threads: ILGPU itself is not, so that every call is made under <see cref="Gate"/>.
/// </summary>
internal abstract class GpuDevice : IDisposable
{
    private readonly Dictionary<MethodInfo, object> _kernels = [];
    private readonly bool _owned;
    private bool _disposed;

    /// <param name="accelerator">Its backend must have been mended: <see cref="Accelerators"/>.</param>
    /// <param name="stream">Where all work goes.</param>
    /// <param name="owned">Whether both, and their context, end with this object.</param>
    /// <param name="remedy">What helps once the device is lost, as a clause.</param>
    protected GpuDevice(Accelerator accelerator, AcceleratorStream stream, bool owned, string remedy)
    {
        Accelerator = accelerator;
        Stream = stream;
        _owned = owned;
        Health = new DeviceHealth(remedy);
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

    protected DeviceHealth Health { get; }

    /// <summary>The last kernel that was launched: kernels run after their launch returns, so that the call that hears of a fault need not have made it.</summary>
    protected string LastKernel { get; private set; } = "none so far";

    /// <summary>Takes memory from the device; contents undefined.</summary>
    /// <exception cref="DeviceException">There is not that much.</exception>
    public GpuBuffer Allocate(long bytes)
    {
        lock (Gate)
        {
            Health.ThrowIfLost();
            ObjectDisposedException.ThrowIf(_disposed, this);
            try
            {
                return new GpuBuffer(Accelerator.AllocateRaw(bytes, 1), 0, bytes, this);
            }
            catch (Exception failure) when (IsFromDriver(failure))
            {
                throw Translate(failure, "an allocation", $"{bytes:N0} bytes");
            }
        }
    }

    /// <summary>Makes memory that belongs to somebody else usable here, for as long as its owner keeps it.</summary>
    /// <param name="memory">The API's name for it.</param>
    /// <param name="bytes">How much of it is wanted.</param>
    /// <param name="offset">Where it begins in the buffer, in elements.</param>
    /// <exception cref="ArgumentException">It is of another context, there is less, or it is not aligned to elements.</exception>
    public abstract GpuBuffer Borrow(nint memory, long bytes, out long offset);

    /// <summary>Gives memory back once the work that uses it is done. Silent, also on a lost device.</summary>
    public void Free(MemoryBuffer memory)
    {
        lock (Gate)
        {
            // Also the collector's thread comes here, and late: a context that is gone has taken its memory along.
            if (_disposed || Health.IsLost)
            {
                return;
            }
            try
            {
                memory.Dispose();
            }
            catch (Exception failure) when (IsFromDriver(failure))
            {
                // What cannot be freed is lost; the next call tells why.
            }
        }
    }

    /// <summary>The kernel, compiled at its first use.</summary>
    /// <exception cref="DeviceLostException">It does not compile.</exception>
    public LoadedKernel<TArguments> Find<TArguments>(Action<TArguments> kernel)
        where TArguments : struct
    {
        lock (Gate)
        {
            MethodInfo method = kernel.Method;
            if (_kernels.TryGetValue(method, out object? known))
            {
                return (LoadedKernel<TArguments>)known;
            }
            Health.ThrowIfLost();
            try
            {
                LoadedKernel<TArguments> loaded = KernelLoader.Load<TArguments>(Accelerator, method);
                _kernels.Add(method, loaded);
                return loaded;
            }
            catch (Exception failure) when (failure is not DeviceException)
            {
                // ILGPU's context is of no more use after a kernel that did not compile.
                throw Health.Lose($"{Name}: kernel {KernelLoader.NameOf(method)} does not compile: {failure.Message}");
            }
        }
    }

    /// <summary>Starts a kernel over some groups; returns before it is done.</summary>
    /// <exception cref="DeviceException">The driver refuses it.</exception>
    public void Start<TArguments>(LoadedKernel<TArguments> kernel, int groups, in TArguments arguments)
        where TArguments : struct
    {
        lock (Gate)
        {
            Health.ThrowIfLost();
            try
            {
                kernel.Start(Stream, new ILGPU.KernelConfig(groups, kernel.GroupSize), arguments);
            }
            catch (Exception failure) when (IsFromDriver(failure))
            {
                throw Translate(failure, "a launch", kernel.Name);
            }
            LastKernel = kernel.Name;
            Launched();
        }
    }

    /// <summary>Copies from the host; the source may be reused on return.</summary>
    public void Upload(ReadOnlySpan<byte> source, BufferRef destination)
    {
        lock (Gate)
        {
            Health.ThrowIfLost();
            Write(source, Native(destination, out long offset), offset);
        }
    }

    /// <summary>Copies to the host, after all work before.</summary>
    public void Download(BufferRef source, Span<byte> destination)
    {
        lock (Gate)
        {
            Health.ThrowIfLost();
            Read(Native(source, out long offset), offset, destination);
        }
    }

    /// <summary>Sets 32-bit elements to the same bits.</summary>
    public void Fill(BufferRef destination, long count, int bits)
    {
        lock (Gate)
        {
            Health.ThrowIfLost();
            Set(Native(destination, out long offset), offset, count, bits);
        }
    }

    /// <summary>Waits until all work is done.</summary>
    public void Synchronize()
    {
        lock (Gate)
        {
            Health.ThrowIfLost();
            try
            {
                Stream.Synchronize();
            }
            catch (Exception failure) when (IsFromDriver(failure))
            {
                throw Translate(failure, "waiting", "all work so far");
            }
        }
    }

    /// <summary>Makes one object of launches and fills, which are not done yet. Null if the API has no such thing or refuses.</summary>
    public virtual IGpuGraph? Capture(Action launches) => null;

    /// <summary>What the API calls a place: memory and bytes behind its start.</summary>
    public static nint Native(BufferRef place, out long offset)
    {
        GpuBuffer buffer = (GpuBuffer)place.Buffer;
        offset = buffer.Start + (place.Offset * 4);
        return buffer.Memory.NativePtr;
    }

    public void Dispose()
    {
        lock (Gate)
        {
            if (_disposed)
            {
                return;
            }
            _disposed = true;
            try
            {
                Stream.Synchronize();
            }
            catch (Exception failure) when (IsFromDriver(failure))
            {
                // It was lost before; what is left is to let go.
            }
            Release();
            if (_owned)
            {
                ILGPU.Context context = Accelerator.Context;
                Accelerator.Dispose();
                context.Dispose();
            }
        }
    }

    /// <summary>Whether a failure is the driver's answer.</summary>
    protected abstract bool IsFromDriver(Exception failure);

    /// <summary>What to throw for it. Remembers the device as lost where nothing on it can be trusted any more.</summary>
    protected abstract DeviceException Translate(Exception failure, string call, string subject);

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

    /// <summary>Lets go of what the derived class holds; silent.</summary>
    protected virtual void Release()
    {
    }
}

/// <summary>Launches that start together.</summary>
internal interface IGpuGraph : IDisposable
{
    /// <summary>Starts them, in order; returns before they are done.</summary>
    void Launch();
}
