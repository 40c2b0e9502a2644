using HyperKernels.Layers;
using HyperKernels.Models;

namespace HyperKernels.Cases;

/// <summary>A multilayer perceptron whose universal weights are updated row by row.</summary>
public sealed class HyperPlanesSystem : IReferenceSystem
{
    /// <inheritdoc/>
    public string Name => "HyperPlanes";

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, Tensor> Run(ReferenceRun run)
    {
        ReferenceCase source = run.Case;
        bool multiplies = source.Text("update", "add") switch
        {
            "add" or "additive" => false,
            "multiply" or "multiplicative" => true,
            string other => throw new InvalidDataException($"{source.Path}: the update \"{other}\" is not known."),
        };
        int[] hidden = [.. Enumerable.Repeat(source.Int("width"), source.Int("depth") - 1)];
        HyperPlanes network = run.Own(new HyperPlanes(
            new Mlp(source.Ints("dims"), random: new RandomStream(0)), source.Int("embed"), hidden, multiplies, random: new RandomStream(0)));
        network.Emission.Strength = (float)source.Number("lambda", 1);
        using IDisposable weights = run.Use(network, static name =>
        {
            const string Generator = "network.generator.";
            const string Universal = "network.emission.base.";
            if (name.StartsWith(Generator, StringComparison.Ordinal))
            {
                return "hyper.hn." + name[Generator.Length..];
            }
            // The layers of a perceptron are numbered with the activations between them.
            string[] parts = name[Universal.Length..].Split('.');
            return $"universal.{int.Parse(parts[0], System.Globalization.CultureInfo.InvariantCulture) / 2}.{parts[1]}";
        });
        Tensor rows = run.Input("embedding");
        Dictionary<string, Tensor> outputs = new() { ["y"] = network.Forward(run.Input("x"), rows) };
        IReadOnlyList<Tensor> updates = network.Updates(rows);
        for (int i = 0; i < updates.Count; i += 2)
        {
            outputs.Add($"delta.{i / 2}", Ops.Reshape(updates[i], updates[i].Shape.Remove(0)));
        }
        return outputs;
    }
}
