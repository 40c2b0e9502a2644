using HyperKernels.Backends;

namespace HyperKernels.Gpu;

internal sealed partial class GpuBackend
{
    // Rows a context from which on the gradients by the weights are formed by products of their own, in panels of 16 MiB.
    private const int PanelRows = 8;
    private const int PanelElements = 4 << 20;

    public void GenerateLinear(in GenerateSizes sizes, BufferRef x, BufferRef z, BufferRef generator, BufferRef? baseWeight, BufferRef y)
    {
        GenerateArguments arguments = Arguments(sizes);
        arguments.Summed = sizes.Inputs;
        arguments.ResultColumns = sizes.Outputs;
        arguments.GeneratorSummed = sizes.Embedding;
        arguments.GeneratorResult = (long)sizes.Inputs * sizes.Embedding;
        arguments.BaseSummed = 1;
        arguments.BaseResult = sizes.Inputs;
        Generate(arguments, sizes.Reassociate, x, z, generator, baseWeight, y);
    }

    public void GenerateLinearGradient(
        in GenerateSizes sizes, BufferRef x, BufferRef z, BufferRef generator, BufferRef? baseWeight, BufferRef gradient,
        BufferRef? dx, BufferRef? dz, BufferRef? dGenerator, BufferRef? dBase)
    {
        if (dx is { } forX)
        {
            GenerateArguments arguments = Arguments(sizes);
            arguments.Summed = sizes.Outputs;
            arguments.ResultColumns = sizes.Inputs;
            arguments.GeneratorSummed = (long)sizes.Inputs * sizes.Embedding;
            arguments.GeneratorResult = sizes.Embedding;
            arguments.BaseSummed = sizes.Inputs;
            arguments.BaseResult = 1;
            Generate(arguments, sizes.Reassociate, gradient, z, generator, baseWeight, forX);
        }
        if (dz is not null || dGenerator is not null)
        {
            if (sizes.Rows >= PanelRows && sizes.Batch > 0 && sizes.Outputs > 0 && sizes.Inputs > 0)
            {
                GradientsByPanels(sizes, x, z, generator, gradient, dz, dGenerator);
            }
            else
            {
                GradientsByTiles(sizes, x, z, generator, gradient, dz, dGenerator);
            }
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
            Matmul(product, gradient, x, null, forBase);
        }
    }

    private static GenerateArguments Arguments(in GenerateSizes sizes) => new()
    {
        Contexts = sizes.Batch,
        Rows = sizes.Rows,
        Embedding = sizes.Embedding,
        Inputs = sizes.Inputs,
        Outputs = sizes.Outputs,
        ByRows = sizes.Rows,
        ByEmbedding = sizes.Embedding,
        ByInputs = sizes.Inputs,
    };

    /// <summary>dz and dGenerator with the gradients by the weights formed while tiles are filled: for few rows a context.</summary>
    private void GradientsByTiles(
        in GenerateSizes sizes, BufferRef x, BufferRef z, BufferRef generator, BufferRef gradient, BufferRef? dz, BufferRef? dGenerator)
    {
        GenerateArguments arguments = Arguments(sizes);
        int weights = checked(sizes.Outputs * sizes.Inputs);
        arguments.ResultColumns = sizes.Embedding;
        arguments.FoursX = InFours(x, sizes.Inputs) ? 1 : 0;
        arguments.X = Floats(x);
        arguments.Z = Floats(z);
        arguments.Generator = Floats(generator);
        arguments.Gradient = Floats(gradient);
        if (dz is { } forZ)
        {
            arguments.ResultRows = sizes.Batch;
            arguments.Depth = weights;
            arguments.Fours = InFours(generator, sizes.Embedding) ? 1 : 0;
            RunGenerate(GenerateProduct.Embedding, arguments, mayCut: true, forZ);
        }
        if (dGenerator is { } forGenerator)
        {
            arguments.ResultRows = weights;
            arguments.Depth = sizes.Batch;
            arguments.Fours = InFours(z, sizes.Embedding) ? 1 : 0;
            RunGenerate(GenerateProduct.Generator, arguments, mayCut: false, forGenerator);
        }
    }

    /// <summary>
    /// dz and dGenerator from panels of gradients by the weights [B, some outputs, I], which are formed once for both and stay in a GPU's
    /// second-level cache: for many rows a context.
    /// </summary>
    private void GradientsByPanels(
        in GenerateSizes sizes, BufferRef x, BufferRef z, BufferRef generator, BufferRef gradient, BufferRef? dz, BufferRef? dGenerator)
    {
        (int batch, int inputs, int embedding) = (sizes.Batch, sizes.Inputs, sizes.Embedding);
        int most = (int)Math.Clamp(PanelElements / ((long)batch * inputs), 1, sizes.Outputs);
        int panels = (sizes.Outputs + most - 1) / most;
        long length = (long)batch * most * inputs;
        int last = sizes.Outputs - ((panels - 1) * most);
        long allSlices = ((panels - 1L) * PlanTiles(1, batch, embedding, checked(most * inputs)).Slices)
            + PlanTiles(1, batch, embedding, last * inputs).Slices;
        lock (_scratchGate)
        {
            BufferRef panel = Scratch(length + (dz is null ? 0 : allSlices * batch * embedding));
            BufferRef parts = panel.Skip(length);
            int slices = 0;
            for (int first = 0; first < sizes.Outputs; first += most)
            {
                int outputs = Math.Min(most, sizes.Outputs - first);
                int row = outputs * inputs;
                MatmulSizes form = new()
                {
                    Batch = batch,
                    M = outputs,
                    N = inputs,
                    K = sizes.Rows,
                    StrideA = (long)sizes.Rows * sizes.Outputs,
                    LdA = sizes.Outputs,
                    TransposeA = true,
                    StrideB = (long)sizes.Rows * inputs,
                    LdB = inputs,
                    StrideY = row,
                    LdY = inputs,
                };
                RunTiles(form, PlanTiles(batch, outputs, inputs, sizes.Rows, mayCut: false), gradient.Skip(first), x, null, panel);
                MatmulSizes apply = new() { Batch = 1, N = embedding, LdA = row, LdB = embedding, LdY = embedding };
                long place = (long)first * inputs * embedding;
                if (dGenerator is { } forGenerator)
                {
                    (apply.M, apply.K, apply.TransposeA) = (row, batch, true);
                    RunTiles(apply, PlanTiles(1, row, embedding, batch, mayCut: false), panel, z, null, forGenerator.Skip(place));
                }
                if (dz is not null)
                {
                    (apply.M, apply.K, apply.TransposeA) = (batch, row, false);
                    TilePlan tiles = PlanTiles(1, batch, embedding, row);
                    RunTiles(apply, tiles, panel, generator.Skip(place), null, parts.Skip((long)slices * batch * embedding));
                    slices += tiles.Slices;
                }
            }
            if (dz is { } forZ)
            {
                AddSlices(new MatmulSizes { Batch = 1, M = batch, N = embedding, LdY = embedding }, slices, parts, null, forZ);
            }
        }
    }

    /// <summary>y, or the gradient by x: result positions from summed ones, by the plan that suits the number of rows.</summary>
    /// <remarks>
    /// "Thin" for up to four rows in all: reading the generator is all the work. Else "Rows" if asked to reassociate, or where its products, T H
    /// for each weight and context, are no more than twice those of generating and applying, H + T, which run at half its speed; else "Contexts".
    /// </remarks>
    private void Generate(
        GenerateArguments arguments, bool reassociate, BufferRef x, BufferRef z, BufferRef generator, BufferRef? baseWeight, BufferRef y)
    {
        arguments.ResultRows = checked(arguments.Contexts * arguments.Rows);
        arguments.Depth = checked(arguments.Summed * arguments.Embedding);
        arguments.Fours = InFours(generator, arguments.Embedding) && InFours(z, arguments.Embedding) ? 1 : 0;
        arguments.FoursX = InFours(x, arguments.Summed) ? 1 : 0;
        arguments.X = Floats(x);
        arguments.Z = Floats(z);
        arguments.Generator = Floats(generator);
        arguments.Base = Floats(baseWeight);
        if (arguments.ResultRows == 0)
        {
            return;
        }
        if (arguments.ResultRows <= ThinRows)
        {
            arguments.Result = Floats(y);
            ForGroups(GenerateKernels.Thin, arguments.ResultColumns, arguments);
        }
        else if (reassociate || (long)arguments.Rows * arguments.Embedding <= 2 * ((long)arguments.Rows + arguments.Embedding))
        {
            RunGenerate(GenerateProduct.Rows, arguments, mayCut: true, y);
        }
        else
        {
            arguments.FoursY = InFours(y, arguments.ResultColumns) ? 1 : 0;
            arguments.Result = Floats(y);
            // With more rows in a tile the weights are generated fewer times.
            int blocks = arguments.Rows > GenerateKernels.ContextsTile ? 2 : 1;
            long fours = Pieces(arguments.Contexts, GenerateKernels.ContextsAtOnce);
            long groups = Tiles(fours, (arguments.Rows + blocks - 1) / blocks, arguments.ResultColumns, GenerateKernels.ContextsTile);
            ForGroups(blocks == 2 ? GenerateKernels.Contexts<TwoBlocks> : GenerateKernels.Contexts<OneBlock>, groups, arguments);
        }
    }

    private void RunGenerate(GenerateProduct product, GenerateArguments arguments, bool mayCut, BufferRef result)
    {
        TilePlan tiles = PlanTiles(1, arguments.ResultRows, arguments.ResultColumns, arguments.Depth, mayCut);
        arguments.Slices = tiles.Slices;
        arguments.SliceDepth = tiles.Depth;
        if (tiles.Slices == 1)
        {
            RunGenerateTiles(product, arguments, tiles, result);
            return;
        }
        lock (_scratchGate)
        {
            BufferRef parts = Scratch((long)tiles.Slices * arguments.ResultRows * arguments.ResultColumns);
            RunGenerateTiles(product, arguments, tiles, parts);
            MatmulSizes sum = new() { Batch = 1, M = arguments.ResultRows, N = arguments.ResultColumns, LdY = arguments.ResultColumns };
            AddSlices(sum, tiles.Slices, parts, null, result);
        }
    }

    private void RunGenerateTiles(GenerateProduct product, GenerateArguments arguments, in TilePlan tiles, BufferRef result)
    {
        arguments.FoursY = InFours(result, arguments.ResultColumns) ? 1 : 0;
        arguments.Result = Floats(result);
        ForGroups(
            (product, tiles.Size) switch
            {
                (GenerateProduct.Rows, 32) => GenerateKernels.Rows32,
                (GenerateProduct.Rows, 64) => GenerateKernels.Rows64,
                (GenerateProduct.Rows, _) => GenerateKernels.Rows128,
                (GenerateProduct.Embedding, 32) => GenerateGradientKernels.Embedding32,
                (GenerateProduct.Embedding, 64) => GenerateGradientKernels.Embedding64,
                (GenerateProduct.Embedding, _) => GenerateGradientKernels.Embedding128,
                (_, 32) => GenerateGradientKernels.Generator32,
                (_, 64) => GenerateGradientKernels.Generator64,
                _ => GenerateGradientKernels.Generator128,
            },
            tiles.Groups, arguments);
    }

    private enum GenerateProduct
    {
        Rows,
        Embedding,
        Generator,
    }
}
