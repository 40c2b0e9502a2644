using HyperKernels.Cli.Data;
using HyperKernels.Models;

namespace HyperKernels.Cli.Recipes;

/// <summary>What a <see cref="CharacterTransformer"/> makes of a text.</summary>
/// <param name="Bits">A character.</param>
/// <param name="Loads">For every block with a mixture, the share of the choices that each expert got.</param>
internal sealed record TextScores(double Bits, IReadOnlyList<double[]> Loads)
{
    /// <summary>Reads a whole text, window by window.</summary>
    public static TextScores Of(CharacterTransformer model, TextLanes text, Device device)
    {
        double nats = 0;
        List<double[]> loads = [];
        for (int window = 0; window < text.Windows; window++)
        {
            (int[] inputs, int[] targets) = text.Window(window);
            using MemoryScope scope = device.Scope();
            (Tensor loss, IReadOnlyList<Routing> routings) = model.Loss(inputs, targets);
            nats += loss.ToScalar();
            foreach ((int block, Routing routing) in routings.Index())
            {
                if (block == loads.Count)
                {
                    loads.Add(new double[routing.Logits.Shape[1]]);
                }
                foreach (int expert in routing.Experts.ToIntArray())
                {
                    loads[block][expert]++;
                }
            }
        }
        return new TextScores(nats / text.Windows / Math.Log(2), [.. loads.Select(static load => load.Select(count => count / load.Sum()).ToArray())]);
    }
}
