using HyperKernels.Layers;

namespace HyperKernels.Interchange;

/// <summary>Writes a hypernetwork: conditions become weights, and the target computes with them, in one graph.</summary>
internal sealed class HyperExport
{
    private readonly HyperNetwork _network;
    private readonly TensorLayer _target;
    private readonly DeclaredConditioning _conditioning;
    private readonly Func<Parameter, string> _constants;

    public HyperExport(HyperNetwork network, Func<Parameter, string> constants)
    {
        _network = network;
        _constants = constants;
        _target = network.Target as TensorLayer ?? throw Unsupported("target", network.Target, "a layer that maps one tensor to one tensor");
        _conditioning = network.Conditioning as DeclaredConditioning ?? throw Unsupported("conditioning", network.Conditioning, "declared conditions");
    }

    /// <summary>Conditions of one row: one weight set for all samples.</summary>
    public void WriteShared(OnnxGraph graph, Shape one, OnnxType type)
    {
        string[] conditions = [.. _conditioning.Conditions.Select(condition => Input(graph, condition, rows: 1))];
        OnnxValue input = new(graph.Input(OnnxFile.Input, type, [-1, .. one.AsSpan()[1..]]), one);
        OnnxValue output = Compute(graph, conditions, input);
        graph.Output(OnnxFile.Output, output.Name, output.Sizes);
    }

    /// <summary>A row of conditions for every sample: the graph for one of them is the body of a Scan over the batch.</summary>
    public void WritePerSample(OnnxGraph graph, Shape one, OnnxType type)
    {
        string[] inputs =
        [
            .. _conditioning.Conditions.Select(condition => Input(graph, condition, rows: -1)),
            graph.Input(OnnxFile.Input, type, [-1, .. one.AsSpan()[1..]]),
        ];
        OnnxGraph body = graph.Body("sample");
        string[] conditions = [.. _conditioning.Conditions.Select(condition => Row(body, condition))];
        string sample = body.Input(OnnxFile.Input, type, one.AsSpan()[1..]);
        OnnxValue output = Compute(body, conditions, new OnnxValue(body.Node("Reshape", [sample, body.Integers(one.AsSpan())]), one));
        ReadOnlySpan<int> sizes = output.Shape.AsSpan()[1..];
        body.Output("answer", body.Node("Reshape", [output.Name, body.Integers(sizes)]), sizes);
        string all = graph.Node("Scan", inputs, OnnxAttribute.Graph("body", body), OnnxAttribute.Int("num_scan_inputs", inputs.Length));
        graph.Output(OnnxFile.Output, all, output.Sizes);
    }

    private static string Input(OnnxGraph graph, Condition condition, int rows) => condition.TakesIndices
        ? graph.Input(condition.Name, OnnxType.Int32, rows)
        : graph.Input(condition.Name, OnnxType.Float32, rows, condition.Size);

    private static string Row(OnnxGraph body, Condition condition) => condition.TakesIndices
        ? body.Node("Reshape", [body.Input(condition.Name, OnnxType.Int32), body.Integers(1)])
        : body.Node("Reshape", [body.Input(condition.Name, OnnxType.Float32, condition.Size), body.Integers(1, condition.Size)]);

    private OnnxValue Compute(OnnxGraph graph, string[] conditions, OnnxValue input)
    {
        OnnxValue embedding = new(Prepare(graph, conditions), [1, _conditioning.Size]);
        Dictionary<Parameter, string> generated = Generate(graph, embedding);
        return new LayerExport(graph, parameter => generated.GetValueOrDefault(parameter) ?? _constants(parameter)).Apply(_target, "target", input);
    }

    // As DeclaredConditioning orders them: encoded ones by name, then the others by kind and name.
    private string Prepare(OnnxGraph graph, string[] rows)
    {
        int[] order = [.. Enumerable.Range(0, rows.Length).OrderBy(i => _conditioning.Conditions[i].Name, StringComparer.Ordinal)];
        int[] encoded = [.. order.Where(i => IsEncoded(_conditioning.Conditions[i]))];
        List<string> parts = [];
        if (encoded.Length > 0)
        {
            parts.Add(Encode(graph, Join(graph, [.. encoded.Select(i => Normalize(graph, _conditioning.Conditions[i], rows[i]))])));
        }
        foreach (int i in order.Where(i => !IsEncoded(_conditioning.Conditions[i])).OrderBy(i => _conditioning.Conditions[i].Kind))
        {
            parts.Add(Given(graph, _conditioning.Conditions[i], rows[i]));
        }
        return Join(graph, [.. parts]);
    }

    private static bool IsEncoded(Condition condition) => condition.Kind is ConditionKind.Range or ConditionKind.LogRange;

    private static string Join(OnnxGraph graph, string[] parts) => parts.Length == 1 ? parts[0] : graph.Node("Concat", parts, OnnxAttribute.Int("axis", 1));

    // A graph cannot refuse a value: those outside are clamped, whatever the condition says.
    private static string Normalize(OnnxGraph graph, Condition condition, string rows)
    {
        string inside = graph.Node("Clip", [rows, graph.Scalar((float)condition.Low), graph.Scalar((float)condition.High)]);
        bool isLog = condition.Kind == ConditionKind.LogRange;
        double low = isLog ? Math.Log(condition.Low) : condition.Low;
        double high = isLog ? Math.Log(condition.High) : condition.High;
        string scale = isLog ? graph.Node("Log", [inside]) : inside;
        return graph.Node("Mul", [graph.Node("Add", [scale, graph.Scalar((float)-low)]), graph.Scalar((float)(1 / (high - low)))]);
    }

    private string Encode(OnnxGraph graph, string gamma)
    {
        Encoding encoding = _conditioning.Encoding;
        if (encoding == Encoding.None)
        {
            return gamma;
        }
        if (encoding == Encoding.CosSin)
        {
            string angle = graph.Node("Mul", [gamma, graph.Scalar(MathF.PI / 2)]);
            return Join(graph, [graph.Node("Cos", [angle]), graph.Node("Sin", [angle])]);
        }
        return encoding == Encoding.Complement
            ? Join(graph, [gamma, graph.Node("Sub", [graph.Scalar(1), gamma])])
            : throw new NotSupportedException($"OnnxFile.Write: the encoding {encoding.Name} has no form in ONNX here; CosSin, Complement and None have one.");
    }

    private string Given(OnnxGraph graph, Condition condition, string rows) => condition.Kind switch
    {
        ConditionKind.Categorical => graph.Node(
            "OneHot",
            [graph.Node("Cast", [rows], OnnxAttribute.Int("to", (int)OnnxType.Int64)), graph.Integers(condition.Size), graph.Constant([0, 1], 2)],
            OnnxAttribute.Int("axis", -1)),
        ConditionKind.Embedding => graph.Node("Gather", [_constants(Table(condition.Name)), rows]),
        _ => rows,
    };

    private Parameter Table(string name) => _conditioning.NamedParameters().First(named => named.Name == name).Parameter;

    private Dictionary<Parameter, string> Generate(OnnxGraph graph, OnnxValue embedding)
    {
        Dictionary<string, Parameter> byName = [];
        foreach (NamedParameter named in _target.NamedParameters())
        {
            byName.Add(named.Name, named.Parameter);
        }
        IReadOnlyList<ManifestEntry> entries = _network.Manifest.Entries;
        string[] flat = _network.Emission switch
        {
            FullEmission full => Split(graph, Product(graph, Hidden(graph, embedding).Name, full.Weight, full.Theta0)),
            HeadsEmission heads => Heads(graph, heads, Hidden(graph, embedding).Name),
            ChunkedEmission chunks => Split(graph, Chunks(graph, chunks, embedding)),
            _ => throw Unsupported("emission", _network.Emission, "a FullEmission, HeadsEmission or ChunkedEmission"),
        };
        Dictionary<Parameter, string> generated = [];
        for (int i = 0; i < flat.Length; i++)
        {
            generated.Add(byName[entries[i].Name], graph.Node("Reshape", [flat[i], graph.Integers(entries[i].Shape.AsSpan())]));
        }
        return generated;
    }

    private OnnxValue Hidden(OnnxGraph graph, OnnxValue embedding) => new LayerExport(graph, _constants).Apply(_network.Generator, "generator", embedding);

    private string Product(OnnxGraph graph, string hidden, Parameter weight, Parameter? bias)
    {
        string[] bases = bias is null ? [] : [_constants(bias)];
        return graph.Node("Gemm", [hidden, _constants(weight), .. bases], OnnxAttribute.Int("transB", 1));
    }

    private string[] Split(OnnxGraph graph, string flat)
    {
        int[] lengths = [.. _network.Manifest.Entries.Select(static entry => entry.Count)];
        return graph.Node("Split", lengths.Length, [flat, graph.Integers(lengths)], OnnxAttribute.Int("axis", 1));
    }

    private string[] Heads(OnnxGraph graph, HeadsEmission heads, string hidden)
    {
        Dictionary<string, Parameter> own = heads.NamedParameters().ToDictionary(static named => named.Name, static named => named.Parameter);
        return
        [
            .. _network.Manifest.Entries.Select(entry =>
                Product(graph, hidden, own[$"{entry.Name}.weight"], own.GetValueOrDefault($"{entry.Name}.theta0"))),
        ];
    }

    private string Chunks(OnnxGraph graph, ChunkedEmission emission, OnnxValue embedding)
    {
        int count = emission.Chunks.Shape[0];
        int width = emission.Chunks.Shape[1] + embedding.Shape[1];
        string conditions = graph.Node("Expand", [embedding.Name, graph.Integers(count, embedding.Shape[1])]);
        OnnxValue inputs = new(Join(graph, [_constants(emission.Chunks), conditions]), [1, width]);
        string values = Product(graph, Hidden(graph, inputs).Name, emission.Weight, emission.Bias);
        string whole = graph.Node("Reshape", [values, graph.Integers(1, -1)]);
        string flat = graph.Node("Slice", [whole, graph.Integers(0), graph.Integers(emission.Manifest.Count), graph.Integers(1)]);
        return emission.Theta0 is null ? flat : graph.Node("Add", [flat, _constants(emission.Theta0)]);
    }

    private static NotSupportedException Unsupported(string part, Layer layer, string wanted) =>
        new($"OnnxFile.Write: the hypernetwork's {part} must be {wanted}; it is a {layer.GetType().Name}, which has no form in ONNX here.");
}
