using System.Runtime.CompilerServices;

namespace HyperKernels.Backends.Cpu;

internal sealed unsafe partial class CpuBackend
{
    public void ArgReduce(bool largest, int outer, int axis, int inner, BufferRef x, BufferRef y)
    {
        if (outer == 0 || inner == 0)
        {
            return;
        }
        ArgReduceTiles tiles = new()
        {
            Largest = largest,
            Outer = outer,
            Axis = axis,
            Inner = inner,
            X = Floats(x),
            Y = Ints(y),
        };
        tiles.PerTile = (int)Math.Max(1, TileElements / ((long)inner * axis));
        _threads.For(VectorWidth, (outer + tiles.PerTile - 1) / tiles.PerTile, ref tiles);
    }

    private struct ArgReduceTiles : ITiles
    {
        public bool Largest;
        public int Outer;
        public int PerTile;
        public int Axis;
        public int Inner;
        public float* X;
        public int* Y;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public readonly void Run<TVec>(int tile)
            where TVec : struct, IVec<TVec>
        {
            int end = Math.Min(Outer, (tile + 1) * PerTile);
            for (int i = tile * PerTile; i < end; i++)
            {
                for (int j = 0; j < Inner; j++)
                {
                    Y[((long)i * Inner) + j] = Find<TVec>(X + ((long)i * Axis * Inner) + j);
                }
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private readonly int Find<TVec>(float* x)
            where TVec : struct, IVec<TVec>
        {
            if (Inner == 1 && Axis >= 4 * TVec.Count)
            {
                float extreme = Largest
                    ? RowReduceTiles<MaxReduction>.Row<TVec>(x, Axis, 0)
                    : RowReduceTiles<MinReduction>.Row<TVec>(x, Axis, 0);
                // Zeros and NaN have several bit patterns; everything else is found by its bits.
                if (extreme != 0 && !float.IsNaN(extreme))
                {
                    return new ReadOnlySpan<int>(x, Axis).IndexOf(BitConverter.SingleToInt32Bits(extreme));
                }
            }
            int best = 0;
            float value = x[0];
            for (int k = 1; k < Axis; k++)
            {
                float candidate = x[(long)k * Inner];
                bool better = Largest ? candidate > value : candidate < value;
                if (better || (float.IsNaN(candidate) && !float.IsNaN(value)))
                {
                    best = k;
                    value = candidate;
                }
            }
            return best;
        }
    }
}
