using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace HyperKernels.IO;

/// <summary>Writes safetensors files: the same tensors and metadata give the same bytes, in whatever order they come.</summary>
public static class Safetensors
{
    /// <summary>Writes a file: first to a temporary one in the same folder, then flushed to the disk and renamed.</summary>
    /// <param name="path">The file to make or replace.</param>
    /// <param name="tensors">The tensors, in any order.</param>
    /// <param name="metadata">Strings to store beside them, or null.</param>
    /// <param name="keepPrevious">Keeps a replaced file as <c>path.previous</c>.</param>
    /// <exception cref="ArgumentException">A name stands twice, is <c>__metadata__</c> or is not valid Unicode; the header is too large.</exception>
    /// <exception cref="IOException">The folder is missing or cannot be written, or the disk is full.</exception>
    public static void Write(
        string path,
        IEnumerable<SafetensorsTensor> tensors,
        IReadOnlyDictionary<string, string>? metadata = null,
        bool keepPrevious = false)
    {
        (byte[] header, SafetensorsTensor[] sorted) = Prepare(tensors, metadata);
        AtomicFile.Write(path, stream => WriteAll(stream, header, sorted), keepPrevious);
    }

    /// <summary>Writes to a stream what <see cref="Write(string, IEnumerable{SafetensorsTensor}, IReadOnlyDictionary{string, string}?, bool)"/> writes to a file.</summary>
    /// <param name="stream">Receives the bytes.</param>
    /// <param name="tensors">The tensors, in any order.</param>
    /// <param name="metadata">Strings to store beside them, or null.</param>
    /// <exception cref="ArgumentException">A name stands twice, is <c>__metadata__</c> or is not valid Unicode; the header is too large.</exception>
    public static void Write(Stream stream, IEnumerable<SafetensorsTensor> tensors, IReadOnlyDictionary<string, string>? metadata = null)
    {
        ArgumentNullException.ThrowIfNull(stream);
        (byte[] header, SafetensorsTensor[] sorted) = Prepare(tensors, metadata);
        WriteAll(stream, header, sorted);
    }

    private static void WriteAll(Stream stream, byte[] header, SafetensorsTensor[] tensors)
    {
        stream.Write(header);
        foreach (SafetensorsTensor tensor in tensors)
        {
            tensor.WriteTo(stream);
        }
    }

    private static (byte[] Header, SafetensorsTensor[] Sorted) Prepare(
        IEnumerable<SafetensorsTensor> tensors, IReadOnlyDictionary<string, string>? metadata)
    {
        ArgumentNullException.ThrowIfNull(tensors);
        if (!BitConverter.IsLittleEndian)
        {
            throw new PlatformNotSupportedException("Safetensors.Write: the machine must be little-endian, as the format is.");
        }
        SafetensorsTensor[] sorted = Sort(tensors);
        ArrayBufferWriter<byte> buffer = new();
        WriteHeader(buffer, sorted, metadata);

        // Spaces keep the data aligned to 8 bytes, as the reference implementation does.
        int padded = (buffer.WrittenCount + 7) / 8 * 8;
        if (padded > SafetensorsHeader.MaxBytes)
        {
            throw new ArgumentException(
                $"Safetensors.Write: a header may have at most {BadFile.N(SafetensorsHeader.MaxBytes)} bytes; "
                + $"names and metadata need {BadFile.N(padded)}.");
        }
        byte[] header = new byte[SafetensorsHeader.LengthBytes + padded];
        BinaryPrimitives.WriteUInt64LittleEndian(header, (ulong)padded);
        buffer.WrittenSpan.CopyTo(header.AsSpan(SafetensorsHeader.LengthBytes));
        header.AsSpan(SafetensorsHeader.LengthBytes + buffer.WrittenCount).Fill((byte)' ');
        return (header, sorted);
    }

    // The widest type first, then by the bytes of the name: the order of the reference implementation.
    private static SafetensorsTensor[] Sort(IEnumerable<SafetensorsTensor> tensors)
    {
        List<(SafetensorsTensor Tensor, byte[] Name)> named = [];
        HashSet<string> seen = [];
        foreach (SafetensorsTensor tensor in Throw.IfAnyNull("Safetensors.Write", tensors))
        {
            if (tensor.Name == SafetensorsHeader.MetadataName || !seen.Add(tensor.Name))
            {
                string why = tensor.Name == SafetensorsHeader.MetadataName ? "is reserved" : "stands twice";
                throw new ArgumentException($"Safetensors.Write: every tensor must have its own name; {BadFile.Quote(tensor.Name)} {why}.");
            }
            named.Add((tensor, Encode(tensor.Name)));
        }
        if (named.Count > SafetensorsHeader.MaxEntries)
        {
            throw new ArgumentException(
                $"Safetensors.Write: a file may hold at most {BadFile.N(SafetensorsHeader.MaxEntries)} tensors; got {BadFile.N(named.Count)}.");
        }
        named.Sort(static (left, right) => left.Tensor.Type != right.Tensor.Type
            ? right.Tensor.Type.CompareTo(left.Tensor.Type)
            : left.Name.AsSpan().SequenceCompareTo(right.Name));
        return [.. named.Select(static item => item.Tensor)];
    }

    private static void WriteHeader(
        IBufferWriter<byte> buffer, SafetensorsTensor[] tensors, IReadOnlyDictionary<string, string>? metadata)
    {
        using Utf8JsonWriter json = new(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
        json.WriteStartObject();
        if (metadata is { Count: > 0 })
        {
            json.WriteStartObject(SafetensorsHeader.MetadataName);
            foreach ((string key, string value) in metadata.OrderBy(static pair => pair.Key, StringComparer.Ordinal))
            {
                json.WriteString(Encode(key), Encode(value));
            }
            json.WriteEndObject();
        }
        long offset = 0;
        foreach (SafetensorsTensor tensor in tensors)
        {
            json.WriteStartObject(Encode(tensor.Name));
            json.WriteString("dtype"u8, tensor.Type.Name());
            json.WriteStartArray("shape"u8);
            foreach (long size in tensor.Shape)
            {
                json.WriteNumberValue(size);
            }
            json.WriteEndArray();
            json.WriteStartArray("data_offsets"u8);
            json.WriteNumberValue(offset);
            offset = checked(offset + tensor.ByteLength);
            json.WriteNumberValue(offset);
            json.WriteEndArray();
            json.WriteEndObject();
        }
        json.WriteEndObject();
    }

    private static byte[] Encode(string text)
    {
        try
        {
            // Refuses half surrogate pairs, so that what is read back is what was given.
            return Utf8Text.Strict.GetBytes(text);
        }
        catch (EncoderFallbackException failure)
        {
            throw new ArgumentException(
                $"Safetensors.Write: names and metadata must be valid Unicode; {BadFile.Quote(text)} has half of a surrogate pair.", failure);
        }
    }
}
