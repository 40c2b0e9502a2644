using System.Runtime.CompilerServices;
using HyperKernels.Backends;

namespace HyperKernels.Gpu;

/// <summary>One axis of an elementwise op: its size, and how far up to three operands step along it (0 where an operand is repeated).</summary>
internal struct Axis
{
    public int Size;
    public long A;
    public long B;
    public long C;
}

/// <summary>Places in up to three operands.</summary>
internal struct Places
{
    public long A;
    public long B;
    public long C;
}

/// <summary>
/// The axes of an elementwise op, as <see cref="Broadcast"/> has them: the innermost first, because a place in the dense result is taken apart from there;
/// the outermost, whose size nobody asks for, on its own. Fields instead of an array: they stay in registers.
/// </summary>
internal struct Axes
{
    private int _rank;
    private Axis _axis0;
    private Axis _axis1;
    private Axis _axis2;
    private Axis _axis3;
    private Axis _axis4;
    private Axis _axis5;
    private Axis _axis6;
    private Axis _outermost;

    /// <summary>For the launching side.</summary>
    public static Axes Of(in Broadcast sizes)
    {
        Broadcast all = sizes;
        int last = sizes.Rank - 1;
        return new Axes
        {
            _rank = sizes.Rank,
            _axis0 = At(0),
            _axis1 = At(1),
            _axis2 = At(2),
            _axis3 = At(3),
            _axis4 = At(4),
            _axis5 = At(5),
            _axis6 = At(6),
            _outermost = At(last),
        };

        Axis At(int inward) => inward > last ? default : new Axis
        {
            Size = all.Sizes[last - inward],
            A = all.StrideA[last - inward],
            B = all.StrideB[last - inward],
            C = all.StrideC[last - inward],
        };
    }

    /// <summary>How the operands step along the innermost axis.</summary>
    public readonly Axis Innermost => _rank > 1 ? _axis0 : _outermost;

    /// <summary>Where element i of the dense result finds its operands.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly Places At(long i)
    {
        Walk walk = default;
        walk.Rest = i;
        if (_rank > 1)
        {
            walk = Step(walk, _axis0);
        }
        if (_rank > 2)
        {
            walk = Step(walk, _axis1);
        }
        if (_rank > 3)
        {
            walk = Step(walk, _axis2);
        }
        if (_rank > 4)
        {
            walk = Step(walk, _axis3);
        }
        if (_rank > 5)
        {
            walk = Step(walk, _axis4);
        }
        if (_rank > 6)
        {
            walk = Step(walk, _axis5);
        }
        if (_rank > 7)
        {
            walk = Step(walk, _axis6);
        }
        Places places = default;
        places.A = walk.A + (walk.Rest * _outermost.A);
        places.B = walk.B + (walk.Rest * _outermost.B);
        places.C = walk.C + (walk.Rest * _outermost.C);
        return places;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Walk Step(Walk walk, Axis axis)
    {
        long outer = Divide.Quotient(walk.Rest, axis.Size);
        long place = walk.Rest - (outer * axis.Size);
        walk.A += place * axis.A;
        walk.B += place * axis.B;
        walk.C += place * axis.C;
        walk.Rest = outer;
        return walk;
    }

    private struct Walk
    {
        public long Rest;
        public long A;
        public long B;
        public long C;
    }
}
