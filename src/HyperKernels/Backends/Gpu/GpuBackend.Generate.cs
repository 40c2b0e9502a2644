namespace HyperKernels.Backends.Gpu;

internal sealed unsafe partial class GpuBackend
{
    // The plan "tile" generates for four contexts at once.
    private const int ContextsPerTile = 4;

    public void GenerateLinear(in GenerateSizes sizes, BufferRef x, BufferRef z, BufferRef generator, BufferRef? baseWeight, BufferRef y)
    {
        GeneratePlan plan = GeneratePlan.Of(sizes);
        plan.Summed = sizes.Inputs;
        plan.ResultColumns = sizes.Outputs;
        plan.GeneratorSummed = sizes.Embedding;
        plan.GeneratorResult = (long)sizes.Inputs * sizes.Embedding;
        plan.BaseSummed = 1;
        plan.BaseResult = sizes.Inputs;
        Generate(plan, sizes.Batch, x, z, generator, baseWeight, y);
    }

    public void GenerateLinearGradient(
        in GenerateSizes sizes, BufferRef x, BufferRef z, BufferRef generator, BufferRef? baseWeight, BufferRef gradient,
        BufferRef? dx, BufferRef? dz, BufferRef? dGenerator, BufferRef? dBase)
    {
        if (dx is { } forX)
        {
            GeneratePlan plan = GeneratePlan.Of(sizes);
            plan.Summed = sizes.Outputs;
            plan.ResultColumns = sizes.Inputs;
            plan.GeneratorSummed = (long)sizes.Inputs * sizes.Embedding;
            plan.GeneratorResult = sizes.Embedding;
            plan.BaseSummed = sizes.Inputs;
            plan.BaseResult = 1;
            Generate(plan, sizes.Batch, gradient, z, generator, baseWeight, forX);
        }
        if (dz is { } forZ)
        {
            GeneratePlan plan = GeneratePlan.Of(sizes);
            plan.ResultRows = sizes.Batch;
            plan.ResultColumns = sizes.Embedding;
            plan.Depth = checked(sizes.Outputs * sizes.Inputs);
            plan.SetVectors(generator, generator, x, sizes.Inputs);
            RunGenerate(GenerateProduct.Embedding, plan, mayCut: true, [x, gradient, generator], forZ);
        }
        if (dGenerator is { } forGenerator)
        {
            GeneratePlan plan = GeneratePlan.Of(sizes);
            plan.ResultRows = checked(sizes.Outputs * sizes.Inputs);
            plan.ResultColumns = sizes.Embedding;
            plan.Depth = sizes.Batch;
            plan.SetVectors(z, z, x, sizes.Inputs);
            RunGenerate(GenerateProduct.Generator, plan, mayCut: false, [x, gradient, z], forGenerator);
        }
        if (dBase is { } forBase)
        {
            // The sum over all rows of all contexts of gradient' x.
            MatmulSizes product = new()
            {
                Batch = 1,
                M = sizes.Outputs,
                N = sizes.Inputs,
                K = checked(sizes.Batch * sizes.Rows),
                LdA = sizes.Outputs,
                LdB = sizes.Inputs,
                LdY = sizes.Inputs,
                TransposeA = true,
            };
            Matmul(product, gradient, x, default, forBase);
        }
    }

    /// <summary>y, or the gradient by x: result positions from summed ones, by the plan that suits the number of rows.</summary>
    /// <remarks>
    /// "thin" for up to four rows in all: reading the generator is all the work. Else "rows" where its products, T H for each weight and context,
    /// are no more than thrice those of generating and applying, H + T, which run at a third of its speed or less; else "tile".
    /// </remarks>
    private void Generate(GeneratePlan plan, int contexts, BufferRef x, BufferRef z, BufferRef generator, BufferRef? baseWeight, BufferRef y)
    {
        plan.ResultRows = checked(contexts * plan.Rows);
        plan.Depth = checked(plan.Summed * plan.Embedding);
        plan.SetVectors(generator, z, x, plan.Summed);
        if (plan.ResultRows == 0)
        {
            return;
        }
        if (plan.ResultRows <= ThinRows)
        {
            ForGroups("generate/generate_thin", plan.ResultColumns, [KernelArgument.Of(&plan), x, z, generator, baseWeight, y]);
        }
        else if ((long)plan.Rows * plan.Embedding <= 3 * ((long)plan.Rows + plan.Embedding))
        {
            RunGenerate(GenerateProduct.Rows, plan, mayCut: true, [x, z, generator, baseWeight], y);
        }
        else
        {
            plan.VectorsY = IsVectors(y, plan.ResultColumns) ? 1 : 0;
            long groups = Tiles((contexts + ContextsPerTile - 1) / ContextsPerTile, plan.Rows, plan.ResultColumns, 32);
            ForGroups("generate/generate_tile", groups, [KernelArgument.Of(&plan), contexts, x, z, generator, baseWeight, y]);
        }
    }

    private void RunGenerate(GenerateProduct product, GeneratePlan plan, bool mayCut, ReadOnlySpan<KernelArgument> sources, BufferRef result)
    {
        TilePlan tiles = PlanTiles(1, plan.ResultRows, plan.ResultColumns, plan.Depth, mayCut);
        plan.Slices = tiles.Slices;
        plan.SliceDepth = tiles.Depth;
        if (tiles.Slices == 1)
        {
            RunGenerateTiles(product, plan, tiles, sources, result);
            return;
        }
        lock (_scratchGate)
        {
            BufferRef parts = Scratch((long)tiles.Slices * plan.ResultRows * plan.ResultColumns);
            RunGenerateTiles(product, plan, tiles, sources, parts);
            MatmulSizes sum = new() { Batch = 1, M = plan.ResultRows, N = plan.ResultColumns, LdY = plan.ResultColumns };
            AddSlices(sum, tiles.Slices, parts, default, result);
        }
    }

    private void RunGenerateTiles(GenerateProduct product, GeneratePlan plan, in TilePlan tiles, ReadOnlySpan<KernelArgument> sources, BufferRef result)
    {
        plan.VectorsY = IsVectors(result, plan.ResultColumns) ? 1 : 0;
        string kernel = (product, tiles.Size) switch
        {
            (GenerateProduct.Rows, 32) => "generate/generate_rows_32",
            (GenerateProduct.Rows, 64) => "generate/generate_rows_64",
            (GenerateProduct.Rows, _) => "generate/generate_rows_128",
            (GenerateProduct.Embedding, 32) => "generate/generate_embedding_32",
            (GenerateProduct.Embedding, 64) => "generate/generate_embedding_64",
            (GenerateProduct.Embedding, _) => "generate/generate_embedding_128",
            (_, 32) => "generate/generate_generator_32",
            (_, 64) => "generate/generate_generator_64",
            _ => "generate/generate_generator_128",
        };
        KernelArgument sizes = KernelArgument.Of(&plan);
        if (product == GenerateProduct.Rows)
        {
            ForGroups(kernel, tiles.Groups, [sizes, sources[0], sources[1], sources[2], sources[3], result]);
        }
        else
        {
            ForGroups(kernel, tiles.Groups, [sizes, sources[0], sources[1], sources[2], result]);
        }
    }

    private enum GenerateProduct
    {
        Rows,
        Embedding,
        Generator,
    }

    /// <summary>Laid out as GENERATE_PLAN in kernels/generate.c, and explained there.</summary>
    private struct GeneratePlan
    {
        public int ResultRows;
        public int ResultColumns;
        public int Depth;
        public int Slices;
        public int SliceDepth;
        public int Rows;
        public int Embedding;
        public int Summed;
        public int Inputs;
        public int Outputs;
        public int Vectors;
        public int VectorsX;
        public int VectorsY;
        public long GeneratorSummed;
        public long GeneratorResult;
        public long BaseSummed;
        public long BaseResult;
        public Divisor ByRows;
        public Divisor ByEmbedding;
        public Divisor ByInputs;

        public static GeneratePlan Of(in GenerateSizes sizes) => new()
        {
            Rows = sizes.Rows,
            Embedding = sizes.Embedding,
            Inputs = sizes.Inputs,
            Outputs = sizes.Outputs,
            ByRows = sizes.Rows,
            ByEmbedding = sizes.Embedding,
            ByInputs = sizes.Inputs,
        };

        /// <summary>Both of the first two, rows of H numbers, and x are read as vectors if they can be.</summary>
        public void SetVectors(BufferRef generator, BufferRef z, BufferRef x, int rowX)
        {
            Vectors = IsVectors(generator, Embedding) && IsVectors(z, Embedding) ? 1 : 0;
            VectorsX = IsVectors(x, rowX) ? 1 : 0;
        }
    }
}
