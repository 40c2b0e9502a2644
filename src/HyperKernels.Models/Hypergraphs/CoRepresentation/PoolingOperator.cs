using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary><c>MLP2([row; mean over the segment of MLP1(row)])</c>; the last layer of MLP1 comes behind the mean, the first of MLP2 is split.</summary>
internal sealed class PoolingOperator : SegmentOperator
{
    private const int MlpLayers = 2;
    private readonly SetMlp _toMean;
    private readonly SetMlp _last;

    public PoolingOperator(int inFeatures, int features, SegmentOperatorOptions options, RandomStream? random)
    {
        SetNormalization normalization = options.LayerNorm ? SetNormalization.Layer : SetNormalization.None;
        _toMean = Add("W1", new SetMlp(inFeatures, features, features, MlpLayers, normalization, inputNorm: true, random: random));
        _last = Add("W2", new SetMlp(inFeatures + features, features, features, MlpLayers, normalization, inputNorm: true, random: random));
    }

    public override Tensor Forward(Tensor rows, MembershipGraph graph, Toward toward)
    {
        Incidence incidence = graph.Graph.Incidence;
        Tensor means = _toMean.Last.Forward(Ops.SegmentMean(_toMean.Hidden(rows), incidence, toward));
        Tensor hidden = _last.HiddenOfPairs(rows, means, static own => own, segments => toward == Toward.Edges
            ? Ops.EdgesToMemberships(segments, incidence)
            : Ops.NodesToMemberships(segments, incidence));
        return _last.Last.Forward(hidden);
    }
}
