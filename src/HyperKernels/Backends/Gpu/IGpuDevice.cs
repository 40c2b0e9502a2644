namespace HyperKernels.Backends.Gpu;

/// <summary>
/// What an API for devices with kernels of their own must offer: memory, kernels built from source, launches in order. All work goes
/// to one stream: what is asked for later sees what was asked for earlier. Safe for use by several threads.
/// </summary>
internal interface IGpuDevice : IDisposable
{
    /// <summary><c>opencl</c> or <c>cuda</c>.</summary>
    string Name { get; }

    /// <summary>Platform, device and driver in words.</summary>
    string Description { get; }

    /// <summary>How many groups can run at once, roughly: launches that stride over their work need no more.</summary>
    int ComputeUnits { get; }

    /// <summary>Whether it has tensor cores that <c>kernels/cuda</c> can use.</summary>
    bool HasTensorCores { get; }

    /// <summary>Takes memory from the device; contents undefined.</summary>
    /// <exception cref="DeviceException">There is not that much.</exception>
    GpuBuffer Allocate(long bytes);

    /// <summary>Makes memory that belongs to somebody else usable here, for as long as its owner keeps it.</summary>
    /// <param name="memory">The API's name for it.</param>
    /// <param name="bytes">How much of it is wanted.</param>
    /// <param name="offset">Where it begins in the buffer, in elements.</param>
    /// <exception cref="ArgumentException">There is less, or it is not aligned to elements.</exception>
    GpuBuffer Borrow(nint memory, long bytes, out long offset);

    /// <inheritdoc cref="IForeignMemoryBackend.HandleOf"/>
    nint HandleOf(BufferRef place, out long offset);

    /// <summary>Gives memory back once the work that uses it is done. Silent, also on a lost device.</summary>
    void Free(nint handle);

    /// <summary>Compiles a file of kernels, or takes it from the cache.</summary>
    /// <exception cref="KernelBuildException">The compiler refuses the source.</exception>
    IGpuModule Build(KernelSource source);

    /// <summary>Starts a kernel over some groups; returns before it is done. Of arguments, buffers become a pointer and an offset.</summary>
    void Launch(GpuKernel kernel, int groups, ReadOnlySpan<KernelArgument> arguments);

    /// <summary>Makes one object of launches and fills, which are not done yet. Null if the API has no such thing or refuses.</summary>
    IGpuGraph? Capture(Action launches);

    /// <summary>Copies from the host; the source may be reused on return.</summary>
    void Upload(ReadOnlySpan<byte> source, BufferRef destination);

    /// <summary>Copies to the host, after all work before.</summary>
    void Download(BufferRef source, Span<byte> destination);

    /// <summary>Sets 32-bit elements to the same bits.</summary>
    void Fill(BufferRef destination, long count, int bits);

    /// <summary>Waits until all work is done.</summary>
    void Synchronize();
}

/// <summary>Launches that start together.</summary>
internal interface IGpuGraph : IDisposable
{
    /// <summary>Starts them, in order; returns before they are done.</summary>
    void Launch();
}

/// <summary>A compiled file of kernels.</summary>
internal interface IGpuModule
{
    /// <summary>Finds a kernel by its name in the source.</summary>
    GpuKernel Find(string name);
}

/// <summary>A kernel ready to launch.</summary>
/// <param name="Name">As in the source.</param>
/// <param name="Handle">The API's name for it.</param>
/// <param name="GroupSize">Threads per group, as the source declares it.</param>
internal sealed record GpuKernel(string Name, nint Handle, int GroupSize);
