using System.Runtime.CompilerServices;

namespace HyperKernels.Backends.Cpu;

internal sealed unsafe partial class CpuBackend
{
    public void Random(RandomKind kind, ulong seed, ulong position, long count, float a, float b, BufferRef y)
    {
        RandomTiles tiles = new() { Kind = kind, Seed = seed, Position = position, Count = count, A = a, B = b, Y = Floats(y) };
        _threads.For(VectorWidth, TilesOf(count), ref tiles);
    }

    public void Dropout(ulong seed, ulong position, uint threshold, float scale, long count, BufferRef x, BufferRef y)
    {
        DropoutTiles tiles = new()
        {
            Seed = seed,
            Position = position,
            Threshold = threshold,
            Scale = scale,
            Count = count,
            X = Floats(x),
            Y = Floats(y),
        };
        _threads.For(VectorWidth, TilesOf(count), ref tiles);
    }

    private struct RandomTiles : ITiles
    {
        public RandomKind Kind;
        public ulong Seed;
        public ulong Position;
        public long Count;
        public float A;
        public float B;
        public float* Y;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public readonly void Run<TVec>(int tile)
            where TVec : struct, IVec<TVec>
        {
            float* four = stackalloc float[4];
            long end = Math.Min(Count, (tile + 1L) * TileElements);
            long first = (long)tile * TileElements;
            if (TVec.Count >= Vec256.Count && Philox256.IsSupported)
            {
                first += Kind == RandomKind.Uniform
                    ? Philox256.Uniform(Seed, Position + ((ulong)first / 4), A, B, Y + first, end - first)
                    : Philox256.Normal(Seed, Position + ((ulong)first / 4), A, B, Y + first, end - first);
            }
            for (long i = first; i < end; i += 4)
            {
                Philox.Words words = Philox.Block(Seed, Position + ((ulong)i / 4));
                bool whole = end - i >= 4;
                float* to = whole ? Y + i : four;
                if (Kind == RandomKind.Uniform)
                {
                    to[0] = MathF.FusedMultiplyAdd(Philox.Uniform(words.A), B - A, A);
                    to[1] = MathF.FusedMultiplyAdd(Philox.Uniform(words.B), B - A, A);
                    to[2] = MathF.FusedMultiplyAdd(Philox.Uniform(words.C), B - A, A);
                    to[3] = MathF.FusedMultiplyAdd(Philox.Uniform(words.D), B - A, A);
                }
                else
                {
                    (float one, float two) = Philox.Normal(words.A, words.B);
                    (float three, float last) = Philox.Normal(words.C, words.D);
                    to[0] = MathF.FusedMultiplyAdd(one, B, A);
                    to[1] = MathF.FusedMultiplyAdd(two, B, A);
                    to[2] = MathF.FusedMultiplyAdd(three, B, A);
                    to[3] = MathF.FusedMultiplyAdd(last, B, A);
                }
                for (long j = i; !whole && j < end; j++)
                {
                    Y[j] = four[j - i];
                }
            }
        }
    }

    private struct DropoutTiles : ITiles
    {
        public ulong Seed;
        public ulong Position;
        public uint Threshold;
        public float Scale;
        public long Count;
        public float* X;
        public float* Y;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public readonly void Run<TVec>(int tile)
            where TVec : struct, IVec<TVec>
        {
            uint* words = stackalloc uint[4];
            long end = Math.Min(Count, (tile + 1L) * TileElements);
            long first = (long)tile * TileElements;
            if (TVec.Count >= Vec256.Count && Philox256.IsSupported)
            {
                first += Philox256.Dropout(Seed, Position + ((ulong)first / 4), Threshold, Scale, X + first, Y + first, end - first);
            }
            for (long i = first; i < end; i += 4)
            {
                Philox.Words block = Philox.Block(Seed, Position + ((ulong)i / 4));
                (words[0], words[1], words[2], words[3]) = (block.A, block.B, block.C, block.D);
                int lanes = (int)Math.Min(4, end - i);
                for (int j = 0; j < lanes; j++)
                {
                    // Not a product with 0 or 1: what is dropped must not pass on infinity or NaN.
                    Y[i + j] = words[j] >= Threshold ? Scale * X[i + j] : 0;
                }
            }
        }
    }
}
