using System.Runtime.CompilerServices;

namespace HyperKernels.Gpu;

/// <summary>
/// The gradients of <see cref="GenerateKernels"/> by embeddings and generator. Both are products with the gradients by the weights,
/// sum_t gradient[b, t, o] x[b, t, i], which are formed while tiles are filled.
/// </summary>
internal static class GenerateGradientKernels
{
    /// <summary>
    /// dz [B, H] = gradients by the weights [B, (o, i)] x generator [(o, i), H]. Tiles of 32 x 32.   One group per tile and slice of (o, i).
    /// </summary>
    [Kernel(64)]
    public static void Embedding32(GenerateArguments p) => Embedding<Tile32>(p);

    /// <summary>The same over tiles of 64 x 64.   Launched alike.</summary>
    [Kernel]
    public static void Embedding64(GenerateArguments p) => Embedding<Tile64>(p);

    /// <summary>The same over tiles of 128 x 128.   Launched alike.</summary>
    [Kernel]
    public static void Embedding128(GenerateArguments p) => Embedding<Tile128>(p);

    /// <summary>dGenerator [(o, i), H] = gradients by the weights, turned [(o, i), B], x z [B, H]. Tiles of 32 x 32.   One group per tile.</summary>
    [Kernel(64)]
    public static void Generator32(GenerateArguments p) => Generator<Tile32>(p);

    /// <summary>The same over tiles of 64 x 64.   Launched alike.</summary>
    [Kernel]
    public static void Generator64(GenerateArguments p) => Generator<Tile64>(p);

    /// <summary>The same over tiles of 128 x 128.   Launched alike.</summary>
    [Kernel]
    public static void Generator128(GenerateArguments p) => Generator<Tile128>(p);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Embedding<TTile>(GenerateArguments p)
        where TTile : struct, ITile<TTile>
    {
        TileMemory memory = TileMemory.Of<TTile>();
        TilePlace place = TilePlace.Of<TTile>(p.ResultRows, p.ResultColumns, p.Slices);
        int first = place.Slice * p.SliceDepth;
        int end = p.Depth - first < p.SliceDepth ? p.Depth : first + p.SliceDepth;
        GradientsOfContext left = GradientsOfContext.Of(p, place.Row + Tile.FetchLine<TTile>(true), end);
        MatmulOperand right = MatmulOperand.Of(
            p.Generator, 0, p.Embedding, false, place.Column + Tile.FetchLine<TTile>(false), p.ResultColumns, end, p.Fours != 0);
        TTile sums = Tile.Product(default(TTile), memory, left, right, first, end);
        Tile.Store(sums, place, GenerateResult.Of(p, (long)place.Slice * p.ResultRows * p.ResultColumns, p.ResultRows));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Generator<TTile>(GenerateArguments p)
        where TTile : struct, ITile<TTile>
    {
        TileMemory memory = TileMemory.Of<TTile>();
        TilePlace place = TilePlace.Of<TTile>(p.ResultRows, p.ResultColumns, p.Slices);
        int first = place.Slice * p.SliceDepth;
        int end = p.Depth - first < p.SliceDepth ? p.Depth : first + p.SliceDepth;
        GradientsOfWeights left = GradientsOfWeights.Of(p, place.Row + Tile.FetchLine<TTile>(false), end);
        MatmulOperand right = MatmulOperand.Of(p.Z, 0, p.Embedding, false, place.Column + Tile.FetchLine<TTile>(false), p.ResultColumns, end, p.Fours != 0);
        TTile sums = Tile.Product(default(TTile), memory, left, right, first, end);
        Tile.Store(sums, place, GenerateResult.Of(p, (long)place.Slice * p.ResultRows * p.ResultColumns, p.ResultRows));
    }
}
