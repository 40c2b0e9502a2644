namespace HyperKernels.Backends;

/// <summary>Distributions of <see cref="IRandomBackend.Random"/>.</summary>
internal enum RandomKind
{
    /// <summary><c>a + (b - a) u</c> with u from <see cref="Philox.Uniform"/>.</summary>
    Uniform,

    /// <summary><c>a + b n</c> with n from <see cref="Philox.Normal"/>.</summary>
    Normal,
}

/// <summary>Random numbers.</summary>
internal interface IRandomBackend
{
    /// <summary>
    /// Draws <paramref name="count"/> values from the blocks of <paramref name="seed"/> that begin at <paramref name="position"/>. Every
    /// backend gives the same bits: words, conversions and arithmetic are those of <see cref="Philox"/>.
    /// </summary>
    void Random(RandomKind kind, ulong seed, ulong position, long count, float a, float b, BufferRef y);

    /// <summary>y[i] = scale x[i] where the word of element i is at least <paramref name="threshold"/>, else 0. y may be x.</summary>
    void Dropout(ulong seed, ulong position, uint threshold, float scale, long count, BufferRef x, BufferRef y);
}
