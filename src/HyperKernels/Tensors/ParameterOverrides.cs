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
    /// <summary>Whether any flow overrides anything: the one look that reading a parameter costs otherwise.</summary>
    internal static bool Any => OverrideTable.Active;

    /// <summary>Puts weights in the place of parameters until the result is disposed.</summary>
    /// <param name="replacements">
    /// What <see cref="Parameter.Current"/> gives instead, and <see cref="Parameter.Value"/> as a tensor: factored weights, or tensors, which
    /// may have a further leading axis where the ops that use them take one weight set per sample.
    /// </param>
    /// <returns>Ends the replacement. Blocks nest: the innermost that names a parameter counts.</returns>
    public static IDisposable Use(IReadOnlyDictionary<Parameter, Weight> replacements)
    {
        ArgumentNullException.ThrowIfNull(replacements);
        Dictionary<Parameter, WeightUse> uses = new(replacements.Count);
        foreach ((Parameter parameter, Weight weight) in replacements)
        {
            WeightUse use = new();
            use.Set(weight);
            uses.Add(parameter, use);
        }
        return new Block(new OverrideTable(uses));
    }

    /// <summary>As <see cref="Use(IReadOnlyDictionary{Parameter, Weight})"/>, for tensors.</summary>
    public static IDisposable Use(IReadOnlyDictionary<Parameter, Tensor> replacements)
    {
        ArgumentNullException.ThrowIfNull(replacements);
        return Use(replacements.ToDictionary(static pair => pair.Key, static pair => (Weight)pair.Value));
    }

    internal static WeightUse? Find(Parameter parameter) => OverrideTable.Find(parameter);

    private sealed class Block : IDisposable
    {
        private OverrideTable? _table;

        public Block(OverrideTable table)
        {
            _table = table;
            table.Begin();
        }

        // A table ends once, however often the block is disposed.
        public void Dispose() => Interlocked.Exchange(ref _table, null)?.End();
    }
}
