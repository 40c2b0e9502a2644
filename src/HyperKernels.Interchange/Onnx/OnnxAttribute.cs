namespace HyperKernels.Interchange;

/// <summary>An attribute of a node that is written: its name and its message. Field numbers and kinds are those of <c>onnx.proto</c>, AttributeProto.</summary>
internal readonly record struct OnnxAttribute(ProtobufWriter Message)
{
    private const int Name = 1;
    private const int Kind = 20;

    public static OnnxAttribute Float(string name, float value) => new(New(name).Fixed32(2, value).Varint(Kind, 1));

    public static OnnxAttribute Int(string name, long value) => new(New(name).Varint(3, value).Varint(Kind, 2));

    public static OnnxAttribute Graph(string name, OnnxGraph value) => new(New(name).Message(6, value.ToMessage()).Varint(Kind, 5));

    public static OnnxAttribute Ints(string name, params ReadOnlySpan<int> values)
    {
        ProtobufWriter message = New(name);
        foreach (int value in values)
        {
            message.Varint(8, value);
        }
        return new OnnxAttribute(message.Varint(Kind, 7));
    }

    private static ProtobufWriter New(string name) => new ProtobufWriter().Text(Name, name);
}
