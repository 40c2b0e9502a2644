using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace HyperKernels.Layers;

/// <summary>The description of a hypernetwork in its file: everything but the weights.</summary>
internal static class HyperNetworkFormat
{
    public static string Write(HyperNetwork network)
    {
        JsonNode? target = LayerFormat.TryWrite(network.Target);
        JsonObject root = new()
        {
            ["encoding"] = network.Conditioning.Encoding.ToString(),
            ["conditions"] = new JsonArray([.. network.Conditioning.Conditions.Select(WriteCondition)]),
            ["generator"] = WriteGenerator(network.Generator),
            ["emission"] = WriteEmission(network.Emission),
            ["manifest"] = new JsonArray([.. network.Manifest.Entries.Select(WriteEntry)]),
            ["target"] = target,
        };
        return root.ToJsonString();
    }

    public static HyperNetwork Read(JsonElement root, Layer? target)
    {
        List<Condition> conditions = [.. root.GetProperty("conditions").EnumerateArray().Select(ReadCondition)];
        JsonElement generator = root.GetProperty("generator");
        JsonElement emission = root.GetProperty("emission");
        JsonElement layers = root.GetProperty("target");
        List<(IReadOnlyList<string> Names, Shape Shape, ParameterRole Role)> manifest = [.. root.GetProperty("manifest").EnumerateArray().Select(ReadEntry)];
        Layer network = target ?? (layers.ValueKind == JsonValueKind.Null ? new UnknownLayer(manifest) : LayerFormat.Read(layers));
        HashSet<string> names = [.. manifest.Select(static entry => entry.Names[0])];
        CheckTarget(network, manifest);
        HyperNetworkOptions options = new()
        {
            Encoding = Enum.Parse<Encoding>(root.GetProperty("encoding").GetString()!),
            Hidden = generator.TryGetProperty("hidden", out JsonElement hidden) ? [.. hidden.EnumerateArray().Select(static h => h.GetInt32())] : [],
            Activation = generator.TryGetProperty("activation", out JsonElement activation) ? Enum.Parse<Activation>(activation.GetString()!) : default,
            ActivationParameter = generator.TryGetProperty("parameter", out JsonElement parameter) ? parameter.GetSingle() : default,
            Generator = generator.TryGetProperty("layer", out JsonElement layer) ? _ => LayerFormat.Read(layer) : null,
            GeneratorOutputs = generator.GetProperty("outputs").GetInt32(),
            Emission = Enum.Parse<EmissionPlan>(emission.GetProperty("plan").GetString()!),
            ChunkSize = emission.GetProperty("chunkSize").GetInt32(),
            ChunkEmbedding = emission.GetProperty("chunkEmbedding").GetInt32(),
            Base = emission.GetProperty("base").GetBoolean() ? BaseWeights.Zero : BaseWeights.None,
            Where = named => names.Contains(named.Name),
        };
        return HyperNetwork.For(network, conditions, options: options);
    }

    private static void CheckTarget(Layer target, List<(IReadOnlyList<string> Names, Shape Shape, ParameterRole Role)> manifest)
    {
        Dictionary<string, Shape> have = target.NamedParameters().ToDictionary(static named => named.Name, static named => named.Parameter.Shape);
        foreach ((IReadOnlyList<string> names, Shape shape, _) in manifest)
        {
            if (!have.TryGetValue(names[0], out Shape found) || found != shape)
            {
                Throw.Argument($"HyperNetwork.Load: the target must have \"{names[0]}\" {shape}; it has {(have.ContainsKey(names[0]) ? found.ToString() : "no such parameter")}.");
            }
        }
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
        OutOfRange outOfRange = Enum.Parse<OutOfRange>(json.GetProperty("outOfRange").GetString()!);
        string[] categories = [.. json.GetProperty("categories").EnumerateArray().Select(static c => c.GetString()!)];
        return Enum.Parse<ConditionKind>(json.GetProperty("kind").GetString()!) switch
        {
            ConditionKind.Range => Condition.Range(name, low, high, size, outOfRange),
            ConditionKind.LogRange => Condition.LogRange(name, low, high, size, outOfRange),
            ConditionKind.Raw => Condition.Raw(name, size),
            ConditionKind.Embedding => Condition.Embedding(name, json.GetProperty("rows").GetInt32(), size),
            _ => categories.Length > 0 ? Condition.Categorical(name, categories) : Condition.Categorical(name, size),
        };
    }

    private static JsonObject WriteGenerator(Layer generator)
    {
        if (generator is GeneratorMlp mlp)
        {
            return new JsonObject
            {
                ["hidden"] = new JsonArray([.. mlp.Widths.Select(static w => (JsonNode)w)]),
                ["activation"] = mlp.Activation.ToString(),
                ["parameter"] = mlp.ActivationParameter,
                ["outputs"] = mlp.Outputs,
            };
        }
        JsonNode? layer = LayerFormat.TryWrite(generator);
        if (layer is null)
        {
            Throw.InvalidOperation($"HyperNetwork.Save: the generator holds a layer of a type of your own ({generator.GetType().Name}), which the file cannot describe; save its state instead (GetState).");
        }
        return new JsonObject { ["layer"] = layer, ["outputs"] = 0 };
    }

    private static JsonObject WriteEmission(Emission emission)
    {
        ChunkedEmission? chunked = emission as ChunkedEmission;
        return new JsonObject
        {
            ["plan"] = (emission switch { HeadsEmission => EmissionPlan.Heads, ChunkedEmission => EmissionPlan.Chunks, _ => EmissionPlan.Full }).ToString(),
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

    private static (IReadOnlyList<string> Names, Shape Shape, ParameterRole Role) ReadEntry(JsonElement json) => (
        [.. json.GetProperty("names").EnumerateArray().Select(static name => name.GetString()!)],
        new Shape([.. json.GetProperty("shape").EnumerateArray().Select(static size => size.GetInt32())]),
        Enum.Parse<ParameterRole>(json.GetProperty("role").GetString()!));
}
