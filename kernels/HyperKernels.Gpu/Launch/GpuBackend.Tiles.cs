using HyperKernels.Backends;

namespace HyperKernels.Gpu;

// What the products over tiles (Lib/Tile) share: how work is cut into tiles.
internal sealed partial class GpuBackend
{
    // A slice of a product's depth that is shorter than this costs more to add up again than it hides.
    private const int ShortestSlice = 256;

    // 64 MiB.
    private const long LargestScratch = 16L << 20;

    /// <summary>Tiles of one size, and slices of the depth, <paramref name="Depth"/> long, that each add up a part.</summary>
    private readonly record struct TilePlan(int Size, int Slices, int Depth, long Groups);

    /// <summary>The only size of tile, 32, 64 or 128, so that kernels can be checked on devices for which they are not chosen; 0: as sizes ask for.</summary>
    public int OnlyTile { get; init; }

    /// <summary>Cuts products [rows, depth] x [depth, columns], into tiles of one size only if it is given.</summary>
    /// <remarks>
    /// The larger a tile, the fewer times an operand is read; but every unit of the device should have one. So: 128 where the sides are no
    /// shorter than three quarters of it, 64 where they are over 32, each where there are enough such tiles, counting what slices would add
    /// (long ones for 128, whose gain is small); else 32. Where tiles are still too few to keep the device busy and the depth is large, it is cut into slices,
    /// if the caller can add them up. A processor takes 64 always: it has too few registers for 128, and goes through groups of 64 threads several times
    /// more slowly than through those of 256 (PoCL 3.1).
    /// </remarks>
    private TilePlan PlanTiles(long matrices, int rows, int columns, int depth, bool mayCut = true, int only = 0)
    {
        int units = _device.ComputeUnits;
        int shorter = Math.Min(rows, columns);
        int cuts = mayCut ? depth / ShortestSlice : 1;
        int size = only > 0 ? only
            : OnlyTile > 0 ? OnlyTile
            : _device.IsProcessor ? 64
            : shorter >= 96 && Tiles(matrices, rows, columns, 128) * Math.Max(1, cuts / 4) >= units ? 128
            : shorter > 32 && Tiles(matrices, rows, columns, 64) * Math.Max(1, cuts) >= units ? 64
            : 32;
        long groups = Tiles(matrices, rows, columns, size);
        long results = matrices * rows * columns;
        // Groups of 64 threads hide memory's latency by their number, those of 256 by their own threads.
        long wanted = units * (size == 32 ? 8L : 2L);
        if (groups == 0 || 2 * groups > wanted || !mayCut)
        {
            return new TilePlan(size, 1, depth, groups);
        }
        int slices = (int)Math.Max(1, Math.Min(Math.Min(wanted / groups, depth / ShortestSlice), LargestScratch / results));
        int part = ((depth + slices - 1) / slices + 15) / 16 * 16;
        slices = Math.Max(1, (depth + part - 1) / Math.Max(1, part));
        return slices == 1 ? new TilePlan(size, 1, depth, groups) : new TilePlan(size, slices, part, groups * slices);
    }

    private static long Tiles(long matrices, int rows, int columns, int size) =>
        matrices * ((rows + size - 1) / size) * ((columns + size - 1) / size);

    /// <summary>Whether rows that begin there, so far apart in matrices so far apart, may be read and written four elements at a time.</summary>
    private static bool InFours(BufferRef place, long step, long stride = 0) => InFours(place) && (step | stride) % 4 == 0;
}
