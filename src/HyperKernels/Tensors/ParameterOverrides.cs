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

    /// <summary>Puts tensors in the place of parameters until the result is disposed.</summary>
    /// <param name="replacements">
    /// What <see cref="Parameter.Value"/> gives instead. A tensor may have a further leading axis where the ops that use it take one
    /// weight set per sample. Must not change while it is in use.
    /// </param>
    /// <returns>Ends the replacement. Blocks nest: the innermost that names a parameter counts.</returns>
    public static IDisposable Use(IReadOnlyDictionary<Parameter, Tensor> replacements)
    {
        ArgumentNullException.ThrowIfNull(replacements);
        return new Block(new OverrideTable(replacements));
    }

    internal static bool TryGet(Parameter parameter, out Tensor replacement) => OverrideTable.TryGet(parameter, out replacement);

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
