using System.Globalization;

namespace HyperKernels.Interchange;

/// <summary>The one kind of refusal all readers of files give, as those of the engine do: path, byte, rule.</summary>
internal static class Refusal
{
    public static InvalidDataException At(string path, long offset, string rule, Exception? cause = null) =>
        new(string.Create(CultureInfo.InvariantCulture, $"{path}: byte {offset:N0}: {OneLine.Of(rule)}"), cause);

    /// <summary>Whether what a library threw at a damaged file must be told as a refusal: it is none yet.</summary>
    public static bool Wraps(Exception failure, string path) =>
        failure is not OperationCanceledException
        && !(failure is InvalidDataException && failure.Message.StartsWith(path, StringComparison.Ordinal));

    /// <summary>What was wrong, in words: libraries take memory on a file's word, so that there may be none where the file is damaged.</summary>
    public static string Reason(Exception failure) => failure is OutOfMemoryException ? "it asks for more memory than there is" : failure.Message;
}
