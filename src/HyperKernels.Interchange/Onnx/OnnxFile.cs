using System.Reflection;
using HyperKernels.IO;
using HyperKernels.Layers;

namespace HyperKernels.Interchange;

/// <summary>Writes and reads networks as ONNX models.</summary>
/// <remarks>
/// Models are written with operator set 17 (IR version 8), which ONNX Runtime reads since 1.12. Layers are written as they compute when they
/// do not train: dropout passes everything, batch norms use their running statistics. Source: onnx.ai, "Open Neural Network Exchange
/// Intermediate Representation" and "Operators".
/// </remarks>
public static partial class OnnxFile
{
    /// <summary>The version of the default operator set that models are written in.</summary>
    public const int Opset = 17;

    /// <summary>The name of the data in a model's inputs.</summary>
    public const string Input = "input";

    /// <summary>The name of the answer in a model's outputs.</summary>
    public const string Output = "output";

    private const int IrVersion = 8;

    // What protobuf readers take at most: 2 GiB.
    private const long MostBytes = int.MaxValue;

    /// <summary>Writes a network that maps one tensor to one tensor: an ordinary one, or what <see cref="HyperNetwork.Materialize(ReadOnlySpan{float})"/> gives.</summary>
    /// <param name="path">The file to make or replace.</param>
    /// <param name="network">The network; its parameters become constants under their dotted names.</param>
    /// <param name="sample">The axes of one sample, without the batch: <c>[1, 28, 28]</c>.</param>
    /// <param name="input">What the input's elements are: integers for a network that begins with an <see cref="Embedding"/>.</param>
    /// <exception cref="NotSupportedException">A layer has no form in ONNX; the message names it.</exception>
    /// <exception cref="ArgumentException">A layer cannot take what comes of such samples, or the model would pass 2 GiB.</exception>
    /// <exception cref="IOException">The folder is missing or cannot be written, or the disk is full.</exception>
    /// <remarks>The model takes <c>input</c> [batch, sample...] and gives <c>output</c> [batch, ...], for a batch of any size.</remarks>
    public static void Write(string path, TensorLayer network, Shape sample, ElementType input = ElementType.Float32)
    {
        ArgumentNullException.ThrowIfNull(network);
        OnnxGraph graph = new("network");
        Shape one = sample.Insert(0, 1);
        OnnxValue x = new(graph.Input(Input, TypeOf(input), [-1, .. sample.AsSpan()]), one);
        OnnxValue y = new LayerExport(graph, Constants(graph, network)).Apply(network, string.Empty, x);
        graph.Output(Output, y.Name, y.Sizes);
        Save(path, graph);
    }

    /// <summary>Writes a hypernetwork as one graph: conditions and data in, answer out.</summary>
    /// <param name="path">The file to make or replace.</param>
    /// <param name="network">A hypernetwork of declared conditions; its emission is one of the engine's own.</param>
    /// <param name="sample">The axes of one sample, without the batch.</param>
    /// <param name="conditions">Whether the batch has one row of conditions or every sample its own.</param>
    /// <param name="input">What the data's elements are.</param>
    /// <exception cref="NotSupportedException">A part or a layer has no form in ONNX; the message names it.</exception>
    /// <exception cref="ArgumentException">
    /// A layer cannot take what comes of such samples, a condition is called as the data or the answer, or the model would pass 2 GiB.
    /// </exception>
    /// <exception cref="IOException">The folder is missing or cannot be written, or the disk is full.</exception>
    /// <remarks>
    /// The model takes each condition under its name ([1, size] or [batch, size] floats, [1] or [batch] int32 for categories and rows of
    /// tables), and <c>input</c>. Values outside a declared range are clamped, also where the condition asks for an error.
    /// </remarks>
    public static void Write(
        string path, HyperNetwork network, Shape sample, OnnxConditions conditions = OnnxConditions.OneForAll, ElementType input = ElementType.Float32)
    {
        ArgumentNullException.ThrowIfNull(network);
        OnnxGraph graph = new("hypernetwork");
        HyperExport export = new(network, Constants(graph, network));
        if (((DeclaredConditioning)network.Conditioning).Conditions.FirstOrDefault(static condition => condition.Name is Input or Output) is { } taken)
        {
            throw new ArgumentException($"OnnxFile.Write: the names \"{Input}\" and \"{Output}\" are those of data and answer; a condition is called \"{taken.Name}\". Rename it.");
        }
        Shape one = sample.Insert(0, 1);
        if (conditions == OnnxConditions.OneForAll)
        {
            export.WriteShared(graph, one, TypeOf(input));
        }
        else
        {
            export.WritePerSample(graph, one, TypeOf(input));
        }
        Save(path, graph);
    }

    /// <summary>Writes one step of a recurrent network.</summary>
    /// <param name="path">The file to make or replace.</param>
    /// <param name="cell">A <see cref="GruCell"/> or <see cref="LstmCell"/>.</param>
    /// <exception cref="NotSupportedException">The cell is of another class.</exception>
    /// <exception cref="IOException">The folder is missing or cannot be written, or the disk is full.</exception>
    /// <remarks>
    /// The model takes <c>input</c> [batch, inFeatures] and <c>hidden</c> [batch, hiddenFeatures], of an LSTM also <c>cell</c>, and gives
    /// <c>output</c>, the new hidden state, of an LSTM also <c>new_cell</c>.
    /// </remarks>
    public static void Write(string path, RecurrentCell cell)
    {
        ArgumentNullException.ThrowIfNull(cell);
        OnnxGraph graph = new("cell");
        CellExport.Write(graph, cell, Constants(graph, cell));
        Save(path, graph);
    }

    private static Func<Parameter, string> Constants(OnnxGraph graph, Layer network)
    {
        Dictionary<Parameter, string> names = network.NamedParameters().ToDictionary(static named => named.Parameter, static named => named.Name);
        return parameter => graph.Named(names[parameter], parameter.OwnValue.ToArray(), parameter.Shape.AsSpan());
    }

    private static OnnxType TypeOf(ElementType type) => type == ElementType.Float32 ? OnnxType.Float32 : OnnxType.Int32;

    // Field numbers are those of onnx.proto, ModelProto and OperatorSetIdProto.
    private static void Save(string path, OnnxGraph graph)
    {
        string version = typeof(OnnxFile).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? string.Empty;
        ProtobufWriter model = new ProtobufWriter()
            .Varint(1, IrVersion)
            .Message(8, new ProtobufWriter().Text(1, string.Empty).Varint(2, Opset))
            .Text(2, "HyperKernels")
            .Text(3, version)
            .Message(7, graph.ToMessage());
        if (model.Length > MostBytes)
        {
            throw new ArgumentException($"OnnxFile.Write: a model may have at most 2 GiB; this one has {model.Length:N0} bytes.");
        }
        AtomicFile.Write(path, model.WriteTo);
    }
}
