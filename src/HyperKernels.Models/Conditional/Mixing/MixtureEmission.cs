using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// Weights that are mixtures of banks: for every tensor of a target E experts, of which a weight set is <c>W_c = sum_e r_ce W_e</c> with the numbers r that the generator
/// gives. The mixture stays two factors (<see cref="Weight.Mixture"/>) until a layer applies it.
/// </summary>
/// <remarks>Experts are drawn each by itself, as the target draws. Source: Yang, Bender, Le, Ngiam, CondConv, NeurIPS 2019 (arXiv 1904.04971), eq. 1.</remarks>
public sealed class MixtureEmission : Emission, IStoredLayer<MixtureEmission>
{
    private readonly ManifestTree _banks;

    static MixtureEmission() => LayerTypes.Register<MixtureEmission>();

    /// <summary>Makes the banks of a target's tensors.</summary>
    /// <param name="target">Any layer.</param>
    /// <param name="experts">The number E of experts.</param>
    /// <param name="parameters">Which tensors are mixed: a pattern over dotted names; the others are trained as they are.</param>
    /// <param name="start">What draws an expert's first values of a parameter; null means what draws the target's.</param>
    /// <param name="random">Where first values come from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">experts is below 1, or no parameter matches.</exception>
    public MixtureEmission(Layer target, int experts, string parameters = "*", Func<NamedParameter, Initializer>? start = null, RandomStream? random = null)
        : this(TargetManifest.Of(target, parameters), experts, Initializers(target, start), random)
    {
    }

    private MixtureEmission(TargetManifest manifest, int experts, Dictionary<string, Initializer> initializers, RandomStream? random)
        : base(manifest, experts, hasBase: false)
    {
        TargetManifest banks = new(manifest.Entries.Select(entry => (entry.Names, entry.Shape.Insert(0, experts), entry.Role)));
        _banks = Add("banks", new ManifestTree(
            banks, i => new PerExpertInitializer(initializers.GetValueOrDefault(manifest.Entries[i].Name) ?? Initializer.Zeros), random));
    }

    /// <summary>The banks in the manifest's order: E, then the axes of the tensor.</summary>
    public IReadOnlyList<Parameter> Banks => _banks.InOrder;

    /// <inheritdoc/>
    public override void Generate(Tensor embedding, TensorLayer generator, Span<Weight> weights)
    {
        ArgumentNullException.ThrowIfNull(generator);
        Tensor routing = generator.Forward(embedding);
        for (int i = 0; i < weights.Length; i++)
        {
            weights[i] = Weight.Mixture(routing, _banks.InOrder[i].Value);
        }
    }

    static string IStoredLayer<MixtureEmission>.TypeName => "MixtureEmission";

    static MixtureEmission IStoredLayer<MixtureEmission>.Read(LayerSettings settings) => new(TargetManifest.Read(settings), settings.Int("experts"), [], null);

    void IStoredLayer<MixtureEmission>.WriteSettings(LayerSettings settings)
    {
        Manifest.Write(settings);
        settings.Set("experts", Width);
    }

    /// <inheritdoc/>
    protected override string Describe() => $"MixtureEmission({Manifest.Count}, experts: {Width})";

    private static Dictionary<string, Initializer> Initializers(Layer target, Func<NamedParameter, Initializer>? start) =>
        target.NamedParameters().ToDictionary(static named => named.Name, named => start?.Invoke(named) ?? named.Initializer);
}
