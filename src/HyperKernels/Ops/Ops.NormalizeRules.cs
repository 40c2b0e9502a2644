using HyperKernels.Backends;

namespace HyperKernels;

public static partial class Ops
{
    private static Tensor NormalizeTrailing(string name, Tensor x, int axes, Tensor? gain, Tensor? bias, float epsilon, bool centred)
    {
        CheckFloat(name, x);
        Shape shape = x.Shape;
        if (axes < 1 || axes > shape.Rank)
        {
            Throw.Argument($"{name}: from 1 to all {shape.Rank} axes of {shape} can be normalised; got {axes}.");
        }
        int leading = shape.Rank - axes;
        int outer = 1;
        int channels = 1;
        for (int axis = 0; axis < shape.Rank; axis++)
        {
            outer = axis < leading ? Size.Of((long)outer * shape[axis]) : outer;
            channels = axis >= leading ? Size.Of((long)channels * shape[axis]) : channels;
        }
        NormalizeSizes sizes = new() { Outer = outer, Groups = 1, Channels = channels, Inner = 1, Centred = centred, Epsilon = epsilon };
        return Normalize(name, sizes, x, leading == 0 ? 1 : shape[0], new Shape(shape.AsSpan()[leading..]), gain, bias).Output;
    }

    /// <summary>The axes of <c>[B, channels, ...]</c>: every channel a group of its own.</summary>
    private static NormalizeSizes ChannelSizes(string name, Tensor x, float epsilon)
    {
        CheckFloat(name, x);
        Shape shape = x.Shape;
        if (shape.Rank < 2)
        {
            Throw.Argument($"{name}: x must be [B, channels, ...]; it is {shape}.");
        }
        (int outer, int inner) = Around(shape, 1);
        return new NormalizeSizes { Outer = outer, Groups = shape[1], Channels = 1, Inner = inner, Centred = true, Epsilon = epsilon };
    }

    private static (Tensor Output, Tensor? Mean, Tensor Variance) Normalize(
        string name, NormalizeSizes sizes, Tensor x, int batch, in Shape parameters, Tensor? gain, Tensor? bias)
    {
        sizes.Sets = CheckSets(name, x, gain, bias, parameters, batch);
        Tensor dense = Dense(x);
        (Tensor? gains, sizes.StrideGain) = SetsOrDense(gain, sizes);
        (Tensor? biases, sizes.StrideBias) = SetsOrDense(bias, sizes);
        Tensor y = New(x, x.Shape);
        Tensor? mean = sizes.Centred ? New(x, [sizes.Statistics]) : null;
        Tensor variance = New(x, [sizes.Statistics]);
        if (y.Count > 0)
        {
            x.Device.Backend.Normalize(sizes, dense.Ref, gains?.Ref, biases?.Ref, y.Ref, mean?.Ref, variance.Ref);
        }
        else if (sizes.AcrossOuter)
        {
            // The average of nothing, as the sums over nothing would give it.
            mean = variance = Tensor.Full(variance.Shape, float.NaN, x.Device);
        }
        Record(y, [x, gain ?? default, bias ?? default], (sizes, x, dense, gain, gains, bias, mean, variance), static (g, s) =>
        {
            if (g.Recorded)
            {
                NormalizeRule(g, s.sizes, s.x, s.gain, s.bias);
                return;
            }
            Tensor gradient = Dense(g.Output);
            if (g.Needs(0))
            {
                Tensor dx = New(s.x, s.x.Shape);
                if (dx.Count > 0)
                {
                    s.x.Device.Backend.NormalizeGradient(
                        s.sizes, s.dense.Ref, s.gains?.Ref, s.mean?.Ref, s.variance.Ref, gradient.Ref, dx.Ref);
                }
                g[0] = dx;
            }
            if (g.Needs(1) || g.Needs(2))
            {
                Shape each = [s.sizes.Sets, s.sizes.Groups * s.sizes.Channels];
                bool empty = s.x.Count == 0;
                Tensor? gainGradient = !g.Needs(1) ? null : empty ? Tensor.Zeros(each, s.x.Device) : New(s.x, each);
                Tensor? biasGradient = !g.Needs(2) ? null : empty ? Tensor.Zeros(each, s.x.Device) : New(s.x, each);
                if (!empty)
                {
                    s.x.Device.Backend.NormalizeParameterGradient(
                        s.sizes, s.dense.Ref, s.mean?.Ref, s.variance.Ref, gradient.Ref, gainGradient?.Ref, biasGradient?.Ref);
                }
                if (gainGradient is { } forGain)
                {
                    g[1] = OfSets(forGain, s.gain!.Value, s.sizes);
                }
                if (biasGradient is { } forBias)
                {
                    g[2] = OfSets(forBias, s.bias!.Value, s.sizes);
                }
            }
        });
        return (y, mean, variance);
    }

    /// <summary>The gradients of a normalisation in ops, so that they can be differentiated again.</summary>
    private static void NormalizeRule(Gradients g, in NormalizeSizes sizes, Tensor x, Tensor? gain, Tensor? bias)
    {
        ReadOnlySpan<int> over = sizes.AcrossOuter ? [0, 1, 3, 4] : [3, 4];
        Tensor values = InSets(x, sizes);
        Tensor gradient = InSets(g.Output, sizes);
        Tensor centred = sizes.Centred ? Subtract(values, Mean(values, over, keepAxes: true)) : values;
        Tensor scale = Rsqrt(AddScalar(Mean(Square(centred), over, keepAxes: true), sizes.Epsilon));
        Tensor normal = Multiply(centred, scale);
        if (g.Needs(0))
        {
            Tensor inner = gain is { } factors ? Multiply(gradient, PerSet(factors, sizes)) : gradient;
            Tensor along = Multiply(normal, Mean(Multiply(inner, normal), over, keepAxes: true));
            Tensor rest = sizes.Centred ? Subtract(inner, Mean(inner, over, keepAxes: true)) : inner;
            g[0] = Reshape(Multiply(scale, Subtract(rest, along)), x.Shape);
        }
        if (g.Needs(1) && gain is { } gains)
        {
            g[1] = Reshape(SumTo(Multiply(gradient, normal), PerSetShape(gains, sizes)), gains.Shape);
        }
        if (g.Needs(2) && bias is { } biases)
        {
            g[2] = Reshape(SumTo(gradient, PerSetShape(biases, sizes)), biases.Shape);
        }
    }

    /// <summary>Checks gain and bias.</summary>
    /// <returns>How many sets of them there are.</returns>
    private static int CheckSets(string name, Tensor x, Tensor? gain, Tensor? bias, in Shape parameters, int batch)
    {
        int gains = CheckSet(name, "gain", x, gain, parameters, batch);
        int biases = CheckSet(name, "bias", x, bias, parameters, batch);
        if (gains != 1 && biases != 1 && gains != biases)
        {
            Throw.Argument($"{name}: gain and bias must be for the same groups of samples; gain is {gain?.Shape}, bias is {bias?.Shape}.");
        }
        return Math.Max(gains, biases);
    }

    private static int CheckSet(string name, string what, Tensor x, Tensor? given, in Shape parameters, int batch)
    {
        if (given is not { } parameter)
        {
            return 1;
        }
        CheckFloats(name, x, parameter);
        if (parameter.Shape == parameters)
        {
            return 1;
        }
        Shape shape = parameter.Shape;
        bool fits = shape.Rank == parameters.Rank + 1 && shape.Remove(0) == parameters && shape[0] > 0 && batch % shape[0] == 0;
        if (!fits)
        {
            Throw.Argument($"{name}: {what} must be {parameters}, or have a further first axis that divides the batch of {batch}; got {shape}.");
        }
        return shape[0];
    }

    private static bool HasSets(Tensor parameter, in NormalizeSizes sizes) =>
        sizes.Sets > 1 && parameter.Shape.Count != (long)sizes.Groups * sizes.Channels;

    private static Shape PerSetShape(Tensor parameter, in NormalizeSizes sizes) =>
        [HasSets(parameter, sizes) ? sizes.Sets : 1, 1, sizes.Groups, sizes.Channels, 1];

    private static Tensor PerSet(Tensor parameter, in NormalizeSizes sizes) => Reshape(parameter, PerSetShape(parameter, sizes));

    private static Tensor InSets(Tensor x, in NormalizeSizes sizes) =>
        Reshape(x, new Shape(sizes.Sets, sizes.Outer / sizes.Sets, sizes.Groups, sizes.Channels, sizes.Inner));

    /// <summary>Sums the gradients of all sets if they share one parameter.</summary>
    private static Tensor OfSets(Tensor gradient, Tensor parameter, in NormalizeSizes sizes) =>
        Reshape(sizes.Sets > 1 && !HasSets(parameter, sizes) ? Sum(gradient, [0]) : gradient, parameter.Shape);

    // A row per set may be a slice of a wider buffer; one shared by all must be contiguous.
    private static (Tensor? Values, long Stride) SetsOrDense(Tensor? parameter, in NormalizeSizes sizes) =>
        parameter is not { } given ? (null, 0) : HasSets(given, sizes) ? (given, given.RowStride) : (Dense(given), 0);
}
