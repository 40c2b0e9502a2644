using System.Text.Json;

namespace HyperKernels.IO;

/// <summary>Checks JSON texts that callers hand to writers.</summary>
internal static class JsonObjects
{
    public static void Check(string format, string what, string text)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(text);
            if (document.RootElement.ValueKind == JsonValueKind.Object)
            {
                return;
            }
        }
        catch (JsonException failure)
        {
            throw new ArgumentException($"{format}: {what} must be JSON objects: {Utf8Text.ReasonOf(failure)}", failure);
        }
        throw new ArgumentException($"{format}: {what} must be JSON objects; got {BadFile.Quote(text)}.");
    }
}
