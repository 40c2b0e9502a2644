using HyperKernels.Layers;
using HyperKernels.Models;
using static HyperKernels.Cases.LayerCases;

namespace HyperKernels.Cases;

/// <summary>Hypernetworks that generate convolutions' kernels tile by tile, and one that is made of convolutions.</summary>
internal static class HyperConvLayerCases
{
    private const int UnitOutputs = 3;
    private const int UnitInputs = 2;
    private const int Hidden = 4;
    private const int Embedding = 5;

    public static IEnumerable<LayerCase> All =>
    [
        .. from rows in new[] { KernelRows.InputChannels, KernelRows.OutputChannels } from sets in new[] { 1, 2 } select Static(rows, sets),
        Smash("C=2 3 to 4 in two blocks", [2, 3, 4, 3], [[2, 1], [2]]),
        Smash("C=1 2 to 3 in an empty block", [1, 2, 3, 2], [[]]),
    ];

    // Kernels of one tile, of two along the outputs, and of two by two; the tiles' embeddings come in.
    private static LayerCase Static(KernelRows rows, int sets)
    {
        int tiles = 7;
        return Row(
            $"B=2 C={sets} static, rows of {rows}",
            random =>
            {
                Sequential target = new(
                    new Conv2d(UnitInputs, UnitOutputs, 3, padding: 1, bias: false, random: random), new Conv2d(UnitOutputs, UnitInputs, 1, random: random),
                    new Conv2d(UnitInputs, 2 * UnitOutputs, 3, bias: false, random: random), new Conv2d(2 * UnitOutputs, 2 * UnitInputs, 1, random: random),
                    new Conv2d(2 * UnitInputs, 2 * UnitOutputs, 3, padding: 1, bias: false, random: random));
                StaticKernelEmission emission = new(
                    TargetManifest.Of(target, where: named => named.Parameter.Shape.Rank == 4 && named.Parameter.Shape[2] == 3), UnitOutputs, UnitInputs, Hidden,
                    rows, random);
                return new HyperNetwork(
                    target, new DeclaredConditioning([Condition.Raw("z", tiles * Embedding)]), StaticHyperNetwork.Generator(emission, Embedding, random), emission);
            },
            [CaseInput.Normal("x", [2, UnitInputs, 4, 5]), CaseInput.Normal("z", [sets, tiles * Embedding])],
            (network, v) => network.Forward(v[0], v[1]),
            p => Plain.Concatenate([.. Enumerable.Range(0, 2).Select(sample =>
            {
                Plain z = p.Input(1).Block(sample * sets / 2, sets);
                Plain x = ConvCases.Answer(p.Input(0).Block(sample, 2), Kernel(p, z, rows, 0, 1, 1), null, new(padding: 1));
                x = ConvCases.Answer(x, p["target.1.weight"], p["target.1.bias"], new());
                x = ConvCases.Answer(x, Kernel(p, z, rows, 1, 2, 1), null, new());
                x = ConvCases.Answer(x, p["target.3.weight"], p["target.3.bias"], new());
                return ConvCases.Answer(x, Kernel(p, z, rows, 3, 2, 2), null, new(padding: 1));
            })]));
    }

    /// <summary>A kernel of some tiles along outputs and inputs, the first tile's embedding being a given one: the sums of section 3.1.</summary>
    private static Plain Kernel(LayerArguments p, Plain z, KernelRows rows, int first, int along, int across)
    {
        bool byInputs = rows == KernelRows.InputChannels;
        return Indexing.Map([along * UnitOutputs, across * UnitInputs, 3, 3], i =>
        {
            int[] at = Indexing.Position([along * UnitOutputs, across * UnitInputs, 9], i);
            int tile = first + (at[0] / UnitOutputs * across) + (at[1] / UnitInputs);
            (int output, int input) = (at[0] % UnitOutputs, at[1] % UnitInputs);
            (int row, int value) = byInputs ? (input, (output * 9) + at[2]) : (output, (input * 9) + at[2]);
            double sum = p["emission.bias"][value];
            for (int d = 0; d < Hidden; d++)
            {
                double a = p["generator.hidden0.bias"][(row * Hidden) + d];
                for (int k = 0; k < Embedding; k++)
                {
                    a += p["generator.hidden0.weight"][(row * Hidden) + d, k] * z[(tile * Embedding) + k];
                }
                sum += p["emission.weight"][value, d] * a;
            }
            return sum;
        });
    }

    private static LayerCase Smash(string sizes, Shape input, int[][] blocks) => Row(
        sizes, random => new SmashGenerator(input[1], input[2], blocks, slope: 0.3f, random), CaseInput.Normal("c", input),
        p =>
        {
            Plain x = p.Input(0);
            bool isFirst = true;
            int next = 0;
            for (int b = 0; b < blocks.Length; b++)
            {
                foreach (int _ in blocks[b])
                {
                    x = Channels(x, Convolved(x));
                }
                x = Convolved(x);
            }
            return x;

            Plain Convolved(Plain read)
            {
                Plain weight = p[$"weight{next++}"];
                double norm = Math.Sqrt(weight.Values.Sum(static value => value * value));
                Plain active = isFirst ? read : read.Map(value => value > 0 ? value : 0.3f * value);
                isFirst = false;
                return ConvCases.Answer(active, weight.Map(value => value / norm), null, new(padding: weight.Shape[2] / 2));
            }
        },
        sets: input[0] > 1, twice: true);

    private static Plain Channels(Plain a, Plain b)
    {
        int samples = a.Shape[0];
        Shape shape = a.Shape.With(1, a.Shape[1] + b.Shape[1]);
        return new Plain(shape, [.. Enumerable.Range(0, samples).SelectMany(n => a.Block(n, samples).Values.Concat(b.Block(n, samples).Values))]);
    }
}
