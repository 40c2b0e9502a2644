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

        /// <summary>What a tile of two vectors fetches for those behind it.</summary>
        public Fetches Fetch;
    }

    /// <summary>
    /// Lines of the cache to ask for, one per depth, in one place or in three at once. Requests in bursts between tiles are more than a core
    /// keeps in mind, and are dropped.
    /// </summary>
    internal struct Fetches
    {
        /// <summary>Floats in a line of the cache.</summary>
        public const int Line = 16;

        public float* First;

        /// <summary>The second and third place; null for one place alone.</summary>
        public float* Second;
        public float* Third;
        public int Lines;

        /// <summary>Floats from a line to the next, and from that to the one behind it, in turn.</summary>
        public nint Step;
        public nint NextStep;

        /// <summary>Sets the steps for pairs of lines.</summary>
        public void InPairs(nint pairStep)
        {
            Step = Line;
            NextStep = pairStep - Line;
        }
    }

    // What a tile does for others besides its own work, where the processor has room for it.
    private interface IAside
    {
        static abstract bool Packs { get; }

        /// <summary>Places to fetch from.</summary>
        static abstract int Streams { get; }
    }

    private readonly struct Alone : IAside
    {
        public static bool Packs => false;

        public static int Streams => 0;
    }

    private readonly struct Fetching : IAside
    {
        public static bool Packs => false;

        public static int Streams => 1;
    }

    private readonly struct FetchingThree : IAside
    {
        public static bool Packs => false;

        public static int Streams => 3;
    }

    private readonly struct Packing : IAside
    {
        public static bool Packs => true;

        public static int Streams => 1;
    }
}
