using System.Runtime.CompilerServices;

namespace HyperKernels.Backends.Cpu;

internal sealed unsafe partial class CpuBackend
{
    public void TopK(int rows, int length, int count, BufferRef x, BufferRef y)
    {
        if (rows == 0 || count == 0)
        {
            return;
        }
        TopKTiles tiles = new()
        {
            X = Floats(x),
            Rows = rows,
            Length = length,
            Count = count,
            PerTile = Math.Max(1, TileElements / length),
            Y = Ints(y),
        };
        _threads.For(VectorWidth, (rows + tiles.PerTile - 1) / tiles.PerTile, ref tiles);
    }

    /// <summary>A heap of the best so far, the worst of them on top, in the place of the result; sorted at the end.</summary>
    private struct TopKTiles : ITiles
    {
        public float* X;
        public int Rows;
        public int Length;
        public int Count;
        public int PerTile;
        public int* Y;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public readonly void Run<TVec>(int tile)
            where TVec : struct, IVec<TVec>
        {
            int end = (int)Math.Min(Rows, (tile + 1L) * PerTile);
            for (int row = tile * PerTile; row < end; row++)
            {
                Row(X + ((long)row * Length), Y + ((long)row * Count));
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private readonly void Row(float* x, int* heap)
        {
            for (int i = 0; i < Count; i++)
            {
                heap[i] = i;
            }
            for (int i = (Count / 2) - 1; i >= 0; i--)
            {
                Sink(x, heap, i, Count);
            }
            for (int i = Count; i < Length; i++)
            {
                if (Before(x, i, heap[0]))
                {
                    heap[0] = i;
                    Sink(x, heap, 0, Count);
                }
            }
            for (int size = Count - 1; size > 0; size--)
            {
                (heap[0], heap[size]) = (heap[size], heap[0]);
                Sink(x, heap, 0, size);
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private static void Sink(float* x, int* heap, int at, int size)
        {
            while (true)
            {
                int child = (2 * at) + 1;
                if (child >= size)
                {
                    return;
                }
                if (child + 1 < size && Before(x, heap[child], heap[child + 1]))
                {
                    child++;
                }
                if (!Before(x, heap[at], heap[child]))
                {
                    return;
                }
                (heap[at], heap[child]) = (heap[child], heap[at]);
                at = child;
            }
        }

        // Whether element a comes before element b in the result.
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static bool Before(float* x, int a, int b)
        {
            float first = x[a];
            float second = x[b];
            if (first > second)
            {
                return true;
            }
            if (first < second)
            {
                return false;
            }
            bool firstIsNan = float.IsNaN(first);
            return firstIsNan == float.IsNaN(second) ? a < b : firstIsNan;
        }
    }
}
