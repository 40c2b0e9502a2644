namespace HyperKernels.Backends.Cpu;

// What a tile works on, and what it does besides.
internal static unsafe partial class GemmMicro
{
    /// <summary>Where a tile's operands are; steps in floats.</summary>
    internal struct Operands
    {
        /// <summary>Row r at depth d is <c>A[r * RowStep + d * DepthStep]</c>.</summary>
        public float* A;
        public nint RowStep;
        public nint DepthStep;

        /// <summary>Depth d starts at <c>B[d * BStep]</c>.</summary>
        public float* B;
        public nint BStep;
        public float* Y;
        public nint YStep;
        public nint Depth;
        public bool Resume;

        /// <summary>Where a tile of two vectors leaves its part of B, one depth behind the other; null for nowhere.</summary>
        public float* Packed;

        /// <summary>A line of the cache per depth, <see cref="AheadStep"/> apart, that a tile of two vectors fetches for those behind it; null for none.</summary>
        public float* Ahead;
        public nint AheadStep;
    }

    // What a tile does for others besides its own work, where the processor has room for it.
    private interface IAside
    {
        static abstract bool Packs { get; }

        static abstract bool Fetches { get; }
    }

    private readonly struct Alone : IAside
    {
        public static bool Packs => false;

        public static bool Fetches => false;
    }

    private readonly struct Fetching : IAside
    {
        public static bool Packs => false;

        public static bool Fetches => true;
    }

    private readonly struct Packing : IAside
    {
        public static bool Packs => true;

        public static bool Fetches => true;
    }
}
