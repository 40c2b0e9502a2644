using System.Text.Json;
using System.Text.Json.Nodes;

namespace HyperKernels.Layers;

/// <summary>Makes trees of layers from their descriptions, with parameters that are to be overwritten.</summary>
internal sealed class LayerReader
{
    // Far below what the stack bears, far above what anybody nests.
    private const int MostDepth = 256;

    private readonly Dictionary<JsonObject, int> _numbers = new(ReferenceEqualityComparer.Instance);
    private readonly List<JsonObject> _described = [];
    private readonly Dictionary<int, Layer?> _made = [];

    /// <summary>Numbers the layers of a tree as they were written.</summary>
    public LayerReader(JsonObject root) => Number(root);

    /// <summary>Reads the text of a description.</summary>
    /// <exception cref="JsonException">It is no JSON object.</exception>
    public static JsonObject Parse(string text) =>
        JsonNode.Parse(text, documentOptions: new JsonDocumentOptions { MaxDepth = MostDepth }) as JsonObject
        ?? throw new JsonException("a JSON object is needed.");

    /// <summary>Makes a tree.</summary>
    /// <param name="root">Its description.</param>
    /// <param name="most">
    /// The values that its parameters and buffers may hold together: what is damaged must not ask for more memory than there are weights.
    /// </param>
    /// <param name="make">Makes the layer at the root; null for what its type says.</param>
    /// <exception cref="FormatException">A type is unknown, a setting is missing or has no sense, or the layers are too large.</exception>
    /// <exception cref="ArgumentException">A layer refuses a setting.</exception>
    public static Layer Read(JsonObject root, long most = long.MaxValue, Func<LayerSettings, Layer>? make = null)
    {
        LayerReader reader = new(root);
        using LayerAllowance allowance = new(most);
        Layer layer = make is null ? reader.Make(root) : make(new LayerSettings(TypeOf(root), root, reader));
        SetModes(layer, root);
        return layer;
    }

    /// <summary>Makes the layer of a description inside the tree, once.</summary>
    public Layer Make(JsonObject json)
    {
        if (json[LayerWriter.Same] is { } same)
        {
            int repeated = same.GetValue<int>();
            json = repeated >= 0 && repeated < _described.Count
                ? _described[repeated]
                : throw new FormatException($"there is no layer number {repeated} to repeat.");
        }
        string type = TypeOf(json);
        int number = _numbers[json];
        if (_made.TryGetValue(number, out Layer? made))
        {
            return made ?? throw new FormatException($"the layer number {number}, a \"{type}\", would contain itself.");
        }
        LayerType known = LayerTypes.Find(type)
            ?? throw new FormatException(
                $"no layer of type \"{type}\" is registered. Call LayerTypes.Register for a class of your own; was the file written by a later version?");
        _made.Add(number, null);
        Layer layer = known.Read(new LayerSettings(type, json, this));
        _made[number] = layer;
        if (json[LayerWriter.Training] is { } training && !training.GetValue<bool>())
        {
            layer.TrainAlone(false);
        }
        return layer;
    }

    private static string TypeOf(JsonObject json) => json[LayerWriter.Type]?.GetValue<string>() ?? throw new FormatException("a layer has no type.");

    private static void SetModes(Layer root, JsonObject json)
    {
        if (json[LayerWriter.Evaluating] is not JsonArray names)
        {
            return;
        }
        HashSet<string> evaluating = [.. names.Select(static name => name!.GetValue<string>())];
        if (evaluating.Remove(LayerWriter.All))
        {
            root.Eval();
        }
        foreach ((string name, Layer layer) in root.NamedLayers())
        {
            if (evaluating.Remove(name))
            {
                layer.TrainAlone(false);
            }
        }
        if (evaluating.Count > 0)
        {
            throw new FormatException($"there is no layer \"{evaluating.First()}\" that could be evaluating.");
        }
    }

    // Depth first, in the order of the text, which is that of writing.
    private void Number(JsonNode? node)
    {
        switch (node)
        {
            case JsonObject json:
                if (json.ContainsKey(LayerWriter.Type))
                {
                    _numbers.Add(json, _described.Count);
                    _described.Add(json);
                }
                foreach ((_, JsonNode? inner) in json)
                {
                    Number(inner);
                }
                break;
            case JsonArray list:
                foreach (JsonNode? inner in list)
                {
                    Number(inner);
                }
                break;
        }
    }
}
