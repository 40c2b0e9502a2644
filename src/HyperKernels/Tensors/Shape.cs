using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace HyperKernels;

/// <summary>The sizes of a tensor's axes, outermost first; row-major. A value: making one allocates nothing.</summary>
[CollectionBuilder(typeof(Shape), nameof(Create))]
public readonly struct Shape : IEquatable<Shape>
{
    /// <summary>The largest number of axes.</summary>
    public const int MaxRank = Backends.Broadcast.MaxRank;

    /// <summary>The largest number of elements: their size in bytes, rounded up by the pool, still fits into 64 bits.</summary>
    public const long MaxCount = 1L << 60;

    private readonly Sizes _sizes;
    private readonly int _rank;

    /// <summary>Makes a shape from its axis sizes; no sizes make a scalar.</summary>
    /// <exception cref="ArgumentException">More than <see cref="MaxRank"/> axes, a negative size, or more elements than <see cref="MaxCount"/>.</exception>
    public Shape(params ReadOnlySpan<int> sizes)
    {
        if (sizes.Length > MaxRank)
        {
            Throw.Argument($"Shape: at most {MaxRank} axes; got {sizes.Length}.");
        }
        long product = 1;
        bool empty = false;
        for (int axis = 0; axis < sizes.Length; axis++)
        {
            if (sizes[axis] < 0)
            {
                Throw.Argument($"Shape: sizes must not be negative; axis {axis} is {sizes[axis]}.");
            }
            _sizes[axis] = sizes[axis];
            // Empty axes count as one here: strides and row lengths, which leave axes out, must stay in range too.
            int size = Math.Max(1, sizes[axis]);
            if (product > MaxCount / size)
            {
                Throw.Argument($"Shape: at most 2^60 elements; got [{string.Join(", ", sizes.ToArray())}].");
            }
            product *= size;
            empty |= sizes[axis] == 0;
        }
        _rank = sizes.Length;
        Count = empty ? 0 : product;
    }

    /// <summary>The number of axes; 0 for a scalar.</summary>
    public int Rank => _rank;

    /// <summary>The number of elements: the product of the sizes, 1 for a scalar.</summary>
    public long Count => field == 0 && _rank == 0 ? 1 : field;

    /// <summary>The size of an axis; negative axes count from the end.</summary>
    /// <exception cref="ArgumentException">There is no such axis.</exception>
    public int this[int axis] => _sizes[Axis(axis)];

    /// <summary>The sizes, outermost first.</summary>
    [UnscopedRef]
    public ReadOnlySpan<int> AsSpan() => MemoryMarshal.CreateReadOnlySpan(in _sizes[0], _rank);

    /// <summary>The elements behind one step of the first axis: the product of all sizes but the first.</summary>
    public long RowCount
    {
        get
        {
            long count = 1;
            for (int axis = 1; axis < _rank; axis++)
            {
                count *= _sizes[axis];
            }
            return count;
        }
    }

    /// <summary>Turns an axis counted from the end into one counted from the start, and checks it.</summary>
    /// <exception cref="ArgumentException">There is no such axis.</exception>
    public int Axis(int axis)
    {
        int result = axis < 0 ? axis + _rank : axis;
        if ((uint)result >= (uint)_rank)
        {
            Throw.Argument($"Shape: {this} has no axis {axis}.");
        }
        return result;
    }

    /// <summary>This shape with another size at one axis.</summary>
    /// <exception cref="ArgumentException">There is no such axis, or the size is negative.</exception>
    public Shape With(int axis, int size)
    {
        Span<int> sizes = stackalloc int[MaxRank];
        AsSpan().CopyTo(sizes);
        sizes[Axis(axis)] = size;
        return new Shape(sizes[.._rank]);
    }

    /// <summary>This shape with a further axis of the given size at a position from 0 to <see cref="Rank"/>.</summary>
    /// <exception cref="ArgumentException">There is no such position, or the shape has <see cref="MaxRank"/> axes already.</exception>
    public Shape Insert(int axis, int size)
    {
        if ((uint)axis > (uint)_rank)
        {
            Throw.Argument($"Shape: an axis can be put into {this} at 0 to {_rank}; got {axis}.");
        }
        Span<int> sizes = stackalloc int[MaxRank + 1];
        AsSpan()[..axis].CopyTo(sizes);
        sizes[axis] = size;
        AsSpan()[axis..].CopyTo(sizes[(axis + 1)..]);
        return new Shape(sizes[..(_rank + 1)]);
    }

    /// <summary>This shape without one axis.</summary>
    /// <exception cref="ArgumentException">There is no such axis.</exception>
    public Shape Remove(int axis)
    {
        axis = Axis(axis);
        Span<int> sizes = stackalloc int[MaxRank];
        AsSpan()[..axis].CopyTo(sizes);
        AsSpan()[(axis + 1)..].CopyTo(sizes[axis..]);
        return new Shape(sizes[..(_rank - 1)]);
    }

    /// <summary>Makes a shape from a collection expression: <c>Shape s = [2, 3];</c></summary>
    public static Shape Create(ReadOnlySpan<int> sizes) => new(sizes);

    /// <summary>Enumerates the sizes.</summary>
    [UnscopedRef]
    public ReadOnlySpan<int>.Enumerator GetEnumerator() => AsSpan().GetEnumerator();

    /// <inheritdoc/>
    public bool Equals(Shape other) => AsSpan().SequenceEqual(other.AsSpan());

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Shape other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        HashCode hash = default;
        foreach (int size in AsSpan())
        {
            hash.Add(size);
        }
        return hash.ToHashCode();
    }

    /// <summary>The sizes in brackets: <c>[64, 10]</c>.</summary>
    public override string ToString()
    {
        StringBuilder text = new("[");
        foreach (int size in AsSpan())
        {
            text.Append(text.Length > 1 ? ", " : "").Append(size);
        }
        return text.Append(']').ToString();
    }

    /// <summary>Whether both have the same axes.</summary>
    public static bool operator ==(Shape left, Shape right) => left.Equals(right);

    /// <summary>Whether they differ in any axis.</summary>
    public static bool operator !=(Shape left, Shape right) => !left.Equals(right);

    [InlineArray(MaxRank)]
    private struct Sizes
    {
        private int _first;
    }
}
