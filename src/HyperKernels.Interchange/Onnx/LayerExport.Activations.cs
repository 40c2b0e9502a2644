namespace HyperKernels.Interchange;

internal sealed partial class LayerExport
{
    // sqrt(2 / pi) and the cubic's factor, of Hendrycks and Gimpel's approximation (arXiv 1606.08415).
    private const float GeluScale = 0.7978845608f;
    private const float GeluCube = 0.044715f;

    private string Activate(Activation activation, string x) => activation.Kind switch
    {
        ActivationKind.None => x,
        ActivationKind.Relu => graph.Node("Relu", [x]),
        ActivationKind.LeakyRelu => graph.Node("LeakyRelu", [x], OnnxAttribute.Float("alpha", activation.Parameter)),
        ActivationKind.Elu => graph.Node("Elu", [x], OnnxAttribute.Float("alpha", activation.Parameter)),
        ActivationKind.Tanh => graph.Node("Tanh", [x]),
        ActivationKind.Sigmoid => graph.Node("Sigmoid", [x]),
        ActivationKind.Silu => graph.Node("Mul", [x, graph.Node("Sigmoid", [x])]),
        ActivationKind.Softplus => graph.Node("Softplus", [x]),
        ActivationKind.Gelu => HalfOf(x, graph.Node("Erf", [Scaled(x, 1 / MathF.Sqrt(2))])),
        ActivationKind.GeluTanh => HalfOf(x, graph.Node("Tanh", [Scaled(graph.Node("Add", [x, Scaled(Cube(x), GeluCube)]), GeluScale)])),
        ActivationKind.Sine => graph.Node("Sin", [Scaled(x, activation.Parameter)]),
        _ => throw new NotSupportedException($"OnnxFile.Write: the activation {activation} has no form in ONNX here."),
    };

    private string Scaled(string x, float factor) => graph.Node("Mul", [x, graph.Scalar(factor)]);

    private string Cube(string x) => graph.Node("Mul", [graph.Node("Mul", [x, x]), x]);

    // x (1 + s) / 2
    private string HalfOf(string x, string s) => Scaled(graph.Node("Mul", [x, graph.Node("Add", [s, graph.Scalar(1)])]), 0.5f);
}
