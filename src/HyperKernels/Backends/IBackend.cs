namespace HyperKernels.Backends;

/// <summary>
/// What a device must be able to do, the sum of a contract per op family: buffers and integers only, no tensors, no tape. Ops check every
/// argument before they call; a backend trusts its caller, and <see cref="Checked.CheckedBackend"/> stands between them.
/// </summary>
internal interface IBackend :
    IMemoryBackend, IElementwiseBackend, IReduceBackend, IShapeBackend, IGatherBackend, IMatmulBackend, IConvBackend, IPoolBackend, ISoftmaxBackend,
    INormalizeBackend, IGatesBackend, ISegmentBackend, IGenerateBackend, IRandomBackend, IOptimizerBackend, ILimitsBackend, IDisposable
{
    /// <summary>Short name, as on the command line: <c>cpu</c>, <c>opencl</c>, <c>cuda</c>.</summary>
    string Name { get; }

    /// <summary>The device in words, for people.</summary>
    string Description { get; }

    /// <summary>What plans are chosen by.</summary>
    BackendTraits Traits { get; }

    /// <summary>How many threads of this process work on one op, the calling one included. 1 where ops are launches: setting it does nothing there.</summary>
    int Threads { get; set; }

    /// <summary>Recording launches; null where ops are not launches.</summary>
    ICaptureBackend? Capture { get; }

    /// <summary>Sharing memory with other libraries; null where the host's own memory is used.</summary>
    IForeignMemoryBackend? ForeignMemory { get; }
}
