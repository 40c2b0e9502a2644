using HyperKernels.Backends;

namespace HyperKernels.Gpu;

internal sealed partial class GpuBackend
{
    // Rows or columns up to which a product is bound by reading its other operand.
    private const int ThinRows = 4;

    // A thin product does not cut its depth between groups; from here on that leaves too much of the device idle.
    private const int DeepestThin = 4096;

    // Sides up to which every element of a product has a thread, and the depth up to which that is fast.
    private const int SmallSide = 8;
    private const int SmallDepth = 64;

    private const int TensorTile = MatmulTensorKernels.Size;

    public void Matmul(in MatmulSizes sizes, BufferRef a, BufferRef b, BufferRef? bias, BufferRef y)
    {
        if (sizes.Batch == 0 || sizes.M == 0 || sizes.N == 0)
        {
            return;
        }
        bool sumsUp = sizes.Batch > 1 && sizes.StrideY == 0;
        if (sizes.M <= ThinRows && !sumsUp)
        {
            MatmulThin thin = new(sizes, isRow: true, b, a, bias, y);
            if (IsWorthThin(thin, sizes))
            {
                RunThin(thin, sizes.Batch);
                return;
            }
        }
        else if (sizes.N <= ThinRows && !sumsUp)
        {
            MatmulThin thin = new(sizes, isRow: false, a, b, bias, y);
            if (IsWorthThin(thin, sizes))
            {
                RunThin(thin, sizes.Batch);
                return;
            }
        }
        long results = (long)sizes.Batch * sizes.M * sizes.N;
        if (!sumsUp && Math.Max(sizes.M, sizes.N) <= SmallSide && sizes.K <= SmallDepth && results <= int.MaxValue)
        {
            ForEach(
                MatmulKernels.Small, results,
                new MatmulSmallArguments { Product = Arguments(sizes, a, b, bias, y), ByM = sizes.M, ByN = sizes.N, Count = (int)results });
            return;
        }
        TilePlan tiles = PlanTiles(sizes.Batch, sizes.M, sizes.N, sizes.K, only: OnTensorCores(sizes) ? TensorTile : 0);
        if (tiles.Slices == 1 && !sumsUp)
        {
            RunTiles(sizes, tiles, a, b, bias, y);
            return;
        }
        lock (_scratchGate)
        {
            BufferRef parts = Scratch(tiles.Slices * results);
            MatmulSizes slices = sizes;
            slices.LdY = sizes.N;
            slices.StrideY = (long)sizes.M * sizes.N;
            slices.Activation = Activation.None;
            RunTiles(slices, tiles, a, b, null, parts);
            if (sumsUp)
            {
                // Each product is one more slice of the sum.
                AddSlices(sizes with { Batch = 1 }, tiles.Slices * sizes.Batch, parts, bias, y);
                return;
            }
            AddSlices(sizes, tiles.Slices, parts, bias, y);
        }
    }

    // A launch for each group: the host does not wait between them, and each has the kernel that its sizes ask for.
    public void MatmulGrouped(in MatmulSizes sizes, bool sumsRows, ReadOnlySpan<int> offsets, BufferRef a, BufferRef b, BufferRef? bias, BufferRef y)
    {
        for (int group = 0; group < offsets.Length - 1; group++)
        {
            long first = offsets[group];
            Matmul(
                sizes.OfGroup(offsets[group], offsets[group + 1], sumsRows), a.Skip(first * sizes.LdA), b.Skip(sumsRows ? first * sizes.LdB : group * sizes.StrideB),
                bias?.Skip(group * sizes.StrideBias), y.Skip(sumsRows ? group * sizes.StrideY : first * sizes.LdY));
        }
    }

    private static MatmulArguments Arguments(in MatmulSizes s, BufferRef a, BufferRef b, BufferRef? bias, BufferRef y) => new()
    {
        M = s.M,
        N = s.N,
        K = s.K,
        LdA = s.LdA,
        LdB = s.LdB,
        LdY = s.LdY,
        LdBias = s.LdBias,
        StrideA = s.StrideA,
        StrideB = s.StrideB,
        StrideY = s.StrideY,
        StrideBias = s.StrideBias,
        TransposeA = s.TransposeA ? 1 : 0,
        TransposeB = s.TransposeB ? 1 : 0,
        FoursA = InFours(a, s.LdA, s.StrideA) ? 1 : 0,
        FoursB = InFours(b, s.LdB, s.StrideB) ? 1 : 0,
        FoursY = InFours(y, s.LdY, s.StrideY) && s.M * (long)s.N % 4 == 0 ? 1 : 0,
        StrideSlice = (long)s.Batch * s.M * s.N,
        Activation = (int)s.Activation.Kind,
        Parameter = s.Activation.Parameter,
        A = Floats(a),
        B = Floats(b),
        Bias = Floats(bias),
        Y = Floats(y),
    };

    // The tensor cores' kernels have one size of tile: a product that fills less than a quarter of its tiles is better off in float32.
    private bool OnTensorCores(in MatmulSizes sizes) =>
        UsesTensorCores && sizes.Precision != MatmulPrecision.Float32
        && Tiles(1, sizes.M, sizes.N, TensorTile) * TensorTile * TensorTile <= 4L * sizes.M * sizes.N;

    private void RunTiles(in MatmulSizes sizes, in TilePlan tiles, BufferRef a, BufferRef b, BufferRef? bias, BufferRef y)
    {
        MatmulArguments product = Arguments(sizes, a, b, bias, y);
        product.Slices = tiles.Slices;
        product.Depth = tiles.Depth;
        ForGroups(
            (OnTensorCores(sizes), sizes.Precision, tiles.Size) switch
            {
                (true, MatmulPrecision.TF32, _) => _device.HasTensorCores ? MatmulTensorKernels.Tiled<CudaTf32> : MatmulTensorKernels.Tiled<EmulatedTf32>,
                (true, _, _) => _device.HasTensorCores ? MatmulTensorKernels.Tiled<CudaBFloat16> : MatmulTensorKernels.Tiled<EmulatedBFloat16>,
                (_, _, 128) => MatmulKernels.Tiled128,
                (_, _, 64) => MatmulKernels.Tiled64,
                _ => MatmulKernels.Tiled32,
            },
            tiles.Groups, product);
    }

    /// <summary>The product from the sums of its slices [slices, batch, M, N].</summary>
    private void AddSlices(in MatmulSizes sizes, int slices, BufferRef parts, BufferRef? bias, BufferRef y)
    {
        MatmulArguments sum = Arguments(sizes, parts, parts, bias, y);
        sum.Slices = slices;
        ForEach(MatmulKernels.AddSlices, sum.StrideSlice, sum);
    }

    private bool IsWorthThin(in MatmulThin thin, in MatmulSizes sizes) =>
        sizes.K <= DeepestThin || sizes.Batch * (long)thin.Groups >= _device.ComputeUnits;

    private void RunThin(MatmulThin thin, int batch) =>
        ForGroups(
            (thin.IsDeep, thin.Arguments.Rows == 1) switch
            {
                (true, true) => MatmulThinKernels.Deep<OneRow>,
                (true, false) => MatmulThinKernels.Deep<FourRows>,
                (false, true) => MatmulThinKernels.Wide<OneRow>,
                _ => MatmulThinKernels.Wide<FourRows>,
            },
            batch * (long)thin.Groups, thin.Arguments);

    /// <summary>A product with few rows, or, turned on its side, with few columns.</summary>
    private readonly struct MatmulThin
    {
        public MatmulThin(in MatmulSizes s, bool isRow, BufferRef w, BufferRef v, BufferRef? bias, BufferRef y)
        {
            IsDeep = isRow ? s.TransposeB : !s.TransposeA;
            bool isVDeep = isRow ? !s.TransposeA : s.TransposeB;
            int ldW = isRow ? s.LdB : s.LdA;
            int ldV = isRow ? s.LdA : s.LdB;
            long strideW = isRow ? s.StrideB : s.StrideA;
            long strideV = isRow ? s.StrideA : s.StrideB;
            int outputs = isRow ? s.N : s.M;
            Groups = (int)Pieces(outputs, IsDeep ? MatmulThinKernels.DeepOutputs : MatmulThinKernels.WideOutputs);
            Arguments = new ThinArguments
            {
                Rows = isRow ? s.M : s.N,
                Outputs = outputs,
                K = s.K,
                LdW = ldW,
                StrideW = strideW,
                StrideV = strideV,
                StrideY = s.StrideY,
                StrideBias = s.StrideBias,
                RowV = isVDeep ? ldV : 1,
                StepV = isVDeep ? 1 : ldV,
                RowY = isRow ? s.LdY : 1,
                StepY = isRow ? 1 : s.LdY,
                RowBias = isRow ? s.LdBias : 1,
                StepBias = isRow ? 1 : s.LdBias,
                ByGroups = Groups,
                FoursW = InFours(w, ldW, strideW) ? 1 : 0,
                FoursV = isVDeep && InFours(v, ldV, strideV) ? 1 : 0,
                Activation = (int)s.Activation.Kind,
                Parameter = s.Activation.Parameter,
                W = Floats(w),
                V = Floats(v),
                Bias = Floats(bias),
                Y = Floats(y),
            };
        }

        public ThinArguments Arguments { get; }

        public bool IsDeep { get; }

        public int Groups { get; }
    }
}
