namespace HyperKernels;

/// <summary>The precision of matrix products: IEEE float32 unless a scope asks for less.</summary>
public static class Precision
{
    private static readonly AsyncLocal<MatmulPrecision> s_used = new();

    /// <summary>What is in force here: that of the innermost <see cref="Use"/>, else <see cref="MatmulPrecision.Float32"/>.</summary>
    public static MatmulPrecision Current => s_used.Value;

    /// <summary>
    /// Allows matrix products less precision until the result is disposed, in this thread and what it starts or awaits:
    /// <c>using PrecisionUse use = Precision.Use(MatmulPrecision.TF32);</c>
    /// </summary>
    /// <param name="precision">The least precision wanted.</param>
    /// <returns>To be disposed: the precision is then the one before again.</returns>
    /// <exception cref="ArgumentException">No such precision.</exception>
    /// <remarks>
    /// It holds for <see cref="Ops.Matmul"/> and <see cref="Ops.Linear"/> on devices with tensor cores (CUDA, compute capability 8.0 or more).
    /// Everything else, and products that fill little of a tile of 128 by 128 (both sides under 64, or a few rows or columns), stay float32. What counts is what is in force when a
    /// product runs: gradients take the precision of the scope in which the tape computes them, and a captured step that of its capture.
    /// </remarks>
    public static PrecisionUse Use(MatmulPrecision precision)
    {
        if (!Enum.IsDefined(precision))
        {
            Throw.Argument($"Precision.Use: the precision must be one of {nameof(MatmulPrecision)}; got {precision}.");
        }
        PrecisionUse use = new(s_used.Value);
        s_used.Value = precision;
        return use;
    }

    internal static void EndUse(MatmulPrecision before) => s_used.Value = before;
}
