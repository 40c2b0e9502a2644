using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace HyperKernels.Backends.Watched;

/// <summary>Which elements of its buffer an op's operand is, counted from its place: axes with their sizes and strides, the innermost last.</summary>
internal sealed class Extent
{
    private readonly (long Size, long Stride)[] _axes;

    private Extent((long Size, long Stride)[] axes) => _axes = axes;

    /// <summary>How many there are, repeated ones counted as often as they are met.</summary>
    public long Count => _axes.Aggregate(1L, static (count, axis) => count * axis.Size);

    /// <summary>How many different ones there are.</summary>
    public long Distinct => _axes.Aggregate(1L, static (count, axis) => count * (axis.Stride == 0 ? Math.Min(axis.Size, 1) : axis.Size));

    /// <summary>The lowest element and the one behind the highest.</summary>
    private (long First, long End) Range
    {
        get
        {
            (long first, long last) = (0, 0);
            foreach ((long size, long stride) in _axes)
            {
                long reach = (size - 1) * stride;
                (first, last) = (first + Math.Min(reach, 0), last + Math.Max(reach, 0));
            }
            return (first, last + 1);
        }
    }

    /// <summary>Elements one behind the other.</summary>
    public static Extent Dense(params ReadOnlySpan<long> sizes)
    {
        (long, long)[] axes = new (long, long)[sizes.Length];
        long stride = 1;
        for (int axis = sizes.Length - 1; axis >= 0; axis--)
        {
            axes[axis] = (sizes[axis], stride);
            stride *= sizes[axis];
        }
        return new Extent(axes);
    }

    /// <summary>Axes with strides of their own.</summary>
    public static Extent Of(params ReadOnlySpan<(long Size, long Stride)> axes) => new(axes.ToArray());

    /// <summary>One operand of an elementwise op.</summary>
    public static Extent Of(in Broadcast sizes, in Broadcast.Strides strides)
    {
        (long, long)[] axes = new (long, long)[sizes.Rank];
        for (int axis = 0; axis < sizes.Rank; axis++)
        {
            axes[axis] = (sizes.Sizes[axis], strides[axis]);
        }
        return new Extent(axes);
    }

    /// <summary>The first element that a NaN, or an infinity, stands in, in row-major order.</summary>
    /// <returns>Its number among the extent's elements and its value; -1 if all are finite.</returns>
    public (long Element, float Value) FirstNotFinite(IBackend backend, BufferRef place)
    {
        if (Count == 0)
        {
            return (-1, 0);
        }
        (long first, long end) = Range;
        long length = end - first;
        ReadOnlySpan<float> values = Read(backend, place.Skip(first), checked((int)length));
        return TensorPrimitives.IsFiniteAll(values) ? (-1, 0) : Search(values, -first);
    }

    /// <summary>The sizes of the axes, <c>[64, 10]</c>.</summary>
    public override string ToString() => $"[{string.Join(", ", _axes.Select(static axis => axis.Size))}]";

    /// <summary>Elements on the host: the memory itself where it is the host's.</summary>
    internal static ReadOnlySpan<float> Read(IBackend backend, BufferRef place, int count)
    {
        if (backend.TryGetSpan(place, count, out Span<float> values))
        {
            return values;
        }
        float[] copy = new float[count];
        backend.Download(place, MemoryMarshal.AsBytes(copy.AsSpan()));
        return copy;
    }

    // There is one in the range; whether it is the extent's is to be seen.
    private (long, float) Search(ReadOnlySpan<float> values, long origin)
    {
        long[] index = new long[_axes.Length];
        long place = origin;
        for (long element = 0; ; element++)
        {
            float value = values[(int)place];
            if (!float.IsFinite(value))
            {
                return (element, value);
            }
            int axis = _axes.Length - 1;
            for (; axis >= 0; axis--)
            {
                place += _axes[axis].Stride;
                if (++index[axis] < _axes[axis].Size)
                {
                    break;
                }
                place -= _axes[axis].Size * _axes[axis].Stride;
                index[axis] = 0;
            }
            if (axis < 0)
            {
                return (-1, 0);
            }
        }
    }
}
