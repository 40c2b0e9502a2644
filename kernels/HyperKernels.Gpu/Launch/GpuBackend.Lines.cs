using System.Numerics;

namespace HyperKernels.Gpu;

// How reductions along many lines are laid over groups of 256 threads; the kernels' side is Lib/Line.
internal sealed partial class GpuBackend
{
    private const int LineGroup = 256;

    /// <summary>Threads for each line and, where few lines are long, the pieces that a line is cut into. Follows from sizes alone.</summary>
    private readonly struct LineLayout
    {
        // Elements that a thread takes at least before another one helps it.
        private const int PerThread = 4;

        // A line of memory is read whole by threads on neighbouring lines.
        private const int MostNeighbours = 32;

        // Groups that keep a device busy; fewer and longer lines than these are cut.
        private const int WantedGroups = 512;
        private const int FewestSteps = 16;
        private const int MostSteps = 32;

        /// <param name="lines">How many there are.</param>
        /// <param name="length">Elements of each.</param>
        /// <param name="neighbours">How many lines lie side by side in memory; 1: each lies together itself.</param>
        public LineLayout(long lines, long length, int neighbours)
        {
            Lines = lines;
            int most = neighbours == 1 ? LineGroup : LineGroup / (int)Math.Min(MostNeighbours, BitOperations.RoundUpToPowerOf2((uint)neighbours));
            long wanted = Math.Max(1, (length + PerThread - 1) / PerThread);
            Width = wanted >= most ? most : (int)BitOperations.RoundUpToPowerOf2((uint)wanted);
            long cut = Math.Min(WantedGroups / Math.Max(1, Groups), (length + (FewestSteps * Width) - 1) / (FewestSteps * Width));
            Piece = (int)Math.Min(int.MaxValue, length > MostSteps * Width && cut > 1 ? (length + cut - 1) / cut : Math.Max(1, length));
            Pieces = (int)((length + Piece - 1) / Piece);
        }

        public long Lines { get; }

        /// <summary>Threads for each line, a power of two.</summary>
        public int Width { get; }

        /// <summary>Which one: kernels are given it.</summary>
        public int WidthBits => BitOperations.Log2((uint)Width);

        /// <summary>Elements of a piece; the last may have fewer.</summary>
        public int Piece { get; }

        public int Pieces { get; }

        /// <summary>Groups for one piece of every line.</summary>
        public long Groups => GpuBackend.Pieces(Lines, LineGroup / Width);
    }
}
