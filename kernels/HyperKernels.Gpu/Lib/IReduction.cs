namespace HyperKernels.Gpu;

/// <summary>What two parts of a reduction are together.</summary>
internal interface IJoin<T>
{
    static abstract T Join(T a, T b);
}

/// <summary>What is gathered up along an axis.</summary>
internal interface IReduction : IJoin<float>
{
    /// <summary>Of no elements.</summary>
    static abstract float Empty { get; }

    /// <summary>Whether there is a center for each result.</summary>
    static abstract bool HasCenter { get; }

    /// <summary>With an element more.</summary>
    static abstract float Step(float sum, float x, float center);
}
