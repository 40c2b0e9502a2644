using System.Numerics.Tensors;
using System.Runtime.CompilerServices;

namespace HyperKernels.Backends.Cpu;

internal sealed unsafe partial class CpuBackend
{
    [ThreadStatic]
    private static WorkBuffer? s_sums;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void GenerateLinear(in GenerateSizes sizes, BufferRef x, BufferRef z, BufferRef generator, BufferRef? baseWeight, BufferRef y)
    {
        if (sizes.Batch == 0 || sizes.Outputs == 0)
        {
            return;
        }
        if (sizes.Reassociate)
        {
            GenerateOuterTiles outer = new(sizes, _threads, VectorWidth)
            {
                X = Floats(x), Z = Floats(z), Generator = Floats(generator), Y = Floats(y),
            };
            _threads.For(VectorWidth, outer.RowParts * outer.OutputParts, ref outer);
            if (baseWeight is { } bases)
            {
                Gemm.Run(
                    new MatmulArgs
                    {
                        Batch = 1, M = checked(sizes.Batch * sizes.Rows), N = sizes.Outputs, K = sizes.Inputs,
                        A = outer.X, LdA = sizes.Inputs,
                        B = Floats(bases), LdB = sizes.Inputs, TransposeB = true,
                        Y = outer.Y, LdY = sizes.Outputs, Accumulate = true,
                    },
                    _threads, VectorWidth);
            }
            return;
        }
        GenerateTiles tiles = new(sizes, sizes.Batch, _threads, VectorWidth)
        {
            X = Floats(x), Z = Floats(z), Generator = Floats(generator), Base = FloatsOrNull(baseWeight), Y = Floats(y),
        };
        int count = tiles.OutputBlocks * tiles.SampleBlocks;
        int rounds = (count + _threads.Threads - 1) / _threads.Threads;
        if (4L * count >= 3L * rounds * _threads.Threads)
        {
            _threads.For(VectorWidth, count, ref tiles);
            return;
        }
        // Shared out, they would leave threads idle for more than a quarter of the time: one after the other, each shared by all threads.
        for (int tile = 0; tile < count; tile++)
        {
            tiles.Apply(tile);
        }
    }

    public void GenerateLinearGradient(
        in GenerateSizes sizes, BufferRef x, BufferRef z, BufferRef generator, BufferRef? baseWeight, BufferRef gradient,
        BufferRef? dx, BufferRef? dz, BufferRef? dGenerator, BufferRef? dBase)
    {
        if (sizes.Reassociate)
        {
            OuterGradients(sizes, x, z, generator, baseWeight, gradient, dx, dz, dGenerator, dBase);
            return;
        }
        if (dGenerator is not null || dBase is not null)
        {
            // Tiles own outputs: each adds up all samples for its rows of the generator, in order.
            GenerateTiles tiles = new(sizes, sizes.Batch, _threads, VectorWidth)
            {
                X = Floats(x), Z = Floats(z), Gradient = Floats(gradient), DGenerator = FloatsOrNull(dGenerator), DBase = FloatsOrNull(dBase),
            };
            _threads.For(VectorWidth, tiles.OutputBlocks, ref tiles);
        }
        if ((dx is not null || dz is not null) && sizes.Batch > 0)
        {
            // Tiles own samples: each goes through all outputs in order, generating the weights anew.
            GenerateTiles tiles = new(sizes, GenerateTiles.SamplesPerTile, _threads, VectorWidth)
            {
                X = Floats(x), Z = Floats(z), Generator = Floats(generator), Base = FloatsOrNull(baseWeight), Gradient = Floats(gradient),
                DX = FloatsOrNull(dx), DZ = FloatsOrNull(dz),
            };
            _threads.For(VectorWidth, tiles.SampleBlocks, ref tiles);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void OuterGradients(
        in GenerateSizes sizes, BufferRef x, BufferRef z, BufferRef generator, BufferRef? baseWeight, BufferRef gradient,
        BufferRef? dx, BufferRef? dz, BufferRef? dGenerator, BufferRef? dBase)
    {
        int rows = checked(sizes.Batch * sizes.Rows);
        GenerateOuterTiles tiles = new(sizes, _threads, VectorWidth) { X = Floats(x), Z = Floats(z), Generator = Floats(generator), Gradient = Floats(gradient) };
        if (dBase is { } baseTarget)
        {
            Gemm.Run(
                new MatmulArgs
                {
                    Batch = 1, M = sizes.Outputs, N = sizes.Inputs, K = rows,
                    A = tiles.Gradient, LdA = sizes.Outputs, TransposeA = true,
                    B = tiles.X, LdB = sizes.Inputs,
                    Y = Floats(baseTarget), LdY = sizes.Inputs,
                },
                _threads, VectorWidth);
        }
        if (dGenerator is { } generatorTarget)
        {
            tiles.DGenerator = Floats(generatorTarget);
            _threads.For(VectorWidth, tiles.InputParts, ref tiles);
            tiles.DGenerator = null;
        }
        if (dx is null && dz is null)
        {
            return;
        }
        int numbers = checked(sizes.Batch * sizes.Embedding);
        tiles.DX = FloatsOrNull(dx);
        tiles.Sums = dz is null ? null : (s_sums ??= new WorkBuffer()).Rent((long)numbers * tiles.InputParts);
        _threads.For(VectorWidth, tiles.InputParts, ref tiles);
        if (dz is { } embeddingTarget)
        {
            Span<float> total = new(Floats(embeddingTarget), numbers);
            total.Clear();
            for (int part = 0; part < tiles.InputParts; part++)
            {
                TensorPrimitives.Add(total, new ReadOnlySpan<float>(tiles.Sums + ((long)part * numbers), numbers), total);
            }
        }
        if (dx is not null && baseWeight is { } bases)
        {
            Gemm.Run(
                new MatmulArgs
                {
                    Batch = 1, M = rows, N = sizes.Inputs, K = sizes.Outputs,
                    A = tiles.Gradient, LdA = sizes.Outputs,
                    B = Floats(bases), LdB = sizes.Inputs,
                    Y = tiles.DX, LdY = sizes.Inputs, Accumulate = true,
                },
                _threads, VectorWidth);
        }
    }
}
