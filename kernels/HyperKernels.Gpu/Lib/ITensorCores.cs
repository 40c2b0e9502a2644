using ILGPU;

namespace HyperKernels.Gpu;

/// <summary>
/// Tensor cores of a precision, those of a device or others. A warp of 32 threads multiplies a left fragment of 16 rows by a right one of 8 columns, both
/// 8 words deep, and each thread has its part of them. With line = lane / 4 and place = lane % 4, A's words of (row line, word place), (row line + 8, word
/// place),
/// (row line, word place + 4) and (row line + 8, word place + 4); B's of (column line, word place) and (column line, word place + 4); and the sums of
/// (row line, column 2 place), (row line, column 2 place + 1), (row line + 8, column 2 place) and (row line + 8, column 2 place + 1).
/// </summary>
internal interface ITensorCores
{
    /// <summary>How many floats become a word.</summary>
    static abstract int Floats { get; }

    /// <summary>Four words of neighbours along k. Where a word is one float, the second four are not looked at.</summary>
    static abstract TensorWords Words(F4 first, F4 second);

    /// <summary>Room in group memory, for the top of a kernel.</summary>
    static abstract ArrayView<uint> Room();

    /// <summary>The sums with the product of the warp's fragments added. All threads of the group must come here.</summary>
    static abstract F4 Multiply(ArrayView<uint> room, TensorWords a, TensorPair b, F4 sums);
}
