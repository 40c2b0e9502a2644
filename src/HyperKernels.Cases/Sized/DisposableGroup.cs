namespace HyperKernels.Cases.Sized;

/// <summary>Several things that are disposed together, in order: what a benchmark's subject holds besides tensors of its scope.</summary>
/// <param name="parts">What to dispose.</param>
public sealed class DisposableGroup(params IDisposable[] parts) : IDisposable
{
    /// <summary>Disposes the parts in order.</summary>
    public void Dispose() => Array.ForEach(parts, static part => part.Dispose());
}
