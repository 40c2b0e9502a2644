using System.Runtime.CompilerServices;

namespace HyperKernels.Gpu;

/// <summary>A place on two axes, of which the inner one goes round: (u, h) or (o, i).</summary>
internal struct PairPlace
{
    public int Outer;
    public int Inner;

    /// <summary>Place k, counted along both; size and divisor are the inner axis's.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PairPlace Of(int k, int size, Divisor bySize)
    {
        PairPlace place = default;
        place.Outer = bySize.Quotient(k);
        place.Inner = k - (place.Outer * size);
        return place;
    }

    /// <summary>The place behind.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PairPlace Next(PairPlace place, int size)
    {
        place.Inner++;
        if (place.Inner == size)
        {
            place.Inner = 0;
            place.Outer++;
        }
        return place;
    }

    /// <summary>The numbers at four places from one on, those behind the first so many being zeros; there is at least one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F4 Four<TPairs>(TPairs pairs, PairPlace place, int size, int left)
        where TPairs : struct, IPairs
    {
        F4 four = default;
        four.X = pairs.At(place);
        place = Next(place, size);
        four.Y = left > 1 ? pairs.At(place) : 0;
        place = Next(place, size);
        four.Z = left > 2 ? pairs.At(place) : 0;
        place = Next(place, size);
        four.W = left > 3 ? pairs.At(place) : 0;
        return four;
    }
}

/// <summary>What has one number at every place of two axes.</summary>
internal interface IPairs
{
    float At(PairPlace place);
}

/// <summary>x[row, u] z[row's context, h] for a row, k = (u, h).</summary>
internal struct ProductsOfRow : IOperand, IPairs
{
    private GenerateArguments _p;
    private long _x;
    private long _z;
    private bool _isInside;
    private int _end;

    public readonly bool IsDeep => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ProductsOfRow Of(GenerateArguments p, int row, int end)
    {
        ProductsOfRow operand = default;
        operand._p = p;
        operand._x = (long)row * p.Summed;
        operand._z = (long)p.ByRows.Quotient(row) * p.Embedding;
        operand._isInside = row < p.ResultRows;
        operand._end = end;
        return operand;
    }

    /// <summary>x at a summed position; 0 outside.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly float X(int u) => _isInside ? _p.X[_x + u] : 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly F4 Get(int line, int k)
    {
        F4 four = default;
        if (_isInside && k < _end)
        {
            PairPlace at = PairPlace.Of(k, _p.Embedding, _p.ByEmbedding);
            if (_p.Fours != 0)
            {
                F4 z = F4.Get(_p.Z, _z + at.Inner);
                float x = _p.X[_x + at.Outer];
                four = new F4(x * z.X, x * z.Y, x * z.Z, x * z.W);
            }
            else
            {
                four = PairPlace.Four(this, at, _p.Embedding, _end - k);
            }
        }
        return four;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly float At(PairPlace at) => _p.X[_x + at.Outer] * _p.Z[_z + at.Inner];
}

/// <summary>The generator's part for a result position, k = (u, h).</summary>
internal struct GeneratorOfColumn : IOperand, IPairs
{
    private GenerateArguments _p;
    private long _start;
    private bool _isInside;
    private int _end;

    public readonly bool IsDeep => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static GeneratorOfColumn Of(GenerateArguments p, int column, int end)
    {
        GeneratorOfColumn operand = default;
        operand._p = p;
        operand._start = column * p.GeneratorResult;
        operand._isInside = column < p.ResultColumns;
        operand._end = end;
        return operand;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly F4 Get(int line, int k)
    {
        F4 four = default;
        if (_isInside && k < _end)
        {
            PairPlace at = PairPlace.Of(k, _p.Embedding, _p.ByEmbedding);
            if (_p.Fours != 0)
            {
                four = F4.Get(_p.Generator, _start + (at.Outer * _p.GeneratorSummed) + at.Inner);
            }
            else
            {
                four = PairPlace.Four(this, at, _p.Embedding, _end - k);
            }
        }
        return four;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly float At(PairPlace at) => _p.Generator[_start + (at.Outer * _p.GeneratorSummed) + at.Inner];
}

/// <summary>The gradients by the weights of a context, k = (o, i): sum_t gradient[b, t, o] x[b, t, i].</summary>
internal struct GradientsOfContext : IOperand
{
    private GenerateArguments _p;
    private int _context;
    private int _end;

    public readonly bool IsDeep => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static GradientsOfContext Of(GenerateArguments p, int context, int end)
    {
        GradientsOfContext operand = default;
        operand._p = p;
        operand._context = context;
        operand._end = context < p.ResultRows ? end : 0;
        return operand;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly F4 Get(int line, int k)
    {
        F4 four = default;
        if (k < _end)
        {
            four = WeightGradients.Get(_p, _context, PairPlace.Of(k, _p.Inputs, _p.ByInputs), _end - k);
        }
        return four;
    }
}

/// <summary>The gradients by four weights, (o, i), k being the context.</summary>
internal struct GradientsOfWeights : IOperand
{
    private GenerateArguments _p;
    private PairPlace _weight;
    private int _left;
    private int _end;

    public readonly bool IsDeep => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static GradientsOfWeights Of(GenerateArguments p, int weight, int end)
    {
        GradientsOfWeights operand = default;
        operand._p = p;
        operand._weight = PairPlace.Of(weight, p.Inputs, p.ByInputs);
        operand._left = p.ResultRows - weight;
        operand._end = end;
        return operand;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly F4 Get(int line, int k)
    {
        F4 four = default;
        if (_left > 0 && k < _end)
        {
            four = WeightGradients.Get(_p, k, _weight, _left);
        }
        return four;
    }
}

/// <summary>What both operands of gradients by the weights have in common.</summary>
internal static class WeightGradients
{
    /// <summary>Those of a context by four weights, or fewer if fewer are left.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F4 Get(GenerateArguments p, int context, PairPlace at, int left)
    {
        F4 four = default;
        long x = (long)context * p.Rows * p.Inputs;
        long gradient = (long)context * p.Rows * p.Outputs;
        if (p.FoursX != 0)
        {
            x += at.Inner;
            gradient += at.Outer;
            for (int t = 0; t < p.Rows; t++)
            {
                F4 values = F4.Get(p.X, x);
                float value = p.Gradient[gradient];
                four.X = Intrinsics.Fma(value, values.X, four.X);
                four.Y = Intrinsics.Fma(value, values.Y, four.Y);
                four.Z = Intrinsics.Fma(value, values.Z, four.Z);
                four.W = Intrinsics.Fma(value, values.W, four.W);
                x += p.Inputs;
                gradient += p.Outputs;
            }
        }
        else
        {
            four.X = Single(p, x, gradient, at);
            at = PairPlace.Next(at, p.Inputs);
            four.Y = left > 1 ? Single(p, x, gradient, at) : 0;
            at = PairPlace.Next(at, p.Inputs);
            four.Z = left > 2 ? Single(p, x, gradient, at) : 0;
            at = PairPlace.Next(at, p.Inputs);
            four.W = left > 3 ? Single(p, x, gradient, at) : 0;
        }
        return four;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Single(GenerateArguments p, long x, long gradient, PairPlace at)
    {
        float sum = 0;
        x += at.Inner;
        gradient += at.Outer;
        for (int t = 0; t < p.Rows; t++)
        {
            sum = Intrinsics.Fma(p.Gradient[gradient], p.X[x], sum);
            x += p.Inputs;
            gradient += p.Outputs;
        }
        return sum;
    }
}

/// <summary>Rows of the result that begin there; those from so many on are left alone.</summary>
internal struct GenerateResult : IResult
{
    private GenerateArguments _p;
    private long _start;
    private int _rows;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static GenerateResult Of(GenerateArguments p, long start, int rows)
    {
        GenerateResult result = default;
        result._p = p;
        result._start = start;
        result._rows = rows;
        return result;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Set(int row, int column, Tile44 sums)
    {
        SetRow(row, column, sums.Row0);
        SetRow(row + 1, column, sums.Row1);
        SetRow(row + 2, column, sums.Row2);
        SetRow(row + 3, column, sums.Row3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void SetRow(int row, int column, F4 value) => Tile.Set(
        _p.Result, _start + ((long)row * _p.ResultColumns) + column, row < _rows ? _p.ResultColumns - column : 0, _p.FoursY != 0, value);
}
