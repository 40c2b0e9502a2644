namespace HyperKernels;

/// <summary>
/// Watches backward passes: it is told when a parameter's gradient is final, while those of others are still computed, and may put another in its place when the
/// pass is done. For gradients that several processes add up.
/// </summary>
/// <remarks>Put in force by <see cref="Tape.UseReceiver"/>. It is called by the pass itself, on its thread and inside its tape.</remarks>
public interface IGradientReceiver
{
    /// <summary>What a loss counts for: passes begin with it, so that all gradients they give are times it. 1 where the loss is the whole one.</summary>
    float Weight { get; }

    /// <summary>Nothing is left that adds to a parameter's gradient: <see cref="Tape.GradientOf"/> gives it. Those that the loss does not depend on are not told.</summary>
    /// <param name="tape">Whose pass it is.</param>
    /// <param name="parameter">Of <see cref="Parameter.OwnValue"/>. The order follows from what was recorded alone.</param>
    void Ready(Tape tape, Tensor parameter);

    /// <summary>One more op is done: a moment for work that goes on beside the pass.</summary>
    void Advance();

    /// <summary>All are final. Here <see cref="Tape.ReplaceGradient(Tensor, ReadOnlySpan{float}, long)"/> may be called.</summary>
    /// <param name="tape">Whose pass it was.</param>
    void Finish(Tape tape);
}
