namespace HyperKernels.Gpu;

/// <summary>What is gathered up along an axis.</summary>
internal interface IReduction
{
    /// <summary>Of no elements.</summary>
    static abstract float Empty { get; }

    /// <summary>Whether there is a center for each result.</summary>
    static abstract bool HasCenter { get; }

    /// <summary>With an element more.</summary>
    static abstract float Step(float sum, float x, float center);

    /// <summary>Of two parts together.</summary>
    static abstract float Join(float a, float b);
}
