using System.Buffers;
using System.Runtime.CompilerServices;

namespace HyperKernels.Backends.Cpu;

internal sealed unsafe partial class CpuBackend
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Optimize(OptimizerStep step, ReadOnlySpan<OptimizerTarget> targets)
    {
        OptimizerPlace[] places = ArrayPool<OptimizerPlace>.Shared.Rent(targets.Length);
        int tiles = 0;
        for (int i = 0; i < targets.Length; i++)
        {
            ref readonly OptimizerTarget target = ref targets[i];
            places[i] = new OptimizerPlace
            {
                Value = Floats(target.Value),
                Gradient = FloatsOrNull(target.Gradient),
                First = FloatsOrNull(target.First),
                Second = FloatsOrNull(target.Second),
                Count = target.Count,
                Rate = target.Rate,
                Decay = target.Decay,
                Shrink = target.Shrink,
                RootScale = target.RootScale,
                FirstTile = tiles,
                Left = FloatsOrNull(target.Left),
                Right = FloatsOrNull(target.Right),
                Columns = target.Columns,
                Depth = target.Depth,
            };
            tiles = checked(tiles + places[i].Tiles);
        }
        fixed (OptimizerPlace* pinned = places)
        {
            OptimizerTiles kernel = new() { Step = step, Places = pinned, Count = targets.Length };
            _threads.For(VectorWidth, tiles, ref kernel);
        }
        ArrayPool<OptimizerPlace>.Shared.Return(places);
    }

    private struct OptimizerPlace
    {
        public float* Value;

        /// <summary>Null where it is a product.</summary>
        public float* Gradient;
        public float* First;
        public float* Second;
        public long Count;
        public float Rate;
        public float Decay;
        public float Shrink;
        public float RootScale;
        public int FirstTile;

        // Of a gradient that is a product.
        public float* Left;
        public float* Right;
        public int Columns;
        public int Depth;

        public readonly int Rows => (int)(Count / Columns);

        public readonly int ColumnParts => (Columns + ProductColumns - 1) / ProductColumns;

        public readonly int Tiles => Gradient != null || Count == 0 ? TilesOf(Count) : (Rows + ProductRows - 1) / ProductRows * ColumnParts;
    }

    private partial struct OptimizerTiles : ITiles
    {
        public OptimizerStep Step;
        public OptimizerPlace* Places;
        public int Count;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public readonly void Run<TVec>(int tile)
            where TVec : struct, IVec<TVec>
        {
            // The last place that begins at or before this tile; places without elements have no tile.
            int low = 0;
            int high = Count - 1;
            while (low < high)
            {
                int middle = (low + high + 1) / 2;
                (low, high) = Places[middle].FirstTile <= tile ? (middle, high) : (low, middle - 1);
            }
            ref readonly OptimizerPlace place = ref Places[low];
            tile -= place.FirstTile;
            switch (Step.Rule)
            {
                case OptimizerRule.Momentum:
                    Change<TVec, MomentumRule<TVec>>(new MomentumRule<TVec>(Step, place), place, tile);
                    break;
                case OptimizerRule.Adam:
                    Change<TVec, AdamRule<TVec>>(new AdamRule<TVec>(Step, place), place, tile);
                    break;
                default:
                    Change<TVec, AverageRule<TVec>>(new AverageRule<TVec>(Step), place, tile);
                    break;
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private static void Change<TVec, TRule>(in TRule rule, in OptimizerPlace place, int tile)
            where TVec : struct, IVec<TVec>
            where TRule : struct, IRule<TVec>
        {
            if (place.Gradient == null)
            {
                ChangeByProduct<TVec, TRule>(rule, place, tile);
                return;
            }
            long start = (long)tile * TileElements;
            Change<TVec, TRule>(
                rule,
                place.Value + start,
                place.Gradient + start,
                place.First == null ? null : place.First + start,
                place.Second == null ? null : place.Second + start,
                (int)Math.Min(TileElements, place.Count - start));
        }

        // Not inlined: the tiered compiler would, with what it has counted, and keep the rule in memory.
        [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
        private static void Change<TVec, TRule>(in TRule rule, float* value, float* gradient, float* first, float* second, int count)
            where TVec : struct, IVec<TVec>
            where TRule : struct, IRule<TVec>
        {
            // Of its own, so that it stays in registers: a store might change what a reference leads to.
            TRule own = rule;
            for (int i = 0; i < count; i += TVec.Count)
            {
                int lanes = Math.Min(TVec.Count, count - i);
                own.Change(LoadLanes<TVec>(gradient + i, lanes), value + i, first + i, second + i, lanes);
            }
        }
    }
}
