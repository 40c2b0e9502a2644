using HyperKernels.Layers;
using static HyperKernels.Cases.LayerCases;

namespace HyperKernels.Cases;

/// <summary>Convolutions over hypergraphs, with isolated nodes, empty hyperedges and nodes that are in one twice.</summary>
internal static class HypergraphLayerCases
{
    public static IEnumerable<LayerCase> All =>
    [
        Conv(SegmentCases.Gaps, 4, 3, edgeWeights: false, membershipWeights: false, twice: true),
        Conv(SegmentCases.Gaps, 4, 3, edgeWeights: true, membershipWeights: false, twice: true),
        Conv(SegmentCases.Gaps, 4, 3, edgeWeights: false, membershipWeights: true, bias: false),
        Conv(SegmentCases.Gaps, 1, 1, edgeWeights: true, membershipWeights: true),
        Conv(SegmentCases.Medium, 5, 17, edgeWeights: true, membershipWeights: true),
        Conv(SegmentCases.Huge, 3, 2, edgeWeights: false, membershipWeights: false),
        Conv(new SegmentStructure("", 3, 2, [], []), 2, 2, edgeWeights: false, membershipWeights: false),
    ];

    private static LayerCase Conv(
        SegmentStructure structure, int inputs, int outputs, bool edgeWeights, bool membershipWeights, bool bias = true, bool twice = false)
    {
        List<CaseInput> operands = [CaseInput.Normal("nodes", [structure.Nodes, inputs])];
        if (edgeWeights)
        {
            operands.Add(CaseInput.Uniform("edgeWeights", [structure.Edges], 0.3, 2));
        }
        if (membershipWeights)
        {
            operands.Add(CaseInput.Uniform("membershipWeights", [structure.Memberships], 0.3, 2));
        }
        string options = $"{(edgeWeights ? " edge weights" : "")}{(membershipWeights ? " membership weights" : "")}{(bias ? "" : " no bias")}";
        return Row(
            $"{structure.Sizes} F={inputs} to {outputs}{options}",
            random => new HypergraphConv(inputs, outputs, bias, random), operands,
            (layer, x) =>
            {
                // A graph without weights makes its scales once; one with weights makes nothing that outlives the run.
                Hypergraph graph = operands.Count == 1
                    ? structure.GraphOn(x[0].Device)
                    : new(structure.On(x[0].Device), edgeWeights ? x[1] : null, membershipWeights ? x[^1] : null);
                return layer.Forward(x[0], graph);
            },
            p => Answer(structure, p, edgeWeights ? p.Input(1) : null, membershipWeights ? p.Input(operands.Count - 1) : null), twice: twice);
    }

    // Feng, You, Zhang, Ji, Gao, AAAI 2019, eq. 10, with the bias before the smoothing as in the authors' code.
    private static Plain Answer(SegmentStructure s, LayerArguments p, Plain? edgeWeights, Plain? membershipWeights)
    {
        double[] nodeDegrees = new double[s.Nodes];
        double[] edgeDegrees = new double[s.Edges];
        for (int m = 0; m < s.Memberships; m++)
        {
            edgeDegrees[s.EdgeIds[m]] += membershipWeights?[m] ?? 1;
            nodeDegrees[s.NodeIds[m]] += (membershipWeights?[m] ?? 1) * (edgeWeights?[s.EdgeIds[m]] ?? 1);
        }
        Plain features = PlainOps.Linear(p.Input(0), p["theta.weight"], p.Find("theta.bias"));
        // What takes part in no membership is never read, so that nothing divides by its degree of zero.
        Plain edges = SegmentCases.Sum(s.Edges, s.EdgeIds, s.NodeIds, features, (m, _) => (membershipWeights?[m] ?? 1) / Math.Sqrt(nodeDegrees[s.NodeIds[m]]));
        return SegmentCases.Sum(s.Nodes, s.NodeIds, s.EdgeIds, edges, (m, _) =>
            (membershipWeights?[m] ?? 1) * (edgeWeights?[s.EdgeIds[m]] ?? 1) / edgeDegrees[s.EdgeIds[m]] / Math.Sqrt(nodeDegrees[s.NodeIds[m]]));
    }
}
