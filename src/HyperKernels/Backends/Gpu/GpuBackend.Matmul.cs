namespace HyperKernels.Backends.Gpu;

internal sealed unsafe partial class GpuBackend
{
    // Rows or columns up to which a product is bound by reading its other operand.
    private const int ThinRows = 4;

    // A thin product does not cut its depth between groups; from here on that leaves too much of the device idle.
    private const int DeepestThin = 4096;

    // Sides up to which every element of a product has a thread, and the depth up to which that is fast.
    private const int SmallSide = 8;
    private const int SmallDepth = 64;

    private const int TensorTile = 128;

    public void Matmul(in MatmulSizes sizes, BufferRef a, BufferRef b, BufferRef? bias, BufferRef y)
    {
        if (sizes.Batch == 0 || sizes.M == 0 || sizes.N == 0)
        {
            return;
        }
        if (sizes.M <= ThinRows)
        {
            MatmulThin thin = new(sizes, isRow: true, b, a);
            if (IsWorthThin(thin, sizes))
            {
                RunThin(thin, sizes.Batch, b, a, bias, y);
                return;
            }
        }
        else if (sizes.N <= ThinRows)
        {
            MatmulThin thin = new(sizes, isRow: false, a, b);
            if (IsWorthThin(thin, sizes))
            {
                RunThin(thin, sizes.Batch, a, b, bias, y);
                return;
            }
        }
        MatmulSizes s = sizes;
        long results = (long)s.Batch * s.M * s.N;
        if (Math.Max(s.M, s.N) <= SmallSide && s.K <= SmallDepth && results <= int.MaxValue)
        {
            Divisor byM = s.M;
            Divisor byN = s.N;
            ForEach(
                "matmul/matmul_small", results,
                [KernelArgument.Of(&s), KernelArgument.Of(&byM), KernelArgument.Of(&byN), (int)results, a, b, bias, y]);
            return;
        }
        TilePlan tiles = PlanTiles(sizes.Batch, sizes.M, sizes.N, sizes.K, only: OnTensorCores(sizes) ? TensorTile : 0);
        if (tiles.Slices == 1)
        {
            RunTiles(s, tiles, a, b, bias, y);
            return;
        }
        lock (_scratchGate)
        {
            BufferRef parts = Scratch(tiles.Slices * results);
            s.LdY = s.N;
            s.StrideY = (long)s.M * s.N;
            s.Activation = Activation.None;
            RunTiles(s, tiles, a, b, null, parts);
            AddSlices(sizes, tiles.Slices, parts, bias, y);
        }
    }

    // The tensor cores' kernels have one size of tile: a product that fills less than a quarter of its tiles is better off in float32.
    private bool OnTensorCores(in MatmulSizes sizes) =>
        UsesTensorCores && sizes.Precision != MatmulPrecision.Float32
        && Tiles(1, sizes.M, sizes.N, TensorTile) * TensorTile * TensorTile <= 4L * sizes.M * sizes.N;

    private void RunTiles(MatmulSizes sizes, in TilePlan tiles, BufferRef a, BufferRef b, BufferRef? bias, BufferRef y)
    {
        MatmulPlan plan = new()
        {
            FoursA = InFours(a, sizes.LdA, sizes.StrideA) ? 1 : 0,
            FoursB = InFours(b, sizes.LdB, sizes.StrideB) ? 1 : 0,
            FoursY = InFours(y, sizes.LdY, sizes.StrideY) && sizes.M * (long)sizes.N % 4 == 0 ? 1 : 0,
            Slices = tiles.Slices,
            Depth = tiles.Depth,
            StrideSlice = (long)sizes.Batch * sizes.M * sizes.N,
        };
        string kernel = (OnTensorCores(sizes), tiles.Size) switch
        {
            (true, _) => sizes.Precision == MatmulPrecision.TF32 ? "cuda/matmul_tensor/matmul_tf32" : "cuda/matmul_tensor/matmul_bfloat16",
            (_, 128) => "matmul/matmul_128",
            (_, 64) => "matmul/matmul_64",
            _ => "matmul/matmul_32",
        };
        ForGroups(kernel, tiles.Groups, [KernelArgument.Of(&sizes), KernelArgument.Of(&plan), a, b, bias, y]);
    }

    /// <summary>The product from the sums of its slices [slices, batch, M, N].</summary>
    private void AddSlices(MatmulSizes sizes, int slices, BufferRef parts, BufferRef? bias, BufferRef y) =>
        ForEach("matmul/matmul_add_slices", (long)sizes.Batch * sizes.M * sizes.N, [KernelArgument.Of(&sizes), slices, parts, bias, y]);

    private bool IsWorthThin(in MatmulThin thin, in MatmulSizes sizes) =>
        sizes.K <= DeepestThin || sizes.Batch * (long)thin.Groups >= _device.ComputeUnits;

    private void RunThin(MatmulThin thin, int batch, BufferRef w, BufferRef v, BufferRef? bias, BufferRef y)
    {
        string kernel = (thin.IsDeep, thin.Rows == 1) switch
        {
            (true, true) => "matmul/matmul_thin_deep_1",
            (true, false) => "matmul/matmul_thin_deep_4",
            (false, true) => "matmul/matmul_thin_wide_1",
            _ => "matmul/matmul_thin_wide_4",
        };
        ForGroups(kernel, batch * (long)thin.Groups, [KernelArgument.Of(&thin.Sizes), w, v, bias, y]);
    }

    /// <summary>Laid out as MATMUL_PLAN in kernels/matmul.c.</summary>
    private struct MatmulPlan
    {
        public int FoursA;
        public int FoursB;
        public int FoursY;
        public int Slices;
        public int Depth;
        public long StrideSlice;
    }

    /// <summary>Laid out as THIN_SIZES in kernels/matmul.c.</summary>
    private struct ThinSizes
    {
        public int Rows;
        public int Outputs;
        public int K;
        public int LdW;
        public long StrideW;
        public long StrideV;
        public long StrideY;
        public long StrideBias;
        public long RowV;
        public long StepV;
        public long RowY;
        public long StepY;
        public int RowBias;
        public int StepBias;
        public int FoursW;
        public int FoursV;
        public Activation Activation;
    }

    /// <summary>A product with few rows, or, turned on its side, with few columns.</summary>
    private struct MatmulThin
    {
        // 8 outputs a group where k is contiguous, 32 where outputs are.
        private const int DeepOutputs = 8;
        private const int WideOutputs = 32;

        public MatmulThin(in MatmulSizes s, bool isRow, BufferRef w, BufferRef v)
        {
            IsDeep = isRow ? s.TransposeB : !s.TransposeA;
            bool isVDeep = isRow ? !s.TransposeA : s.TransposeB;
            int ldV = isRow ? s.LdA : s.LdB;
            Sizes = new ThinSizes
            {
                Rows = isRow ? s.M : s.N,
                Outputs = isRow ? s.N : s.M,
                K = s.K,
                LdW = isRow ? s.LdB : s.LdA,
                StrideW = isRow ? s.StrideB : s.StrideA,
                StrideV = isRow ? s.StrideA : s.StrideB,
                StrideY = s.StrideY,
                StrideBias = s.StrideBias,
                RowV = isVDeep ? ldV : 1,
                StepV = isVDeep ? 1 : ldV,
                RowY = isRow ? s.LdY : 1,
                StepY = isRow ? 1 : s.LdY,
                RowBias = isRow ? 0 : 1,
                StepBias = isRow ? 1 : 0,
                Activation = s.Activation,
            };
            Sizes.FoursW = InFours(w, Sizes.LdW, Sizes.StrideW) ? 1 : 0;
            Sizes.FoursV = isVDeep && InFours(v, ldV, Sizes.StrideV) ? 1 : 0;
        }

        public ThinSizes Sizes;

        public bool IsDeep { get; }

        public readonly int Rows => Sizes.Rows;

        public readonly int Groups => IsDeep ? (Sizes.Outputs + DeepOutputs - 1) / DeepOutputs : (Sizes.Outputs + WideOutputs - 1) / WideOutputs;
    }
}
