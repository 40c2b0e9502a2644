using HyperKernels.Layers;

namespace HyperKernels.Interchange;

/// <summary>Writes layers as nodes, as they compute when they do not train.</summary>
/// <param name="graph">Takes the nodes.</param>
/// <param name="parameters">The value that stands for a parameter: a constant, or what a hypernetwork generates.</param>
internal sealed partial class LayerExport(OnnxGraph graph, Func<Parameter, string> parameters)
{
    /// <summary>Writes a layer.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="path">Its dotted name, for messages and for values that are no parameters; empty for the whole network.</param>
    /// <param name="x">Its input.</param>
    /// <returns>Its output.</returns>
    /// <exception cref="NotSupportedException">The layer has no form in ONNX.</exception>
    /// <exception cref="ArgumentException">The input does not fit the layer.</exception>
    public OnnxValue Apply(TensorLayer layer, string path, OnnxValue x) => layer switch
    {
        Sequential chain => Chain(chain.Children, path, x),
        OnnxNetwork network => Network(network, path, x),
        Residual residual => Residual(residual, path, x),
        Mlp mlp => Mlp(mlp.Layers, mlp.Activation, path, x, last: true),
        GeneratorMlp mlp => Mlp([.. mlp.Children.Select(static child => (Linear)child.Layer)], mlp.Activation, path, x, last: false),
        Linear linear => x with { Name = Linear(linear, x), Shape = ShapeOf(linear, path, x) },
        Conv1d conv => x with { Name = Conv(conv, x), Shape = ShapeOf(conv, path, x) },
        Conv2d conv => x with { Name = Conv(conv, x), Shape = ShapeOf(conv, path, x) },
        Embedding table => x with { Name = graph.Node("Gather", [parameters(table.Weight), x.Name]), Shape = x.Shape.Insert(x.Shape.Rank, table.RowSize) },
        MaxPool2d pool => x with { Name = graph.Node("MaxPool", [x.Name], Window(pool.KernelSize, pool.Stride, pool.Padding)), Shape = ShapeOf(pool, path, x) },
        AveragePool2d pool => x with
        {
            Name = graph.Node("AveragePool", [x.Name], [.. Window(pool.KernelSize, pool.Stride, pool.Padding), OnnxAttribute.Int("count_include_pad", 1)]),
            Shape = ShapeOf(pool, path, x),
        },
        AdaptiveAveragePool2d pool => x with { Name = AdaptivePool(pool, x), Shape = ShapeOf(pool, path, x) },
        Flatten flatten => x with { Name = Flatten(flatten.StartAxis, x), Shape = ShapeOf(flatten, path, x) },
        BatchNorm norm => x with { Name = BatchNorm(norm, path, x) },
        LayerNorm norm => x with { Name = LayerNorm(norm, x) },
        RmsNorm norm => x with { Name = RmsNorm(norm, x) },
        GroupNorm norm => x with { Name = GroupNorm(norm, x) },
        ActivationLayer activation => x with { Name = Activate(activation.Activation, x.Name) },
        Dropout => x,
        _ => throw new NotSupportedException($"OnnxFile.Write: {Named(path)} is a {layer.GetType().Name}, which has no form in ONNX here. {Known}"),
    };

    private const string Known =
        "Those that have: Sequential, Residual, Mlp, Linear, Conv1d, Conv2d, Embedding, pools, Flatten, norms, activations, Dropout; cells of recurrent networks by themselves.";

    private static string Named(string path) => path.Length == 0 ? "the network" : $"layer \"{path}\"";

    private static string Join(string path, string name) => path.Length == 0 ? name : $"{path}.{name}";

    // What the layer makes of zeros: its own checks and rules are the only ones.
    private static Shape ShapeOf(TensorLayer layer, string path, OnnxValue x)
    {
        using MemoryScope scope = new();
        try
        {
            return layer.Forward(Tensor.Zeros(x.Shape)).Shape;
        }
        catch (ArgumentException failure)
        {
            throw new ArgumentException($"OnnxFile.Write: {Named(path)} cannot take {x.Shape}, which comes of the shape given for a sample: {failure.Message}", failure);
        }
    }

    private OnnxValue Chain(IReadOnlyList<(string Name, Layer Layer)> layers, string path, OnnxValue x)
    {
        foreach ((string name, Layer layer) in layers)
        {
            x = Apply((TensorLayer)layer, Join(path, name), x);
        }
        return x;
    }

    private OnnxValue Residual(Residual residual, string path, OnnxValue x)
    {
        OnnxValue change = Apply(residual.Inner, Join(path, residual.Children[0].Name), x);
        return x with { Name = graph.Node("Add", [x.Name, change.Name]) };
    }

    private OnnxValue Mlp(IReadOnlyList<Linear> layers, Activation activation, string path, OnnxValue x, bool last)
    {
        for (int i = 0; i < layers.Count; i++)
        {
            x = Apply(layers[i], path, x);
            if (!last || i < layers.Count - 1)
            {
                x = x with { Name = Activate(activation, x.Name) };
            }
        }
        return x;
    }

    private string Linear(Linear linear, OnnxValue x)
    {
        string weight = parameters(linear.Weight);
        string[] bias = linear.Bias is null ? [] : [parameters(linear.Bias)];
        if (x.Shape.Rank == 2)
        {
            return graph.Node("Gemm", [x.Name, weight, .. bias], OnnxAttribute.Int("transB", 1));
        }
        // Only matrices have a product with a bias.
        string product = graph.Node("MatMul", [x.Name, graph.Node("Transpose", [weight])]);
        return linear.Bias is null ? product : graph.Node("Add", [product, .. bias]);
    }

    private string Conv(Conv1d conv, OnnxValue x) => graph.Node(
        "Conv",
        conv.Bias is null ? [x.Name, parameters(conv.Weight)] : [x.Name, parameters(conv.Weight), parameters(conv.Bias)],
        OnnxAttribute.Ints("kernel_shape", conv.KernelSize),
        OnnxAttribute.Ints("strides", conv.Stride),
        OnnxAttribute.Ints("pads", conv.Padding, conv.Padding),
        OnnxAttribute.Ints("dilations", conv.Dilation),
        OnnxAttribute.Int("group", conv.Groups));

    private string Conv(Conv2d conv, OnnxValue x)
    {
        Conv2dOptions options = conv.Options;
        return graph.Node(
            "Conv",
            conv.Bias is null ? [x.Name, parameters(conv.Weight)] : [x.Name, parameters(conv.Weight), parameters(conv.Bias)],
            OnnxAttribute.Ints("kernel_shape", conv.KernelSize.Height, conv.KernelSize.Width),
            OnnxAttribute.Ints("strides", options.StrideH, options.StrideW),
            OnnxAttribute.Ints("pads", options.PaddingH, options.PaddingW, options.PaddingH, options.PaddingW),
            OnnxAttribute.Ints("dilations", options.DilationH, options.DilationW),
            OnnxAttribute.Int("group", options.Groups));
    }

    private static OnnxAttribute[] Window(int kernel, int stride, int padding) =>
    [
        OnnxAttribute.Ints("kernel_shape", kernel, kernel),
        OnnxAttribute.Ints("strides", stride, stride),
        OnnxAttribute.Ints("pads", padding, padding, padding, padding),
    ];

    private string AdaptivePool(AdaptiveAveragePool2d pool, OnnxValue x)
    {
        if (pool is { Height: 1, Width: 1 })
        {
            return graph.Node("GlobalAveragePool", [x.Name]);
        }
        // Windows of unequal size: means of rows, then of columns, are two products.
        string rows = graph.Constant(Means(pool.Height, x.Shape[2]), pool.Height, x.Shape[2]);
        string columns = graph.Constant(Means(pool.Width, x.Shape[3]), pool.Width, x.Shape[3]);
        return graph.Node("MatMul", [graph.Node("MatMul", [rows, x.Name]), graph.Node("Transpose", [columns])]);
    }

    // A row for each window p: from floor(p n / windows) to ceil((p + 1) n / windows).
    private static float[] Means(int windows, int n)
    {
        float[] matrix = new float[windows * n];
        for (int p = 0; p < windows; p++)
        {
            int start = (int)((long)p * n / windows);
            int end = (int)((((long)p + 1) * n + windows - 1) / windows);
            matrix.AsSpan((p * n) + start, end - start).Fill(1f / (end - start));
        }
        return matrix;
    }

    private string Flatten(int startAxis, OnnxValue x)
    {
        if (startAxis >= x.Shape.Rank)
        {
            return x.Name;
        }
        // 0 keeps an axis, -1 takes what is left.
        return graph.Node("Reshape", [x.Name, graph.Integers([.. Enumerable.Repeat(0, startAxis), -1])]);
    }
}
