using System.Text.Json.Nodes;

namespace HyperKernels.Layers;

/// <summary>Describes trees of layers: the type and settings of each, as JSON.</summary>
internal sealed class LayerWriter
{
    /// <summary>The name under which a layer's type stands; an object without it is no layer.</summary>
    public const string Type = "type";

    /// <summary>Instead of a layer: the number of the one that stands here once more, in the order in which they are described, from 0.</summary>
    public const string Same = "same";

    /// <summary>False for one layer that does not train, in older files.</summary>
    public const string Training = "training";

    /// <summary>At the root: the dotted names of the layers that do not train.</summary>
    public const string Evaluating = "evaluating";

    /// <summary>In the place of all names: no layer trains.</summary>
    public const string All = "*";

    private readonly Dictionary<Layer, int> _numbers = new(ReferenceEqualityComparer.Instance);
    private Layer? _unknown;

    private LayerWriter()
    {
    }

    /// <summary>Describes a tree.</summary>
    /// <param name="root">The tree.</param>
    /// <param name="where">Who asks, for the message.</param>
    /// <exception cref="InvalidOperationException">A layer's class is not registered, or settings hold a layer that is not in the tree.</exception>
    public static JsonObject Write(Layer root, string where)
    {
        LayerWriter writer = new();
        JsonObject json = writer.Describe(root);
        if (writer._unknown is { } unknown)
        {
            string name = root.NamedLayers().FirstOrDefault(named => ReferenceEquals(named.Layer, unknown)).Name;
            string type = unknown.GetType().Name;
            Throw.InvalidOperation(
                $"{where}: the class of every layer must be registered; {(string.IsNullOrEmpty(name) ? "the layer" : $"\"{name}\"")} is a {type}. "
                + $"Let it implement IStoredLayer<{type}> and call LayerTypes.Register<{type}>(), or keep its state alone (GetState).");
        }
        HashSet<Layer> tree = [.. root.NamedLayers().Select(static named => named.Layer)];
        if (writer._numbers.Keys.FirstOrDefault(layer => !tree.Contains(layer)) is { } stranger)
        {
            Throw.InvalidOperation(
                $"{where}: a layer that stands in settings must be part of the tree, or its values are lost; a {stranger.GetType().Name} is not. "
                + "Register it in the constructor of the layer that holds it: Add(name, layer).");
        }
        string[] evaluating = [.. root.NamedLayers().Where(static named => !named.Layer.Training).Select(static named => named.Name)];
        if (evaluating.Length > 0)
        {
            bool all = evaluating.Length == root.NamedLayers().Count;
            json[Evaluating] = new JsonArray([.. (all ? [All] : evaluating).Select(static name => (JsonNode)name)]);
        }
        return json;
    }

    /// <summary>Whether all classes of a tree are registered, those of layers apart that their owners make themselves.</summary>
    public static bool CanWrite(Layer root)
    {
        LayerWriter writer = new();
        writer.Describe(root);
        return writer._unknown is null;
    }

    /// <summary>Describes a layer inside the tree.</summary>
    public JsonObject Describe(Layer layer)
    {
        if (_numbers.TryGetValue(layer, out int number))
        {
            return new JsonObject { [Same] = number };
        }
        _numbers.Add(layer, _numbers.Count);
        JsonObject json = [];
        if (LayerTypes.Find(layer.GetType()) is { } type)
        {
            json.Add(Type, type.Name);
            type.Write(layer, new LayerSettings(type.Name, json, this));
        }
        else
        {
            _unknown ??= layer;
        }
        return json;
    }
}
