using System.Runtime.CompilerServices;

namespace HyperKernels.Backends.Cpu;

// The gradients by the generator, and by x and z together.
internal unsafe partial struct GenerateOuterTiles
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void GeneratorGradients<TVec>(int part)
        where TVec : struct, IVec<TVec>
    {
        int end = Math.Min(part + _partInputs, _sizes.Inputs);
        int step = (_blockInputs * _sizes.Embedding) + Pad;
        float* p = (s_memory ??= new WorkBuffer()).Rent((long)step * RowsAtOnce);
        for (int input = part; input < end; input += _blockInputs)
        {
            int inputs = Math.Min(_blockInputs, end - input);
            for (int row = 0; row < _rows || row == 0; row += RowsAtOnce)
            {
                int rows = Math.Min(RowsAtOnce, _rows - row);
                for (int r = 0; r < rows; r++)
                {
                    Outer<TVec>(X + ((long)(row + r) * _sizes.Inputs) + input, Embedding(row + r), inputs, _sizes.Embedding, p + ((nint)r * step));
                }
                Multiply(new MatmulArgs
                {
                    Batch = 1, M = _sizes.Outputs, N = inputs * _sizes.Embedding, K = rows,
                    A = Gradient + ((long)row * _sizes.Outputs), LdA = _sizes.Outputs, TransposeA = true,
                    B = p, LdB = step,
                    Y = DGenerator + ((long)input * _sizes.Embedding), LdY = _sizes.Inputs * _sizes.Embedding,
                    Accumulate = row > 0,
                });
            }
        }
    }

    private readonly float* Embedding(int row) => Z + ((long)(row / _sizes.Rows) * _sizes.Embedding);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Outer<TVec>(float* x, float* z, int inputs, int embedding, float* p)
        where TVec : struct, IVec<TVec>
    {
        for (int i = 0; i < inputs; i++)
        {
            TVec factor = TVec.Create(x[i]);
            int h = 0;
            for (; h <= embedding - TVec.Count; h += TVec.Count)
            {
                (factor * TVec.Load(z + h)).Store(p + h);
            }
            if (h < embedding)
            {
                (factor * TVec.LoadPartial(z + h, embedding - h)).StorePartial(p + h, embedding - h);
            }
            p += embedding;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void OperandGradients<TVec>(int part)
        where TVec : struct, IVec<TVec>
    {
        int start = part * _partInputs;
        int end = Math.Min(start + _partInputs, _sizes.Inputs);
        int step = (_blockInputs * _sizes.Embedding) + Pad;
        float* u = (s_memory ??= new WorkBuffer()).Rent(((long)step * RowsAtOnce) + ((long)_blockInputs * TVec.Count));
        float* dots = u + ((nint)step * RowsAtOnce);
        float* sums = Sums == null ? null : Sums + ((long)part * _sizes.Batch * _sizes.Embedding);
        if (sums != null)
        {
            new Span<float>(sums, checked(_sizes.Batch * _sizes.Embedding)).Clear();
        }
        for (int input = start; input < end; input += _blockInputs)
        {
            int inputs = Math.Min(_blockInputs, end - input);
            for (int row = 0; row < _rows; row += RowsAtOnce)
            {
                int rows = Math.Min(RowsAtOnce, _rows - row);
                Multiply(new MatmulArgs
                {
                    Batch = 1, M = rows, N = inputs * _sizes.Embedding, K = _sizes.Outputs,
                    A = Gradient + ((long)row * _sizes.Outputs), LdA = _sizes.Outputs,
                    B = Generator + ((long)input * _sizes.Embedding), LdB = _sizes.Inputs * _sizes.Embedding,
                    Y = u, LdY = step,
                });
                for (int r = row; r < row + rows; r++)
                {
                    long context = r / _sizes.Rows;
                    float* x = X + ((long)r * _sizes.Inputs) + input;
                    float* sum = sums == null ? null : sums + (context * _sizes.Embedding);
                    Contract<TVec>(u + ((nint)(r - row) * step), x, Z + (context * _sizes.Embedding), inputs, _sizes.Embedding, sum, dots);
                    if (DX != null)
                    {
                        TVec.SumEach(dots, DX + ((long)r * _sizes.Inputs) + input, inputs);
                    }
                }
            }
        }
    }

    // sums[h] += sum_i x[i] u[i,h], and dots[i] = the lanes of sum_h z[h] u[i,h].
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Contract<TVec>(float* u, float* x, float* z, int inputs, int embedding, float* sums, float* dots)
        where TVec : struct, IVec<TVec>
    {
        for (int h = 0; h < embedding || h == 0; h += TVec.Count)
        {
            int lanes = Math.Min(TVec.Count, embedding - h);
            TVec factor = TVec.LoadPartial(z + h, lanes);
            TVec sum = sums == null ? TVec.Zero : TVec.LoadPartial(sums + h, lanes);
            float* from = u + h;
            float* dot = dots;
            for (int i = 0; i < inputs; i++)
            {
                TVec value = lanes == TVec.Count ? TVec.Load(from) : TVec.LoadPartial(from, lanes);
                TVec.Accumulate(ref sum, TVec.Create(x[i]), value);
                (h == 0 ? factor * value : TVec.MultiplyAdd(factor, value, TVec.Load(dot))).Store(dot);
                from += embedding;
                dot += TVec.Count;
            }
            if (sums != null)
            {
                sum.StorePartial(sums + h, lanes);
            }
        }
    }
}
