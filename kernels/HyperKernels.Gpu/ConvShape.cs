using System.Runtime.CompilerServices;

namespace HyperKernels.Gpu;

/// <summary>One axis of images that are convolved: their sizes and the kernels' place on it.</summary>
internal struct ConvAxis
{
    public int Size;
    public int OutSize;
    public int Kernel;
    public int Stride;
    public int Padding;
    public int Dilation;
    public Divisor ByStride;

    /// <summary>The input position that a kernel's place meets at an output position; may lie outside.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Meets(ConvAxis axis, int at, int place) => (at * axis.Stride) + (place * axis.Dilation) - axis.Padding;

    /// <summary>Whether an input position lies inside.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool Has(ConvAxis axis, int position) => (uint)position < (uint)axis.Size;

    /// <summary>The output position that meets an input position through a kernel's place; -1 if none does.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int MetFrom(ConvAxis axis, int at, int place)
    {
        int reach = at + axis.Padding - (place * axis.Dilation);
        int position = axis.ByStride.Quotient(reach > 0 ? reach : 0);
        return reach >= 0 && position * axis.Stride == reach && position < axis.OutSize ? position : -1;
    }
}

/// <summary>
/// The sizes of a convolution y[b, o, p, q] = sum of w[set(b), o, i, r, c] x[b, i, p stride + r dilation - padding, ...], as they stand in
/// <see cref="Backends.ConvSizes"/>, and what they are divided by.
/// </summary>
internal struct ConvShape
{
    public ConvAxis Down;
    public ConvAxis Across;
    public int Inputs;
    public int Outputs;
    public int Groups;

    // Of one group.
    public int GroupInputs;
    public int GroupOutputs;

    public int SamplesPerSet;

    // Of an image, of an output, of a kernel.
    public int Pixels;
    public int OutPixels;
    public int Places;

    public long SampleX;
    public long SampleY;
    public long SetW;
    public long SetBias;
    public Divisor ByPixels;
    public Divisor ByWidth;
    public Divisor ByOutPixels;
    public Divisor ByOutWidth;
    public Divisor ByPlaces;
    public Divisor ByKernelWidth;
    public Divisor ByDepth;
    public Divisor ByGroupInputs;
    public Divisor ByGroupOutputs;
    public Divisor ByOutputs;
    public Divisor BySamplesPerSet;
}

/// <summary>A pixel of the images, or of the outputs, of several samples.</summary>
internal struct ConvPixel
{
    public int Sample;
    public int Row;
    public int Column;

    /// <summary>Pixel n of the inputs, counted over the samples.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ConvPixel Input(ConvShape s, int n)
    {
        ConvPixel pixel = default;
        pixel.Sample = s.ByPixels.Quotient(n);
        int at = n - (pixel.Sample * s.Pixels);
        pixel.Row = s.ByWidth.Quotient(at);
        pixel.Column = at - (pixel.Row * s.Across.Size);
        return pixel;
    }

    /// <summary>The same of the outputs.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ConvPixel Output(ConvShape s, int n)
    {
        ConvPixel pixel = default;
        pixel.Sample = s.ByOutPixels.Quotient(n);
        int at = n - (pixel.Sample * s.OutPixels);
        pixel.Row = s.ByOutWidth.Quotient(at);
        pixel.Column = at - (pixel.Row * s.Across.OutSize);
        return pixel;
    }

    /// <summary>The pixel behind, in images of so many rows and columns.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ConvPixel Next(ConvPixel pixel, int height, int width)
    {
        pixel.Column++;
        if (pixel.Column == width)
        {
            pixel.Column = 0;
            pixel.Row++;
        }
        if (pixel.Row == height)
        {
            pixel.Row = 0;
            pixel.Sample++;
        }
        return pixel;
    }
}

/// <summary>A channel and a place in its kernel.</summary>
internal struct ConvTap
{
    public int Channel;
    public int Row;
    public int Column;

    /// <summary>Tap k of (channel, place).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ConvTap Of(ConvShape s, int k)
    {
        ConvTap tap = default;
        tap.Channel = s.ByPlaces.Quotient(k);
        int place = k - (tap.Channel * s.Places);
        tap.Row = s.ByKernelWidth.Quotient(place);
        tap.Column = place - (tap.Row * s.Across.Kernel);
        return tap;
    }
}
