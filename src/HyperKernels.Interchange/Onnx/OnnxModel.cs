namespace HyperKernels.Interchange;

/// <summary>A model that is read: its nodes in order, its constants, what it takes and gives.</summary>
internal sealed class OnnxModel
{
    private readonly string _path;

    private OnnxModel(string path) => _path = path;

    /// <summary>The version of the default operator set.</summary>
    public int Opset { get; private set; } = 1;

    public List<OnnxNode> Nodes { get; } = [];

    public Dictionary<string, OnnxTensor> Constants { get; } = [];

    public List<string> Inputs { get; } = [];

    public List<string> Outputs { get; } = [];

    /// <summary>Reads a ModelProto.</summary>
    /// <exception cref="InvalidDataException">The file is damaged, or holds what is not read.</exception>
    public static OnnxModel Read(string path)
    {
        FileInfo file = new(path);
        if (file.Exists && file.Length > Array.MaxLength)
        {
            throw Refusal.At(path, 0, $"a model may have at most {Array.MaxLength:N0} bytes; the file has {file.Length:N0}.");
        }
        OnnxModel model = new(path);
        ProtobufReader message = new(path, File.ReadAllBytes(path), 0);
        bool hasGraph = false;
        while (message.Next())
        {
            switch (message.Field)
            {
                case 7:
                    ProtobufReader graph = message.Message();
                    model.ReadGraph(ref graph);
                    hasGraph = true;
                    break;
                case 8:
                    ProtobufReader opset = message.Message();
                    model.ReadOpset(ref opset);
                    break;
                default: message.Skip(); break;
            }
        }
        return hasGraph ? model : throw message.Bad($"the file has no graph; it may be no ONNX model.");
    }

    public InvalidDataException Bad(string rule) => Refusal.At(_path, 0, rule);

    private void ReadOpset(ref ProtobufReader message)
    {
        (string domain, long version) = (string.Empty, 1);
        while (message.Next())
        {
            switch (message.Field)
            {
                case 1: domain = message.Text(); break;
                case 2: version = message.Integer(); break;
                default: message.Skip(); break;
            }
        }
        if (domain is "" or "ai.onnx")
        {
            Opset = (int)Math.Clamp(version, 1, int.MaxValue);
        }
    }

    private void ReadGraph(ref ProtobufReader message)
    {
        while (message.Next())
        {
            switch (message.Field)
            {
                case 1:
                    ProtobufReader node = message.Message();
                    Nodes.Add(OnnxNode.Read(_path, ref node));
                    break;
                case 5:
                    ProtobufReader tensor = message.Message();
                    OnnxTensor constant = OnnxTensor.Read(ref tensor);
                    if (!Constants.TryAdd(constant.Name, constant))
                    {
                        throw message.Bad($"there are two constants {OneLine.Quote(constant.Name)}.");
                    }
                    break;
                case 11: Inputs.Add(Name(ref message)); break;
                case 12: Outputs.Add(Name(ref message)); break;
                case 15: throw message.Bad($"sparse constants are not read.");
                default: message.Skip(); break;
            }
        }
        // Models before IR version 4 list constants among the inputs too.
        Inputs.RemoveAll(Constants.ContainsKey);
    }

    private static string Name(ref ProtobufReader message)
    {
        ProtobufReader value = message.Message();
        string name = string.Empty;
        while (value.Next())
        {
            if (value.Field == 1)
            {
                name = value.Text();
            }
            else
            {
                value.Skip();
            }
        }
        return name;
    }
}
