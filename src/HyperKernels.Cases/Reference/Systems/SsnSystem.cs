using HyperKernels.Layers;
using HyperKernels.Models;

namespace HyperKernels.Cases;

/// <summary>One layer of a shapeshifter network: a weight from a block of a shared bank and the layer's coefficients.</summary>
public sealed class SsnSystem : IReferenceSystem
{
    /// <inheritdoc/>
    public string Name => "shapeshifter network (shared parameter bank)";

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, Tensor> Run(ReferenceRun run)
    {
        ReferenceCase source = run.Case;
        Shape shape = new(Sizes(source, "layer")!);
        int templates = source.Int("candidates", 1);
        TemplateUpsampling upsampling = UpsamplingOf(source);
        SharedTemplates layer = run.Own(new SharedTemplates(
            shape, templates, source.Int("bank"), upsampling, source.Int("upsample_window", 1), source.Flag("learn_groups", false), new RandomStream(0)));
        if (Sizes(source, "template") is { } wanted && layer.TemplateShape.Rank > 0 && !layer.TemplateShape.AsSpan().SequenceEqual(wanted))
        {
            throw new InvalidDataException($"{source.Path}: config \"template\" must be {layer.TemplateShape}; it is [{string.Join(", ", wanted)}].");
        }
        Dictionary<Parameter, Tensor> values = [];
        foreach ((string name, Parameter parameter) in layer.NamedParameters())
        {
            string inCase = run.HasParameter(name) ? name : $"upsample.{name}";
            values.Add(parameter, Ops.Reshape(run.Parameter(inCase), parameter.Shape));
        }
        using IDisposable weights = ParameterOverrides.Use(values);
        return new Dictionary<string, Tensor> { ["w"] = layer.Combine(run.Parameter("bank"), Coefficients(run, templates)).Materialize() };
    }

    private static Tensor? Coefficients(ReferenceRun run, int templates)
    {
        if (templates == 1 || !run.HasParameter("coefficients"))
        {
            return null;
        }
        Tensor given = run.Parameter("coefficients");
        Tensor row = Ops.Reshape(given, [1, (int)given.Count]);
        // With embeddings the coefficients are what a linear layer makes of the layer's own vector.
        string? projection = new[] { "layer.0", "layer" }.FirstOrDefault(name => run.HasParameter($"{name}.weight"));
        return projection is null ? row : Ops.Linear(row, run.Parameter($"{projection}.weight"), run.Parameter($"{projection}.bias"));
    }

    private static TemplateUpsampling UpsamplingOf(ReferenceCase source) => source.Text("upsample_type", source.Text("upsample", "inter")) switch
    {
        "inter" => TemplateUpsampling.Bilinear,
        "wavg" => TemplateUpsampling.WeightedPairs,
        "mask" => TemplateUpsampling.Mask,
        "repeat" => TemplateUpsampling.Repeat,
        string other => throw new InvalidDataException($"{source.Path}: the upsampling \"{other}\" is not known; known are inter, wavg, mask and repeat."),
    };

    private static int[]? Sizes(ReferenceCase source, string name) =>
        source.Config.TryGetProperty(name, out System.Text.Json.JsonElement list) ? [.. list.EnumerateArray().Select(static size => size.GetInt32())] : null;
}
