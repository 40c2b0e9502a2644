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
                    Y[((long)i * Inner) + j] = Find(X + ((long)i * Axis * Inner) + j);
                }
            }
        }

        private readonly int Find(float* x)
        {
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
