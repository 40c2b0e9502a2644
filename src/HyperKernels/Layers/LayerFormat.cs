using System.Text.Json;
using System.Text.Json.Nodes;

namespace HyperKernels.Layers;

/// <summary>Trees of the library's own layers as JSON, so that a file can hold a network without its class.</summary>
internal static class LayerFormat
{
    /// <summary>Describes a tree; null if it holds a layer of a type that the library does not know.</summary>
    public static JsonNode? TryWrite(Layer layer) => TryWrite(layer, []);

    /// <summary>Makes the tree again, of new weights, which the caller overwrites.</summary>
    /// <param name="json">What <see cref="TryWrite(Layer)"/> gave.</param>
    /// <param name="most">The values that one parameter may hold: what is damaged must not ask for more memory than there are weights.</param>
    /// <exception cref="FormatException">A type is unknown, a setting is missing, or a layer is too large.</exception>
    public static Layer Read(JsonElement json, long most = long.MaxValue) => Read(json, most, []);

    /// <summary>A new network of the same make.</summary>
    /// <exception cref="InvalidOperationException">It holds a layer of a type that the library does not know.</exception>
    public static Layer Copy(Layer layer)
    {
        JsonNode? json = TryWrite(layer);
        if (json is null)
        {
            Throw.InvalidOperation("HyperNetwork.Materialize: the target holds a layer of a type of your own; make one and use MaterializeInto.");
        }
        using JsonDocument document = JsonDocument.Parse(json.ToJsonString());
        return Read(document.RootElement);
    }

    // A layer that stands in several places is written once and referred to by its number, so that it is one layer again.
    private static JsonObject? TryWrite(Layer layer, List<Layer> seen)
    {
        int known = seen.IndexOf(layer);
        if (known >= 0)
        {
            return new JsonObject { ["same"] = known };
        }
        if (Describe(layer) is not { } settings)
        {
            return null;
        }
        seen.Add(layer);
        JsonObject json = new() { ["type"] = settings.Type };
        if (!layer.Training)
        {
            json["training"] = false;
        }
        foreach ((string name, double value) in settings.Numbers)
        {
            json[name] = value;
        }
        if (layer is not (Sequential or Residual))
        {
            return json;
        }
        JsonArray children = [];
        foreach ((_, Layer child) in layer.Children)
        {
            if (TryWrite(child, seen) is not { } written)
            {
                return null;
            }
            children.Add((JsonNode)written);
        }
        json["children"] = children;
        return json;
    }

    private static Layer Read(JsonElement json, long most, List<Layer> seen)
    {
        if (json.TryGetProperty("same", out JsonElement same))
        {
            int known = same.GetInt32();
            return known >= 0 && known < seen.Count && seen[known] is { } layer ? layer : throw new FormatException($"there is no layer number {known} to repeat.");
        }
        LayerSettings settings = new(
            json.GetProperty("type").GetString()!,
            [.. json.EnumerateObject().Where(static p => p.Value.ValueKind == JsonValueKind.Number).Select(static p => (p.Name, p.Value.GetDouble()))]);
        // The number is taken before the children's, as in writing.
        int place = seen.Count;
        seen.Add(null!);
        Layer[] children = json.TryGetProperty("children", out JsonElement inner) ? [.. inner.EnumerateArray().Select(child => Read(child, most, seen))] : [];
        if (LargestParameter(settings) > most)
        {
            throw new FormatException($"a layer \"{settings.Type}\" is larger than the {most} weights that there are.");
        }
        Layer made = Make(settings, children);
        made.TrainAlone(!json.TryGetProperty("training", out JsonElement training) || training.GetBoolean());
        return seen[place] = made;
    }

    // What is described here is made again below: a layer stands in both lists, with the same names.
    private static LayerSettings? Describe(Layer layer) => layer switch
    {
        Sequential => new("Sequential"),
        Residual => new("Residual"),
        Linear l => new("Linear", ("inputs", l.InFeatures), ("outputs", l.OutFeatures), Bias(l.Bias)),
        Mlp l => new("Mlp", [
            .. LayerSettings.List("sizes", [l.Layers[0].InFeatures, .. l.Layers.Select(static inner => inner.OutFeatures)]),
            ("activation", (double)l.Activation.Kind), ("parameter", l.Activation.Parameter), Bias(l.Layers[0].Bias)]),
        Conv1d l => new(
            "Conv1d", ("inChannels", l.InChannels), ("outChannels", l.OutChannels), ("kernelSize", l.KernelSize), ("stride", l.Stride),
            ("padding", l.Padding), ("dilation", l.Dilation), ("groups", l.Groups), Bias(l.Bias)),
        Conv2d l => new(
            "Conv2d", ("inChannels", l.InChannels), ("outChannels", l.OutChannels), ("kernelHeight", l.KernelSize.Height), ("kernelWidth", l.KernelSize.Width),
            ("strideH", l.Options.StrideH), ("strideW", l.Options.StrideW), ("paddingH", l.Options.PaddingH), ("paddingW", l.Options.PaddingW),
            ("dilationH", l.Options.DilationH), ("dilationW", l.Options.DilationW), ("groups", l.Options.Groups), Bias(l.Bias)),
        GruCell l => new("GruCell", ("inputs", l.Inputs), ("hidden", l.Hidden), ("bias", l.HasBias ? 1 : 0)),
        LstmCell l => new("LstmCell", ("inputs", l.Inputs), ("hidden", l.Hidden), ("bias", l.HasBias ? 1 : 0)),
        HypergraphConv l => new("HypergraphConv", ("inputs", l.Inputs), ("outputs", l.Outputs), ("bias", l.HasBias ? 1 : 0)),
        Embedding l => new("Embedding", ("rows", l.RowCount), ("size", l.RowSize)),
        LayerNorm l => new("LayerNorm", [.. Sizes(l.NormalizedShape), ("epsilon", l.Epsilon), Affine(l.Weight)]),
        RmsNorm l => new("RmsNorm", [.. Sizes(l.NormalizedShape), ("epsilon", l.Epsilon), Affine(l.Weight)]),
        GroupNorm l => new("GroupNorm", ("groups", l.Groups), ("channels", l.Channels), ("epsilon", l.Epsilon), Affine(l.Weight)),
        BatchNorm l => new("BatchNorm", ("channels", l.Channels), ("epsilon", l.Epsilon), ("momentum", l.Momentum), Affine(l.Weight)),
        MaxPool2d l => new("MaxPool2d", ("kernelSize", l.KernelSize), ("stride", l.Stride), ("padding", l.Padding)),
        AveragePool2d l => new("AveragePool2d", ("kernelSize", l.KernelSize), ("stride", l.Stride), ("padding", l.Padding)),
        AdaptiveAveragePool2d l => new("AdaptiveAveragePool2d", ("height", l.Height), ("width", l.Width)),
        Dropout l => new("Dropout", ("probability", l.Probability)),
        Flatten l => new("Flatten", ("startAxis", l.StartAxis)),
        ActivationLayer l => new("Activation", ("activation", (double)l.Activation.Kind), ("parameter", l.Activation.Parameter)),
        _ => null,
    };

    /// <summary>Whether files can hold this layer; it may hold others of which that is not so.</summary>
    internal static bool Knows(Layer layer) => Describe(layer) is not null;

    private static (string Name, double Value) Bias(Parameter? bias) => ("bias", bias is null ? 0 : 1);

    private static (string Name, double Value) Affine(Parameter? gain) => ("affine", gain is null ? 0 : 1);

    private static IEnumerable<(string Name, double Value)> Sizes(Shape shape) => LayerSettings.List("shape", shape.AsSpan().ToArray());

    // In doubles, which do not overflow.
    private static double LargestParameter(LayerSettings s) => s.Type switch
    {
        "Linear" or "HypergraphConv" => (double)s.Int("inputs") * s.Int("outputs"),
        "Mlp" => s.Ints("sizes").Zip(s.Ints("sizes").Skip(1), static (inputs, outputs) => (double)inputs * outputs).DefaultIfEmpty().Max(),
        "Conv1d" => (double)s.Int("inChannels") * s.Int("outChannels") * s.Int("kernelSize") / Math.Max(1, s.Int("groups")),
        "Conv2d" => (double)s.Int("inChannels") * s.Int("outChannels") * s.Int("kernelHeight") * s.Int("kernelWidth") / Math.Max(1, s.Int("groups")),
        "GruCell" or "LstmCell" => (s.Type == "GruCell" ? 3.0 : 4.0) * s.Int("hidden") * Math.Max(s.Int("inputs"), s.Int("hidden")),
        "Embedding" => (double)s.Int("rows") * s.Int("size"),
        "LayerNorm" or "RmsNorm" when s.Flag("affine") => s.Ints("shape").Aggregate(1.0, static (product, size) => product * size),
        "GroupNorm" when s.Flag("affine") => s.Int("channels"),
        "BatchNorm" => s.Int("channels"),
        _ => 0,
    };

    private static Layer Make(LayerSettings s, Layer[] children) => s.Type switch
    {
        "Sequential" => new Sequential([.. children.Select(TensorLayerOf)]),
        "Residual" when children.Length == 1 => new Residual(TensorLayerOf(children[0])),
        "Linear" => new Linear(s.Int("inputs"), s.Int("outputs"), s.Flag("bias"), Unused()),
        "Mlp" => new Mlp(s.Ints("sizes"), Activation.Of((ActivationKind)s.Int("activation"), s.Number("parameter")), s.Flag("bias"), Unused()),
        "Conv1d" => new Conv1d(
            s.Int("inChannels"), s.Int("outChannels"), s.Int("kernelSize"), s.Int("stride"), s.Int("padding"), s.Int("dilation"), s.Int("groups"), s.Flag("bias"), Unused()),
        "Conv2d" => new Conv2d(
            s.Int("inChannels"), s.Int("outChannels"), (s.Int("kernelHeight"), s.Int("kernelWidth")),
            new Conv2dOptions
            {
                StrideH = s.Int("strideH"),
                StrideW = s.Int("strideW"),
                PaddingH = s.Int("paddingH"),
                PaddingW = s.Int("paddingW"),
                DilationH = s.Int("dilationH"),
                DilationW = s.Int("dilationW"),
                Groups = s.Int("groups"),
            },
            s.Flag("bias"), Unused()),
        "GruCell" => new GruCell(s.Int("inputs"), s.Int("hidden"), s.Flag("bias"), Unused()),
        "LstmCell" => new LstmCell(s.Int("inputs"), s.Int("hidden"), s.Flag("bias"), Unused()),
        "HypergraphConv" => new HypergraphConv(s.Int("inputs"), s.Int("outputs"), s.Flag("bias"), Unused()),
        "Embedding" => new Embedding(s.Int("rows"), s.Int("size"), Unused()),
        "LayerNorm" => new LayerNorm(new Shape(s.Ints("shape")), s.Number("epsilon"), s.Flag("affine")),
        "RmsNorm" => new RmsNorm(new Shape(s.Ints("shape")), s.Number("epsilon"), s.Flag("affine")),
        "GroupNorm" => new GroupNorm(s.Int("groups"), s.Int("channels"), s.Number("epsilon"), s.Flag("affine")),
        "BatchNorm" => new BatchNorm(s.Int("channels"), s.Number("epsilon"), s.Number("momentum"), s.Flag("affine")),
        "MaxPool2d" => new MaxPool2d(s.Int("kernelSize"), s.Int("stride"), s.Int("padding")),
        "AveragePool2d" => new AveragePool2d(s.Int("kernelSize"), s.Int("stride"), s.Int("padding")),
        "AdaptiveAveragePool2d" => new AdaptiveAveragePool2d(s.Int("height"), s.Int("width")),
        "Dropout" => new Dropout(s.Number("probability")),
        "Flatten" => new Flatten(s.Int("startAxis")),
        "Activation" => MakeActivation((ActivationKind)s.Int("activation"), s.Number("parameter")),
        _ => throw new FormatException($"the library has no layer of type \"{s.Type}\"; was the file written by a later version?"),
    };

    // What is drawn is overwritten: the library's own stream must not move, or a run that saves would go on differently from one that does not.
    private static RandomStream Unused() => new(0);

    private static TensorLayer TensorLayerOf(Layer child) =>
        child as TensorLayer ?? throw new FormatException($"a {child.GetType().Name} cannot stand in a chain: it does not map one tensor to one tensor.");

    private static Layer MakeActivation(ActivationKind kind, float parameter) => kind switch
    {
        ActivationKind.Relu => new Relu(),
        ActivationKind.LeakyRelu => new LeakyRelu(parameter),
        ActivationKind.Tanh => new Tanh(),
        ActivationKind.Sigmoid => new Sigmoid(),
        ActivationKind.Gelu => new Gelu(),
        ActivationKind.GeluTanh => new GeluTanh(),
        ActivationKind.Silu => new Silu(),
        ActivationKind.Elu => new Elu(parameter),
        ActivationKind.Softplus => new Softplus(),
        ActivationKind.Sine => new Sine(parameter),
        _ => throw new FormatException($"the library has no activation layer \"{kind}\"."),
    };
}
