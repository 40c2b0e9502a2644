using System.Numerics;
using HyperKernels.Backends;

namespace HyperKernels.Gpu;

internal sealed partial class GpuBackend
{
    // Up to so many indices every one is compared with every other, in one launch instead of three per digit.
    private const int FewIndices = 2048;

    // Indices that one thread adds up in a row.
    private const int ScatterShare = 32;

    public void ScatterAddRows(BufferRef x, BufferRef indices, int count, int length, int rows, BufferRef y)
    {
        if (count == 0 || length == 0)
        {
            Fill(y, (long)rows * length, 0);
            return;
        }
        lock (_scratchGate)
        {
            ScatterAddRows(x, indices, count, length, rows, y, Scratch(ScatterRoom(count, length)));
        }
    }

    private static long ScatterRoom(int count, int length) =>
        (4L * count) + (GatherSortKernels.Digits * Pieces(count, GatherSortKernels.BlockItems)) + (2 * Pieces(count, ScatterShare) * length);

    private void ScatterAddRows(BufferRef x, BufferRef indices, int count, int length, int rows, BufferRef y, BufferRef room)
    {
        (BufferRef keys, BufferRef positions) = Sort(indices, count, rows, room);
        long items = Pieces(count, ScatterShare) * length;
        BufferRef heads = room.Skip((4L * count) + (GatherSortKernels.Digits * Pieces(count, GatherSortKernels.BlockItems)));
        BufferRef tails = heads.Skip(items);
        Fill(y, (long)rows * length, 0);
        ScatterArguments arguments = new()
        {
            Count = count,
            Width = length,
            Share = ScatterShare,
            X = Floats(x),
            Keys = Ints(keys),
            Positions = Ints(positions),
            Heads = Floats(heads),
            Tails = Floats(tails),
            Y = Floats(y),
        };
        ForEach(GatherScatterKernels.Runs, items, arguments);
        ForEach(GatherScatterKernels.Join, items, arguments);
    }

    // The keys in order and where each stood; equal keys keep their order. Room: four lists, two of them written in turn, and the digits' counts.
    private (BufferRef Keys, BufferRef Positions) Sort(BufferRef indices, int count, int bound, BufferRef room)
    {
        BufferRef keys = room;
        BufferRef positions = room.Skip(count);
        if (count <= FewIndices)
        {
            ForGroups(
                GatherSortKernels.Few, Pieces(count, 256), new SortArguments { Count = count, Keys = Ints(indices), Sorted = Ints(keys), Moved = Ints(positions) });
            return (keys, positions);
        }
        BufferRef otherKeys = room.Skip(2L * count);
        BufferRef otherPositions = room.Skip(3L * count);
        BufferRef counts = room.Skip(4L * count);
        int blocks = (int)Pieces(count, GatherSortKernels.BlockItems);
        BufferRef from = indices;
        BufferRef? fromPositions = null;
        int bits = Math.Max(1, BitOperations.Log2((uint)bound - 1) + 1);
        for (int shift = 0; shift < bits; shift += GatherSortKernels.DigitBits)
        {
            SortArguments digit = new()
            {
                Count = count,
                Shift = shift,
                Blocks = blocks,
                Keys = Ints(from),
                Positions = Ints(fromPositions),
                Counts = Ints(counts),
                Sorted = Ints(keys),
                Moved = Ints(positions),
            };
            ForGroups(GatherSortKernels.Count, blocks, digit);
            ForGroups(GatherSortKernels.Sums, 1, new SortSumsArguments { Count = GatherSortKernels.Digits * blocks, Counts = digit.Counts });
            ForGroups(GatherSortKernels.Move, blocks, digit);
            (from, fromPositions) = (keys, positions);
            (keys, otherKeys) = (otherKeys, keys);
            (positions, otherPositions) = (otherPositions, positions);
        }
        return (from, fromPositions!.Value);
    }
}
