using System.Text.Json.Nodes;

namespace HyperKernels.Layers;

/// <summary>
/// What a layer is made from, by name, as files hold it: numbers, flags, choices by name, lists, and the layers that it was given. A layer
/// that stands in several places of a tree is written once and is one layer again.
/// </summary>
public sealed partial class LayerSettings
{
    private static readonly string[] s_reserved = [LayerWriter.Type, LayerWriter.Same, LayerWriter.Training, LayerWriter.Evaluating];

    private readonly JsonObject _json;
    private readonly LayerWriter? _writer;
    private readonly LayerReader? _reader;

    internal LayerSettings(string type, JsonObject json, LayerWriter writer)
    {
        Type = type;
        _json = json;
        _writer = writer;
    }

    internal LayerSettings(string type, JsonObject json, LayerReader reader)
    {
        Type = type;
        _json = json;
        _reader = reader;
    }

    /// <summary>The name of the layer's class in files.</summary>
    public string Type { get; }

    /// <summary>Writes a whole number.</summary>
    /// <exception cref="ArgumentException">The name is taken.</exception>
    public LayerSettings Set(string name, int value) => Put(name, JsonValue.Create(value));

    /// <summary>Writes a flag.</summary>
    /// <exception cref="ArgumentException">The name is taken.</exception>
    public LayerSettings Set(string name, bool value) => Put(name, JsonValue.Create(value));

    /// <summary>Writes a number.</summary>
    /// <exception cref="ArgumentException">The name is taken, or the number is not finite.</exception>
    public LayerSettings Set(string name, float value)
    {
        CheckFinite(name, value);
        return Put(name, JsonValue.Create(value));
    }

    /// <summary>Writes a number of double precision.</summary>
    /// <exception cref="ArgumentException">The name is taken, or the number is not finite.</exception>
    public LayerSettings Set(string name, double value)
    {
        CheckFinite(name, value);
        return Put(name, JsonValue.Create(value));
    }

    /// <summary>Writes a text.</summary>
    /// <exception cref="ArgumentException">The name is taken.</exception>
    public LayerSettings Set(string name, string value)
    {
        ArgumentNullException.ThrowIfNull(value);
        return Put(name, JsonValue.Create(value));
    }

    /// <summary>Writes a choice by its name.</summary>
    /// <exception cref="ArgumentException">The name is taken, or the value has no name.</exception>
    public LayerSettings Set<TEnum>(string name, TEnum value)
        where TEnum : struct, Enum
    {
        if (!Enum.IsDefined(value))
        {
            Throw.Argument($"LayerSettings.Set: \"{name}\" of a layer \"{Type}\" must be one of {string.Join(", ", Enum.GetNames<TEnum>())}; got {value}.");
        }
        return Put(name, JsonValue.Create(value.ToString()));
    }

    /// <summary>Writes a list of whole numbers.</summary>
    /// <exception cref="ArgumentException">The name is taken.</exception>
    public LayerSettings Set(string name, params ReadOnlySpan<int> values)
    {
        JsonArray list = [];
        foreach (int value in values)
        {
            list.Add((JsonNode)value);
        }
        return Put(name, list);
    }

    /// <summary>Writes a list of texts.</summary>
    /// <exception cref="ArgumentException">The name is taken.</exception>
    public LayerSettings Set(string name, IEnumerable<string> values)
    {
        ArgumentNullException.ThrowIfNull(values);
        return Put(name, new JsonArray([.. values.Select(static value => (JsonNode)value)]));
    }

    /// <summary>Writes the layer's activation: its kind, and its parameter if it has one.</summary>
    /// <exception cref="ArgumentException">There is one already.</exception>
    public LayerSettings SetActivation(Activation activation)
    {
        Set("activation", activation.Kind);
        return activation == HyperKernels.Activation.Of(activation.Kind, 0) ? this : Set("parameter", activation.Parameter);
    }

    /// <summary>Writes a layer with its settings; null writes nothing.</summary>
    /// <param name="name">The setting's name.</param>
    /// <param name="layer">A layer that was given to the constructor. One that the constructor makes itself needs no setting.</param>
    /// <exception cref="ArgumentException">The name is taken.</exception>
    public LayerSettings SetLayer(string name, Layer? layer) => layer is null ? this : Put(name, Writer.Describe(layer));

    /// <summary>Writes a list of layers with their settings.</summary>
    /// <exception cref="ArgumentException">The name is taken.</exception>
    public LayerSettings SetLayers(string name, IEnumerable<Layer> layers)
    {
        ArgumentNullException.ThrowIfNull(layers);
        return Put(name, new JsonArray([.. layers.Select(layer => (JsonNode)Writer.Describe(layer))]));
    }

    /// <summary>Writes a list of things that have settings of their own but are no layers.</summary>
    /// <param name="name">The setting's name.</param>
    /// <param name="items">The things.</param>
    /// <param name="write">Writes the settings of one of them.</param>
    /// <exception cref="ArgumentException">The name is taken.</exception>
    public LayerSettings SetGroups<T>(string name, IEnumerable<T> items, Action<T, LayerSettings> write)
    {
        ArgumentNullException.ThrowIfNull(items);
        ArgumentNullException.ThrowIfNull(write);
        JsonArray list = [];
        foreach (T item in items)
        {
            JsonObject group = [];
            write(item, new LayerSettings(Type, group, Writer));
            list.Add((JsonNode)group);
        }
        return Put(name, list);
    }

    private LayerWriter Writer
    {
        get
        {
            if (_writer is null)
            {
                Throw.InvalidOperation("LayerSettings.Set: settings that are read cannot be written; Set belongs into WriteSettings.");
            }
            return _writer;
        }
    }

    private LayerSettings Put(string name, JsonNode value)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        _ = Writer;
        if (s_reserved.Contains(name) || _json.ContainsKey(name))
        {
            Throw.Argument($"LayerSettings.Set: a name must be used once; \"{name}\" of a layer \"{Type}\" is taken.");
        }
        _json.Add(name, value);
        return this;
    }

    private void CheckFinite(string name, double value)
    {
        if (!double.IsFinite(value))
        {
            Throw.Argument($"LayerSettings.Set: \"{name}\" of a layer \"{Type}\" must be finite; got {value}.");
        }
    }
}
