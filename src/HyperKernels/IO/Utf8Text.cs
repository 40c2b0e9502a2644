using System.Buffers;
using System.Text;
using System.Text.Json;

namespace HyperKernels.IO;

/// <summary>Finds the byte that an error about UTF-8 or JSON speaks of.</summary>
internal static class Utf8Text
{
    /// <summary>Refuses what is not valid, both ways, instead of putting a replacement character in its place; writes no mark at the beginning.</summary>
    internal static UTF8Encoding Strict { get; } = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>The position of the first byte that is not valid UTF-8; the length where all are.</summary>
    internal static int FirstInvalid(ReadOnlySpan<byte> text)
    {
        int offset = 0;
        while (Rune.DecodeFromUtf8(text[offset..], out _, out int length) == OperationStatus.Done)
        {
            offset += length;
        }
        return offset;
    }

    /// <summary>The one offset that stands for the line and column of a JSON error.</summary>
    internal static long OffsetOf(ReadOnlySpan<byte> text, JsonException failure)
    {
        int start = 0;
        for (long line = failure.LineNumber ?? 0; line > 0; line--)
        {
            start += text[start..].IndexOf((byte)'\n') + 1;
        }
        return start + (failure.BytePositionInLine ?? 0);
    }

    /// <summary>The reason alone, without the line and column at its end, and with the beginning of what it quotes: that may be all of the file.</summary>
    internal static string ReasonOf(JsonException failure)
    {
        int detail = failure.Message.LastIndexOf(" LineNumber:", StringComparison.Ordinal);
        string reason = detail < 0 ? failure.Message : failure.Message[..detail];
        int end = reason.LastIndexOf("' is ", StringComparison.Ordinal);
        return reason.StartsWith('\'') && end > 0 ? $"'{OneLine.Of(reason[1..end], 80)}{reason[end..]}" : reason;
    }
}
