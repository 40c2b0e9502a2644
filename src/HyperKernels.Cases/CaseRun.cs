namespace HyperKernels.Cases;

/// <summary>One run of a <see cref="FunctionCase"/>: its arguments on a device, and what computes with them.</summary>
/// <param name="arguments">In the row's order.</param>
/// <param name="forward">Computes the output from them.</param>
/// <param name="owned">What was made for the run.</param>
public sealed class CaseRun(Tensor[] arguments, Func<Tensor> forward, params IDisposable[] owned) : IDisposable
{
    /// <summary>The arguments on the device, in the row's order.</summary>
    public IReadOnlyList<Tensor> Arguments => arguments;

    /// <summary>Computes the output.</summary>
    public Tensor Forward() => forward();

    /// <summary>Disposes what was made for the run, the last first.</summary>
    public void Dispose()
    {
        foreach (IDisposable made in owned.Reverse())
        {
            made.Dispose();
        }
    }
}
