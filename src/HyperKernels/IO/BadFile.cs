using System.Globalization;

namespace HyperKernels.IO;

/// <summary>Builds the one kind of refusal all readers give: path, byte offset, rule.</summary>
internal static class BadFile
{
    internal static InvalidDataException At(string path, long offset, string rule, Exception? cause = null) =>
        new(string.Create(CultureInfo.InvariantCulture, $"{path}: byte {offset:N0}: {rule}"), cause);

    /// <summary>A number as the messages show it.</summary>
    internal static string N(long value) => value.ToString("N0", CultureInfo.InvariantCulture);

    /// <summary>A name out of a file, short and on one line whatever it holds.</summary>
    internal static string Quote(string name)
    {
        ReadOnlySpan<char> head = name.AsSpan(0, Math.Min(name.Length, 80));
        string text = string.Create(head.Length, head, static (to, from) =>
        {
            for (int i = 0; i < to.Length; i++)
            {
                to[i] = char.IsControl(from[i]) || char.IsSurrogate(from[i]) ? '?' : from[i];
            }
        });
        return name.Length > head.Length ? $"\"{text}...\"" : $"\"{text}\"";
    }
}
