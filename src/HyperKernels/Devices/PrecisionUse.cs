namespace HyperKernels;

/// <summary>A <see cref="Precision.Use"/> in force: disposed, it makes the precision the one before again.</summary>
public readonly struct PrecisionUse : IDisposable, IEquatable<PrecisionUse>
{
    private readonly MatmulPrecision _before;

    internal PrecisionUse(MatmulPrecision before) => _before = before;

    /// <summary>Makes the precision the one before again.</summary>
    public void Dispose() => Precision.EndUse(_before);

    /// <inheritdoc/>
    public bool Equals(PrecisionUse other) => _before == other._before;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is PrecisionUse other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => (int)_before;
}
