using HyperKernels.Layers;
using HyperKernels.Models;

namespace HyperKernels.Cli.Recipes;

/// <summary>What a network costs, counted: the multiply-adds of convolutions, linear layers, gates and mixing for one sample.</summary>
internal static class MultiplyAdds
{
    /// <summary>Counts.</summary>
    /// <param name="network">Of convolutions and linear layers, mixtures of them, and what costs next to nothing.</param>
    /// <param name="sample">The shape of a sample, with a first axis of 1.</param>
    /// <param name="device">Where to run it once, to see the shapes.</param>
    public static long Of(Sequential network, Shape sample, Device device)
    {
        network.Eval();
        using MemoryScope scope = device.Scope();
        Tensor x = Tensor.Zeros(sample, device);
        long products = 0;
        foreach (TensorLayer layer in network)
        {
            x = layer.Forward(x);
            products += Of(layer, places: x.Count / x.Shape[1]);
        }
        network.Train();
        return products;
    }

    // Every weight is used once at every place of the output; experts are mixed once for a sample.
    private static long Of(TensorLayer layer, long places) => layer switch
    {
        Conv2d conv => conv.Weight.Shape.Count * places,
        Linear linear => linear.Weight.Shape.Count,
        MixtureOfWeights mixture => mixture.Gate.Parameters.Where(static parameter => parameter.Shape.Rank == 2).Sum(static parameter => parameter.Shape.Count)
            + mixture.Banks.Sum(static bank => bank.Shape.Count)
            + (mixture.Banks[0].Shape.Count / mixture.Gate.Experts * places),
        _ => 0,
    };
}
