namespace HyperKernels.Interchange;

// Networks that were read go back to nodes.
internal sealed partial class LayerExport
{
    private OnnxValue Network(OnnxNetwork network, string path, OnnxValue x)
    {
        using MemoryScope scope = new();
        OnnxValue[] values = new OnnxValue[network.Steps.Count + 1];
        Tensor[] zeros = new Tensor[values.Length];
        (values[0], zeros[0]) = (x, Tensor.Zeros(x.Shape));
        for (int i = 0; i < network.Steps.Count; i++)
        {
            OnnxStep step = network.Steps[i];
            if (network.LayerOf(i) is { } layer)
            {
                values[i + 1] = Apply(layer, Join(path, step.Name), values[step.Inputs[0]]);
                zeros[i + 1] = Tensor.Zeros(values[i + 1].Shape);
                continue;
            }
            zeros[i + 1] = network.Run(i, zeros);
            string name = step.Op == OnnxOp.Constant
                ? graph.Named(Join(path, step.Name), network.ConstantOf(i).ToArray(), step.Ints)
                : Node(step, [.. step.Inputs.Select(input => values[input].Name)]);
            values[i + 1] = new OnnxValue(name, zeros[i + 1].Shape);
        }
        return values[network.OutputValue];
    }

    private string Node(OnnxStep step, string[] inputs) => step.Op switch
    {
        OnnxOp.Concat or OnnxOp.Softmax or OnnxOp.LogSoftmax or OnnxOp.Flatten => graph.Node($"{step.Op}", inputs, OnnxAttribute.Int("axis", step.Ints[0])),
        OnnxOp.Reshape => graph.Node("Reshape", [.. inputs, graph.Integers(step.Ints)]),
        OnnxOp.Squeeze or OnnxOp.Unsqueeze => graph.Node($"{step.Op}", step.Ints.Length == 0 ? inputs : [.. inputs, graph.Integers(step.Ints)]),
        OnnxOp.Transpose => graph.Node("Transpose", inputs, step.Ints.Length == 0 ? [] : [OnnxAttribute.Ints("perm", step.Ints)]),
        OnnxOp.ReduceMean => graph.Node("ReduceMean", inputs, [OnnxAttribute.Int("keepdims", step.Ints[0]), .. AxesOf(step)]),
        OnnxOp.ReduceSum => graph.Node(
            "ReduceSum", step.Ints.Length == 1 ? inputs : [.. inputs, graph.Integers(step.Ints.AsSpan(1))], OnnxAttribute.Int("keepdims", step.Ints[0])),
        OnnxOp.Clip => graph.Node("Clip", [.. inputs, graph.Scalar(step.Floats[0]), graph.Scalar(step.Floats[1])]),
        _ => graph.Node($"{step.Op}", inputs),
    };

    private static OnnxAttribute[] AxesOf(OnnxStep step) => step.Ints.Length == 1 ? [] : [OnnxAttribute.Ints("axes", step.Ints.AsSpan(1))];
}
