using System.Globalization;

namespace HyperKernels.Interchange;

/// <summary>The one kind of refusal all readers of files give, as those of the engine do: path, byte, rule.</summary>
internal static class Refusal
{
    private const int MostQuoted = 80;

    public static InvalidDataException At(string path, long offset, string rule, Exception? cause = null) =>
        new(string.Create(CultureInfo.InvariantCulture, $"{path}: byte {offset:N0}: {rule}"), cause);

    /// <summary>Whether what a library threw at a damaged file must be told as a refusal: it is none yet.</summary>
    public static bool Wraps(Exception failure, string path) =>
        failure is not (OutOfMemoryException or OperationCanceledException)
        && !(failure is InvalidDataException && failure.Message.StartsWith(path, StringComparison.Ordinal));

    /// <summary>A name out of a file, short and on one line whatever it holds.</summary>
    public static string Quote(string name)
    {
        string head = name.Length > MostQuoted ? name[..MostQuoted] + "..." : name;
        return $"\"{new string([.. head.Select(static c => char.IsControl(c) || char.IsSurrogate(c) ? '?' : c)])}\"";
    }
}
