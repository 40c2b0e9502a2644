using System.Runtime.InteropServices;
using Apache.Arrow;
using Apache.Arrow.Types;

namespace HyperKernels.Interchange;

/// <summary>Holds what a file says of an array against the bytes that it has: the library reads texts through pointers without looking.</summary>
internal static class ArrowChecks
{
    public static void Check(string path, string name, ArrayData data)
    {
        long end = (long)data.Offset + data.Length;
        bool fits = data.Length >= 0 && data.Offset >= 0 && (Bytes(data, 0) == 0 || 8L * Bytes(data, 0) >= end) && data.DataType switch
        {
            StringType => Texts(data, Offsets<int>(data), end),
            LargeStringType => Texts(data, Offsets<long>(data), end),
            DictionaryType type => data.Dictionary is not null && 8L * Bytes(data, 1) >= end * ((FixedWidthType)type.IndexType).BitWidth,
            FixedWidthType type => 8L * Bytes(data, 1) >= end * type.BitWidth,
            FixedSizeListType type => data.Children is { Length: 1 } && data.Children[0].Length >= end * type.ListSize,
            // Other types are refused by name.
            _ => true,
        };
        if (!fits)
        {
            throw Refusal.At(path, 0, $"column {OneLine.Quote(name)} has fewer bytes than its {data.Length} values need, or texts that lie outside them.");
        }
        foreach (ArrayData child in data.Children ?? [])
        {
            Check(path, name, child);
        }
        if (data.Dictionary is { } words)
        {
            Check(path, name, words);
        }
    }

    private static long Bytes(ArrayData data, int buffer) => data.Buffers is { } buffers && buffer < buffers.Length ? buffers[buffer].Length : 0;

    private static ReadOnlySpan<T> Offsets<T>(ArrayData data)
        where T : unmanaged => Bytes(data, 1) == 0 ? [] : MemoryMarshal.Cast<byte, T>(data.Buffers[1].Span);

    // Text i lies from offset i to offset i + 1.
    private static bool Texts<T>(ArrayData data, ReadOnlySpan<T> offsets, long end)
        where T : unmanaged, System.Numerics.IBinaryInteger<T>
    {
        if (data.Length == 0)
        {
            return true;
        }
        if (offsets.Length <= end)
        {
            return false;
        }
        T before = T.Zero;
        for (int i = data.Offset; i <= end; i++)
        {
            if (offsets[i] < before)
            {
                return false;
            }
            before = offsets[i];
        }
        return long.CreateSaturating(before) <= Bytes(data, 2);
    }
}
