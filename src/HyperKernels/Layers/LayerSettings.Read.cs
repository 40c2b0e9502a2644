using System.Text.Json;
using System.Text.Json.Nodes;

namespace HyperKernels.Layers;

// How settings are read. Files from before settings had types hold flags and choices as numbers, and lists as name0, name1, ...
public sealed partial class LayerSettings
{
    /// <summary>Whether there is a setting of this name.</summary>
    public bool Has(string name) => _json.TryGetPropertyValue(name, out JsonNode? value) && value is not null;

    /// <summary>Reads a whole number.</summary>
    /// <param name="name">The setting's name.</param>
    /// <param name="formerly">The name that it had in older files, or null.</param>
    /// <exception cref="FormatException">It is missing, or no whole number.</exception>
    public int Int(string name, string? formerly = null) => ToInt(name, Find(name, formerly));

    /// <summary>Reads a flag.</summary>
    /// <param name="name">The setting's name.</param>
    /// <param name="formerly">The name that it had in older files, or null.</param>
    /// <exception cref="FormatException">It is missing, or no flag.</exception>
    public bool Flag(string name, string? formerly = null)
    {
        JsonNode value = Find(name, formerly);
        return value.GetValueKind() switch
        {
            JsonValueKind.True => true,
            JsonValueKind.False => false,
            _ => ToDouble(name, value, "true or false") != 0,
        };
    }

    /// <summary>Reads a number.</summary>
    /// <param name="name">The setting's name.</param>
    /// <param name="formerly">The name that it had in older files, or null.</param>
    /// <exception cref="FormatException">It is missing, or no number.</exception>
    public float Number(string name, string? formerly = null) => (float)Double(name, formerly);

    /// <summary>Reads a number of double precision.</summary>
    /// <param name="name">The setting's name.</param>
    /// <param name="formerly">The name that it had in older files, or null.</param>
    /// <exception cref="FormatException">It is missing, or no number.</exception>
    public double Double(string name, string? formerly = null) => ToDouble(name, Find(name, formerly), "a number");

    /// <summary>Reads a text.</summary>
    /// <param name="name">The setting's name.</param>
    /// <param name="formerly">The name that it had in older files, or null.</param>
    /// <exception cref="FormatException">It is missing, or no text.</exception>
    public string Text(string name, string? formerly = null) => ToText(name, Find(name, formerly));

    /// <summary>Reads a choice.</summary>
    /// <param name="name">The setting's name.</param>
    /// <param name="formerly">The name that it had in older files, or null.</param>
    /// <exception cref="FormatException">It is missing, or not the name of a choice.</exception>
    public TEnum Choice<TEnum>(string name, string? formerly = null)
        where TEnum : struct, Enum
    {
        JsonNode value = Find(name, formerly);
        string text = value.GetValueKind() == JsonValueKind.Number ? $"{ToInt(name, value)}" : ToText(name, value);
        return Enum.TryParse(text, out TEnum choice) && Enum.IsDefined(choice)
            ? choice
            : throw Wrong(name, $"must be one of {string.Join(", ", Enum.GetNames<TEnum>())}; it is \"{text}\"");
    }

    /// <summary>Reads a list of whole numbers.</summary>
    /// <param name="name">The setting's name.</param>
    /// <param name="formerly">The name that it had in older files, or null.</param>
    /// <exception cref="FormatException">It is missing, or holds something else.</exception>
    public int[] Ints(string name, string? formerly = null)
    {
        JsonNode value = Find(name, formerly);
        if (value is JsonArray list)
        {
            return [.. list.Select(item => ToInt(name, item))];
        }
        int count = ToInt(name, value);
        return count >= 0 && count < _json.Count
            ? [.. Enumerable.Range(0, count).Select(i => Int($"{name}{i}"))]
            : throw Wrong(name, $"announces {count} numbers");
    }

    /// <summary>Reads a list of texts.</summary>
    /// <param name="name">The setting's name.</param>
    /// <param name="formerly">The name that it had in older files, or null.</param>
    /// <exception cref="FormatException">It is missing, or holds something else.</exception>
    public string[] Texts(string name, string? formerly = null) => [.. List(name, formerly).Select(item => ToText(name, item))];

    /// <summary>Reads the layer's activation.</summary>
    /// <exception cref="FormatException">There is none, or it is not known.</exception>
    public Activation Activation() =>
        HyperKernels.Activation.Of(Choice<ActivationKind>("activation"), Has("parameter") ? Number("parameter") : null);

    /// <summary>Makes a layer that stands in the settings. Asking again gives the same layer.</summary>
    /// <typeparam name="TLayer">What it must be: <see cref="TensorLayer"/>, or a class.</typeparam>
    /// <param name="name">The setting's name.</param>
    /// <param name="formerly">The name that it had in older files, or null.</param>
    /// <exception cref="FormatException">It is missing, of another class, or cannot be made.</exception>
    public TLayer Layer<TLayer>(string name, string? formerly = null)
        where TLayer : Layer => Made<TLayer>(name, Find(name, formerly), Reader);

    /// <summary>Makes the layers of a list.</summary>
    /// <typeparam name="TLayer">What each must be: <see cref="TensorLayer"/>, or a class.</typeparam>
    /// <param name="name">The setting's name.</param>
    /// <param name="formerly">The name that it had in older files, or null.</param>
    /// <exception cref="FormatException">The list is missing, or a layer is of another class or cannot be made.</exception>
    public TLayer[] Layers<TLayer>(string name, string? formerly = null)
        where TLayer : Layer => [.. List(name, formerly).Select(item => Made<TLayer>(name, item, Reader))];

    /// <summary>Reads a list of things that are no layers.</summary>
    /// <param name="name">The setting's name.</param>
    /// <param name="read">Makes one of them from its settings.</param>
    /// <exception cref="FormatException">The list is missing or holds something else.</exception>
    public T[] Groups<T>(string name, Func<LayerSettings, T> read)
    {
        ArgumentNullException.ThrowIfNull(read);
        return [.. List(name, null).Select(item => read(ToGroup(name, item)))];
    }

    /// <summary>Settings inside these.</summary>
    internal LayerSettings Group(string name) => ToGroup(name, Find(name, null));

    /// <summary>Makes a layer whose tree is numbered by itself, as in the first form of a hypernetwork's file.</summary>
    internal TLayer LayerOfOwnTree<TLayer>(string name)
        where TLayer : Layer
    {
        JsonNode node = Find(name, null);
        return Made<TLayer>(name, node, new LayerReader((node as JsonObject)!));
    }

    private LayerReader Reader
    {
        get
        {
            if (_reader is null)
            {
                Throw.InvalidOperation("LayerSettings: settings that are written cannot be read yet; read them in Read.");
            }
            return _reader;
        }
    }

    private JsonNode Find(string name, string? formerly)
    {
        _ = Reader;
        string found = formerly is not null && !Has(name) ? formerly : name;
        return Has(found) ? _json[found]! : throw new FormatException($"a layer \"{Type}\" needs \"{name}\".");
    }

    private JsonArray List(string name, string? formerly) => Find(name, formerly) as JsonArray ?? throw Wrong(name, "must be a list");

    private LayerSettings ToGroup(string name, JsonNode? item) =>
        item is JsonObject group ? new LayerSettings(Type, group, Reader) : throw Wrong(name, "must have settings of its own");

    private TLayer Made<TLayer>(string name, JsonNode? node, LayerReader reader)
        where TLayer : Layer
    {
        Layer made = node is JsonObject json ? reader.Make(json) : throw Wrong(name, "must be a layer");
        return made as TLayer ?? throw Wrong(name, $"must be a {typeof(TLayer).Name}; it is a {made.GetType().Name}");
    }

    private double ToDouble(string name, JsonNode? item, string what) =>
        item is JsonValue value && value.GetValueKind() == JsonValueKind.Number && value.TryGetValue(out double number)
            ? number
            : throw Wrong(name, $"must be {what}; it is {item?.ToJsonString() ?? "null"}");

    private int ToInt(string name, JsonNode? item)
    {
        double number = ToDouble(name, item, "a whole number");
        return number == (int)number ? (int)number : throw Wrong(name, FormattableString.Invariant($"must be a whole number; it is {number}"));
    }

    private string ToText(string name, JsonNode? item) =>
        item is JsonValue value && value.TryGetValue(out string? text) ? text : throw Wrong(name, $"must be a text; it is {item?.ToJsonString() ?? "null"}");

    private FormatException Wrong(string name, string what) => new($"\"{name}\" of a layer \"{Type}\" {what}.");
}
