using System.Globalization;
using System.Text;

namespace HyperKernels.IO;

/// <summary>Builds the one kind of refusal all readers give: path, byte offset, rule.</summary>
internal static class BadFile
{
    internal static InvalidDataException At(string path, long offset, string rule, Exception? cause = null) =>
        new(string.Create(CultureInfo.InvariantCulture, $"{path}: byte {offset:N0}: {OneLine.Of(rule)}"), cause);

    /// <summary>The same for text: path, line from 1, rule.</summary>
    internal static InvalidDataException AtLine(string path, long line, string rule) =>
        new(string.Create(CultureInfo.InvariantCulture, $"{path}: line {line:N0}: {OneLine.Of(rule)}"));

    /// <summary>A number as the messages show it.</summary>
    internal static string N(long value) => value.ToString("N0", CultureInfo.InvariantCulture);

    /// <summary>Bytes out of a text file, short and on one line whatever they hold.</summary>
    internal static string Quote(ReadOnlySpan<byte> field) => Quote(Encoding.UTF8.GetString(field[..Math.Min(field.Length, 400)]));

    /// <summary>A name out of a file, short and on one line whatever it holds.</summary>
    internal static string Quote(string name) => OneLine.Quote(name);
}
