using HyperKernels.Backends;

namespace HyperKernels;

public static partial class Ops
{
    // A place in a window is kept as a float, which counts so far without gaps.
    private const int MostPlaces = 1 << 24;

    /// <summary>The largest value of each window; NaN counts as larger than all numbers, and of equal values the first counts.</summary>
    /// <param name="x"><c>[B, C, H, W]</c>.</param>
    /// <param name="kernel">Rows and columns of a window.</param>
    /// <param name="stride">Pixels from one window to the next; null means the kernel's size.</param>
    /// <param name="padding">Pixels at each side that no window's value comes from; at most half the kernel.</param>
    /// <returns><c>[B, C, (H + 2 padding - kernel) / stride + 1, ...]</c>.</returns>
    /// <exception cref="ArgumentException">x has not four axes, or the window does not fit.</exception>
    /// <remarks>Differentiable any number of times: the gradient goes to the first of the largest values.</remarks>
    public static Tensor MaxPool2d(Tensor x, int kernel, int? stride = null, int padding = 0) =>
        MaxPool(x, Windows("MaxPool2d", x, 4, kernel, stride, padding), 4);

    /// <summary>The largest value of each window of sequences <c>[B, C, L]</c>, as <see cref="MaxPool2d"/>.</summary>
    /// <exception cref="ArgumentException">x has not three axes, or the window does not fit.</exception>
    public static Tensor MaxPool1d(Tensor x, int kernel, int? stride = null, int padding = 0) =>
        MaxPool(x, Windows("MaxPool1d", x, 3, kernel, stride, padding), 3);

    /// <summary>The mean of each window; padding counts as zeros, also in the number of elements.</summary>
    /// <param name="x"><c>[B, C, H, W]</c>.</param>
    /// <param name="kernel">Rows and columns of a window.</param>
    /// <param name="stride">Pixels from one window to the next; null means the kernel's size.</param>
    /// <param name="padding">Zeros at each side; at most half the kernel.</param>
    /// <returns><c>[B, C, (H + 2 padding - kernel) / stride + 1, ...]</c>.</returns>
    /// <exception cref="ArgumentException">x has not four axes, or the window does not fit.</exception>
    /// <remarks>Differentiable any number of times.</remarks>
    public static Tensor AveragePool2d(Tensor x, int kernel, int? stride = null, int padding = 0) =>
        AveragePool(x, Windows("AveragePool2d", x, 4, kernel, stride, padding), 4);

    /// <summary>The mean of each window of sequences <c>[B, C, L]</c>, as <see cref="AveragePool2d"/>.</summary>
    /// <exception cref="ArgumentException">x has not three axes, or the window does not fit.</exception>
    public static Tensor AveragePool1d(Tensor x, int kernel, int? stride = null, int padding = 0) =>
        AveragePool(x, Windows("AveragePool1d", x, 3, kernel, stride, padding), 3);

    /// <summary>The largest value of each of <paramref name="height"/> x <paramref name="width"/> windows that cover the image.</summary>
    /// <param name="x"><c>[B, C, H, W]</c>.</param>
    /// <param name="height">Rows of the result; window p spans rows floor(p H / height) to ceil((p + 1) H / height).</param>
    /// <param name="width">Columns of the result.</param>
    /// <returns><c>[B, C, height, width]</c>.</returns>
    /// <exception cref="ArgumentException">x has not four axes or has no pixels, or height or width is below 1.</exception>
    /// <remarks>Differentiable any number of times: the gradient goes to the first of the largest values.</remarks>
    public static Tensor AdaptiveMaxPool2d(Tensor x, int height, int width) =>
        MaxPool(x, Planes("AdaptiveMaxPool2d", x, height, width) with { Adaptive = true }, 4);

    /// <summary>The mean of each of <paramref name="height"/> x <paramref name="width"/> windows that cover the image.</summary>
    /// <param name="x"><c>[B, C, H, W]</c>.</param>
    /// <param name="height">Rows of the result; window p spans rows floor(p H / height) to ceil((p + 1) H / height).</param>
    /// <param name="width">Columns of the result.</param>
    /// <returns><c>[B, C, height, width]</c>.</returns>
    /// <exception cref="ArgumentException">x has not four axes or has no pixels, or height or width is below 1.</exception>
    /// <remarks>Differentiable any number of times.</remarks>
    public static Tensor AdaptiveAveragePool2d(Tensor x, int height, int width) =>
        AveragePool(x, Planes("AdaptiveAveragePool2d", x, height, width) with { Adaptive = true }, 4);

    /// <summary>Draws images at another size, every pixel taken from row floor(p H / height) and column floor(q W / width).</summary>
    /// <param name="x"><c>[B, C, H, W]</c>.</param>
    /// <param name="height">Rows of the result.</param>
    /// <param name="width">Columns of the result.</param>
    /// <returns><c>[B, C, height, width]</c>.</returns>
    /// <exception cref="ArgumentException">x has not four axes or has no pixels, or height or width is below 1.</exception>
    /// <remarks>Differentiable any number of times.</remarks>
    public static Tensor ResizeNearest(Tensor x, int height, int width) =>
        Resize(x, ResizeMode.Nearest, Planes("ResizeNearest", x, height, width), adjoint: false);

    /// <summary>Draws images at another size, every pixel mixed from the four around its place.</summary>
    /// <param name="x"><c>[B, C, H, W]</c>.</param>
    /// <param name="height">Rows of the result.</param>
    /// <param name="width">Columns of the result.</param>
    /// <param name="alignCorners">Keeps the centres of the corner pixels in place; else the image's edges.</param>
    /// <returns><c>[B, C, height, width]</c>.</returns>
    /// <exception cref="ArgumentException">x has not four axes or has no pixels, or height or width is below 1.</exception>
    /// <remarks>Differentiable any number of times.</remarks>
    public static Tensor ResizeBilinear(Tensor x, int height, int width, bool alignCorners = false) =>
        Resize(x, alignCorners ? ResizeMode.BilinearAligned : ResizeMode.Bilinear, Planes("ResizeBilinear", x, height, width), adjoint: false);

    private static Tensor MaxPool(Tensor x, PoolSizes sizes, int rank)
    {
        if (sizes.Pixels > MostPlaces)
        {
            Throw.Argument($"MaxPool: an image may have at most 2^24 pixels; x is {x.Shape}.");
        }
        Tensor source = Dense(x);
        Tensor y = New(x, Pooled(x.Shape, sizes, rank, toOutput: true));
        if (!IsRecorded([x]))
        {
            x.Device.Backend.Pool(PoolOp.Max, sizes, source.Ref, y.Ref, null);
            return y;
        }
        Tensor places = New(x, y.Shape);
        x.Device.Backend.Pool(PoolOp.Max, sizes, source.Ref, y.Ref, places.Ref);
        return Record(y, [x], (sizes, places, rank), static (g, s) => g[0] = PoolPass(PoolOp.MaxScatter, g.Output, s.sizes, s.places, s.rank));
    }

    private static Tensor AveragePool(Tensor x, PoolSizes sizes, int rank) => PoolPass(PoolOp.Average, x, sizes, null, rank);

    /// <summary>The linear passes: each is the gradient of its adjoint.</summary>
    private static Tensor PoolPass(PoolOp op, Tensor from, PoolSizes sizes, Tensor? places, int rank)
    {
        bool toOutput = op is PoolOp.Average or PoolOp.MaxGather;
        Tensor source = Dense(from);
        Tensor result = New(from, Pooled(from.Shape, sizes, rank, toOutput));
        BufferRef x = toOutput ? source.Ref : result.Ref;
        BufferRef y = toOutput ? result.Ref : source.Ref;
        from.Device.Backend.Pool(op, sizes, x, y, places?.Ref);
        return Record(result, [from], (op, sizes, places, rank), static (g, s) => g[0] = PoolPass(Adjoint(s.op), g.Output, s.sizes, s.places, s.rank));
    }

    private static PoolOp Adjoint(PoolOp op) => op switch
    {
        PoolOp.Average => PoolOp.AverageSpread,
        PoolOp.AverageSpread => PoolOp.Average,
        PoolOp.MaxScatter => PoolOp.MaxGather,
        _ => PoolOp.MaxScatter,
    };

    private static Tensor Resize(Tensor from, ResizeMode mode, PoolSizes sizes, bool adjoint)
    {
        Tensor source = Dense(from);
        Tensor result = New(from, Pooled(from.Shape, sizes, 4, !adjoint));
        from.Device.Backend.Resize(mode, adjoint, sizes, adjoint ? result.Ref : source.Ref, adjoint ? source.Ref : result.Ref);
        return Record(result, [from], (mode, sizes, adjoint), static (g, s) => g[0] = Resize(g.Output, s.mode, s.sizes, !s.adjoint));
    }

    private static Shape Pooled(in Shape shape, in PoolSizes sizes, int rank, bool toOutput)
    {
        int height = toOutput ? sizes.OutHeight : sizes.Height;
        int width = toOutput ? sizes.OutWidth : sizes.Width;
        return rank == 3 ? [shape[0], shape[1], width] : [shape[0], shape[1], height, width];
    }

    private static PoolSizes Windows(string name, Tensor x, int rank, int kernel, int? strideOrKernel, int padding)
    {
        CheckFloat(name, x);
        if (x.Rank != rank || x.Shape[2] == 0 || x.Shape[rank - 1] == 0)
        {
            // An image without pixels would give windows of nothing but padding.
            Throw.Argument($"{name}: x must be {(rank == 4 ? "[B, C, H, W]" : "[B, C, L]")} with at least one pixel; it is {x.Shape}. For another number of axes use Reshape.");
        }
        int stride = strideOrKernel ?? kernel;
        if (kernel < 1 || stride < 1 || padding < 0 || padding > kernel / 2)
        {
            Throw.Argument($"{name}: kernel and stride must be 1 or more and padding at most half the kernel; got kernel {kernel}, stride {stride}, padding {padding}.");
        }
        bool flat = rank == 3;
        if (kernel > (flat ? MostPlaces : 1 << 12))
        {
            Throw.Argument($"{name}: a window may have at most 2^24 pixels; got kernel {kernel}. Padding counts too.");
        }
        PoolSizes sizes = PlanesOf(name, x, rank);
        sizes.KernelH = flat ? 1 : kernel;
        sizes.KernelW = kernel;
        sizes.StrideH = flat ? 1 : stride;
        sizes.StrideW = stride;
        sizes.PaddingH = flat ? 0 : padding;
        sizes.PaddingW = padding;
        sizes.OutHeight = flat ? 1 : OutSize(name, "height", sizes.Height, kernel, stride, padding, 1);
        sizes.OutWidth = OutSize(name, "width", sizes.Width, kernel, stride, padding, 1);
        CheckPlanes(name, sizes);
        return sizes;
    }

    private static PoolSizes Planes(string name, Tensor x, int height, int width)
    {
        CheckFloat(name, x);
        if (x.Rank != 4 || x.Shape[2] == 0 || x.Shape[3] == 0)
        {
            Throw.Argument($"{name}: x must be [B, C, H, W] with at least one pixel; it is {x.Shape}.");
        }
        if (height < 1 || width < 1)
        {
            Throw.Argument($"{name}: height and width must be 1 or more; got {height} and {width}.");
        }
        PoolSizes sizes = PlanesOf(name, x, 4);
        sizes.OutHeight = height;
        sizes.OutWidth = width;
        CheckPlanes(name, sizes);
        return sizes;
    }

    // Backends count the pixels of a plane with 32 bits.
    private static void CheckPlanes(string name, in PoolSizes sizes)
    {
        if ((long)sizes.Height * sizes.Width > int.MaxValue || (long)sizes.OutHeight * sizes.OutWidth > int.MaxValue)
        {
            Throw.Argument(
                $"{name}: an image may have at most 2^31 - 1 pixels, before and afterwards; got {sizes.Height} x {sizes.Width} and {sizes.OutHeight} x {sizes.OutWidth}.");
        }
    }

    private static PoolSizes PlanesOf(string name, Tensor x, int rank) => new()
    {
        Planes = Size.Of((long)x.Shape[0] * x.Shape[1], "the number of planes", name),
        Height = rank == 3 ? 1 : x.Shape[2],
        Width = x.Shape[rank - 1],
    };
}
