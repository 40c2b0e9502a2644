using System.Runtime.CompilerServices;
using ILGPU;

namespace HyperKernels.Gpu;

/// <summary>
/// Patches of images: at an output pixel, counted over the samples, and a tap, the pixel of x that they meet; zeros outside the image. Always four output
/// pixels at one tap, zeros from count on.
/// </summary>
internal static class ConvPatch
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F4 Get(ConvShape s, ArrayView<float> x, long start, ConvPixel at, ConvTap tap, int count)
    {
        long from = start + ((long)tap.Channel * s.Pixels);
        int down = (tap.Row * s.Down.Dilation) - s.Down.Padding;
        int across = (tap.Column * s.Across.Dilation) - s.Across.Padding;
        F4 four = default;
        four.X = Single(s, x, from, at, down, across, count > 0);
        at = ConvPixel.Next(at, s.Down.OutSize, s.Across.OutSize);
        four.Y = Single(s, x, from, at, down, across, count > 1);
        at = ConvPixel.Next(at, s.Down.OutSize, s.Across.OutSize);
        four.Z = Single(s, x, from, at, down, across, count > 2);
        at = ConvPixel.Next(at, s.Down.OutSize, s.Across.OutSize);
        four.W = Single(s, x, from, at, down, across, count > 3);
        return four;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Single(ConvShape s, ArrayView<float> x, long from, ConvPixel at, int down, int across, bool isInside)
    {
        int row = (at.Row * s.Down.Stride) + down;
        int column = (at.Column * s.Across.Stride) + across;
        float value = 0;
        if (isInside && ConvAxis.Has(s.Down, row) && ConvAxis.Has(s.Across, column))
        {
            value = x[from + (at.Sample * s.SampleX) + ((row * s.Across.Size) + column)];
        }
        return value;
    }
}

/// <summary>Patches of images, k being the tap: the right side of Forward.</summary>
internal struct PatchesOfPixels : IOperand
{
    private ConvShape _shape;
    private ArrayView<float> _x;
    private long _start;
    private ConvPixel _pixel;
    private int _left;
    private int _end;

    public readonly bool IsDeep => false;

    /// <summary>Those at four output pixels from one on, of so many, of images that begin at a place.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PatchesOfPixels Of(ConvShape shape, ArrayView<float> x, long start, int pixel, int pixels, int end)
    {
        PatchesOfPixels operand = default;
        operand._shape = shape;
        operand._x = x;
        operand._start = start;
        operand._pixel = ConvPixel.Output(shape, pixel);
        operand._left = pixels - pixel;
        operand._end = end;
        return operand;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly F4 Get(int line, int k)
    {
        F4 four = default;
        if (_left > 0 && k < _end)
        {
            four = ConvPatch.Get(_shape, _x, _start, _pixel, ConvTap.Of(_shape, k), _left);
        }
        return four;
    }
}

/// <summary>Patches of images, k being the output pixel: the right side of Kernel.</summary>
internal struct PatchesOfTap : IOperand
{
    private ConvShape _shape;
    private ArrayView<float> _x;
    private long _start;
    private ConvTap _tap;
    private int _end;

    public readonly bool IsDeep => true;

    /// <summary>Those at a tap, of so many.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PatchesOfTap Of(ConvShape shape, ArrayView<float> x, long start, int tap, int taps, int end)
    {
        PatchesOfTap operand = default;
        operand._shape = shape;
        operand._x = x;
        operand._start = start;
        operand._tap = ConvTap.Of(shape, tap);
        operand._end = tap < taps ? end : 0;
        return operand;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly F4 Get(int line, int k)
    {
        F4 four = default;
        if (k < _end)
        {
            four = ConvPatch.Get(_shape, _x, _start, ConvPixel.Output(_shape, k), _tap, _end - k);
        }
        return four;
    }
}

/// <summary>The pixels of y that input pixels, counted over the samples, went to, k being (output channel, place): the right side of Input.</summary>
internal struct SpreadOfPixels : IOperand
{
    private ConvShape _shape;
    private ArrayView<float> _y;
    private long _start;
    private ConvPixel _pixel;
    private int _left;
    private int _end;

    public readonly bool IsDeep => false;

    /// <summary>Those of four input pixels from one on, of so many, of outputs that begin at a place.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static SpreadOfPixels Of(ConvShape shape, ArrayView<float> y, long start, int pixel, int pixels, int end)
    {
        SpreadOfPixels operand = default;
        operand._shape = shape;
        operand._y = y;
        operand._start = start;
        operand._pixel = ConvPixel.Input(shape, pixel);
        operand._left = pixels - pixel;
        operand._end = end;
        return operand;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly F4 Get(int line, int k)
    {
        F4 four = default;
        if (_left > 0 && k < _end)
        {
            ConvTap tap = ConvTap.Of(_shape, k);
            long from = _start + ((long)tap.Channel * _shape.OutPixels);
            ConvPixel at = _pixel;
            four.X = Single(from, at, tap, _left > 0);
            at = ConvPixel.Next(at, _shape.Down.Size, _shape.Across.Size);
            four.Y = Single(from, at, tap, _left > 1);
            at = ConvPixel.Next(at, _shape.Down.Size, _shape.Across.Size);
            four.Z = Single(from, at, tap, _left > 2);
            at = ConvPixel.Next(at, _shape.Down.Size, _shape.Across.Size);
            four.W = Single(from, at, tap, _left > 3);
        }
        return four;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly float Single(long from, ConvPixel at, ConvTap tap, bool isInside)
    {
        int row = ConvAxis.MetFrom(_shape.Down, at.Row, tap.Row);
        int column = ConvAxis.MetFrom(_shape.Across, at.Column, tap.Column);
        float value = 0;
        if (isInside && row >= 0 && column >= 0)
        {
            value = _y[from + (at.Sample * _shape.SampleY) + ((row * _shape.Across.OutSize) + column)];
        }
        return value;
    }
}

/// <summary>Weights of an input channel, k being (output channel, place): the left side of Input.</summary>
internal struct WeightsOfInput : IOperand, IPairs
{
    private ConvShape _shape;
    private ArrayView<float> _w;
    private long _start;
    private int _end;

    public readonly bool IsDeep => true;

    /// <summary>Those of one input channel of a group whose weights begin at a place.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static WeightsOfInput Of(ConvShape shape, ArrayView<float> w, long start, int input, int end)
    {
        WeightsOfInput operand = default;
        operand._shape = shape;
        operand._w = w;
        operand._start = start + ((long)input * shape.Places);
        operand._end = input < shape.GroupInputs ? end : 0;
        return operand;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly F4 Get(int line, int k)
    {
        F4 four = default;
        if (k < _end)
        {
            PairPlace at = PairPlace.Of(k, _shape.Places, _shape.ByPlaces);
            four = PairPlace.Four(this, at, _shape.Places, _end - k);
        }
        return four;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly float At(PairPlace at) => _w[_start + (((long)at.Outer * _shape.GroupInputs * _shape.Places) + at.Inner)];
}

/// <summary>A channel of y, k being the pixel, counted over the samples: the left side of Kernel.</summary>
internal struct PixelsOfOutput : IOperand, IPairs
{
    private ConvShape _shape;
    private ArrayView<float> _y;
    private long _start;
    private int _end;
    private bool _fours;

    public readonly bool IsDeep => true;

    /// <summary>Those of one channel of a group whose outputs begin at a place. Fours: no four of them lie in two samples, and they may be read so.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PixelsOfOutput Of(ConvShape shape, ArrayView<float> y, long start, int output, int end, bool fours)
    {
        PixelsOfOutput operand = default;
        operand._shape = shape;
        operand._y = y;
        operand._start = start + ((long)output * shape.OutPixels);
        operand._end = output < shape.GroupOutputs ? end : 0;
        operand._fours = fours;
        return operand;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly F4 Get(int line, int k)
    {
        F4 four = default;
        if (k < _end)
        {
            PairPlace at = PairPlace.Of(k, _shape.OutPixels, _shape.ByOutPixels);
            if (_fours)
            {
                four = Tile.Get(_y, _start + (at.Outer * _shape.SampleY) + at.Inner, 1, _end - k, true);
            }
            else
            {
                four = PairPlace.Four(this, at, _shape.OutPixels, _end - k);
            }
        }
        return four;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly float At(PairPlace at) => _y[_start + (at.Outer * _shape.SampleY) + at.Inner];
}
