using HyperKernels.Layers;
using HyperKernels.Models;

namespace HyperKernels.Cases;

/// <summary>Linear layers and convolutions of Kronecker products; the factors' axes tell which. They are called <c>a</c> and <c>s</c>, or <c>A</c> and <c>F</c>.</summary>
public sealed class PhmSystem : IReferenceSystem
{
    /// <inheritdoc/>
    public string Name => "PHM";

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, Tensor> Run(ReferenceRun run)
    {
        ReferenceCase source = run.Case;
        (string rule, string factors) = (run.HasParameter("a") ? "a" : "A", run.HasParameter("s") ? "s" : "F");
        Shape axes = run.Parameter(factors).Shape;
        if (axes.Rank is < 3 or > 5)
        {
            throw new InvalidDataException($"{source.Path}: \"{factors}\" must be [n, O / n, I / n] with up to two axes of kernels; it is {axes}.");
        }
        int n = axes[0];
        (int inputs, int outputs, bool bias) = (axes[2] * n, axes[1] * n, run.HasParameter("bias"));
        (int stride, int padding, int dilation) = (source.Int("stride", 1), source.Int("pad", 0), source.Int("dil", source.Int("dilation", 1)));
        RandomStream random = new(0);
        TensorLayer layer = run.Own<TensorLayer>(axes.Rank switch
        {
            3 => new KroneckerLinear(inputs, outputs, n, bias, random),
            4 => new KroneckerConv1d(inputs, outputs, axes[3], n, stride, padding, dilation, bias, random),
            _ => new KroneckerConv2d(inputs, outputs, axes[3], n, stride, padding, dilation, bias, random),
        });
        using IDisposable weights = run.Use(layer, name => name switch
        {
            "rule" => rule,
            "factors" => factors,
            _ => name,
        });
        return new Dictionary<string, Tensor>
        {
            ["y"] = layer.Forward(run.Input("x")),
            ["weight"] = Weight.Kronecker(run.Parameter(rule), run.Parameter(factors)).Materialize(),
        };
    }
}
