using HyperKernels.Layers;

namespace HyperKernels.Interchange;

// Nodes with weights.
internal sealed partial class OnnxImport
{
    private const string WeightSuffix = ".weight";

    private void Gemm(OnnxNode node)
    {
        OnnxTensor weight = Needed(node, 1, "its second matrix");
        if (node.Int("transA", 0) != 0 || weight.Sizes.Length != 2)
        {
            throw node.Bad("only products of the data as it is with a matrix are read");
        }
        bool isTransposed = node.Int("transB", 0) != 0;
        OnnxTensor? bias = node.Inputs.Count > 2 && node.Inputs[2].Length > 0 ? Needed(node, 2, "what is added") : null;
        AddLinear(node, weight, isTransposed, node.Float("alpha", 1), bias, node.Float("beta", 1), node);
    }

    private void MatMul(OnnxNode node)
    {
        OnnxTensor weight = Weight(node, 1)!;
        // A sum with one number for each column, of this product alone, is its bias.
        string output = node.Outputs[0];
        OnnxNode? next = _uses.GetValueOrDefault(output) == 1 ? _users.GetValueOrDefault(output) : null;
        if (next is { Op: "Add", Inputs.Count: 2, Outputs.Count: 1 } && next.Domain.Length == 0)
        {
            OnnxTensor? bias = Constant(next, next.Inputs[0] == output ? 1 : 0);
            if (bias is { Sizes: [int count] } && count == weight.Sizes[1])
            {
                _taken.Add(next);
                AddLinear(node, weight, isTransposed: false, 1, bias, 1, next);
                return;
            }
        }
        AddLinear(node, weight, isTransposed: false, 1, null, 1, node);
    }

    private void AddLinear(OnnxNode node, OnnxTensor weight, bool isTransposed, float scale, OnnxTensor? bias, float biasScale, OnnxNode last)
    {
        (int inputs, int outputs) = isTransposed ? (weight.Sizes[1], weight.Sizes[0]) : (weight.Sizes[0], weight.Sizes[1]);
        Take(node, (long)inputs * outputs);
        Linear linear = new(inputs, outputs, bias is not null, _random);
        float[] rows = new float[weight.Values.Length];
        for (int i = 0; i < rows.Length; i++)
        {
            int from = isTransposed ? i : (i % inputs * outputs) + (i / inputs);
            rows[i] = scale * weight.Values[from];
        }
        linear.Weight.Load(rows);
        linear.Bias?.Load(ForEach(node, bias!, outputs, biasScale));
        AddLayer(node, linear, NameOf(node), last);
    }

    private static float[] ForEach(OnnxNode node, OnnxTensor values, int count, float scale) => values.Values.Length == count
        ? Array.ConvertAll(values.Values, value => scale * value)
        : values.Values.Length == 1
            ? [.. Enumerable.Repeat(scale * values.Values[0], count)]
            : throw node.Bad($"what is added must have {count} values; it has {values.Values.Length}");

    private void Conv(OnnxNode node)
    {
        OnnxTensor weight = Needed(node, 1, "its weight");
        OnnxTensor? bias = node.Inputs.Count > 2 && node.Inputs[2].Length > 0 ? Needed(node, 2, "its bias") : null;
        int axes = weight.Sizes.Length - 2;
        if (axes is not (1 or 2))
        {
            throw node.Bad($"only convolutions over one or two axes are read; the weight is {weight.Shape}");
        }
        int[] kernel = weight.Sizes[2..];
        int[] strides = Ints(node, "strides", axes, 1);
        int[] dilations = Ints(node, "dilations", axes, 1);
        int[] padding = Padding(node, kernel, strides, dilations);
        int groups = node.ToInt(node.Int("group", 1), "group");
        int inputs = checked(weight.Sizes[1] * groups);
        Take(node, weight.Values.Length);
        if (axes == 1)
        {
            Conv1d conv = new(inputs, weight.Sizes[0], kernel[0], strides[0], padding[0], dilations[0], groups, bias is not null, _random);
            conv.Weight.Load(weight.Values);
            conv.Bias?.Load(bias!.Values);
            AddLayer(node, conv, NameOf(node));
            return;
        }
        Conv2dOptions options = new()
        {
            StrideH = strides[0],
            StrideW = strides[1],
            PaddingH = padding[0],
            PaddingW = padding[1],
            DilationH = dilations[0],
            DilationW = dilations[1],
            Groups = groups,
        };
        Conv2d plane = new(inputs, weight.Sizes[0], (kernel[0], kernel[1]), options, bias is not null, _random);
        plane.Weight.Load(weight.Values);
        plane.Bias?.Load(bias!.Values);
        AddLayer(node, plane, NameOf(node));
    }

    private void Gather(OnnxNode node)
    {
        OnnxTensor table = Needed(node, 0, "the table");
        if (table.Sizes.Length != 2 || Axis(node, 0) != 0)
        {
            throw node.Bad($"only rows of a table are looked up; the constant is {table.Shape}, the axis {Axis(node, 0)}");
        }
        Take(node, table.Values.Length);
        Embedding embedding = new(table.Sizes[0], table.Sizes[1], _random);
        embedding.Weight.Load(table.Values);
        int value = Value(node, 1);
        _layers.Add(embedding);
        Step(node, new OnnxStep(OnnxOp.Layer, Unique(NameOf(node, 0) ?? "gather"), [value], [], []));
    }

    private void BatchNorm(OnnxNode node)
    {
        if (node.Int("training_mode", 0) != 0)
        {
            throw node.Bad("the model was written while it trained; write it for inference");
        }
        OnnxTensor gain = Needed(node, 1, "its scale");
        int channels = gain.Values.Length;
        Take(node, 4L * channels);
        BatchNorm norm = new(channels, node.Float("epsilon", 1e-5f));
        norm.Weight!.Load(gain.Values);
        norm.Bias!.Load(Needed(node, 2, "its shift").Values);
        norm.RunningMean.CopyFrom(Needed(node, 3, "its mean").Values);
        norm.RunningVariance.CopyFrom(Needed(node, 4, "its variance").Values);
        AddLayer(node, norm, NameOf(node));
    }

    private void LayerNorm(OnnxNode node)
    {
        OnnxTensor gain = Needed(node, 1, "its scale");
        int axis = Axis(node, -1);
        if (axis >= 0 || -axis != gain.Sizes.Length)
        {
            throw node.Bad($"it must normalise the axes of its scale {gain.Shape}, counted from the last; axis is {axis}");
        }
        Take(node, 2L * gain.Values.Length);
        LayerNorm norm = new(gain.Shape, node.Float("epsilon", 1e-5f));
        norm.Weight!.Load(gain.Values);
        norm.Bias!.Load(node.Inputs.Count > 2 && node.Inputs[2].Length > 0 ? Needed(node, 2, "its shift").Values : new float[gain.Values.Length]);
        AddLayer(node, norm, NameOf(node));
    }

    private void Pool(OnnxNode node)
    {
        int[] kernel = node.Ints("kernel_shape") ?? throw node.Bad("a kernel_shape is needed");
        int[] strides = Ints(node, "strides", kernel.Length, 1);
        int[] dilations = Ints(node, "dilations", kernel.Length, 1);
        int[] padding = Padding(node, kernel, strides, dilations);
        bool isSquare = kernel.Length == 2 && kernel[0] == kernel[1] && strides[0] == strides[1] && padding[0] == padding[1];
        if (!isSquare || node.Int("ceil_mode", 0) != 0 || dilations.Any(static each => each != 1))
        {
            throw node.Bad("only square windows over two axes are read, without dilation, with sizes rounded down");
        }
        if (node.Op == "MaxPool")
        {
            AddLayer(node, new MaxPool2d(kernel[0], strides[0], padding[0]));
            return;
        }
        if (padding[0] > 0 && node.Int("count_include_pad", 0) == 0)
        {
            throw node.Bad("means that leave the padding out are not read; count_include_pad must be 1 where there is any");
        }
        AddLayer(node, new AveragePool2d(kernel[0], strides[0], padding[0]));
    }

    private void Clip(OnnxNode node)
    {
        float low = Bound(node, 1, node.Float("min", float.MinValue));
        float high = Bound(node, 2, node.Float("max", float.MaxValue));
        AddOp(node, OnnxOp.Clip, [], floats: [low, high]);
    }

    private float Bound(OnnxNode node, int input, float otherwise) => node.Inputs.Count <= input || node.Inputs[input].Length == 0
        ? otherwise
        : Needed(node, input, "its bounds") is { Values: [float bound] } ? bound : throw node.Bad("a bound must be one number");

    private static int[] Ints(OnnxNode node, string name, int count, int otherwise)
    {
        int[] values = node.Ints(name) ?? [.. Enumerable.Repeat(otherwise, count)];
        return values.Length == count ? values : throw node.Bad($"{name} must have {count} numbers; it has {values.Length}");
    }

    // The same at both sides of an axis: what convolutions and pools have here.
    private static int[] Padding(OnnxNode node, int[] kernel, int[] strides, int[] dilations)
    {
        string auto = node.Text("auto_pad", "NOTSET");
        if (auto is "SAME_UPPER" or "SAME_LOWER")
        {
            bool isEven = kernel.Where((size, axis) => ((size - 1) * dilations[axis]) % 2 != 0 || strides[axis] != 1).Any();
            return isEven
                ? throw node.Bad($"auto_pad {auto} is read where it pads both sides alike: strides of 1 and odd windows")
                : [.. kernel.Select((size, axis) => (size - 1) * dilations[axis] / 2)];
        }
        int[] pads = auto == "VALID" ? new int[2 * kernel.Length] : Ints(node, "pads", 2 * kernel.Length, 0);
        return pads[..kernel.Length].SequenceEqual(pads[kernel.Length..])
            ? pads[..kernel.Length]
            : throw node.Bad($"padding must be the same at both sides; it is [{string.Join(", ", pads)}]");
    }

    // "conv1.weight" makes conv1; names that say nothing of a layer are left to the kind of node.
    private string? NameOf(OnnxNode node, int input = 1)
    {
        string name = node.Inputs[input];
        return name.EndsWith(WeightSuffix, StringComparison.Ordinal) ? name[..^WeightSuffix.Length] : null;
    }
}
