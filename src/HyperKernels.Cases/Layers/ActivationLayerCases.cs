using HyperKernels.Layers;
using static HyperKernels.Cases.LayerCases;

namespace HyperKernels.Cases;

/// <summary>Functions of every element, as layers.</summary>
internal static class ActivationLayerCases
{
    public static IEnumerable<LayerCase> All =>
    [
        Row(() => new Relu(), x => Math.Max(x, 0)),
        Row(() => new LeakyRelu(), x => x > 0 ? x : 0.01f * x),
        Row(() => new LeakyRelu(0.3f), x => x > 0 ? x : 0.3f * x, "slope=0.3"),
        Row(() => new Elu(), x => x > 0 ? x : Math.Exp(x) - 1),
        Row(() => new Elu(0.7f), x => x > 0 ? x : 0.7f * (Math.Exp(x) - 1), "alpha=0.7"),
        Row(() => new Tanh(), Math.Tanh),
        Row(() => new Sigmoid(), PlainMath.Sigmoid),
        Row(() => new Gelu(), PlainMath.Gelu),
        Row(() => new GeluTanh(), PlainMath.GeluTanh),
        Row(() => new Silu(), x => x * PlainMath.Sigmoid(x)),
        Row(() => new Softplus(), PlainMath.Softplus),
        Row(() => new Sine(2), x => Math.Sin(2 * x), "omega=2"),
    ];

    private static LayerCase Row<TLayer>(Func<TLayer> make, Func<double, double> function, string options = "")
        where TLayer : ActivationLayer =>
        LayerCases.Row(
            $"X=[3, 37]{(options.Length > 0 ? " " : "")}{options}", _ => make(), CaseInput.Apart("x", [3, 37], 0.01), p => p.Input(0).Map(function),
            twice: true);
}
