using HyperKernels.Backends;

namespace HyperKernels;

public static partial class Ops
{
    /// <summary>
    /// Convolves images (strictly: correlates, as every network library does):
    /// <c>y[b, o, p, q] = bias[o] + sum over i, r, c of weight[o, i, r, c] x[b, i, p stride + r dilation - padding, ...]</c>. With kernels of
    /// their own for every sample (per-sample convolution) or group of samples, which need not exist in memory.
    /// </summary>
    /// <param name="x"><c>[B, I, H, W]</c>; may be a view with a row stride.</param>
    /// <param name="weight">
    /// <c>[O, I / groups, KH, KW]</c>, shared by the batch, or C sets of it (a tensor <c>[C, O, I / groups, KH, KW]</c>) with C dividing B: each
    /// serves B / C consecutive samples. A tensor or a parameter converts to it; a tensor may be a row-strided slice of generated ones.
    /// </param>
    /// <param name="bias"><c>[O]</c>, or <c>[C, O]</c> if there are C kernel sets; null for none.</param>
    /// <param name="options">Stride, padding, dilation, groups.</param>
    /// <returns><c>[B, O, (H + 2 padding - dilation (KH - 1) - 1) / stride + 1, ...]</c>.</returns>
    /// <exception cref="ArgumentException">A shape does not fit, the kernel is larger than the padded input, or devices differ.</exception>
    /// <remarks>
    /// Generated and mixed kernels are written out and convolved per set; changes of low rank are a convolution with r outputs and a product
    /// over channels where that is less work; modulations and scales of whole channels go around shared convolutions.
    /// Differentiable in x, bias and every part of the weight, any number of times. The same bits for any number of threads. On the processor, 3 by 3 kernels
    /// of stride 1 over a dozen channels and more are computed on transformed tiles (F(2x2, 3x3)): as exact for numbers of like size,
    /// but an infinity or NaN, and the rounding of a very large number, may also reach results one pixel beyond its window, and
    /// all numbers of a kernel's gradient.
    /// </remarks>
    public static Tensor Conv2d(Tensor x, Weight weight, Tensor? bias = null, Conv2dOptions options = default)
    {
        if (weight.Kind == WeightKind.Dense)
        {
            return Convolve("Conv2d", x, weight.First, bias, options);
        }
        if (x.Rank != 4 || weight.Shape.Rank != 4)
        {
            Throw.Argument($"Conv2d: x must be [B, I, H, W] and the weight [O, I / groups, KH, KW]; x is {x.Shape}, the weight {weight}.");
        }
        CheckOptions("Conv2d", options);
        ConvSizes sizes = SizesOf("Conv2d", x.Shape, weight.Sets == 0 ? weight.Shape : weight.Shape.Insert(0, weight.Sets), options);
        return weight.Kind switch
        {
            WeightKind.LowRank when AppliesThin(weight, sizes) => ConvolveLowRank(x, weight, bias, options),
            WeightKind.Modulated or WeightKind.Scaled when AppliesScale(weight, sizes) => ConvolveScaled(x, weight, bias, options),
            _ => Convolve("Conv2d", x, weight.Materialize(), bias, options),
        };
    }

    private static bool AppliesThin(in Weight weight, in ConvSizes sizes)
    {
        if (sizes.Groups != 1 || weight.Plan != GeneratePlan.Auto)
        {
            return sizes.Groups == 1 && weight.Plan != GeneratePlan.Materialise;
        }
        double pixels = (double)sizes.Batch / sizes.Sets * sizes.OutHeight * sizes.OutWidth;
        return IsThin(pixels, weight.Second.Shape[-1], (double)sizes.Inputs * sizes.KernelH * sizes.KernelW, sizes.Outputs, weight.HasBase);
    }

    private static bool AppliesScale(in Weight weight, in ConvSizes sizes)
    {
        if (weight.Plan == GeneratePlan.Materialise || !ScalesSides(weight) || (sizes.Groups != 1 && weight.Second.Shape[1 - weight.Shape.Rank] != 1))
        {
            return false;
        }
        if (weight.Plan != GeneratePlan.Auto || !weight.HasBase)
        {
            return true;
        }
        // A second convolution, instead of a sum of kernels for every set; several sets must not be larger than what they give.
        long pixels = (long)sizes.Batch / sizes.Sets * sizes.OutHeight * sizes.OutWidth;
        long inputs = (long)sizes.Inputs / sizes.Groups * sizes.KernelH * sizes.KernelW;
        return pixels <= WriteOutCost || (sizes.Sets > 1 && pixels < inputs);
    }

    private static Tensor ConvolveLowRank(Tensor x, in Weight weight, Tensor? bias, Conv2dOptions options)
    {
        Tensor narrow = MultiplyScalar(Conv2d(x, weight.First, null, options), weight.Scale);
        Tensor mix = Reshape(weight.Second, weight.Second.Shape.Insert(weight.Second.Rank, 1).Insert(weight.Second.Rank + 1, 1));
        Tensor change = Conv2d(narrow, mix);
        Tensor y = weight.HasBase ? Add(Conv2d(x, weight.ShapedBase(), null, options), change) : change;
        return AddChannels(y, bias, weight.Sets);
    }

    private static Tensor ConvolveScaled(Tensor x, in Weight weight, Tensor? bias, Conv2dOptions options)
    {
        (Tensor? inputs, Tensor? outputs) = SideScales(weight);
        Tensor y = Conv2d(inputs is { } before ? ScaleChannels(x, before) : x, weight.First, null, options);
        y = outputs is { } behind ? ScaleChannels(y, behind) : y;
        y = weight.HasBase ? Add(y, Conv2d(x, weight.ShapedBase(), null, options)) : y;
        return AddChannels(y, bias, weight.Sets);
    }

    // x [B, K, H, W] times scale [C, K], each row of which serves B / C consecutive samples.
    private static Tensor ScaleChannels(Tensor x, Tensor scale)
    {
        int sets = scale.Shape[0];
        Tensor samples = Reshape(x, new Shape(sets, x.Shape[0] / sets, x.Shape[1], Size.Of((long)x.Shape[2] * x.Shape[3])));
        return Reshape(Multiply(samples, Reshape(scale, sets, 1, scale.Shape[1], 1)), x.Shape);
    }

    private static Tensor AddChannels(Tensor y, Tensor? bias, int sets)
    {
        if (bias is not { } offsets)
        {
            return y;
        }
        CheckFloats("Conv2d", y, offsets);
        BiasStep("Conv2d", offsets, Math.Max(1, sets), sets > 0, y.Shape[1]);
        int rows = offsets.Rank == 2 ? sets : 1;
        Tensor samples = Reshape(y, new Shape(rows, y.Shape[0] / rows, y.Shape[1], Size.Of((long)y.Shape[2] * y.Shape[3])));
        return Reshape(Add(samples, Reshape(offsets, rows, 1, y.Shape[1], 1)), y.Shape);
    }

    private static Tensor Convolve(string name, Tensor x, Tensor weight, Tensor? bias, Conv2dOptions options)
    {
        CheckFloats(name, x, weight);
        if (x.Rank != 4 || weight.Rank is not (4 or 5))
        {
            Throw.Argument(
                $"{name}: x must be [B, I, H, W] and weight [O, I / groups, KH, KW] or [C, O, I / groups, KH, KW]; x is {x.Shape}, weight is {weight.Shape}. For one image use "
                + "Reshape.");
        }
        CheckOptions(name, options);
        Tensor kernels = weight.Rank == 4 ? Dense(weight) : weight;
        ConvSizes sizes = SizesOf(name, x.Shape, weight.Shape, options);
        sizes.SampleX = x.RowStride;
        sizes.SetW = kernels.Rank == 4 ? 0 : kernels.RowStride;
        Tensor y = New(x, [sizes.Batch, sizes.Outputs, sizes.OutHeight, sizes.OutWidth]);
        sizes.SampleY = y.RowStride;
        if (bias is { } offsets)
        {
            CheckFloats(name, x, offsets);
            sizes.SetBias = BiasStep(name, offsets, sizes.Sets, weight.Rank == 5, sizes.Outputs);
        }
        x.Device.Backend.Convolve(ConvProduct.Forward, sizes, x.Ref, kernels.Ref, BiasRef(bias), y.Ref);
        return Record(y, [x, weight, bias ?? default], (x, weight, bias?.Shape ?? default, options), static (g, s) =>
        {
            (Tensor x, Tensor weight, Shape bias, Conv2dOptions options) = s;
            if (g.Needs(0))
            {
                g[0] = Conv2dGradInput(g.Output, weight, x.Shape[2], x.Shape[3], options);
            }
            if (g.Needs(1))
            {
                g[1] = Conv2dGradKernel(x, g.Output, weight.Shape, options);
            }
            if (g.Needs(2))
            {
                g[2] = SumOverSamples(g.Output, bias);
            }
        });
    }

    /// <summary>
    /// The transposed convolution: the adjoint of <see cref="Conv2d"/> in x, which spreads every output pixel over the inputs it was
    /// computed from.
    /// </summary>
    /// <param name="y"><c>[B, O, OH, OW]</c>, shaped as the output of the convolution.</param>
    /// <param name="weight">As in <see cref="Conv2d"/>.</param>
    /// <param name="height">H of the convolution's input.</param>
    /// <param name="width">W of the convolution's input.</param>
    /// <param name="options">As in <see cref="Conv2d"/>.</param>
    /// <returns><c>[B, I, H, W]</c>.</returns>
    /// <exception cref="ArgumentException">y has not the shape that the convolution of such an input gives.</exception>
    /// <remarks>Differentiable in y and weight, any number of times.</remarks>
    public static Tensor Conv2dGradInput(Tensor y, Tensor weight, int height, int width, Conv2dOptions options = default)
    {
        CheckFloats("Conv2dGradInput", y, weight);
        if (y.Rank != 4 || weight.Rank is not (4 or 5))
        {
            Throw.Argument($"Conv2dGradInput: y must be [B, O, OH, OW] and weight [O, I / groups, KH, KW] or [C, O, ...]; y is {y.Shape}, weight is {weight.Shape}.");
        }
        CheckOptions("Conv2dGradInput", options);
        int inputs = weight.Shape[-3] * options.Groups;
        ConvSizes sizes = SizesOf("Conv2dGradInput", [y.Shape[0], inputs, height, width], weight.Shape, options);
        CheckOutput("Conv2dGradInput", sizes, y.Shape);
        Tensor kernels = weight.Rank == 4 ? Dense(weight) : weight;
        Tensor x = New(y, [sizes.Batch, inputs, height, width]);
        sizes.SampleX = x.RowStride;
        sizes.SampleY = y.RowStride;
        sizes.SetW = kernels.Rank == 4 ? 0 : kernels.RowStride;
        y.Device.Backend.Convolve(ConvProduct.Input, sizes, x.Ref, kernels.Ref, null, y.Ref);
        return Record(x, [y, weight], (y, weight, options), static (g, s) =>
        {
            if (g.Needs(0))
            {
                g[0] = Conv2d(g.Output, s.weight, null, s.options);
            }
            if (g.Needs(1))
            {
                g[1] = Conv2dGradKernel(g.Output, s.y, s.weight.Shape, s.options);
            }
        });
    }

    /// <summary>
    /// The adjoint of <see cref="Conv2d"/> in its kernels: <c>w[o, i, r, c] = sum of y[b, o, p, q] x[b, i, p stride + r dilation - padding, ...]</c>
    /// over pixels and the samples of the set.
    /// </summary>
    /// <param name="x"><c>[B, I, H, W]</c>.</param>
    /// <param name="y"><c>[B, O, OH, OW]</c>.</param>
    /// <param name="kernel">The shape of the result: <c>[O, I / groups, KH, KW]</c>, or <c>[C, O, I / groups, KH, KW]</c>.</param>
    /// <param name="options">As in <see cref="Conv2d"/>.</param>
    /// <returns>One gradient for every kernel set; zeros for an empty batch.</returns>
    /// <exception cref="ArgumentException">The shapes are not those of one convolution.</exception>
    /// <remarks>Differentiable in x and y, any number of times. Sums run in an order that depends on sizes only.</remarks>
    public static Tensor Conv2dGradKernel(Tensor x, Tensor y, Shape kernel, Conv2dOptions options = default)
    {
        CheckFloats("Conv2dGradKernel", x, y);
        if (x.Rank != 4 || y.Rank != 4 || kernel.Rank is not (4 or 5))
        {
            Throw.Argument(
                $"Conv2dGradKernel: x must be [B, I, H, W], y [B, O, OH, OW] and the kernel's shape [O, I / groups, KH, KW] or [C, O, ...]; x is {x.Shape}, y is {y.Shape}, "
                + $"kernel is {kernel}.");
        }
        CheckOptions("Conv2dGradKernel", options);
        ConvSizes sizes = SizesOf("Conv2dGradKernel", x.Shape, kernel, options);
        CheckOutput("Conv2dGradKernel", sizes, y.Shape);
        Tensor w = New(x, kernel);
        sizes.SampleX = x.RowStride;
        sizes.SampleY = y.RowStride;
        sizes.SetW = kernel.Rank == 4 ? 0 : w.RowStride;
        x.Device.Backend.Convolve(ConvProduct.Kernel, sizes, x.Ref, w.Ref, null, y.Ref);
        return Record(w, [x, y], (x, y, options), static (g, s) =>
        {
            if (g.Needs(0))
            {
                g[0] = Conv2dGradInput(s.y, g.Output, s.x.Shape[2], s.x.Shape[3], s.options);
            }
            if (g.Needs(1))
            {
                g[1] = Conv2d(s.x, g.Output, null, s.options);
            }
        });
    }

    /// <summary>Convolves sequences: <see cref="Conv2d"/> of images of one row.</summary>
    /// <param name="x"><c>[B, I, L]</c>.</param>
    /// <param name="weight"><c>[O, I / groups, K]</c>, or C sets of it (a tensor <c>[C, O, I / groups, K]</c>) with C dividing B.</param>
    /// <param name="bias"><c>[O]</c> or <c>[C, O]</c>; null for none.</param>
    /// <param name="stride">Input steps from one output step to the next.</param>
    /// <param name="padding">Zeros at each end.</param>
    /// <param name="dilation">Input steps from one kernel position to the next.</param>
    /// <param name="groups">Parts into which input and output channels are cut.</param>
    /// <returns><c>[B, O, (L + 2 padding - dilation (K - 1) - 1) / stride + 1]</c>.</returns>
    /// <exception cref="ArgumentException">A shape does not fit, the kernel is longer than the padded input, or devices differ.</exception>
    /// <remarks>Differentiable in x, bias and every part of the weight, any number of times.</remarks>
    public static Tensor Conv1d(Tensor x, Weight weight, Tensor? bias = null, int stride = 1, int padding = 0, int dilation = 1, int groups = 1)
    {
        CheckFloats("Conv1d", x, weight.First);
        bool isDense = weight.Kind == WeightKind.Dense;
        if (x.Rank != 3 || (weight.Shape.Rank != 3 && !(isDense && weight.Shape.Rank == 4)))
        {
            Throw.Argument($"Conv1d: x must be [B, I, L] and weight [O, I / groups, K] or [C, O, I / groups, K]; x is {x.Shape}, weight is {weight}.");
        }
        Conv2dOptions options = new() { StrideW = stride, PaddingW = padding, DilationW = dilation, Groups = groups };
        Tensor rows = Reshape(x, x.Shape.Insert(2, 1));
        Tensor y = weight.Kind is WeightKind.LowRank or WeightKind.Modulated or WeightKind.Scaled
            ? Conv2d(rows, weight.OfOneRow(), bias, options)
            : Convolve("Conv1d", rows, Weight.OfOneRow(weight.Materialize()), bias, options);
        return Reshape(y, y.Shape.Remove(2));
    }

    private static void CheckOptions(string name, in Conv2dOptions o)
    {
        if (o.StrideH < 1 || o.StrideW < 1 || o.DilationH < 1 || o.DilationW < 1 || o.PaddingH < 0 || o.PaddingW < 0 || o.Groups < 1)
        {
            Throw.Argument($"{name}: stride, dilation and groups must be 1 or more and padding 0 or more; got {o}.");
        }
    }

    private static void CheckOutput(string name, in ConvSizes sizes, in Shape y)
    {
        if (y[0] != sizes.Batch || y[1] != sizes.Outputs || y[2] != sizes.OutHeight || y[3] != sizes.OutWidth)
        {
            Throw.Argument($"{name}: y must be [{sizes.Batch}, {sizes.Outputs}, {sizes.OutHeight}, {sizes.OutWidth}], as the convolution gives; y is {y}.");
        }
    }

    private static ConvSizes SizesOf(string name, in Shape x, in Shape w, in Conv2dOptions o)
    {
        if (x[1] % o.Groups != 0 || w[-4] % o.Groups != 0)
        {
            Throw.Argument($"{name}: groups must divide the channels; x has {x[1]}, weight gives {w[-4]}, groups is {o.Groups}.");
        }
        if (w[-3] != x[1] / o.Groups)
        {
            Throw.Argument($"{name}: weight must have I / groups = {x[1] / o.Groups} input channels to match x {x}; weight is {w} with groups {o.Groups}.");
        }
        int sets = w.Rank == 5 ? w[0] : 1;
        if (sets == 0 ? x[0] != 0 : x[0] % sets != 0)
        {
            Throw.Argument($"{name}: the number of kernel sets must divide the batch: weight {w} has {sets}, x {x} has {x[0]} samples.");
        }
        ConvSizes sizes = new()
        {
            Batch = x[0],
            Inputs = x[1],
            Outputs = w[-4],
            Height = x[2],
            Width = x[3],
            KernelH = w[-2],
            KernelW = w[-1],
            OutHeight = OutSize(name, "height", x[2], w[-2], o.StrideH, o.PaddingH, o.DilationH),
            OutWidth = OutSize(name, "width", x[3], w[-1], o.StrideW, o.PaddingW, o.DilationW),
            StrideH = o.StrideH,
            StrideW = o.StrideW,
            PaddingH = o.PaddingH,
            PaddingW = o.PaddingW,
            DilationH = o.DilationH,
            DilationW = o.DilationW,
            Groups = o.Groups,
            Sets = sets,
        };
        if (x.RowCount > int.MaxValue || (long)sizes.Outputs * sizes.OutHeight * sizes.OutWidth > int.MaxValue || w.Count > int.MaxValue)
        {
            Throw.Argument($"{name}: a sample and the kernels must have less than 2^31 elements; x is {x}, weight is {w}.");
        }
        return sizes;
    }

    private static int OutSize(string name, string side, int size, int kernel, int stride, int padding, int dilation)
    {
        long padded = size + (2L * padding);
        long span = ((long)dilation * (kernel - 1)) + 1;
        if (kernel < 1 || span > padded)
        {
            Throw.Argument(
                $"{name}: the kernel must fit into the padded input: {side} {size} with padding {padding} is {padded}, kernel {kernel} with dilation {dilation} spans {span}. "
                + $"Use padding {Math.Max(1, (span - size + 1) / 2)} or a smaller kernel.");
        }
        long result = ((padded - span) / stride) + 1;
        if (result > int.MaxValue)
        {
            Throw.Argument($"{name}: the result's {side} would be {result}; it must be below 2^31.");
        }
        return (int)result;
    }

    /// <summary>Elements from one set's bias to the next; checks that it is [O], or [C, O] where weights come in sets.</summary>
    private static long BiasStep(string name, Tensor bias, int sets, bool inSets, int outputs)
    {
        bool perSet = inSets && bias.Rank == 2 && bias.Shape[0] == sets && bias.Shape[1] == outputs;
        bool shared = bias.Rank == 1 && bias.Shape[0] == outputs;
        if (!perSet && !shared)
        {
            Throw.Argument(inSets
                ? $"{name}: bias must be [{outputs}] or [{sets}, {outputs}]; it is {bias.Shape}."
                : $"{name}: bias must be [{outputs}]; it is {bias.Shape}. A bias for every sample needs weights for every sample.");
        }
        return perSet ? bias.RowStride : 0;
    }

    /// <summary>Where a checked bias lies: its columns must follow each other, which those of a vector cut out of a matrix do not.</summary>
    private static BufferRef? BiasRef(Tensor? bias) => bias is { Rank: 1 } vector ? Dense(vector).Ref : bias?.Ref;

    /// <summary>The gradient of a bias [O] or [C, O]: sums y [B, O, ...] over all pixels of the samples that share it.</summary>
    private static Tensor SumOverSamples(Tensor y, in Shape bias)
    {
        Shape shape = y.Shape;
        int sets = bias.Rank == 2 ? bias[0] : 1;
        int pixels = Size.Of(shape.RowCount / Math.Max(1, shape[1]));
        Tensor folded = Reshape(y, new Shape(sets, sets == 0 ? 0 : shape[0] / sets, shape[1], pixels));
        return Reshape(Sum(folded, [1, 3]), bias);
    }
}
