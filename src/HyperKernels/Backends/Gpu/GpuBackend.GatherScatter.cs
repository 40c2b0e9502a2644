using System.Numerics;

namespace HyperKernels.Backends.Gpu;

internal sealed unsafe partial class GpuBackend
{
    // Up to so many indices every one is compared with every other, in one launch instead of three per digit.
    private const int FewIndices = 2048;

    // As gather_scatter.c has them.
    private const int SortDigitBits = 4;
    private const int SortDigits = 1 << SortDigitBits;
    private const int SortBlock = 4096;

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
        (4L * count) + (SortDigits * Pieces(count, SortBlock)) + (2 * Pieces(count, ScatterShare) * length);

    private void ScatterAddRows(BufferRef x, BufferRef indices, int count, int length, int rows, BufferRef y, BufferRef room)
    {
        (BufferRef keys, BufferRef positions) = Sort(indices, count, rows, room);
        long items = Pieces(count, ScatterShare) * length;
        BufferRef heads = room.Skip((4L * count) + (SortDigits * Pieces(count, SortBlock)));
        BufferRef tails = heads.Skip(items);
        Fill(y, (long)rows * length, 0);
        ForEach("gather_scatter/scatter_runs", items, [x, keys, positions, count, length, ScatterShare, heads, tails, y]);
        ForEach("gather_scatter/scatter_join", items, [keys, count, length, ScatterShare, heads, tails, y]);
    }

    // The keys in order and where each stood; equal keys keep their order. Room: four lists, two of them written in turn, and the digits' counts.
    private (BufferRef Keys, BufferRef Positions) Sort(BufferRef indices, int count, int bound, BufferRef room)
    {
        BufferRef keys = room;
        BufferRef positions = room.Skip(count);
        if (count <= FewIndices)
        {
            ForGroups("gather_scatter/sort_few", Pieces(count, 256), [indices, count, keys, positions]);
            return (keys, positions);
        }
        BufferRef otherKeys = room.Skip(2L * count);
        BufferRef otherPositions = room.Skip(3L * count);
        BufferRef counts = room.Skip(4L * count);
        int blocks = (int)Pieces(count, SortBlock);
        BufferRef from = indices;
        BufferRef fromPositions = default;
        int bits = Math.Max(1, BitOperations.Log2((uint)bound - 1) + 1);
        for (int shift = 0; shift < bits; shift += SortDigitBits)
        {
            ForGroups("gather_scatter/sort_count", blocks, [from, count, shift, blocks, counts]);
            ForGroups("gather_scatter/sort_sums", 1, [SortDigits * blocks, counts]);
            ForGroups("gather_scatter/sort_move", blocks, [from, fromPositions, count, shift, blocks, counts, keys, positions]);
            (from, fromPositions) = (keys, positions);
            (keys, otherKeys) = (otherKeys, keys);
            (positions, otherPositions) = (otherPositions, positions);
        }
        return (from, fromPositions);
    }
}
