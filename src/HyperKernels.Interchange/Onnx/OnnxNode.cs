namespace HyperKernels.Interchange;

/// <summary>A node of a model that is read.</summary>
internal sealed class OnnxNode
{
    private readonly Dictionary<string, object?> _attributes = [];
    private readonly string _path;
    private string _name = string.Empty;

    private OnnxNode(string path, int offset)
    {
        _path = path;
        Offset = offset;
    }

    public int Offset { get; }

    public string Op { get; private set; } = string.Empty;

    public string Domain { get; private set; } = string.Empty;

    public List<string> Inputs { get; } = [];

    public List<string> Outputs { get; } = [];

    /// <summary>The node's own name, or that of its first output.</summary>
    public string Name => _name.Length > 0 || Outputs.Count == 0 ? _name : Outputs[0];

    /// <summary>Reads a NodeProto.</summary>
    public static OnnxNode Read(string path, ref ProtobufReader message)
    {
        OnnxNode node = new(path, message.Position);
        while (message.Next())
        {
            switch (message.Field)
            {
                case 1: node.Inputs.Add(message.Text()); break;
                case 2: node.Outputs.Add(message.Text()); break;
                case 3: node._name = message.Text(); break;
                case 4: node.Op = message.Text(); break;
                case 7: node.Domain = message.Text(); break;
                case 5:
                    ProtobufReader attribute = message.Message();
                    (string name, object? value) = ReadAttribute(ref attribute);
                    node._attributes[name] = value;
                    break;
                default: message.Skip(); break;
            }
        }
        return node;
    }

    public long Int(string name, long otherwise) => _attributes.TryGetValue(name, out object? value) ? value as long? ?? throw WrongKind(name, "a whole number") : otherwise;

    public float Float(string name, float otherwise) => _attributes.TryGetValue(name, out object? value) ? value as float? ?? throw WrongKind(name, "a float") : otherwise;

    public string Text(string name, string otherwise) => _attributes.TryGetValue(name, out object? value) ? value as string ?? throw WrongKind(name, "a text") : otherwise;

    public int[]? Ints(string name) => _attributes.TryGetValue(name, out object? value)
        ? [.. (value as List<long> ?? throw WrongKind(name, "whole numbers")).Select(item => ToInt(item, name))]
        : null;

    /// <summary>What a Constant node gives.</summary>
    public OnnxTensor? Constant() =>
        _attributes.TryGetValue("value", out object? tensor) ? tensor as OnnxTensor
        : _attributes.TryGetValue("value_float", out object? single) && single is float number ? OnnxTensor.Of([number], [])
        : _attributes.TryGetValue("value_int", out object? integer) && integer is long whole ? OnnxTensor.Of([whole], [])
        : _attributes.TryGetValue("value_floats", out object? singles) && singles is List<float> numbers ? OnnxTensor.Of([.. numbers], [numbers.Count])
        : _attributes.TryGetValue("value_ints", out object? integers) && integers is List<long> wholes ? OnnxTensor.Of([.. wholes], [wholes.Count])
        : null;

    /// <summary>A whole number of the file as one that sizes can be.</summary>
    public int ToInt(long value, string what) => value is >= int.MinValue and <= int.MaxValue
        ? (int)value
        : throw Bad($"{what} must lie within 32 bits; it is {value}");

    public InvalidDataException Bad(string rule, Exception? cause = null) =>
        Refusal.At(_path, Offset, $"node {OneLine.Quote(Name)} ({OneLine.Quote(Op).Trim('"')}): {rule.TrimEnd('.')}.", cause);

    private InvalidDataException WrongKind(string name, string wanted) => Bad($"attribute \"{name}\" must be {wanted}");

    private static (string Name, object? Value) ReadAttribute(ref ProtobufReader message)
    {
        string name = string.Empty;
        object? value = null;
        List<float> floats = [];
        List<long> ints = [];
        long kind = 0;
        while (message.Next())
        {
            switch (message.Field)
            {
                case 1: name = message.Text(); break;
                case 2: value = message.Single(); break;
                case 3: value = message.Integer(); break;
                case 4: value = message.Text(); break;
                case 5:
                    ProtobufReader tensor = message.Message();
                    value = OnnxTensor.Read(ref tensor);
                    break;
                case 7: message.Singles(floats); break;
                case 8: message.Integers(ints); break;
                case 20: kind = message.Integer(); break;
                default: message.Skip(); break;
            }
        }
        // Writers leave zeros and empty lists out: the kind says what is meant.
        return (name, kind switch { 1 => value ?? 0f, 2 => value ?? 0L, 6 => floats, 7 => ints, _ => value ?? (ints.Count > 0 ? ints : floats.Count > 0 ? floats : null) });
    }
}
