using HyperKernels.Layers;

namespace HyperKernels.Interchange;

internal sealed partial class LayerExport
{
    private string BatchNorm(BatchNorm norm, string path, OnnxValue x) => graph.Node(
        "BatchNormalization",
        [
            x.Name,
            norm.Weight is null ? Ones(norm.Channels) : parameters(norm.Weight),
            norm.Bias is null ? Zeros(norm.Channels) : parameters(norm.Bias),
            graph.Named(Join(path, "running_mean"), norm.RunningMean.ToArray(), norm.Channels),
            graph.Named(Join(path, "running_var"), norm.RunningVariance.ToArray(), norm.Channels),
        ],
        OnnxAttribute.Float("epsilon", norm.Epsilon));

    private string LayerNorm(LayerNorm norm, OnnxValue x)
    {
        string[] bias = norm.Bias is null ? [] : [parameters(norm.Bias)];
        string gain = norm.Weight is null ? graph.Constant(Filled(norm.NormalizedShape, 1), norm.NormalizedShape.AsSpan()) : parameters(norm.Weight);
        return graph.Node(
            "LayerNormalization", [x.Name, gain, .. bias], OnnxAttribute.Int("axis", -norm.NormalizedShape.Rank), OnnxAttribute.Float("epsilon", norm.Epsilon));
    }

    private string RmsNorm(RmsNorm norm, OnnxValue x)
    {
        int[] axes = [.. Enumerable.Range(-norm.NormalizedShape.Rank, norm.NormalizedShape.Rank)];
        string mean = graph.Node("ReduceMean", [graph.Node("Mul", [x.Name, x.Name])], OnnxAttribute.Ints("axes", axes), OnnxAttribute.Int("keepdims", 1));
        string normal = graph.Node("Div", [x.Name, graph.Node("Sqrt", [graph.Node("Add", [mean, graph.Scalar(norm.Epsilon)])])]);
        return norm.Weight is null ? normal : graph.Node("Mul", [normal, parameters(norm.Weight)]);
    }

    private string GroupNorm(GroupNorm norm, OnnxValue x)
    {
        // Groups as channels of one axis: an instance norm; then the channels' own gains.
        string groups = graph.Node("Reshape", [x.Name, graph.Integers(0, norm.Groups, -1)]);
        string normal = graph.Node(
            "InstanceNormalization", [groups, Ones(norm.Groups), Zeros(norm.Groups)], OnnxAttribute.Float("epsilon", norm.Epsilon));
        string back = graph.Node("Reshape", [normal, graph.Node("Shape", [x.Name])]);
        if (norm.Weight is null || norm.Bias is null)
        {
            return back;
        }
        string perChannel = graph.Integers([norm.Channels, .. Enumerable.Repeat(1, x.Shape.Rank - 2)]);
        string scaled = graph.Node("Mul", [back, graph.Node("Reshape", [parameters(norm.Weight), perChannel])]);
        return graph.Node("Add", [scaled, graph.Node("Reshape", [parameters(norm.Bias), perChannel])]);
    }

    private string Ones(int count) => graph.Constant(Filled([count], 1), count);

    private string Zeros(int count) => graph.Constant(new float[count], count);

    private static float[] Filled(Shape shape, float value)
    {
        float[] values = new float[shape.Count];
        Array.Fill(values, value);
        return values;
    }
}
