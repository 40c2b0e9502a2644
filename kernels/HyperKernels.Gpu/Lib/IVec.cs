using ILGPU;

namespace HyperKernels.Gpu;

/// <summary>What a thread takes of a row at once: one float (<see cref="F1"/>) or four (<see cref="F4"/>). Zero is the default value.</summary>
internal interface IVec<T>
    where T : struct, IVec<T>
{
    /// <summary>How many floats.</summary>
    static abstract int Count { get; }

    /// <summary>Those at a place, which is a multiple of their number.</summary>
    static abstract T Get(ArrayView<float> from, long place);

    /// <summary>Writes them there.</summary>
    static abstract void Set(ArrayView<float> to, long place, T value);

    /// <summary>a + b.</summary>
    static abstract T Add(T a, T b);

    /// <summary>by * a.</summary>
    static abstract T Scale(float by, T a);

    /// <summary>by * a + sum, each rounded once.</summary>
    static abstract T Mad(float by, T a, T sum);

    /// <summary>a * b + sum, each rounded once.</summary>
    static abstract T Mad(T a, T b, T sum);

    /// <summary>All of them added up.</summary>
    static abstract float Total(T a);
}
