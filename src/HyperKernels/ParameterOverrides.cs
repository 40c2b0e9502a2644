namespace HyperKernels;

/// <summary>
/// Puts other tensors in the place of parameters for a while: how a hypernetwork gives a target its generated weights without touching
/// the target, and how a forward pass runs with averaged weights.
/// </summary>
/// <remarks>
/// What is put in place is seen by the logical flow that did it and the tasks started inside, by no other. A failure inside the block
/// leaves every parameter as it was, because none was changed.
/// </remarks>
public static class ParameterOverrides
{
    private static readonly AsyncLocal<Layer?> s_current = new();
    private static int s_active;

    /// <summary>Whether any flow overrides anything: the one look that reading a parameter costs otherwise.</summary>
    internal static bool Any => Volatile.Read(ref s_active) != 0;

    /// <summary>Puts tensors in the place of parameters until the result is disposed.</summary>
    /// <param name="replacements">
    /// What <see cref="Parameter.Value"/> gives instead. A tensor may have a further leading axis where the ops that use it take one
    /// weight set per sample. Must not change while it is in use.
    /// </param>
    /// <returns>Ends the replacement. Blocks nest: the innermost that names a parameter counts.</returns>
    public static IDisposable Use(IReadOnlyDictionary<Parameter, Tensor> replacements)
    {
        ArgumentNullException.ThrowIfNull(replacements);
        Layer layer = new(replacements, s_current.Value);
        Interlocked.Increment(ref s_active);
        s_current.Value = layer;
        return layer;
    }

    internal static bool TryGet(Parameter parameter, out Tensor replacement)
    {
        for (Layer? layer = s_current.Value; layer is not null; layer = layer.Outer)
        {
            if (!layer.IsEnded && layer.Replacements.TryGetValue(parameter, out replacement))
            {
                return true;
            }
        }
        replacement = default;
        return false;
    }

    private sealed class Layer(IReadOnlyDictionary<Parameter, Tensor> replacements, Layer? outer) : IDisposable
    {
        private int _ended;

        public IReadOnlyDictionary<Parameter, Tensor> Replacements => replacements;

        public Layer? Outer => outer;

        // A task that outlives the block must not go on with tensors that have ended.
        public bool IsEnded => Volatile.Read(ref _ended) != 0;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _ended, 1) != 0)
            {
                return;
            }
            Interlocked.Decrement(ref s_active);
            if (ReferenceEquals(s_current.Value, this))
            {
                s_current.Value = outer;
            }
        }
    }
}
