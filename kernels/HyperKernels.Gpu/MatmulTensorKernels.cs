using System.Runtime.CompilerServices;
using ILGPU;

namespace HyperKernels.Gpu;

/// <summary>
/// Matrix products on tensor cores: operands rounded to TF32 or bfloat16, sums in float32. Sizes and results as of <see cref="MatmulKernels"/>.
/// </summary>
/// <remarks>
/// A group of 8 warps computes 128 by 128 numbers, a warp 64 by 32 of them: 4 fragments of 16 rows by 4 of 8 columns. Both operands lie in group memory
/// as lines (rows of A, columns of B) of 16 words along k. A line's pitch of 20 words leads the 32 words of a fragment to 32 different banks.
/// The next words are fetched while these are multiplied.
/// </remarks>
internal static class MatmulTensorKernels
{
    /// <summary>Rows and columns of a tile.</summary>
    public const int Size = 128;

    // Words along k that lie in group memory at a time.
    private const int Depth = 16;

    private const int Pitch = 20;

    // In fours: words are stored 16 bytes at a time.
    private const int Buffer = Size * Pitch / 4;

    /// <summary>The product.   One group of 256 threads per tile of Y, per slice of k and per matrix.</summary>
    [Kernel]
    public static void Tiled<TCores>(MatmulArguments p)
        where TCores : struct, ITensorCores
    {
        ArrayView<TensorWords> tileA = SharedMemory.Allocate1D<TensorWords>(2 * Buffer).AsContiguous();
        ArrayView<TensorWords> tileB = SharedMemory.Allocate1D<TensorWords>(2 * Buffer).AsContiguous();
        ArrayView<uint> room = TCores.Room();
        TilePlace place = TilePlace.Of(p.M, p.N, p.Slices, Size);
        int first = place.Slice * p.Depth;
        int end = p.K - first < p.Depth ? p.K : first + p.Depth;
        TensorOperand a = TensorOperand.Of(p.A, place.Matrix * p.StrideA, p.LdA, p.TransposeA == 0, place.Row, p.M, end, p.FoursA != 0);
        TensorOperand b = TensorOperand.Of(p.B, place.Matrix * p.StrideB, p.LdB, p.TransposeB != 0, place.Column, p.N, end, p.FoursB != 0);
        int warpRow = (Threads.Local >> 7) * 64;
        int warpColumn = ((Threads.Local >> 5) & 3) * 32;
        int line = (Threads.Local >> 2) & 7;
        int quarter = Threads.Local & 3;
        int left = ((warpRow + line) * Pitch) + quarter;
        int right = ((warpColumn + line) * Pitch) + quarter;
        int step = TCores.Floats * Depth;
        int steps = (end - first + step - 1) / step;
        TensorSums sums = default;
        Put<TCores>(tileA, 0, a, a.Fetch<TCores>(first));
        Put<TCores>(tileB, 0, b, b.Fetch<TCores>(first));
        Group.Barrier();
        for (int at = 0; at < steps; at++)
        {
            int now = (at & 1) * Buffer;
            int then = Buffer - now;
            first += step;
            TensorFetch nextA = a.Fetch<TCores>(first);
            TensorFetch nextB = b.Fetch<TCores>(first);
            for (int word = 4 * now; word < (4 * now) + Depth; word += 8)
            {
                sums = TensorSums.Add<TCores>(sums, room, tileA.Cast<uint>(), left + word, tileB.Cast<uint>(), right + word, Pitch);
            }
            Put<TCores>(tileA, then, a, nextA);
            Put<TCores>(tileB, then, b, nextB);
            Group.Barrier();
        }
        MatmulTensorResult result = default;
        result.Product = p;
        result.Start = (place.Matrix * p.StrideY) + (place.Slice * p.StrideSlice);
        result.Bias = place.Matrix * p.StrideBias;
        int row = place.Row + warpRow + line;
        int column = place.Column + warpColumn + (2 * quarter);
        result.SetRow(row, column, sums.Row0);
        result.SetRow(row + 16, column, sums.Row1);
        result.SetRow(row + 32, column, sums.Row2);
        result.SetRow(row + 48, column, sums.Row3);
        if (p.Activation != 0)
        {
            // In a loop over what was written, as after the other products.
            for (int i = 0; i < 64; i++)
            {
                int down = row + (16 * (i >> 4)) + (8 * ((i >> 1) & 1));
                int across = column + (8 * ((i >> 2) & 3)) + (i & 1);
                if (down < p.M && across < p.N)
                {
                    long to = result.Start + ((long)down * p.LdY) + across;
                    p.Y[to] = ActivationK.Apply(p.Activation, p.Y[to], p.Parameter);
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Put<TCores>(ArrayView<TensorWords> tile, int start, TensorOperand operand, TensorFetch fetched)
        where TCores : struct, ITensorCores
    {
        tile[start + (((operand.Line(0) * Pitch) + operand.Word(0)) >> 2)] = TCores.Words(fetched.First0, fetched.Second0);
        tile[start + (((operand.Line(1) * Pitch) + operand.Word(1)) >> 2)] = TCores.Words(fetched.First1, fetched.Second1);
    }
}

/// <summary>Y, with the bias added.</summary>
internal struct MatmulTensorResult
{
    public MatmulArguments Product;
    public long Start;
    public long Bias;

    /// <summary>Fragments that lie side by side, from the place of the thread's first sum on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void SetRow(int row, int column, TensorRow sums)
    {
        long bias = Bias + ((long)row * Product.LdBias);
        Set(row, column, bias, sums.Column0);
        Set(row, column + 8, bias, sums.Column1);
        Set(row, column + 16, bias, sums.Column2);
        Set(row, column + 24, bias, sums.Column3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void Set(int row, int column, long bias, F4 sums)
    {
        long next = bias + (8L * Product.LdBias);
        Set(row, column, bias, sums.X);
        Set(row, column + 1, bias, sums.Y);
        Set(row + 8, column, next, sums.Z);
        Set(row + 8, column + 1, next, sums.W);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void Set(int row, int column, long bias, float sum)
    {
        if (row < Product.M && column < Product.N)
        {
            if (Product.Bias.Length > 0)
            {
                sum += Product.Bias[bias + column];
            }
            Product.Y[Start + ((long)row * Product.LdY) + column] = sum;
        }
    }
}
