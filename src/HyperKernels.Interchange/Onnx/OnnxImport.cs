using HyperKernels.Layers;

namespace HyperKernels.Interchange;

/// <summary>Makes a network of a model: node by node, with weights as layers. What has no counterpart is refused by name.</summary>
internal sealed partial class OnnxImport
{
    // Weights that several nodes use are copied for each: a small file must not ask for much more memory than it has bytes.
    private const int MostCopies = 4;
    private const int AlwaysValues = 1 << 20;

    private readonly OnnxModel _model;
    private readonly List<OnnxStep> _steps = [];
    private readonly List<TensorLayer> _layers = [];
    private readonly List<(string Name, OnnxTensor Tensor)> _constantValues = [];
    private readonly Dictionary<string, int> _values = [];
    private readonly Dictionary<string, int> _uses = [];
    private readonly Dictionary<string, OnnxNode> _users = [];
    private readonly HashSet<OnnxNode> _taken = [];
    private readonly HashSet<string> _names = [];
    private readonly RandomStream _random = new(0);
    private long _valuesLeft;

    private OnnxImport(OnnxModel model)
    {
        _model = model;
        _valuesLeft = AlwaysValues + (MostCopies * model.Constants.Values.Sum(static constant => (long)constant.Values.Length));
    }

    public static OnnxNetwork Read(string path)
    {
        OnnxModel model = OnnxModel.Read(path);
        OnnxImport import = new(model);
        if (model.Inputs.Count != 1 || model.Outputs.Count != 1)
        {
            throw model.Bad($"a network has one input and one output; the model has {Listed(model.Inputs)} and {Listed(model.Outputs)}.");
        }
        return import.Make();
    }

    private static string Listed(List<string> names) => $"{names.Count} ({string.Join(", ", names.Take(5).Select(OneLine.Quote))})";

    private OnnxNetwork Make()
    {
        _values.Add(_model.Inputs[0], 0);
        foreach (OnnxNode node in _model.Nodes)
        {
            foreach (string input in node.Inputs.Where(static name => name.Length > 0))
            {
                _uses[input] = _uses.GetValueOrDefault(input) + 1;
                _users[input] = node;
            }
        }
        _uses[_model.Outputs[0]] = _uses.GetValueOrDefault(_model.Outputs[0]) + 1;
        foreach (OnnxNode node in _model.Nodes.Where(node => !_taken.Contains(node)))
        {
            try
            {
                Add(node);
            }
            catch (Exception failure) when (failure is ArgumentException or OverflowException or FormatException or IndexOutOfRangeException)
            {
                throw node.Bad(failure.Message, failure);
            }
        }
        if (!_values.TryGetValue(_model.Outputs[0], out int output))
        {
            throw _model.Bad($"the output {OneLine.Quote(_model.Outputs[0])} must come from a node; none gives it.");
        }
        OnnxNetwork network = new(_steps, _layers, output);
        Dictionary<string, HostArray> constants = _constantValues.ToDictionary(
            static constant => constant.Name, static constant => new HostArray(constant.Tensor.Values, constant.Tensor.Shape));
        network.LoadState(constants, partial: true);
        network.Eval();
        return network;
    }

    private void Add(OnnxNode node)
    {
        if (node.Domain is not ("" or "ai.onnx"))
        {
            throw node.Bad($"operators of the domain {OneLine.Quote(node.Domain)} are not read; those of ONNX itself are");
        }
        if (node.Outputs.Count == 0 || (node.Outputs.Skip(1).Any(name => _uses.ContainsKey(name))))
        {
            throw node.Bad("only the first output of a node is read; others of this one are used");
        }
        switch (node.Op)
        {
            case "Constant":
                OnnxTensor constant = node.Constant() ?? throw node.Bad("a constant must have numbers");
                _valuesLeft += MostCopies * (long)constant.Values.Length;
                if (!_model.Constants.TryAdd(node.Outputs[0], constant))
                {
                    throw node.Bad("its output has the name of another constant");
                }
                break;
            case "Identity" or "Dropout":
                Alias(node);
                break;
            case "Cast" when node.Int("to", 0) == (int)OnnxType.Float32:
                Alias(node);
                break;
            case "Gemm": Gemm(node); break;
            case "MatMul" when Weight(node, 1) is { Sizes.Length: 2 } && !IsConstant(node, 0): MatMul(node); break;
            case "Conv": Conv(node); break;
            case "Gather": Gather(node); break;
            case "BatchNormalization": BatchNorm(node); break;
            case "LayerNormalization": LayerNorm(node); break;
            case "MaxPool" or "AveragePool": Pool(node); break;
            case "GlobalAveragePool": AddLayer(node, new AdaptiveAveragePool2d(1)); break;
            case "Relu": AddLayer(node, new Relu()); break;
            case "LeakyRelu": AddLayer(node, new LeakyRelu(node.Float("alpha", 0.01f))); break;
            case "Elu": AddLayer(node, new Elu(node.Float("alpha", 1))); break;
            case "Tanh": AddLayer(node, new Tanh()); break;
            case "Sigmoid": AddLayer(node, new Sigmoid()); break;
            case "Softplus": AddLayer(node, new Softplus()); break;
            case "Gelu": AddLayer(node, node.Text("approximate", "none") == "tanh" ? new GeluTanh() : new Gelu()); break;
            case "Softmax" or "LogSoftmax":
                AddOp(node, Enum.Parse<OnnxOp>(node.Op), _model.Opset < 13 ? [Axis(node, 1), _model.Opset] : [Axis(node, -1)]);
                break;
            case "Flatten": AddOp(node, OnnxOp.Flatten, [Axis(node, 1)]); break;
            case "Concat": AddOp(node, OnnxOp.Concat, [Axis(node, 0)], node.Inputs.Count); break;
            case "Transpose": AddOp(node, OnnxOp.Transpose, node.Ints("perm") ?? []); break;
            case "Reshape": AddOp(node, OnnxOp.Reshape, ReshapeSizes(node)); break;
            case "Squeeze" or "Unsqueeze": AddOp(node, Enum.Parse<OnnxOp>(node.Op), AxesOf(node)); break;
            case "ReduceMean" or "ReduceSum": AddOp(node, Enum.Parse<OnnxOp>(node.Op), [(int)node.Int("keepdims", 1), .. AxesOf(node)]); break;
            case "Clip": Clip(node); break;
            case "Add" or "Sub" or "Mul" or "Div" or "Pow" or "MatMul" or "Min" or "Max":
                AddOp(node, Enum.Parse<OnnxOp>(node.Op), [], 2);
                break;
            case "Neg" or "Abs" or "Exp" or "Log" or "Sqrt" or "Reciprocal" or "Sin" or "Cos" or "Erf" or "GlobalMaxPool":
                AddOp(node, Enum.Parse<OnnxOp>(node.Op), []);
                break;
            default:
                throw node.Bad(
                    "this operator is not read. Those of feed-forward and convolutional networks are: Gemm, MatMul, Conv, pools, BatchNormalization, LayerNormalization, "
                    + "activations, Softmax, arithmetic, Reshape, Flatten, Transpose, Concat, ReduceMean");
        }
    }

    private void Alias(OnnxNode node) => Give(node.Outputs[0], Value(node, 0), node);

    private void AddOp(OnnxNode node, OnnxOp op, int[] ints, int inputs = 1, float[]? floats = null)
    {
        int[] values = new int[inputs];
        for (int i = 0; i < inputs; i++)
        {
            values[i] = Value(node, i);
        }
        Step(node, new OnnxStep(op, node.Name, values, ints, floats ?? []));
    }

    private void AddLayer(OnnxNode node, TensorLayer layer, string? name = null, OnnxNode? last = null)
    {
        int value = Value(node, 0);
        _layers.Add(layer);
        Step(last ?? node, new OnnxStep(OnnxOp.Layer, Unique(name ?? node.Op.ToLowerInvariant()), [value], [], []));
    }

    private void Step(OnnxNode node, OnnxStep step)
    {
        step.Check(_steps.Count);
        _steps.Add(step);
        Give(node.Outputs[0], _steps.Count, node);
    }

    private void Give(string name, int value, OnnxNode node)
    {
        if (!_values.TryAdd(name, value) || _model.Constants.ContainsKey(name))
        {
            throw node.Bad($"its output {OneLine.Quote(name)} is the name of another value");
        }
    }

    /// <summary>The place of an input among the values; a constant becomes one.</summary>
    private int Value(OnnxNode node, int input)
    {
        string name = input < node.Inputs.Count ? node.Inputs[input] : string.Empty;
        if (_values.TryGetValue(name, out int value))
        {
            return value;
        }
        OnnxTensor constant = Constant(node, input)
            ?? throw node.Bad($"input {input}, {OneLine.Quote(name)}, must come from a node before it, or be a constant");
        Take(node, constant.Values.Length);
        string unique = Unique(name);
        _constantValues.Add((unique, constant));
        _steps.Add(new OnnxStep(OnnxOp.Constant, unique, [], constant.Sizes, []));
        _values.Add(name, _steps.Count);
        return _steps.Count;
    }

    private OnnxTensor? Constant(OnnxNode node, int input) => input < node.Inputs.Count ? _model.Constants.GetValueOrDefault(node.Inputs[input]) : null;

    private bool IsConstant(OnnxNode node, int input) => Constant(node, input) is not null;

    /// <summary>A constant that becomes part of a layer, or null if the input is none.</summary>
    private OnnxTensor? Weight(OnnxNode node, int input) => Constant(node, input);

    private OnnxTensor Needed(OnnxNode node, int input, string what) => Constant(node, input) ?? throw node.Bad($"{what} must be a constant of the model");

    private void Take(OnnxNode node, long values)
    {
        _valuesLeft -= values;
        if (_valuesLeft < 0)
        {
            throw node.Bad($"nodes use the model's constants more than {MostCopies} times over; each use is a copy");
        }
    }

    private int Axis(OnnxNode node, int otherwise) => node.ToInt(node.Int("axis", otherwise), "axis");

    private int[] AxesOf(OnnxNode node) => node.Ints("axes") ?? (node.Inputs.Count > 1 && node.Inputs[1].Length > 0 ? Integers(node, 1, "its axes") : []);

    private int[] ReshapeSizes(OnnxNode node)
    {
        int[] sizes = node.Ints("shape") ?? Integers(node, 1, "its shape");
        return node.Int("allowzero", 0) == 0 || !sizes.Contains(0) ? sizes : throw node.Bad("allowzero is not read");
    }

    private int[] Integers(OnnxNode node, int input, string what) =>
        [.. (Needed(node, input, what).Integers ?? throw node.Bad($"{what} must be whole numbers")).Select(value => node.ToInt(value, what))];

    // Names in trees have no dots, and stand for one thing.
    private string Unique(string name)
    {
        string plain = string.Concat(name.Trim('/').Select(static c => char.IsLetterOrDigit(c) || c is '_' or '-' ? c : '_'));
        plain = plain.Length == 0 ? "value" : plain;
        string unique = plain;
        for (int i = 1; !_names.Add(unique); i++)
        {
            unique = $"{plain}_{i}";
        }
        return unique;
    }
}
