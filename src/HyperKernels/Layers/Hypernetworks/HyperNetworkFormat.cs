using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace HyperKernels.Layers;

/// <summary>The description of a hypernetwork in its file: everything but the weights.</summary>
internal static class HyperNetworkFormat
{
    public static string Write(HyperNetwork network)
    {
        DeclaredConditioning conditioning = network.Conditioning as DeclaredConditioning
            ?? throw OfYourOwn("conditioning", network.Conditioning);
        JsonNode? target = LayerFormat.TryWrite(network.Target);
        JsonObject root = new()
        {
            ["encoding"] = conditioning.Encoding.Name,
            ["conditions"] = new JsonArray([.. conditioning.Conditions.Select(WriteCondition)]),
            ["generator"] = WriteGenerator(network.Generator, network.Emission.Width),
            ["emission"] = WriteEmission(network.Emission),
            ["manifest"] = new JsonArray([.. network.Manifest.Entries.Select(WriteEntry)]),
            ["target"] = target,
        };
        return root.ToJsonString();
    }

    /// <summary>Reads what <see cref="Write"/> gave.</summary>
    /// <param name="root">The description.</param>
    /// <param name="stored">For the names of the tensors in the file their shapes: nothing larger than they is made.</param>
    /// <param name="withTarget">Whether to make the target; one that the caller gives need not be known here.</param>
    /// <exception cref="FormatException">A size does not fit the tensors that the file holds, or a name is unknown.</exception>
    public static HyperNetworkDescription Read(JsonElement root, IReadOnlyDictionary<string, Shape> stored, bool withTarget)
    {
        List<Condition> conditions = [.. root.GetProperty("conditions").EnumerateArray().Select(ReadCondition)];
        JsonElement generator = root.GetProperty("generator");
        JsonElement emission = root.GetProperty("emission");
        JsonElement layers = root.GetProperty("target");
        TargetManifest manifest = new(root.GetProperty("manifest").EnumerateArray().Select(ReadEntry));
        HashSet<string> names = [.. manifest.Entries.Select(static entry => entry.Name)];
        long weights = stored.Values.Sum(static shape => shape.Count);
        HyperNetworkOptions options = new()
        {
            Encoding = Encoding.Find(root.GetProperty("encoding").GetString()),
            Hidden = generator.TryGetProperty("hidden", out JsonElement hidden) ? [.. hidden.EnumerateArray().Select(static h => h.GetInt32())] : [],
            Activation = generator.TryGetProperty("activation", out _)
                ? Activation.Of(Read<ActivationKind>(generator, "activation"), generator.GetProperty("parameter").GetSingle())
                : default,
            Generator = generator.TryGetProperty("layer", out JsonElement layer) ? _ => ReadGenerator(layer, weights) : null,
            GeneratorOutputs = generator.GetProperty("outputs").GetInt32(),
            Emission = Read<EmissionPlan>(emission, "plan"),
            ChunkSize = emission.GetProperty("chunkSize").GetInt32(),
            ChunkEmbedding = emission.GetProperty("chunkEmbedding").GetInt32(),
            Base = emission.GetProperty("base").GetBoolean() ? BaseWeights.Zero : BaseWeights.None,
            Where = named => names.Contains(named.Name),
            // What is drawn is overwritten: the library's own stream must not move.
            Random = new RandomStream(0),
        };
        CheckSizes(conditions, options, manifest, stored, weights);
        Layer? target = !withTarget ? null : layers.ValueKind == JsonValueKind.Null
            ? new UnknownLayer([.. manifest.Entries.Select(static entry => (entry.Names, entry.Shape, entry.Role))])
            : LayerFormat.Read(layers, Math.Max(weights, manifest.Count));
        return new HyperNetworkDescription(conditions, options, manifest, target);
    }

    // The weights of an emission tell how much it generates; sizes that do not agree with them would only ask for memory.
    private static void CheckSizes(
        List<Condition> conditions, HyperNetworkOptions options, TargetManifest manifest, IReadOnlyDictionary<string, Shape> stored, long weights)
    {
        Require(conditions.TrueForAll(c => (double)Math.Max(1, c.Rows) * c.Size <= weights), "a condition is larger than the file's weights");
        Require(options.Hidden.All(width => width > 0 && width <= weights), "a hidden layer is wider than the file's weights, or empty");
        double inputs = conditions.Sum(static c => 2.0 * c.Size);
        foreach (int width in options.Hidden)
        {
            Require(inputs * width <= 4.0 * weights, "the hidden layers are larger than the file's weights");
            inputs = width;
        }
        if (options.Emission == EmissionPlan.Chunks)
        {
            bool has = stored.TryGetValue("emission.chunks", out Shape chunks) && stored.TryGetValue("emission.weight", out Shape weight)
                && chunks.Rank == 2 && weight.Rank == 2 && weight[0] == options.ChunkSize && chunks[1] == options.ChunkEmbedding
                && manifest.Count <= (long)chunks[0] * options.ChunkSize;
            Require(has, "\"emission.chunks\" and \"emission.weight\" do not generate what the manifest lists");
        }
        else
        {
            Require(manifest.Count <= weights, "the manifest lists more than the file's weights can generate");
        }
    }

    private static void Require(bool condition, string otherwise)
    {
        if (!condition)
        {
            throw new FormatException(otherwise + ".");
        }
    }

    private static TEnum Read<TEnum>(JsonElement json, string name)
        where TEnum : struct, Enum
    {
        string? text = json.GetProperty(name).GetString();
        return Enum.TryParse(text, out TEnum value) && Enum.IsDefined(value)
            ? value
            : throw new FormatException($"\"{name}\" must be one of {string.Join(", ", Enum.GetNames<TEnum>())}; it is \"{text}\".");
    }

    private static JsonNode WriteCondition(Condition condition) => new JsonObject
    {
        ["name"] = condition.Name,
        ["kind"] = condition.Kind.ToString(),
        ["size"] = condition.Size,
        ["low"] = condition.Low,
        ["high"] = condition.High,
        ["outOfRange"] = condition.OutOfRange.ToString(),
        ["rows"] = condition.Rows,
        ["categories"] = new JsonArray([.. condition.Categories.Select(static c => (JsonNode)c)]),
    };

    private static Condition ReadCondition(JsonElement json)
    {
        string name = json.GetProperty("name").GetString()!;
        int size = json.GetProperty("size").GetInt32();
        double low = json.GetProperty("low").GetDouble();
        double high = json.GetProperty("high").GetDouble();
        OutOfRange outOfRange = Read<OutOfRange>(json, "outOfRange");
        string[] categories = [.. json.GetProperty("categories").EnumerateArray().Select(static c => c.GetString()!)];
        return Read<ConditionKind>(json, "kind") switch
        {
            ConditionKind.Range => Condition.Range(name, low, high, size, outOfRange),
            ConditionKind.LogRange => Condition.LogRange(name, low, high, size, outOfRange),
            ConditionKind.Raw => Condition.Raw(name, size),
            ConditionKind.Embedding => Condition.Embedding(name, json.GetProperty("rows").GetInt32(), size),
            _ => categories.Length > 0 ? Condition.Categorical(name, categories) : Condition.Categorical(name, size),
        };
    }

    private static JsonObject WriteGenerator(Layer generator, int outputs)
    {
        if (generator is GeneratorMlp mlp)
        {
            return new JsonObject
            {
                ["hidden"] = new JsonArray([.. mlp.Widths.Select(static w => (JsonNode)w)]),
                ["activation"] = mlp.Activation.Kind.ToString(),
                ["parameter"] = mlp.Activation.Parameter,
                ["outputs"] = mlp.Outputs,
            };
        }
        JsonNode? layer = LayerFormat.TryWrite(generator);
        if (layer is null)
        {
            Throw.InvalidOperation($"HyperNetwork.Save: the generator holds a layer of a type of your own ({generator.GetType().Name}), which the file cannot describe; save its state instead (GetState).");
        }
        return new JsonObject { ["layer"] = layer, ["outputs"] = outputs };
    }

    private static TensorLayer ReadGenerator(JsonElement json, long weights)
    {
        Layer read = LayerFormat.Read(json, weights);
        return read as TensorLayer ?? throw new FormatException($"the generator must map one tensor to one tensor; it is a {read.GetType().Name}.");
    }

    private static InvalidOperationException OfYourOwn(string part, Layer layer) => new(
        $"HyperNetwork.Save: the {part} is of a type of your own ({layer.GetType().Name}), which the file cannot describe; save its state instead (GetState).");

    private static JsonObject WriteEmission(Emission emission)
    {
        ChunkedEmission? chunked = emission as ChunkedEmission;
        return new JsonObject
        {
            ["plan"] = (emission switch
            {
                FullEmission => EmissionPlan.Full,
                HeadsEmission => EmissionPlan.Heads,
                ChunkedEmission => EmissionPlan.Chunks,
                _ => throw OfYourOwn("emission", emission),
            }).ToString(),
            ["chunkSize"] = chunked?.ChunkSize ?? 0,
            ["chunkEmbedding"] = chunked?.Chunks.Shape[1] ?? 0,
            ["base"] = emission.HasBase,
            ["width"] = emission.Width,
        };
    }

    private static JsonNode WriteEntry(ManifestEntry entry)
    {
        JsonArray shape = [];
        foreach (int size in entry.Shape)
        {
            shape.Add((JsonNode)size);
        }
        return new JsonObject
        {
            ["names"] = new JsonArray([.. entry.Names.Select(static name => (JsonNode)name)]),
            ["shape"] = shape,
            ["role"] = entry.Role.ToString(),
            ["offset"] = entry.Offset,
        };
    }

    private static (IReadOnlyList<string> Names, Shape Shape, ParameterRole Role) ReadEntry(JsonElement json)
    {
        string[] names = [.. json.GetProperty("names").EnumerateArray().Select(static name => name.GetString() ?? "")];
        Require(names.Length > 0, "an entry of the manifest has no name");
        return (names, new Shape([.. json.GetProperty("shape").EnumerateArray().Select(static size => size.GetInt32())]), Read<ParameterRole>(json, "role"));
    }
}
