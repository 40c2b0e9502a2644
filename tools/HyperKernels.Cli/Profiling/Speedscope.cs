using System.Text.Encodings.Web;
using System.Text.Json;

namespace HyperKernels.Cli.Profiling;

/// <summary>Writes a profile as https://www.speedscope.app reads it: every op a sample with its callers, weighted by its time, in order of time.</summary>
/// <remarks>Source: https://www.speedscope.app/file-format-schema.json</remarks>
internal static class Speedscope
{
    public static void Write(Stream stream, string name, IReadOnlyList<OpRecord> ops)
    {
        Dictionary<string, int> frames = [];
        int[][] samples = [.. ops.Select(op => CallTree.Path(op).Select(Frame).ToArray())];
        using Utf8JsonWriter json = new(stream, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
        json.WriteStartObject();
        json.WriteString("$schema", "https://www.speedscope.app/file-format-schema.json");
        json.WriteString("exporter", $"hyperkernels {Machine.Version}");
        json.WriteString("name", name);
        json.WriteNumber("activeProfileIndex", 0);
        json.WriteStartObject("shared");
        json.WriteStartArray("frames");
        foreach (string frame in frames.Keys)
        {
            json.WriteStartObject();
            json.WriteString("name", frame);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteStartArray("profiles");
        json.WriteStartObject();
        json.WriteString("type", "sampled");
        json.WriteString("name", name);
        json.WriteString("unit", "seconds");
        json.WriteNumber("startValue", 0);
        json.WriteNumber("endValue", ops.Sum(static op => op.Seconds));
        json.WriteStartArray("samples");
        foreach (int[] sample in samples)
        {
            json.WriteStartArray();
            foreach (int frame in sample)
            {
                json.WriteNumberValue(frame);
            }
            json.WriteEndArray();
        }
        json.WriteEndArray();
        json.WriteStartArray("weights");
        foreach (OpRecord op in ops)
        {
            json.WriteNumberValue(op.Seconds);
        }
        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteEndArray();
        json.WriteEndObject();

        // Dictionaries keep the order of adding where nothing is removed.
        int Frame(string call)
        {
            if (!frames.TryGetValue(call, out int place))
            {
                frames[call] = place = frames.Count;
            }
            return place;
        }
    }
}
