namespace HyperKernels.Interchange;

/// <summary>A graph that is being written: nodes in order, constants, inputs and outputs. Names are unique in the whole model.</summary>
/// <remarks>Field numbers are those of <c>onnx.proto</c>: GraphProto, NodeProto, TensorProto, ValueInfoProto.</remarks>
internal sealed class OnnxGraph
{
    /// <summary>The first axis, whose length is known only when the model runs.</summary>
    public const string Batch = "batch";

    private readonly OnnxGraph? _outer;
    private readonly string _name;
    private readonly ProtobufWriter _nodes = new();
    private readonly ProtobufWriter _constants = new();
    private readonly ProtobufWriter _inputs = new();
    private readonly ProtobufWriter _outputs = new();
    private readonly HashSet<string> _names = [];
    private readonly Dictionary<string, string> _named = [];

    public OnnxGraph(string name) => _name = name;

    // The body of a node: constants and names are those of the whole model.
    private OnnxGraph(OnnxGraph outer, string name)
    {
        _outer = outer;
        _name = name;
    }

    private OnnxGraph Root => _outer?.Root ?? this;

    public OnnxGraph Body(string name) => new(this, name);

    /// <summary>A name that no value has yet: the one given, or with a number behind it.</summary>
    public string Unique(string name)
    {
        string unique = name;
        for (int i = 1; !Root._names.Add(unique); i++)
        {
            unique = $"{name}_{i}";
        }
        return unique;
    }

    /// <summary>A value that the caller gives.</summary>
    /// <param name="name">Its name; unique.</param>
    /// <param name="type">Its elements.</param>
    /// <param name="sizes">The axes; -1 is the batch.</param>
    public string Input(string name, OnnxType type, params ReadOnlySpan<int> sizes)
    {
        string unique = Unique(name);
        _inputs.Message(11, Value(unique, type, sizes));
        return unique;
    }

    /// <summary>Makes a value of the graph an output under a name of its own.</summary>
    public void Output(string name, string value, params ReadOnlySpan<int> sizes)
    {
        string unique = Unique(name);
        Write("Identity", [value], [unique], []);
        _outputs.Message(12, Value(unique, OnnxType.Float32, sizes));
    }

    public string Node(string op, ReadOnlySpan<string> inputs, params ReadOnlySpan<OnnxAttribute> attributes)
    {
        string output = Unique(op);
        Write(op, inputs, [output], attributes);
        return output;
    }

    public string[] Node(string op, int outputs, ReadOnlySpan<string> inputs, params ReadOnlySpan<OnnxAttribute> attributes)
    {
        string[] names = new string[outputs];
        for (int i = 0; i < outputs; i++)
        {
            names[i] = Unique(op);
        }
        Write(op, inputs, names, attributes);
        return names;
    }

    /// <summary>Values that belong to the model, under the name that they have there; asked for again they are the same.</summary>
    public string Named(string name, float[] values, params ReadOnlySpan<int> sizes)
    {
        if (!Root._named.TryGetValue(name, out string? value))
        {
            value = Unique(name);
            Root._named.Add(name, value);
            AddConstant(value, values, sizes);
        }
        return value;
    }

    public string Constant(float[] values, params ReadOnlySpan<int> sizes)
    {
        string name = Unique("constant");
        AddConstant(name, values, sizes);
        return name;
    }

    public string Scalar(float value) => Constant([value]);

    /// <summary>Whole numbers: sizes, axes.</summary>
    public string Integers(params ReadOnlySpan<int> values)
    {
        string name = Unique("integers");
        long[] wide = new long[values.Length];
        for (int i = 0; i < wide.Length; i++)
        {
            wide[i] = values[i];
        }
        Root._constants.Message(5, TensorOf(OnnxType.Int64, [values.Length]).Text(8, name).Raw(9, wide));
        return name;
    }

    public ProtobufWriter ToMessage() => new ProtobufWriter().Fields(_nodes).Text(2, _name).Fields(_constants).Fields(_inputs).Fields(_outputs);

    private void AddConstant(string name, float[] values, ReadOnlySpan<int> sizes) =>
        Root._constants.Message(5, TensorOf(OnnxType.Float32, sizes).Text(8, name).Raw(9, values));

    private static ProtobufWriter TensorOf(OnnxType type, ReadOnlySpan<int> sizes)
    {
        ProtobufWriter message = new();
        foreach (int size in sizes)
        {
            message.Varint(1, size);
        }
        return message.Varint(2, (int)type);
    }

    private static ProtobufWriter Value(string name, OnnxType type, ReadOnlySpan<int> sizes)
    {
        ProtobufWriter shape = new();
        foreach (int size in sizes)
        {
            shape.Message(1, size < 0 ? new ProtobufWriter().Text(2, Batch) : new ProtobufWriter().Varint(1, size));
        }
        ProtobufWriter tensor = new ProtobufWriter().Varint(1, (int)type).Message(2, shape);
        return new ProtobufWriter().Text(1, name).Message(2, new ProtobufWriter().Message(1, tensor));
    }

    private void Write(string op, ReadOnlySpan<string> inputs, ReadOnlySpan<string> outputs, ReadOnlySpan<OnnxAttribute> attributes)
    {
        ProtobufWriter node = new();
        foreach (string input in inputs)
        {
            node.Text(1, input);
        }
        foreach (string output in outputs)
        {
            node.Text(2, output);
        }
        node.Text(3, outputs[0]).Text(4, op);
        foreach (OnnxAttribute attribute in attributes)
        {
            node.Message(5, attribute.Message);
        }
        _nodes.Message(1, node);
    }
}
