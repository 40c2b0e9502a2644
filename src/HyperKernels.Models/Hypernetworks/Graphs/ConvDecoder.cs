using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// Makes kernels from nodes' embeddings: <c>t = relu(W h + b)</c> as <c>[hidden, S, S]</c>, cut to the kernel's window, then linear layers over the
/// hidden axis with ReLUs between, the last to <c>C x C</c> channels: <c>[out, in, KH, KW]</c>. For a class layer, a ReLU and a linear map of the
/// outputs to the classes follow.
/// </summary>
/// <remarks>
/// Of the last layer only the rows of wanted channels are computed. Source: Knyazev and others, NeurIPS 2021 (arXiv 2110.13100), appendix A, and
/// their code, facebookresearch/ppuda; the central window and the bilinear growth of larger kernels are those of SamsungSAILMontreal/ghn3.
/// </remarks>
public sealed class ConvDecoder : Layer, IStoredLayer<ConvDecoder>
{
    private readonly Linear _spread;
    private readonly Linear[] _layers;
    private readonly Linear _classes;
    private readonly int[] _hidden;

    static ConvDecoder() => LayerTypes.Register<ConvDecoder>();

    /// <summary>Makes the layers with PyTorch's first values.</summary>
    /// <param name="features">The numbers F per node.</param>
    /// <param name="outShape">The largest tensor that is made: outputs, inputs, height and width.</param>
    /// <param name="classes">The outputs of class layers.</param>
    /// <param name="hidden">Widths, one or more; null means 4 F and 8 F.</param>
    /// <param name="window">Where smaller kernels lie.</param>
    /// <param name="random">Where first values come from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">A size is less than 1, or outShape has not four axes.</exception>
    public ConvDecoder(
        int features, Shape outShape, int classes, IReadOnlyList<int>? hidden = null, KernelWindow window = KernelWindow.TopLeft, RandomStream? random = null)
    {
        _hidden = [.. hidden ?? [4 * features, 8 * features]];
        if (outShape.Rank != 4 || outShape.Count < 1 || features < 1 || classes < 1 || _hidden.Length == 0 || _hidden.Min() < 1)
        {
            throw new ArgumentException(
                $"ConvDecoder: outShape must have four axes, and all sizes be at least 1; got {outShape}, {features} features, {classes} classes, "
                + $"hidden widths {string.Join(", ", _hidden)}.");
        }
        Features = features;
        OutShape = outShape;
        Classes = classes;
        Window = window;
        _spread = Add("fc", new Linear(features, _hidden[0] * outShape[2] * outShape[3], random: random));
        _layers = new Linear[_hidden.Length];
        for (int i = 0; i < _layers.Length; i++)
        {
            int outputs = i == _layers.Length - 1 ? outShape[0] * outShape[1] : _hidden[i + 1];
            _layers[i] = Add($"conv{2 * i}", new Linear(_hidden[i], outputs, random: random));
        }
        _classes = Add("class_layer", new Linear(outShape[0], classes, random: random));
    }

    /// <summary>The numbers per node.</summary>
    public int Features { get; }

    /// <summary>The largest tensor that is made: outputs, inputs, height and width.</summary>
    public Shape OutShape { get; }

    /// <summary>The outputs of class layers.</summary>
    public int Classes { get; }

    /// <summary>Where smaller kernels lie.</summary>
    public KernelWindow Window { get; }

    /// <summary>The layers whose outputs are weights: what GHN-3 makes smaller at the start.</summary>
    public IReadOnlyList<Linear> LastLayers => [_layers[^1], _classes];

    /// <summary>Makes tensors of one size.</summary>
    /// <param name="nodes"><c>[n, F]</c>.</param>
    /// <param name="asked">Outputs, inputs, height and width; what is larger than <see cref="OutShape"/> is made as large as that.</param>
    /// <param name="classLayer">Whether they are class layers, whose number of outputs is <see cref="Classes"/>.</param>
    /// <returns><c>[n, out, in, KH, KW]</c>, of a class layer <c>[n, classes, in]</c>.</returns>
    /// <exception cref="ArgumentException">A shape has not its number of axes.</exception>
    public Tensor Forward(Tensor nodes, Shape asked, bool classLayer = false)
    {
        if (nodes.Rank != 2 || nodes.Shape[1] != Features || asked.Rank != 4 || asked.Count < 1)
        {
            throw new ArgumentException($"ConvDecoder: nodes must be [n, {Features}] and asked have four axes; got {nodes.Shape} and {asked}.");
        }
        int outputs = classLayer ? OutShape[0] : Math.Min(asked[0], OutShape[0]);
        int inputs = Math.Min(asked[1], OutShape[1]);
        (int height, int width) = (Math.Min(asked[2], OutShape[2]), Math.Min(asked[3], OutShape[3]));
        int count = nodes.Shape[0];
        Tensor t = Spread(nodes, height, width);
        for (int i = 0; i < _layers.Length - 1; i++)
        {
            t = _layers[i].Forward(t, Activation.Relu);
        }
        Tensor weight = Taken(_layers[^1].Weight.Value, outputs, inputs);
        Tensor bias = Taken(Ops.Reshape(_layers[^1].Bias!.Value, [OutShape[0] * OutShape[1], 1]), outputs, inputs);
        t = Ops.Linear(t, weight, Ops.Reshape(bias, [outputs * inputs]));
        t = Ops.Reshape(t, [count, height, width, outputs, inputs]);
        if (classLayer)
        {
            // One place of the window, inputs as rows, outputs last.
            (int row, int column) = Window == KernelWindow.Centre ? (height / 2, width / 2) : (0, 0);
            Tensor place = Ops.Slice(Ops.Reshape(t, [count, height * width, outputs, inputs]), 1, (row * width) + column, 1);
            Tensor rows = Ops.Transpose(Ops.Reshape(place, [count, outputs, inputs]));
            return Ops.Transpose(_classes.Forward(Ops.Relu(rows)));
        }
        t = Ops.Permute(t, 0, 3, 4, 1, 2);
        return asked[2] <= height && asked[3] <= width ? t : Grow(t, asked[2], asked[3]);
    }

    // relu(W h + b) at the places of a window: [n, places, hidden].
    private Tensor Spread(Tensor nodes, int height, int width)
    {
        Tensor weight = Ops.Reshape(_spread.Weight.Value, [_hidden[0], OutShape[2], OutShape[3], Features]);
        Tensor bias = Ops.Reshape(_spread.Bias!.Value, [_hidden[0], OutShape[2], OutShape[3]]);
        (int top, int left) = Window == KernelWindow.Centre ? ((OutShape[2] / 2) - (height / 2), (OutShape[3] / 2) - (width / 2)) : (0, 0);
        weight = Ops.Permute(Ops.Slice(Ops.Slice(weight, 1, top, height), 2, left, width), 1, 2, 0, 3);
        bias = Ops.Permute(Ops.Slice(Ops.Slice(bias, 1, top, height), 2, left, width), 1, 2, 0);
        int outputs = height * width * _hidden[0];
        Tensor spread = Ops.Linear(nodes, Ops.Reshape(weight, [outputs, Features]), Ops.Reshape(bias, [outputs]), Activation.Relu);
        return Ops.Reshape(spread, [nodes.Shape[0], height * width, _hidden[0]]);
    }

    // The rows of the last layer that give the first outputs' first inputs.
    private Tensor Taken(Tensor rows, int outputs, int inputs)
    {
        int width = rows.Shape[1];
        Tensor taken = Ops.Slice(Ops.Reshape(rows, [OutShape[0], OutShape[1], width]), 0, 0, outputs);
        return Ops.Reshape(inputs == OutShape[1] ? taken : Ops.Slice(taken, 1, 0, inputs), [outputs * inputs, width]);
    }

    // Kernels beyond the largest: GHN-2 repeats, GHN-3 interpolates.
    private Tensor Grow(Tensor kernels, int height, int width)
    {
        Shape shape = kernels.Shape;
        if (Window == KernelWindow.Centre)
        {
            Tensor planes = Ops.Reshape(kernels, [shape[0], shape[1] * shape[2], shape[3], shape[4]]);
            return Ops.Reshape(Ops.ResizeBilinear(planes, height, width), [shape[0], shape[1], shape[2], height, width]);
        }
        Tensor tiled = Ops.Tile(kernels, 1, 1, 1, ((height - 1) / shape[3]) + 1, ((width - 1) / shape[4]) + 1);
        return Ops.Slice(Ops.Slice(tiled, 3, 0, height), 4, 0, width);
    }

    /// <inheritdoc/>
    protected override string Describe() => $"ConvDecoder({Features}, {OutShape}, classes: {Classes})";

    static string IStoredLayer<ConvDecoder>.TypeName => "ConvDecoder";

    static ConvDecoder IStoredLayer<ConvDecoder>.Read(LayerSettings settings) => new(
        settings.Int("features"), new Shape(settings.Ints("outShape")), settings.Int("classes"), settings.Ints("hidden"), settings.Choice<KernelWindow>("window"));

    void IStoredLayer<ConvDecoder>.WriteSettings(LayerSettings settings) => settings
        .Set("features", Features).Set("outShape", OutShape.AsSpan()).Set("classes", Classes).Set("hidden", _hidden).Set("window", Window);
}
