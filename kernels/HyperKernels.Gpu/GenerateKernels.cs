using System.Runtime.CompilerServices;
using ILGPU;

namespace HyperKernels.Gpu;

/// <summary>
/// Weights generated per context and applied at once, W_b[o, i] = base[o, i] + sum_h z[b, h] generator[o, i, h]. The weights are never in memory: they are
/// either formed in group memory for a tile (<see cref="Contexts{TBlocks}"/>), or not formed at all, the sums being ordered anew (<see cref="Thin"/> and the
/// rows: y = sum over (u, h) of (x_u z_h) generator[o, (u, h)], a product whose left side is formed while tiles are filled). The gradient by x is the same
/// computation with inputs and outputs exchanged: both are written over "summed" positions, u, and "result" positions.
/// </summary>
internal static class GenerateKernels
{
    /// <summary>Result positions that a group of <see cref="Contexts{TBlocks}"/> takes, and rows of each context for every block of sums.</summary>
    public const int ContextsTile = 32;

    /// <summary>How many contexts it generates for at once.</summary>
    public const int ContextsAtOnce = 4;

    // Summed positions for which there are weights and values at a time.
    private const int Step = 8;

    // From one summed position's weights to the next, in fours; one to spare against bank conflicts.
    private const int WeightPitch = (ContextsTile / 4) + 1;

    /// <summary>
    /// y [B T, result positions], the generator read once per tile of rows: for few rows a context. Tiles of 32 x 32.   One group per tile of y and slice of
    /// (u, h); the first slice adds the base.
    /// </summary>
    [Kernel(64)]
    public static void Rows32(GenerateArguments p) => Rows<Tile32>(p);

    /// <summary>The same over tiles of 64 x 64.   Launched alike.</summary>
    [Kernel]
    public static void Rows64(GenerateArguments p) => Rows<Tile64>(p);

    /// <summary>The same over tiles of 128 x 128.   Launched alike.</summary>
    [Kernel]
    public static void Rows128(GenerateArguments p) => Rows<Tile128>(p);

    /// <summary>The same y for up to four rows in all, which is bound by reading the generator once.   One group per result position.</summary>
    [Kernel]
    public static void Thin(GenerateArguments p)
    {
        ArrayView<float> scratch = SharedMemory.Allocate1D<float>(GroupSum.Scratch).AsContiguous();
        ProductsOfRow row0 = ProductsOfRow.Of(p, 0, p.Depth);
        ProductsOfRow row1 = ProductsOfRow.Of(p, 1, p.Depth);
        ProductsOfRow row2 = ProductsOfRow.Of(p, 2, p.Depth);
        ProductsOfRow row3 = ProductsOfRow.Of(p, 3, p.Depth);
        GeneratorOfColumn column = GeneratorOfColumn.Of(p, Threads.Group, p.Depth);
        F4 sums = default;
        for (int k = 4 * Threads.Local; k < p.Depth; k += 1024)
        {
            F4 right = column.Get(0, k);
            sums.X = Add(sums.X, row0.Get(0, k), right);
            sums.Y = Add(sums.Y, row1.Get(0, k), right);
            sums.Z = Add(sums.Z, row2.Get(0, k), right);
            sums.W = Add(sums.W, row3.Get(0, k), right);
        }
        if (p.Base.Length > 0)
        {
            for (int u = Threads.Local; u < p.Summed; u += 256)
            {
                float weight = p.Base[((long)Threads.Group * p.BaseResult) + ((long)u * p.BaseSummed)];
                sums.X = Intrinsics.Fma(row0.X(u), weight, sums.X);
                sums.Y = Intrinsics.Fma(row1.X(u), weight, sums.Y);
                sums.Z = Intrinsics.Fma(row2.X(u), weight, sums.Z);
                sums.W = Intrinsics.Fma(row3.X(u), weight, sums.W);
            }
        }
        F4 results = default;
        results.X = GroupSum.Of(scratch, sums.X);
        results.Y = GroupSum.Of(scratch, sums.Y);
        results.Z = GroupSum.Of(scratch, sums.Z);
        results.W = GroupSum.Of(scratch, sums.W);
        if (Threads.Local == 0)
        {
            SetRow(p, 0, results.X);
            SetRow(p, 1, results.Y);
            SetRow(p, 2, results.Z);
            SetRow(p, 3, results.W);
        }
    }

    /// <summary>
    /// The same y by tiles of weights: a group takes 32 rows, or 64, of each of four contexts and 32 result positions. Eight summed positions at a time it
    /// generates the four tiles, one number of each per thread, so that the generator is read once for four contexts, and applies them from group memory.
    /// One group per tile and four contexts.
    /// </summary>
    [Kernel]
    public static void Contexts<TBlocks>(GenerateArguments p)
        where TBlocks : struct, IContextBlocks<TBlocks>
    {
        ArrayView<F4> weights = SharedMemory.Allocate1D<F4>(ContextsAtOnce * Step * WeightPitch).AsContiguous();
        ArrayView<F4> values = SharedMemory.Allocate1D<F4>(ContextsAtOnce * Step * ((TBlocks.Count * ContextsTile / 4) + 1)).AsContiguous();
        int valuePitch = (TBlocks.Count * ContextsTile / 4) + 1;
        TilePlace place = TilePlace.Of((p.Rows + TBlocks.Count - 1) / TBlocks.Count, p.ResultColumns, 1, ContextsTile);
        int firstRow = place.Row * TBlocks.Count;
        int firstContext = ContextsAtOnce * place.Matrix;
        // 64 threads for each context.
        int own = Threads.Local >> 6;
        int lane = Threads.Local & 63;
        int rows = firstContext + own < p.Contexts ? p.Rows : 0;
        // This thread's weight, and the first of its values: four along the summed positions.
        int weightU = Threads.Local & 7;
        int weightColumn = Threads.Local >> 3;
        int valueU = 4 * (lane & 1);
        int valueRow = lane >> 1;
        int ownValues = own * Step * valuePitch;
        int ownWeights = own * Step * WeightPitch;
        long x = (long)(firstContext + own) * p.Rows * p.Summed;
        ArrayView<float> single = weights.Cast<float>();
        TBlocks sums = default;
        for (int u0 = 0; u0 < p.Summed; u0 += Step)
        {
            F4 fetched = Values(p, x, firstRow + valueRow, rows, u0 + valueU);
            F4 fetchedBelow = default;
            if (TBlocks.Count > 1)
            {
                fetchedBelow = Values(p, x, firstRow + ContextsTile + valueRow, rows, u0 + valueU);
            }
            F4 generated = Generated(p, firstContext, place.Column + weightColumn, u0 + weightU);
            Group.Barrier();
            int at = (4 * weightU * WeightPitch) + weightColumn;
            single[at] = generated.X;
            single[at + (4 * Step * WeightPitch)] = generated.Y;
            single[at + (8 * Step * WeightPitch)] = generated.Z;
            single[at + (12 * Step * WeightPitch)] = generated.W;
            Tile.Put(values, ownValues, valuePitch, true, valueRow, valueU, fetched);
            if (TBlocks.Count > 1)
            {
                Tile.Put(values, ownValues, valuePitch, true, ContextsTile + valueRow, valueU, fetchedBelow);
            }
            Group.Barrier();
            int a = ownValues + (lane >> 3);
            int b = ownWeights + (lane & 7);
            for (int k = 0; k < Step; k += 4)
            {
                sums = TBlocks.Add(sums, values, weights, a, b);
                sums = TBlocks.Add(sums, values, weights, a + valuePitch, b + WeightPitch);
                sums = TBlocks.Add(sums, values, weights, a + (2 * valuePitch), b + (2 * WeightPitch));
                sums = TBlocks.Add(sums, values, weights, a + (3 * valuePitch), b + (3 * WeightPitch));
                a += 4 * valuePitch;
                b += 4 * WeightPitch;
            }
        }
        GenerateResult result = GenerateResult.Of(p, (long)(firstContext + own) * p.Rows * p.ResultColumns, rows);
        TBlocks.Store(sums, result, firstRow + (4 * (lane >> 3)), place.Column + (4 * (lane & 7)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Rows<TTile>(GenerateArguments p)
        where TTile : struct, ITile<TTile>
    {
        TileMemory memory = TileMemory.Of<TTile>();
        TilePlace place = TilePlace.Of<TTile>(p.ResultRows, p.ResultColumns, p.Slices);
        int first = place.Slice * p.SliceDepth;
        int end = p.Depth - first < p.SliceDepth ? p.Depth : first + p.SliceDepth;
        int row = place.Row + Tile.FetchLine<TTile>(true);
        ProductsOfRow left = ProductsOfRow.Of(p, row, end);
        GeneratorOfColumn right = GeneratorOfColumn.Of(p, place.Column + Tile.FetchLine<TTile>(true), end);
        TTile sums = Tile.Product(default(TTile), memory, left, right, first, end);
        int endBase = p.Base.Length > 0 && place.Slice == 0 ? p.Summed : 0;
        bool isDeep = p.BaseSummed == 1;
        MatmulOperand x = MatmulOperand.Of(p.X, 0, p.Summed, true, row, p.ResultRows, endBase, false);
        MatmulOperand weights = MatmulOperand.Of(
            p.Base, 0, isDeep ? p.BaseResult : p.BaseSummed, isDeep, place.Column + Tile.FetchLine<TTile>(isDeep), p.ResultColumns, endBase, false);
        sums = Tile.Product(sums, memory, x, weights, 0, endBase);
        Tile.Store(sums, place, GenerateResult.Of(p, (long)place.Slice * p.ResultRows * p.ResultColumns, p.ResultRows));
    }

    // One result of Thin.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void SetRow(GenerateArguments p, int row, float sum)
    {
        if (row < p.ResultRows)
        {
            p.Result[((long)row * p.ResultColumns) + Threads.Group] = sum;
        }
    }

    // Four along the summed positions of a row of a context, whose rows begin there.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static F4 Values(GenerateArguments p, long x, int row, int rows, int u) =>
        Tile.Get(p.X, x + ((long)row * p.Summed) + u, 1, row < rows ? p.Summed - u : 0, p.FoursX != 0);

    // A weight of each of four contexts. Where there are fewer, the last one's again, so that nothing has to be asked: nobody uses them.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static F4 Generated(GenerateArguments p, int firstContext, int column, int u)
    {
        F4 sums = default;
        if (column < p.ResultColumns && u < p.Summed)
        {
            if (p.Base.Length > 0)
            {
                sums = F4.All(p.Base[((long)column * p.BaseResult) + ((long)u * p.BaseSummed)]);
            }
            long from = (column * p.GeneratorResult) + (u * p.GeneratorSummed);
            long z = (long)firstContext * p.Embedding;
            long last = (long)(p.Contexts - 1) * p.Embedding;
            long z1 = z < last ? z + p.Embedding : last;
            long z2 = z1 < last ? z1 + p.Embedding : last;
            long z3 = z2 < last ? z2 + p.Embedding : last;
            bool fours = p.Fours != 0;
            for (int h = 0; h < p.Embedding; h += 4)
            {
                int count = p.Embedding - h;
                F4 right = Tile.Get(p.Generator, from + h, 1, count, fours);
                sums.X = Add(sums.X, right, Tile.Get(p.Z, z + h, 1, count, fours));
                sums.Y = Add(sums.Y, right, Tile.Get(p.Z, z1 + h, 1, count, fours));
                sums.Z = Add(sums.Z, right, Tile.Get(p.Z, z2 + h, 1, count, fours));
                sums.W = Add(sums.W, right, Tile.Get(p.Z, z3 + h, 1, count, fours));
            }
        }
        return sums;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Add(float sum, F4 a, F4 b)
    {
        sum = Intrinsics.Fma(a.X, b.X, sum);
        sum = Intrinsics.Fma(a.Y, b.Y, sum);
        sum = Intrinsics.Fma(a.Z, b.Z, sum);
        return Intrinsics.Fma(a.W, b.W, sum);
    }
}

/// <summary>
/// Arguments of <see cref="GenerateKernels"/> and <see cref="GenerateGradientKernels"/>: sizes of the product, its depth cut into slices that write results of
/// their own; those of the computation; whether rows may be read and written in fours (of the generator and the embeddings; x; the result); and how far apart
/// summed and result positions are in the generator and in the base.
/// </summary>
internal struct GenerateArguments
{
    public int ResultRows;
    public int ResultColumns;
    public int Depth;
    public int Slices;
    public int SliceDepth;
    public int Contexts;
    public int Rows;
    public int Embedding;
    public int Summed;
    public int Inputs;
    public int Outputs;
    public int Fours;
    public int FoursX;
    public int FoursY;
    public long GeneratorSummed;
    public long GeneratorResult;
    public int BaseSummed;
    public int BaseResult;
    public Divisor ByRows;
    public Divisor ByEmbedding;
    public Divisor ByInputs;
    public ArrayView<float> X;
    public ArrayView<float> Z;
    public ArrayView<float> Generator;
    public ArrayView<float> Base;
    public ArrayView<float> Gradient;
    public ArrayView<float> Result;
}
