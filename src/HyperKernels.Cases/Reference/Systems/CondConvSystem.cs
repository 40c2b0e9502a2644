using HyperKernels.Layers;
using HyperKernels.Models;

namespace HyperKernels.Cases;

/// <summary>Conditionally parameterised convolutions: with a bias per expert, or with one for all as in a port (whose gate is called <c>_routing_fn.fc</c>).</summary>
public sealed class CondConvSystem : IReferenceSystem
{
    /// <inheritdoc/>
    public string Name => "CondConv";

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, Tensor> Run(ReferenceRun run)
    {
        bool isPort = run.HasParameter("_routing_fn.fc.weight");
        (string weight, string bias) = isPort ? ("weight", "bias") : ("experts.weight", "experts.bias");
        string gate = isPort ? "_routing_fn.fc" : "routing";
        Tensor bank = run.Parameter(weight);
        bool hasBias = run.HasParameter(bias);
        bool isShared = hasBias && run.Parameter(bias).Rank == 1;
        MixtureOfWeights layer = run.Own(CondConv.For(Convolution(run.Case, bank.Shape, hasBias), bank.Shape[0], isShared, random: new RandomStream(0)));
        Linear routing = ((SigmoidGate)layer.Gate).Linear;
        Dictionary<Parameter, Tensor> values = new()
        {
            [layer.Banks[0]] = bank,
            [routing.Weight] = run.Parameter(gate + ".weight"),
            [routing.Bias!] = run.Parameter(gate + ".bias"),
        };
        if (hasBias)
        {
            Parameter place = isShared ? layer.Network.Target.Find("bias")[0].Parameter : layer.Banks[1];
            values.Add(place, run.Parameter(bias));
        }
        using IDisposable weights = ParameterOverrides.Use(values);

        Tensor x = run.Input("x");
        Tensor shares = layer.Gate.Forward(x);
        return new Dictionary<string, Tensor>
        {
            ["y"] = layer.Forward(x, shares),
            ["routing"] = shares,
            ["kernels"] = Ops.Reshape(Weight.Mixture(shares, bank).Materialize(), bank.Shape.With(0, shares.Shape[0])),
        };
    }

    // The bank's axes tell sizes and dimensions; the options how it steps.
    private static TensorLayer Convolution(ReferenceCase source, Shape bank, bool bias)
    {
        (int stride, int padding) = (source.Int("stride", 1), source.Int("pad", 0));
        (int dilation, int groups) = (source.Int("dil", source.Int("dilation", 1)), source.Int("groups", 1));
        return bank.Rank switch
        {
            3 => new Linear(bank[2], bank[1], bias),
            4 => new Conv1d(bank[2] * groups, bank[1], bank[3], stride, padding, dilation, groups, bias),
            5 => new Conv2d(bank[2] * groups, bank[1], (bank[3], bank[4]), new Conv2dOptions(stride, padding, dilation, groups), bias),
            _ => throw new InvalidDataException($"{source.Path}: the experts must be [E, O, I / groups, K] or [E, O, I / groups, KH, KW]; they are {bank}."),
        };
    }
}
