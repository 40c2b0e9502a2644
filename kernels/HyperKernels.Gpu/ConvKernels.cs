using System.Runtime.CompilerServices;
using ILGPU;

namespace HyperKernels.Gpu;

/// <summary>
/// The three products of a convolution, each as one matrix product per set of kernels and group of channels, whose patches of images are formed while
/// tiles are filled: nothing is unfolded in memory. Per-sample convolution has a set of kernels for each sample. Where a group has few channels on the
/// side of the result, tiles would be mostly empty: <see cref="ConvPlainKernels"/> serve there.   All: one group per tile of the result, per slice of the
/// depth, per set and group of channels.
/// </summary>
internal static class ConvKernels
{
    /// <summary>y [output channels, pixels] = w [output channels, depth] x patches of x, + the bias, over tiles of 32 x 32.</summary>
    [Kernel(64)]
    public static void Forward32(ConvArguments p) => Forward<Tile32>(p);

    /// <summary>The same over tiles of 64 x 64.</summary>
    [Kernel]
    public static void Forward64(ConvArguments p) => Forward<Tile64>(p);

    /// <summary>The same over tiles of 128 x 128.</summary>
    [Kernel]
    public static void Forward128(ConvArguments p) => Forward<Tile128>(p);

    /// <summary>
    /// x [input channels, pixels] = w turned [input channels, output channels and places] x the pixels of y that those of x went to, over tiles of 32 x 32.
    /// </summary>
    [Kernel(64)]
    public static void Input32(ConvArguments p) => Input<Tile32>(p);

    /// <summary>The same over tiles of 64 x 64.</summary>
    [Kernel]
    public static void Input64(ConvArguments p) => Input<Tile64>(p);

    /// <summary>The same over tiles of 128 x 128.</summary>
    [Kernel]
    public static void Input128(ConvArguments p) => Input<Tile128>(p);

    /// <summary>
    /// w [output channels, depth] = y [output channels, pixels] x patches of x, over the pixels of all samples of the set, over tiles of 32 x 32.
    /// </summary>
    [Kernel(64)]
    public static void Kernel32(ConvArguments p) => Kernel<Tile32>(p);

    /// <summary>The same over tiles of 64 x 64.</summary>
    [Kernel]
    public static void Kernel64(ConvArguments p) => Kernel<Tile64>(p);

    /// <summary>The same over tiles of 128 x 128.</summary>
    [Kernel]
    public static void Kernel128(ConvArguments p) => Kernel<Tile128>(p);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Forward<TTile>(ConvArguments p)
        where TTile : struct, ITile<TTile>
    {
        TileMemory memory = TileMemory.Of<TTile>();
        ConvPart part = ConvPart.Of<TTile>(p);
        MatmulOperand left = MatmulOperand.Of(
            p.Left, part.Left, p.Depth, true, part.Place.Row + Tile.FetchLine<TTile>(true), p.Rows, part.End, p.FoursLeft != 0);
        PatchesOfPixels right = PatchesOfPixels.Of(
            p.Shape, p.Right, part.Right, part.Place.Column + Tile.FetchLine<TTile>(false), p.Columns, part.End);
        TTile sums = Tile.Product(default(TTile), memory, left, right, part.First, part.End);
        Tile.Store(sums, part.Place, ConvResult.Of(p, part));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Input<TTile>(ConvArguments p)
        where TTile : struct, ITile<TTile>
    {
        TileMemory memory = TileMemory.Of<TTile>();
        ConvPart part = ConvPart.Of<TTile>(p);
        WeightsOfInput left = WeightsOfInput.Of(p.Shape, p.Left, part.Left, part.Place.Row + Tile.FetchLine<TTile>(true), part.End);
        SpreadOfPixels right = SpreadOfPixels.Of(
            p.Shape, p.Right, part.Right, part.Place.Column + Tile.FetchLine<TTile>(false), p.Columns, part.End);
        TTile sums = Tile.Product(default(TTile), memory, left, right, part.First, part.End);
        Tile.Store(sums, part.Place, ConvResult.Of(p, part));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Kernel<TTile>(ConvArguments p)
        where TTile : struct, ITile<TTile>
    {
        TileMemory memory = TileMemory.Of<TTile>();
        ConvPart part = ConvPart.Of<TTile>(p);
        PixelsOfOutput left = PixelsOfOutput.Of(
            p.Shape, p.Left, part.Left, part.Place.Row + Tile.FetchLine<TTile>(true), part.End, p.FoursLeft != 0);
        PatchesOfTap right = PatchesOfTap.Of(
            p.Shape, p.Right, part.Right, part.Place.Column + Tile.FetchLine<TTile>(true), p.Columns, part.End);
        TTile sums = Tile.Product(default(TTile), memory, left, right, part.First, part.End);
        Tile.Store(sums, part.Place, ConvResult.Of(p, part));
    }
}

/// <summary>What a group works on: a tile of a product, where its operands begin, and which part of the depth is summed.</summary>
internal struct ConvPart
{
    public TilePlace Place;
    public int First;
    public int End;
    public long Left;
    public long Right;
    public long Bias;
    public long Result;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ConvPart Of<TTile>(ConvArguments p)
        where TTile : struct, ITile<TTile>
    {
        ConvPart part = default;
        part.Place = TilePlace.Of<TTile>(p.Rows, p.Columns, p.Slices);
        int set = part.Place.Matrix / p.Shape.Groups;
        int group = part.Place.Matrix - (set * p.Shape.Groups);
        part.First = part.Place.Slice * p.SliceDepth;
        part.End = p.Depth - part.First < p.SliceDepth ? p.Depth : part.First + p.SliceDepth;
        part.Left = (set * p.LeftSet) + (group * p.LeftGroup);
        part.Right = (set * p.RightSet) + (group * p.RightGroup);
        part.Bias = (set * p.Shape.SetBias) + ((long)group * p.Rows);
        part.Result = (set * p.ResultSet) + (group * p.ResultGroup) + (part.Place.Slice * p.ResultSlice);
        return part;
    }
}

/// <summary>The result, with the bias of its row added.</summary>
internal struct ConvResult : IResult
{
    private ConvArguments _p;
    private long _start;
    private long _bias;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ConvResult Of(ConvArguments p, ConvPart part)
    {
        ConvResult result = default;
        result._p = p;
        result._start = part.Result;
        result._bias = part.Bias;
        return result;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Set(int row, int column, Tile44 sums)
    {
        if (column < _p.Columns)
        {
            PairPlace at = PairPlace.Of(column, _p.ResultPixels, _p.ByResultPixels);
            SetRow(row, column, at, sums.Row0);
            SetRow(row + 1, column, at, sums.Row1);
            SetRow(row + 2, column, at, sums.Row2);
            SetRow(row + 3, column, at, sums.Row3);
        }
    }

    // At: the sample and the pixel of the column.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void SetRow(int row, int column, PairPlace at, F4 value)
    {
        if (row < _p.Rows)
        {
            float offset = _p.Bias.Length > 0 ? _p.Bias[_bias + row] : 0f;
            long line = _start + (row * _p.ResultLine);
            if (_p.FoursResult != 0)
            {
                F4 sum = new(value.X + offset, value.Y + offset, value.Z + offset, value.W + offset);
                Tile.Set(_p.Result, Place(line, at), _p.Columns - column, true, sum);
            }
            else
            {
                _p.Result[Place(line, at)] = value.X + offset;
                at = PairPlace.Next(at, _p.ResultPixels);
                if (column + 1 < _p.Columns)
                {
                    _p.Result[Place(line, at)] = value.Y + offset;
                }
                at = PairPlace.Next(at, _p.ResultPixels);
                if (column + 2 < _p.Columns)
                {
                    _p.Result[Place(line, at)] = value.Z + offset;
                }
                at = PairPlace.Next(at, _p.ResultPixels);
                if (column + 3 < _p.Columns)
                {
                    _p.Result[Place(line, at)] = value.W + offset;
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly long Place(long line, PairPlace at) => line + (at.Outer * _p.ResultSample) + at.Inner;
}

/// <summary>
/// Arguments of <see cref="ConvKernels"/>. A product result [rows, columns] = left [rows, depth] x right [depth, columns] for each set and group: how far apart
/// these lie, and how the result is written: rows line apart; columns count pixels, and after so many of them the next sample begins. Fours: may be read or
/// written so. Slice i takes i slice depth &lt;= k &lt; (i + 1) slice depth and writes its result that far behind.
/// </summary>
internal struct ConvArguments
{
    public ConvShape Shape;
    public int Rows;
    public int Columns;
    public int Depth;
    public int Slices;
    public int SliceDepth;
    public int FoursLeft;
    public int FoursResult;
    public int ResultPixels;
    public Divisor ByResultPixels;
    public long LeftSet;
    public long LeftGroup;
    public long RightSet;
    public long RightGroup;
    public long ResultSet;
    public long ResultGroup;
    public long ResultLine;
    public long ResultSample;
    public long ResultSlice;
    public ArrayView<float> Left;
    public ArrayView<float> Right;
    public ArrayView<float> Bias;
    public ArrayView<float> Result;
}
