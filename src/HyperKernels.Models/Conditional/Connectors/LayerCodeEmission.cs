using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// A network's tensors layer by layer: the generator runs once for each layer of the target, told by a learned code which one, and a small head for each of the layer's
/// tensors reads what it gives. Matrices stay factored.
/// </summary>
/// <remarks>The generator reads <c>[conditions; layer code]</c>. A layer is what stands before the last dot of a tensor's name.</remarks>
public sealed class LayerCodeEmission : Emission, IStoredLayer<LayerCodeEmission>
{
    private readonly Linear[] _heads;
    private readonly int[] _layers;

    static LayerCodeEmission() => LayerTypes.Register<LayerCodeEmission>();

    /// <summary>Makes codes and heads.</summary>
    /// <param name="manifest">What is generated.</param>
    /// <param name="width">H, the generator's outputs.</param>
    /// <param name="codeSize">The length of a layer's code.</param>
    /// <param name="random">Where first values come from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">A size is less than 1.</exception>
    public LayerCodeEmission(TargetManifest manifest, int width, int codeSize, RandomStream? random = null)
        : base(manifest, width, hasBase: true)
    {
        if (codeSize < 1)
        {
            throw new ArgumentException($"LayerCodeEmission: the code of a layer must have at least 1 number; got {codeSize}.", nameof(codeSize));
        }
        string[] owners = [.. manifest.Entries.Select(static entry => entry.Name[..Math.Max(0, entry.Name.LastIndexOf('.'))])];
        string[] layers = [.. owners.Distinct()];
        _layers = [.. owners.Select(owner => Array.IndexOf(layers, owner))];
        Codes = AddParameter("codes", [layers.Length, codeSize], Initializer.Normal(), random, ParameterRole.Table);
        _heads = [.. manifest.Entries.Select((entry, i) => Add($"head{i}", Head(entry, width, random)))];
    }

    /// <summary>A learned code for each layer of the target.</summary>
    public Parameter Codes { get; }

    /// <inheritdoc/>
    public override void Generate(Tensor embedding, TensorLayer generator, Span<Weight> weights)
    {
        ArgumentNullException.ThrowIfNull(generator);
        int sets = embedding.Shape[0];
        Tensor[] given = new Tensor[Codes.Shape[0]];
        for (int layer = 0; layer < given.Length; layer++)
        {
            Tensor code = Ops.BroadcastTo(Ops.Slice(Codes.Value, 0, layer, 1), new Shape(sets, Codes.Shape[1]));
            given[layer] = generator.Forward(Ops.Concatenate(1, embedding, code));
        }
        for (int i = 0; i < weights.Length; i++)
        {
            Shape shape = Manifest.Entries[i].Shape;
            weights[i] = Weight.Generated(given[_layers[i]], _heads[i].Weight.Value, _heads[i].Bias!.Value, shape);
        }
    }

    // What does not depend on the condition starts as the tensor itself would, and the rest small beside it.
    private static Linear Head(ManifestEntry entry, int width, RandomStream? random)
    {
        Linear head = new(width, entry.Count, random: random);
        float bound = 1 / MathF.Sqrt(Math.Max(1, entry.Count / entry.Shape[0]));
        Initializer.Uniform(-bound / width, bound / width).Apply(head.Weight, random);
        Initializer.Uniform(-bound, bound).Apply(head.Bias!, random);
        return head;
    }

    static string IStoredLayer<LayerCodeEmission>.TypeName => "LayerCodeEmission";

    static LayerCodeEmission IStoredLayer<LayerCodeEmission>.Read(LayerSettings settings) =>
        new(TargetManifest.Read(settings), settings.Int("width"), settings.Int("codeSize"));

    void IStoredLayer<LayerCodeEmission>.WriteSettings(LayerSettings settings)
    {
        Manifest.Write(settings);
        settings.Set("width", Width).Set("codeSize", Codes.Shape[1]);
    }
}
