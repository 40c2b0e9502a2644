using System.Runtime.CompilerServices;

namespace HyperKernels.Backends.Cpu;

// The arithmetic of the optimisers; OptimizerRule has the formulas.
internal sealed unsafe partial class CpuBackend
{
    private interface IRule<TVec>
        where TVec : struct, IVec<TVec>
    {
        /// <summary>Changes some lanes of a value and its state. Pointers to state that the rule does not keep are not read.</summary>
        void Change(TVec gradient, float* value, float* first, float* second, int lanes);
    }

    private readonly struct AdamRule<TVec>(in OptimizerStep step, in OptimizerPlace place) : IRule<TVec>
        where TVec : struct, IVec<TVec>
    {
        private readonly TVec _shrink = TVec.Create(place.Shrink);
        private readonly TVec _decay = TVec.Create(place.Decay);
        private readonly TVec _rate = TVec.Create(-place.Rate);
        private readonly TVec _rootScale = TVec.Create(place.RootScale);
        private readonly TVec _towards = TVec.Create(step.Rest1);
        private readonly TVec _beta2 = TVec.Create(step.Beta2);
        private readonly TVec _rest2 = TVec.Create(step.Rest2);
        private readonly TVec _epsilon = TVec.Create(step.Epsilon);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Change(TVec gradient, float* value, float* first, float* second, int lanes)
        {
            TVec p = LoadLanes<TVec>(value, lanes) * _shrink;
            TVec g = TVec.MultiplyAdd(_decay, p, gradient);
            TVec m = LoadLanes<TVec>(first, lanes);
            m = TVec.MultiplyAdd(_towards, g - m, m);
            TVec v = TVec.MultiplyAdd(_rest2 * g, g, _beta2 * LoadLanes<TVec>(second, lanes));
            StoreLanes(m, first, lanes);
            StoreLanes(v, second, lanes);
            TVec root = TVec.MultiplyAdd(TVec.Sqrt(v), _rootScale, _epsilon);
            StoreLanes(TVec.MultiplyAdd(_rate, m / root, p), value, lanes);
        }
    }

    private readonly struct MomentumRule<TVec>(in OptimizerStep step, in OptimizerPlace place) : IRule<TVec>
        where TVec : struct, IVec<TVec>
    {
        private readonly TVec _decay = TVec.Create(place.Decay);
        private readonly TVec _rate = TVec.Create(-place.Rate);
        private readonly TVec _momentum = TVec.Create(step.Beta1);
        private readonly bool _keeps = place.First != null;
        private readonly bool _nesterov = step.Nesterov;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Change(TVec gradient, float* value, float* first, float* second, int lanes)
        {
            TVec p = LoadLanes<TVec>(value, lanes);
            TVec g = TVec.MultiplyAdd(_decay, p, gradient);
            if (_keeps)
            {
                TVec m = TVec.MultiplyAdd(_momentum, LoadLanes<TVec>(first, lanes), g);
                StoreLanes(m, first, lanes);
                g = _nesterov ? TVec.MultiplyAdd(_momentum, m, g) : m;
            }
            StoreLanes(TVec.MultiplyAdd(_rate, g, p), value, lanes);
        }
    }

    private readonly struct AverageRule<TVec>(in OptimizerStep step) : IRule<TVec>
        where TVec : struct, IVec<TVec>
    {
        private readonly TVec _towards = TVec.Create(step.Rest1);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Change(TVec gradient, float* value, float* first, float* second, int lanes)
        {
            TVec average = LoadLanes<TVec>(value, lanes);
            StoreLanes(TVec.MultiplyAdd(_towards, gradient - average, average), value, lanes);
        }
    }
}
