using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary><c>out[e] = relu(MLP_dec(sum or mean over the members v of norm * relu(MLP_enc(x[v]))))</c></summary>
internal sealed class DeepSetsHalf : SetHalf
{
    private readonly AllSetOptions _options;
    private readonly SetMlp? _encoder;
    private readonly SetMlp? _decoder;
    private readonly Dropout _dropout;

    public DeepSetsHalf(int inFeatures, int outFeatures, AllSetOptions options, RandomStream? random)
    {
        _options = options;
        if (options.MlpLayers > 0)
        {
            _encoder = Add("f_enc", Make(inFeatures, outFeatures, options, random));
            _decoder = Add("f_dec", Make(outFeatures, outFeatures, options, random));
        }
        else if (inFeatures != outFeatures)
        {
            throw new ArgumentException(
                $"AllSetConv: without perceptrons (MlpLayers = 0) features stay as many as they are; got {inFeatures} and {outFeatures}.");
        }
        _dropout = Add("dropout", new Dropout(options.Dropout, random));
    }

    public override Tensor Forward(Tensor rows, Hypergraph graph, Toward toward)
    {
        Incidence incidence = graph.Incidence;
        Tensor given = _dropout.Forward(Ops.Relu(_encoder?.Forward(rows) ?? rows));
        Tensor? scale = SegmentCounts.Scale(incidence, toward, _options.Aggregation);
        Tensor? source = null;
        if (_options.Weights == IncidenceWeights.InverseRootDegrees)
        {
            (Tensor nodes, Tensor edges) = (InverseRoot(incidence, Toward.Nodes), InverseRoot(incidence, Toward.Edges));
            (source, Tensor target) = toward == Toward.Edges ? (nodes, edges) : (edges, nodes);
            scale = scale is { } counted ? Ops.Multiply(counted, target) : target;
        }
        Tensor sum = toward == Toward.Edges ? Ops.NodesToEdges(given, graph, source, scale) : Ops.EdgesToNodes(given, graph, source, scale);
        return Ops.Relu(_decoder?.Forward(sum) ?? sum);
    }

    private static SetMlp Make(int inFeatures, int outFeatures, AllSetOptions options, RandomStream? random) =>
        new(inFeatures, outFeatures, outFeatures, options.MlpLayers, options.Normalization, options.InputNorm, options.Dropout, random);

    // 1 for what is in no pair, where no pair asks for it.
    private static Tensor InverseRoot(Incidence incidence, Toward toward) =>
        Ops.Rsqrt(SegmentCounts.AtLeastOne(SegmentCounts.Of(incidence, toward)));
}
