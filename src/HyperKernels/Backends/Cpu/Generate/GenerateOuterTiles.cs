using System.Runtime.CompilerServices;

namespace HyperKernels.Backends.Cpu;

/// <summary>
/// The reassociated plan of generate-and-apply: the outer product of a row of x and its embedding, <c>p[i,h] = x[i] z[h]</c>, against the
/// generator as one matrix with I H columns: <c>y[o] = sum_ih generator[o,ih] p[ih]</c>. No weights exist. p is formed block by block,
/// just before its product. Backward, <c>u[ih] = sum_o gradient[o] generator[o,ih]</c> gives both dx and dz, so that the gradients take two
/// products as large as the forward one, where the other plans take three or more.
/// </summary>
/// <remarks>The price is a product of p for every row: with T rows a context T times the work, so this is the plan for one.</remarks>
internal unsafe partial struct GenerateOuterTiles : ITiles
{
    // Rows side by side forward: two registers at 512 bits.
    private const int Lanes = 32;

    // Rows that share what is read of the generator.
    private const int RowsAtOnce = 128;

    // Outputs of a part: forming p must be little beside multiplying it, 3 / outputs of it.
    private const int PartOutputs = 128;

    // Columns of p at a time: a panel of this depth and two registers takes two thirds of a first cache of 48 KiB.
    private const int BlockColumns = 256;

    // Floats of partial sums of dz, and the most parts that make some.
    private const int SumNumbers = 192 << 10;
    private const int MostParts = 32;

    // Lines of a matrix must not lie a power of two apart: they would share a few sets of the first cache.
    private const int Pad = 16;

    [ThreadStatic]
    private static WorkBuffer? s_memory;

    private readonly GenerateSizes _sizes;
    private readonly ForkJoin _threads;
    private readonly int _width;
    private readonly int _rows;
    private readonly int _tileRows;
    private readonly int _blockInputs;
    private readonly int _partInputs;

    public GenerateOuterTiles(in GenerateSizes sizes, ForkJoin threads, int width)
    {
        _sizes = sizes;
        _threads = threads;
        _width = width;
        _rows = checked(sizes.Batch * sizes.Rows);
        _blockInputs = Math.Clamp(BlockColumns / Math.Max(1, sizes.Embedding), 1, Math.Max(1, sizes.Inputs));
        int blocks = (sizes.Inputs + _blockInputs - 1) / _blockInputs;
        int parts = (int)Math.Clamp(SumNumbers / Math.Max(1, (long)sizes.Batch * sizes.Embedding), 1, MostParts);
        _partInputs = Math.Max(1, (blocks + parts - 1) / parts) * _blockInputs;
        InputParts = (sizes.Inputs + _partInputs - 1) / _partInputs;
        OutputParts = (sizes.Outputs + PartOutputs - 1) / PartOutputs;
        // Rather than have threads idle, fewer rows share what is read of the generator.
        int outputParts = Math.Max(1, OutputParts);
        int wanted = (threads.Threads + outputParts - 1) / outputParts;
        int lanes = (_rows + Lanes - 1) / Lanes;
        _tileRows = Math.Clamp((lanes + wanted - 1) / wanted * Lanes, Lanes, RowsAtOnce);
        RowParts = (_rows + _tileRows - 1) / _tileRows;
    }

    public int InputParts { get; }

    public int RowParts { get; }

    public int OutputParts { get; }

    public float* X;
    public float* Z;
    public float* Generator;
    public float* Y;
    public float* Gradient;
    public float* DX;
    public float* DGenerator;

    /// <summary>One dz for every part of the inputs, to be added up in order; null where dz is not wanted.</summary>
    public float* Sums;

    public readonly void Run<TVec>(int tile)
        where TVec : struct, IVec<TVec>
    {
        if (Y != null)
        {
            Apply<TVec>(tile / OutputParts * _tileRows, tile % OutputParts * PartOutputs);
        }
        else if (DGenerator != null)
        {
            GeneratorGradients<TVec>(tile * _partInputs);
        }
        else
        {
            OperandGradients<TVec>(tile);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void Apply<TVec>(int row, int output)
        where TVec : struct, IVec<TVec>
    {
        int rows = Math.Min(_tileRows, _rows - row);
        int outputs = Math.Min(PartOutputs, _sizes.Outputs - output);
        int columns = _blockInputs * _sizes.Embedding;
        float* y = (s_memory ??= new WorkBuffer()).Rent(
            ((long)outputs * (RowsAtOnce + columns + Pad)) + ((long)_sizes.Embedding * RowsAtOnce) + ((long)(columns + _blockInputs) * Lanes));
        float* z = y + (outputs * RowsAtOnce);
        float* p = z + ((nint)_sizes.Embedding * RowsAtOnce);
        float* x = p + ((nint)columns * Lanes);
        float* packed = x + (_blockInputs * Lanes);
        for (int first = 0; first < rows; first += Lanes)
        {
            TurnEmbeddings(row + first, Math.Min(Lanes, rows - first), z + ((nint)first * _sizes.Embedding));
        }
        for (int input = 0; input < _sizes.Inputs || input == 0; input += _blockInputs)
        {
            int inputs = Math.Min(_blockInputs, _sizes.Inputs - input);
            float* block = Generator + ((((long)output * _sizes.Inputs) + input) * _sizes.Embedding);
            int step = _sizes.Inputs * _sizes.Embedding;
            if (rows > Lanes)
            {
                // Rows of the generator a power of two apart would have to come from the third cache for every block of lanes.
                step = columns + Pad;
                CopyRows(block, (nint)_sizes.Inputs * _sizes.Embedding, outputs, inputs * _sizes.Embedding, packed, step);
                block = packed;
            }
            for (int first = 0; first < rows; first += Lanes)
            {
                int lanes = Math.Min(Lanes, rows - first);
                GemmPack.Turn(X + ((long)(row + first) * _sizes.Inputs) + input, _sizes.Inputs, lanes, inputs, x, Lanes);
                Products<TVec>(x, z + ((nint)first * _sizes.Embedding), inputs, _sizes.Embedding, p);
                Multiply(new MatmulArgs
                {
                    Batch = 1, M = outputs, N = GemmMicro.WholeVectors<TVec>(lanes), K = inputs * _sizes.Embedding,
                    A = block, LdA = step,
                    B = p, LdB = Lanes,
                    Y = y + ((nint)first * outputs), LdY = Lanes,
                    Accumulate = input > 0,
                });
            }
        }
        float* target = Y + ((long)row * _sizes.Outputs) + output;
        for (int first = 0; first < rows; first += Lanes)
        {
            GemmPack.Turn(y + ((nint)first * outputs), Lanes, outputs, Math.Min(Lanes, rows - first), target + ((long)first * _sizes.Outputs), _sizes.Outputs);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void CopyRows(float* source, nint sourceStep, int rows, int length, float* target, nint targetStep)
    {
        for (int row = 0; row < rows; row++)
        {
            Buffer.MemoryCopy(source, target, length * sizeof(float), length * sizeof(float));
            source += sourceStep;
            target += targetStep;
        }
    }

    // z of some rows, a line of lanes for every number; zeros behind the last row.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void TurnEmbeddings(int row, int lanes, float* z)
    {
        if (lanes < Lanes)
        {
            new Span<float>(z, _sizes.Embedding * Lanes).Clear();
        }
        if (_sizes.Rows == 1)
        {
            GemmPack.Turn(Z + ((long)row * _sizes.Embedding), _sizes.Embedding, lanes, _sizes.Embedding, z, Lanes);
            return;
        }
        for (int lane = 0; lane < lanes; lane++)
        {
            GemmPack.Turn(Z + ((long)((row + lane) / _sizes.Rows) * _sizes.Embedding), 0, 1, _sizes.Embedding, z + lane, Lanes);
        }
    }

    // p[i,h] = x[i] z[h], lane by lane.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Products<TVec>(float* x, float* z, int inputs, int embedding, float* p)
        where TVec : struct, IVec<TVec>
    {
        for (int i = 0; i < inputs; i++)
        {
            for (int lane = 0; lane < Lanes; lane += TVec.Count)
            {
                TVec factor = TVec.Load(x + lane);
                for (int h = 0; h < embedding; h++)
                {
                    (factor * TVec.Load(z + (h * Lanes) + lane)).Store(p + (h * Lanes) + lane);
                }
            }
            x += Lanes;
            p += embedding * Lanes;
        }
    }

    // Inside a tile the crew is taken, so that the product runs on this thread alone.
    private readonly void Multiply(in MatmulArgs product) => Gemm.Run(product, _threads, _width);
}
