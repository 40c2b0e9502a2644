using System.Buffers;
using System.Runtime.CompilerServices;

namespace HyperKernels.Backends.Cpu;

internal sealed unsafe partial class CpuBackend
{
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
                Gradient = Floats(target.Gradient),
                First = FloatsOrNull(target.First),
                Second = FloatsOrNull(target.Second),
                Count = target.Count,
                Rate = target.Rate,
                Decay = target.Decay,
                Shrink = target.Shrink,
                RootScale = target.RootScale,
                FirstTile = tiles,
            };
            tiles = checked(tiles + TilesOf(target.Count));
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
        public float* Gradient;
        public float* First;
        public float* Second;
        public long Count;
        public float Rate;
        public float Decay;
        public float Shrink;
        public float RootScale;
        public int FirstTile;
    }

    private struct OptimizerTiles : ITiles
    {
        public OptimizerStep Step;
        public OptimizerPlace* Places;
        public int Count;

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
            OptimizerPlace place = Places[low];
            long start = (long)(tile - place.FirstTile) * TileElements;
            int count = (int)Math.Min(TileElements, place.Count - start);
            place.Value += start;
            place.Gradient += start;
            place.First = place.First == null ? null : place.First + start;
            place.Second = place.Second == null ? null : place.Second + start;
            switch (Step.Rule)
            {
                case OptimizerRule.Momentum:
                    Momentum<TVec>(place, Step, count);
                    break;
                case OptimizerRule.Adam:
                    Adam<TVec>(place, Step, count);
                    break;
                default:
                    Average<TVec>(place, Step, count);
                    break;
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private static void Adam<TVec>(in OptimizerPlace place, in OptimizerStep step, int count)
            where TVec : struct, IVec<TVec>
        {
            float* value = place.Value;
            float* gradient = place.Gradient;
            float* first = place.First;
            float* second = place.Second;
            TVec shrink = TVec.Create(place.Shrink);
            TVec decay = TVec.Create(place.Decay);
            TVec rate = TVec.Create(-place.Rate);
            TVec rootScale = TVec.Create(place.RootScale);
            TVec towards = TVec.Create(step.Rest1);
            TVec beta2 = TVec.Create(step.Beta2);
            TVec rest2 = TVec.Create(step.Rest2);
            TVec epsilon = TVec.Create(step.Epsilon);
            for (int i = 0; i < count; i += TVec.Count)
            {
                int lanes = Math.Min(TVec.Count, count - i);
                TVec p = LoadLanes<TVec>(value + i, lanes) * shrink;
                TVec g = TVec.MultiplyAdd(decay, p, LoadLanes<TVec>(gradient + i, lanes));
                TVec m = LoadLanes<TVec>(first + i, lanes);
                m = TVec.MultiplyAdd(towards, g - m, m);
                TVec v = TVec.MultiplyAdd(rest2 * g, g, beta2 * LoadLanes<TVec>(second + i, lanes));
                StoreLanes(m, first + i, lanes);
                StoreLanes(v, second + i, lanes);
                TVec root = TVec.MultiplyAdd(TVec.Sqrt(v), rootScale, epsilon);
                StoreLanes(TVec.MultiplyAdd(rate, m / root, p), value + i, lanes);
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private static void Momentum<TVec>(in OptimizerPlace place, in OptimizerStep step, int count)
            where TVec : struct, IVec<TVec>
        {
            float* value = place.Value;
            float* gradient = place.Gradient;
            float* first = place.First;
            TVec decay = TVec.Create(place.Decay);
            TVec rate = TVec.Create(-place.Rate);
            TVec momentum = TVec.Create(step.Beta1);
            for (int i = 0; i < count; i += TVec.Count)
            {
                int lanes = Math.Min(TVec.Count, count - i);
                TVec p = LoadLanes<TVec>(value + i, lanes);
                TVec g = TVec.MultiplyAdd(decay, p, LoadLanes<TVec>(gradient + i, lanes));
                if (first != null)
                {
                    TVec m = TVec.MultiplyAdd(momentum, LoadLanes<TVec>(first + i, lanes), g);
                    StoreLanes(m, first + i, lanes);
                    g = step.Nesterov ? TVec.MultiplyAdd(momentum, m, g) : m;
                }
                StoreLanes(TVec.MultiplyAdd(rate, g, p), value + i, lanes);
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private static void Average<TVec>(in OptimizerPlace place, in OptimizerStep step, int count)
            where TVec : struct, IVec<TVec>
        {
            TVec towards = TVec.Create(step.Rest1);
            for (int i = 0; i < count; i += TVec.Count)
            {
                int lanes = Math.Min(TVec.Count, count - i);
                TVec average = LoadLanes<TVec>(place.Value + i, lanes);
                TVec value = LoadLanes<TVec>(place.Gradient + i, lanes);
                StoreLanes(TVec.MultiplyAdd(towards, value - average, average), place.Value + i, lanes);
            }
        }
    }
}
