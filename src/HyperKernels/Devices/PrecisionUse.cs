namespace HyperKernels;

/// <summary>Ends a <see cref="Precision.Use"/> when it is disposed: the precision is the one before again.</summary>
public readonly struct PrecisionUse : IDisposable, IEquatable<PrecisionUse>
{
    private readonly MatmulPrecision _before;

    internal PrecisionUse(MatmulPrecision before) => _before = before;

    /// <summary>Ends it.</summary>
    public void Dispose() => Precision.EndUse(_before);

    /// <inheritdoc/>
    public bool Equals(PrecisionUse other) => _before == other._before;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is PrecisionUse other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => (int)_before;
}
