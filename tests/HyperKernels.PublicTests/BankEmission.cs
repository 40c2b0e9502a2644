using HyperKernels.Layers;

namespace HyperKernels.PublicTests;

/// <summary>An emission as a user writes one: every tensor is a mixture of learned ones, by a softmax of what the generator gives.</summary>
public sealed class BankEmission : Emission, IStoredLayer<BankEmission>
{
    private readonly Parameter[] _banks;

    public BankEmission(TargetManifest manifest, int width)
        : base(manifest, width, hasBase: false) =>
        _banks = [.. manifest.Entries.Select((entry, i) => AddParameter($"bank{i}", [width, entry.Count], Initializer.Normal()))];

    public static string TypeName => "PublicTests.BankEmission";

    public static BankEmission Read(LayerSettings settings) => new(TargetManifest.Read(settings), settings.Int("width"));

    public void WriteSettings(LayerSettings settings)
    {
        Manifest.Write(settings);
        settings.Set("width", Width);
    }

    public override void Generate(Tensor embedding, TensorLayer generator, Span<Weight> weights)
    {
        Tensor routing = Ops.Softmax(generator.Forward(embedding));
        for (int i = 0; i < weights.Length; i++)
        {
            weights[i] = Weight.Mixture(routing, Ops.Reshape(_banks[i].Value, Manifest.Entries[i].Shape.Insert(0, Width)));
        }
    }
}
