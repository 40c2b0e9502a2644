using System.Runtime.CompilerServices;
using ILGPU;

namespace HyperKernels.Gpu;

/// <summary>Batches of matrix products Y = activation(op(A) op(B) + bias), op(A) being [M, K] and op(B) [K, N].</summary>
internal static class MatmulKernels
{
    /// <summary>Products over tiles of 32 x 32, for small ones.   One group per tile of Y, per slice of k and per matrix.</summary>
    [Kernel(64)]
    public static void Tiled32(MatmulArguments p) => Tiled<Tile32>(p);

    /// <summary>The same over tiles of 64 x 64.   Launched alike.</summary>
    [Kernel]
    public static void Tiled64(MatmulArguments p) => Tiled<Tile64>(p);

    /// <summary>The same over tiles of 128 x 128, which read operands the fewest times but want many registers.   Launched alike.</summary>
    [Kernel]
    public static void Tiled128(MatmulArguments p) => Tiled<Tile128>(p);

    /// <summary>
    /// Products of at most 8 by 8, of which a tile would be mostly empty: a thread per element of all Y, fewer than 2^31.   Any launch size.
    /// </summary>
    [Kernel]
    public static void Small(MatmulSmallArguments p)
    {
        MatmulArguments s = p.Product;
        long stepA = s.TransposeA != 0 ? s.LdA : 1;
        long stepB = s.TransposeB != 0 ? 1 : s.LdB;
        for (long i = Threads.Global; i < p.Count; i += Threads.Count)
        {
            int line = p.ByN.Quotient((int)i);
            int column = (int)i - (line * s.N);
            int matrix = p.ByM.Quotient(line);
            int row = line - (matrix * s.M);
            long left = (matrix * s.StrideA) + ((long)row * (s.TransposeA != 0 ? 1 : s.LdA));
            long right = (matrix * s.StrideB) + ((long)column * (s.TransposeB != 0 ? s.LdB : 1));
            float sum = 0;
            for (int k = 0; k < s.K; k++)
            {
                sum = Intrinsics.Fma(s.A[left], s.B[right], sum);
                left += stepA;
                right += stepB;
            }
            if (s.Bias.Length > 0)
            {
                sum += s.Bias[(matrix * s.StrideBias) + ((long)row * s.LdBias) + column];
            }
            s.Y[(matrix * s.StrideY) + ((long)row * s.LdY) + column] = ActivationK.Apply(s.Activation, sum, s.Parameter);
        }
    }

    /// <summary>
    /// Y = activation(the sum of the slices' products, in order, + bias). A [slices, batch, M, N], slices apart by the stride of slices.   Any launch size.
    /// </summary>
    [Kernel]
    public static void AddSlices(MatmulArguments p)
    {
        for (long i = Threads.Global; i < p.StrideSlice; i += Threads.Count)
        {
            long line = Divide.Quotient(i, p.N);
            long matrix = Divide.Quotient(line, p.M);
            long column = i - (line * p.N);
            float sum = p.A[i];
            long at = i;
            for (int slice = 1; slice < p.Slices; slice++)
            {
                at += p.StrideSlice;
                sum += p.A[at];
            }
            if (p.Bias.Length > 0)
            {
                sum += p.Bias[(matrix * p.StrideBias) + ((line - (matrix * p.M)) * p.LdBias) + column];
            }
            p.Y[(matrix * p.StrideY) + ((line - (matrix * p.M)) * p.LdY) + column] = ActivationK.Apply(p.Activation, sum, p.Parameter);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Tiled<TTile>(MatmulArguments p)
        where TTile : struct, ITile<TTile>
    {
        TileMemory memory = TileMemory.Of<TTile>();
        TilePlace place = TilePlace.Of<TTile>(p.M, p.N, p.Slices);
        int first = place.Slice * p.Depth;
        int end = p.K - first < p.Depth ? p.K : first + p.Depth;
        bool isDeepA = p.TransposeA == 0;
        bool isDeepB = p.TransposeB != 0;
        MatmulOperand left = MatmulOperand.Of(
            p.A, place.Matrix * p.StrideA, p.LdA, isDeepA, place.Row + Tile.FetchLine<TTile>(isDeepA), p.M, end, p.FoursA != 0);
        MatmulOperand right = MatmulOperand.Of(
            p.B, place.Matrix * p.StrideB, p.LdB, isDeepB, place.Column + Tile.FetchLine<TTile>(isDeepB), p.N, end, p.FoursB != 0);
        TTile sums = Tile.Product(default(TTile), memory, left, right, first, end);
        MatmulResult result = default;
        result.Product = p;
        result.Start = (place.Matrix * p.StrideY) + (place.Slice * p.StrideSlice);
        result.Bias = place.Matrix * p.StrideBias;
        Tile.Store(sums, place, result);
        if (p.Activation != 0)
        {
            // In a loop over what was written: applied where it is stored, the code of some functions would be there sixteen or more times.
            for (int i = 0; i < 16 << (2 * TTile.PartBits); i++)
            {
                int part = i >> 4;
                int row = place.Row + Tile.Row<TTile>(part >> TTile.PartBits) + ((i >> 2) & 3);
                int column = place.Column + Tile.Column<TTile>(part & ((1 << TTile.PartBits) - 1)) + (i & 3);
                if (row < p.M && column < p.N)
                {
                    long at = result.Start + ((long)row * p.LdY) + column;
                    p.Y[at] = ActivationK.Apply(p.Activation, p.Y[at], p.Parameter);
                }
            }
        }
    }
}

/// <summary>
/// A matrix as an operand. The line that a thread fetches is always the same: its place is worked out once. k goes along memory if the matrix is stored with
/// k contiguous (deep).
/// </summary>
internal struct MatmulOperand : IOperand
{
    private ArrayView<float> _from;
    private long _start;
    private long _step;
    private int _left;
    private int _end;
    private bool _fours;

    public bool IsDeep { get; private set; }

    /// <summary>The line, of so many, that the thread fetches of a matrix that begins at a place and whose rows are ld apart; fours: readable so.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static MatmulOperand Of(ArrayView<float> from, long start, int ld, bool isDeep, int line, int lines, int end, bool fours)
    {
        MatmulOperand operand = default;
        operand._from = from;
        operand._start = start + (isDeep ? (long)line * ld : line);
        operand._step = isDeep ? 1 : ld;
        operand._left = lines - line;
        operand._end = end;
        operand._fours = fours;
        operand.IsDeep = isDeep;
        return operand;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly F4 Get(int line, int k)
    {
        int beyond = IsDeep ? (_left > 0 ? _end - k : 0) : (k < _end ? _left : 0);
        return Tile.Get(_from, _start + (k * _step), 1, beyond, _fours);
    }
}

/// <summary>Y, with the bias added.</summary>
internal struct MatmulResult : IResult
{
    public MatmulArguments Product;
    public long Start;
    public long Bias;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Set(int row, int column, Tile44 sums)
    {
        SetRow(row, column, sums.Row0);
        SetRow(row + 1, column, sums.Row1);
        SetRow(row + 2, column, sums.Row2);
        SetRow(row + 3, column, sums.Row3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void SetRow(int row, int column, F4 value)
    {
        F4 offset = default;
        if (Product.Bias.Length > 0)
        {
            offset = Tile.Get(Product.Bias, Bias + ((long)row * Product.LdBias) + column, 1, row < Product.M ? Product.N - column : 0, false);
        }
        F4 sum = new(value.X + offset.X, value.Y + offset.Y, value.Z + offset.Z, value.W + offset.W);
        Tile.Set(Product.Y, Start + ((long)row * Product.LdY) + column, row < Product.M ? Product.N - column : 0, Product.FoursY != 0, sum);
    }
}

/// <summary>
/// Arguments of the products over tiles. Strides lead from one matrix to the next, ld from one stored row to the next; fours: may be read and written so.
/// Slice i takes i depth &lt;= k &lt; (i + 1) depth and writes Y's batch i, that far apart.
/// </summary>
internal struct MatmulArguments
{
    public int M;
    public int N;
    public int K;
    public int LdA;
    public int LdB;
    public int LdY;
    public int LdBias;
    public long StrideA;
    public long StrideB;
    public long StrideY;
    public long StrideBias;
    public int TransposeA;
    public int TransposeB;
    public int FoursA;
    public int FoursB;
    public int FoursY;
    public int Slices;
    public int Depth;
    public long StrideSlice;
    public int Activation;
    public float Parameter;
    public ArrayView<float> A;
    public ArrayView<float> B;
    public ArrayView<float> Bias;
    public ArrayView<float> Y;
}

/// <summary>Arguments of <see cref="MatmulKernels.Small"/>.</summary>
internal struct MatmulSmallArguments
{
    public MatmulArguments Product;
    public Divisor ByM;
    public Divisor ByN;
    public int Count;
}
