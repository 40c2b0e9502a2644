namespace HyperKernels.Backends.Watched;

/// <summary>Is told of every op of a device.</summary>
internal interface IOpWatcher
{
    /// <summary>Whether an op's time is to be the device's, so that each is waited for, and not that of launching it.</summary>
    bool WaitsForDevice => false;

    /// <summary>The op is about to run.</summary>
    void Before(IBackend backend, OpCall call);

    /// <summary>It has run.</summary>
    void After(IBackend backend, OpCall call);
}
