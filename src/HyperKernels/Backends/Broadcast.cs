using System.Runtime.CompilerServices;

namespace HyperKernels.Backends;

/// <summary>
/// The axes of an elementwise op after merging all that can be merged: sizes of the dense result, and the stride of up to three operands
/// along each (0 where an operand is repeated). At least one axis.
/// </summary>
internal struct Broadcast
{
    /// <summary>The largest number of axes of a tensor.</summary>
    public const int MaxRank = 8;

    public int Rank;
    public Axes Sizes;
    public Strides StrideA;
    public Strides StrideB;
    public Strides StrideC;

    public readonly long Count
    {
        get
        {
            long count = 1;
            for (int axis = 0; axis < Rank; axis++)
            {
                count *= Sizes[axis];
            }
            return count;
        }
    }

    /// <summary>Adds an inner axis, merged into the one before if every operand steps through both evenly.</summary>
    public void Append(int size, long strideA, long strideB, long strideC)
    {
        if (size == 1)
        {
            return;
        }
        int last = Rank - 1;
        if (last >= 0 && StrideA[last] == strideA * size && StrideB[last] == strideB * size && StrideC[last] == strideC * size
            && (long)Sizes[last] * size <= int.MaxValue)
        {
            Sizes[last] *= size;
        }
        else
        {
            last++;
            Rank++;
            Sizes[last] = size;
        }
        StrideA[last] = strideA;
        StrideB[last] = strideB;
        StrideC[last] = strideC;
    }

    /// <summary>Makes sure that there is an axis to loop over.</summary>
    public void Finish()
    {
        if (Rank == 0)
        {
            Rank = 1;
            Sizes[0] = 1;
            StrideA[0] = StrideB[0] = StrideC[0] = 1;
        }
    }

    [InlineArray(MaxRank)]
    public struct Axes
    {
        private int _first;
    }

    [InlineArray(MaxRank)]
    public struct Strides
    {
        private long _first;
    }
}
