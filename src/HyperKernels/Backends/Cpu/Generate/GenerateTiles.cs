using System.Runtime.CompilerServices;

namespace HyperKernels.Backends.Cpu;

/// <summary>
/// The tile plan of generate-and-apply: the weights of some samples and outputs are generated into memory of the second cache and used
/// at once.
/// </summary>
internal unsafe struct GenerateTiles : ITiles
{
    /// <summary>Samples per tile where tiles own samples: enough rows for the register tiles, few enough to share out.</summary>
    public const int SamplesPerTile = 32;

    /// <summary>Weights of one tile: 256 KiB stay in the second-level cache beside the generator's rows that make them.</summary>
    public const int TileWeights = 64 * 1024;

    // A line of the cache.
    private const int Pad = 16;

    // Outputs per tile that the small products with many rows need to fill their registers.
    private const int FewestOutputs = 16;

    [ThreadStatic]
    private static WorkBuffer? s_weights;

    [ThreadStatic]
    private static WorkBuffer? s_weightGradients;

    private readonly GenerateSizes _sizes;
    private readonly ForkJoin _threads;
    private readonly int _width;
    private readonly int _samples;
    private readonly int _outputs;

    public GenerateTiles(in GenerateSizes sizes, int samples, ForkJoin threads, int width)
    {
        _sizes = sizes;
        _threads = threads;
        _width = width;
        int inputs = Math.Max(1, sizes.Inputs);
        int sets = TileWeights / inputs;
        samples = Math.Min(samples, Math.Max(SamplesPerTile, sets / Math.Clamp(sizes.Outputs, 1, FewestOutputs)));
        _samples = Math.Max(1, Math.Min(Math.Min(samples, sizes.Batch), sets));
        _outputs = Math.Max(1, Math.Min(sizes.Outputs, sets / _samples));
        SampleBlocks = (sizes.Batch + _samples - 1) / _samples;
        OutputBlocks = (sizes.Outputs + _outputs - 1) / _outputs;
    }

    public int SampleBlocks { get; }

    public int OutputBlocks { get; }

    public float* X;
    public float* Z;
    public float* Generator;
    public float* Base;
    public float* Y;
    public float* Gradient;
    public float* DX;
    public float* DZ;
    public float* DGenerator;
    public float* DBase;

    public void Run<TVec>(int tile)
        where TVec : struct, IVec<TVec>
    {
        if (Y != null)
        {
            Apply(tile);
        }
        else if (DX != null || DZ != null)
        {
            SampleGradients(tile * _samples);
        }
        else
        {
            GeneratorGradients<TVec>(tile * _outputs);
        }
    }

    private readonly long TileLength => (long)_samples * Step(_outputs * Math.Max(1, _sizes.Inputs));

    // From one sample's weights to the next ones: a multiple of 4 KiB apart, they would share a few sets of the first cache.
    private static int Step(int weights) => GemmBlock.IsCrowded(weights) ? weights + Pad : weights;

    /// <summary>Generates a tile's weights and multiplies with them; outside a crew's work the products are shared by its threads.</summary>
    public readonly void Apply(int tile)
    {
        int output = tile / SampleBlocks * _outputs;
        int sample = tile % SampleBlocks * _samples;
        int outputs = Math.Min(_outputs, _sizes.Outputs - output);
        int samples = Math.Min(_samples, _sizes.Batch - sample);
        float* weights = (s_weights ??= new WorkBuffer()).Rent(TileLength);
        Generate(weights, output, outputs, sample, samples);
        Multiply(new MatmulArgs
        {
            Batch = samples,
            M = _sizes.Rows,
            N = outputs,
            K = _sizes.Inputs,
            A = X + ((long)sample * _sizes.Rows * _sizes.Inputs),
            StrideA = (long)_sizes.Rows * _sizes.Inputs,
            LdA = _sizes.Inputs,
            B = weights,
            StrideB = Step(outputs * _sizes.Inputs),
            LdB = _sizes.Inputs,
            TransposeB = true,
            Y = Y + ((long)sample * _sizes.Rows * _sizes.Outputs) + output,
            StrideY = (long)_sizes.Rows * _sizes.Outputs,
            LdY = _sizes.Outputs,
        });
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void SampleGradients(int sample)
    {
        int samples = Math.Min(_samples, _sizes.Batch - sample);
        float* weights = (s_weights ??= new WorkBuffer()).Rent(TileLength);
        float* gradients = (s_weightGradients ??= new WorkBuffer()).Rent(TileLength);
        for (int output = 0; output < _sizes.Outputs || output == 0; output += _outputs)
        {
            int outputs = Math.Min(_outputs, _sizes.Outputs - output);
            if (DX != null)
            {
                Generate(weights, output, outputs, sample, samples);
                Multiply(new MatmulArgs
                {
                    Batch = samples,
                    M = _sizes.Rows,
                    N = _sizes.Inputs,
                    K = outputs,
                    A = Gradient + ((long)sample * _sizes.Rows * _sizes.Outputs) + output,
                    StrideA = (long)_sizes.Rows * _sizes.Outputs,
                    LdA = _sizes.Outputs,
                    B = weights,
                    StrideB = Step(outputs * _sizes.Inputs),
                    LdB = _sizes.Inputs,
                    Y = DX + ((long)sample * _sizes.Rows * _sizes.Inputs),
                    StrideY = (long)_sizes.Rows * _sizes.Inputs,
                    LdY = _sizes.Inputs,
                    Accumulate = output > 0,
                });
            }
            if (DZ != null)
            {
                WeightGradients(gradients, output, outputs, sample, samples);
                Multiply(new MatmulArgs
                {
                    Batch = 1,
                    M = samples,
                    N = _sizes.Embedding,
                    K = outputs * _sizes.Inputs,
                    A = gradients,
                    LdA = Step(outputs * _sizes.Inputs),
                    B = Generator + ((long)output * _sizes.Inputs * _sizes.Embedding),
                    LdB = _sizes.Embedding,
                    Y = DZ + ((long)sample * _sizes.Embedding),
                    LdY = _sizes.Embedding,
                    Accumulate = output > 0,
                });
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void GeneratorGradients<TVec>(int output)
        where TVec : struct, IVec<TVec>
    {
        int outputs = Math.Min(_outputs, _sizes.Outputs - output);
        int row = outputs * _sizes.Inputs;
        float* gradients = (s_weightGradients ??= new WorkBuffer()).Rent(TileLength);
        for (int sample = 0; sample < _sizes.Batch || sample == 0; sample += _samples)
        {
            int samples = Math.Min(_samples, _sizes.Batch - sample);
            WeightGradients(gradients, output, outputs, sample, samples);
            if (DGenerator != null)
            {
                Multiply(new MatmulArgs
                {
                    Batch = 1,
                    M = row,
                    N = _sizes.Embedding,
                    K = samples,
                    A = gradients,
                    LdA = Step(row),
                    TransposeA = true,
                    B = Z + ((long)sample * _sizes.Embedding),
                    LdB = _sizes.Embedding,
                    Y = DGenerator + ((long)output * _sizes.Inputs * _sizes.Embedding),
                    LdY = _sizes.Embedding,
                    Accumulate = sample > 0,
                });
            }
            if (DBase != null)
            {
                AddRows<TVec>(gradients, Step(row), samples, row, DBase + ((long)output * _sizes.Inputs), sample > 0);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddRows<TVec>(float* rows, nint step, int count, int length, float* sums, bool accumulate)
        where TVec : struct, IVec<TVec>
    {
        for (int i = 0; i < length; i += TVec.Count)
        {
            int lanes = Math.Min(TVec.Count, length - i);
            TVec sum = accumulate ? TVec.LoadPartial(sums + i, lanes) : TVec.Zero;
            for (int row = 0; row < count; row++)
            {
                sum += TVec.LoadPartial(rows + (row * step) + i, lanes);
            }
            sum.StorePartial(sums + i, lanes);
        }
    }

    /// <summary>weights[b,o,i] = base[o,i] + sum_h z[b,h] generator[o,i,h] for a block of samples and outputs.</summary>
    private readonly void Generate(float* weights, int output, int outputs, int sample, int samples) => Multiply(new MatmulArgs
    {
        Batch = 1,
        M = samples,
        N = outputs * _sizes.Inputs,
        K = _sizes.Embedding,
        A = Z + ((long)sample * _sizes.Embedding),
        LdA = _sizes.Embedding,
        B = Generator + ((long)output * _sizes.Inputs * _sizes.Embedding),
        LdB = _sizes.Embedding,
        TransposeB = true,
        Bias = Base == null ? null : Base + ((long)output * _sizes.Inputs),
        Y = weights,
        LdY = Step(outputs * _sizes.Inputs),
    });

    /// <summary>gradients[b,o,i] = sum_t gradient[b,t,o] x[b,t,i] for a block of samples and outputs.</summary>
    private readonly void WeightGradients(float* gradients, int output, int outputs, int sample, int samples) => Multiply(new MatmulArgs
    {
        Batch = samples,
        M = outputs,
        N = _sizes.Inputs,
        K = _sizes.Rows,
        A = Gradient + ((long)sample * _sizes.Rows * _sizes.Outputs) + output,
        StrideA = (long)_sizes.Rows * _sizes.Outputs,
        LdA = _sizes.Outputs,
        TransposeA = true,
        B = X + ((long)sample * _sizes.Rows * _sizes.Inputs),
        StrideB = (long)_sizes.Rows * _sizes.Inputs,
        LdB = _sizes.Inputs,
        Y = gradients,
        StrideY = Step(outputs * _sizes.Inputs),
        LdY = _sizes.Inputs,
    });

    // Inside a tile the crew is taken, so that the product runs on this thread alone.
    private readonly void Multiply(in MatmulArgs product) => Gemm.Run(product, _threads, _width);
}
