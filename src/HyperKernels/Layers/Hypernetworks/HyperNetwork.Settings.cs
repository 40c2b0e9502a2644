namespace HyperKernels.Layers;

// How files hold a hypernetwork: its parts are layers like others; of the target's parameters those that are generated are in no file.
public sealed partial class HyperNetwork : IStoredLayer<HyperNetwork>
{
    /// <summary>The name of the class in files.</summary>
    internal const string StoredName = "HyperNetwork";

    static string IStoredLayer<HyperNetwork>.TypeName => StoredName;

    static HyperNetwork IStoredLayer<HyperNetwork>.Read(LayerSettings settings) => Read(settings, null);

    void IStoredLayer<HyperNetwork>.WriteSettings(LayerSettings settings) => settings
        .SetLayer("conditioning", Conditioning)
        .SetLayer("generator", Generator)
        .SetLayer("emission", Emission)
        .Set("plan", Plan)
        // Without a description of its target a hypernetwork still generates.
        .SetLayer("target", LayerWriter.CanWrite(Target) ? Target : null);

    private static HyperNetwork Read(LayerSettings settings, Layer? target)
    {
        if (settings.Has("conditions"))
        {
            return ReadFirstForm(settings, target);
        }
        Conditioning conditioning = settings.Layer<Conditioning>("conditioning");
        TensorLayer generator = settings.Layer<TensorLayer>("generator");
        Emission emission = settings.Layer<Emission>("emission");
        LayerAllowance.Add(emission.Manifest.Count);
        CheckCallers(target, emission.Manifest);
        target ??= settings.Has("target") ? settings.Layer<Layer>("target") : new UnknownLayer(emission.Manifest);
        return new HyperNetwork(target, conditioning, generator, emission, settings.Choice<GeneratePlan>("plan"));
    }

    // Before any layer had files of its own, a hypernetwork's file told of its parts in words of its own.
    private static HyperNetwork ReadFirstForm(LayerSettings settings, Layer? target)
    {
        LayerSettings generatorSettings = settings.Group("generator");
        LayerSettings emissionSettings = settings.Group("emission");
        EmissionPlan plan = emissionSettings.Choice<EmissionPlan>("plan");
        int chunkEmbedding = emissionSettings.Int("chunkEmbedding");
        DeclaredConditioning conditioning = DeclaredConditioning.ReadFrom(settings);
        int inputs = conditioning.Size + (plan == EmissionPlan.Chunks ? chunkEmbedding : 0);
        TensorLayer generator = generatorSettings.Has("layer")
            ? generatorSettings.LayerOfOwnTree<TensorLayer>("layer")
            : new GeneratorMlp(inputs, generatorSettings.Ints("hidden"), generatorSettings.Activation(), Initializer.Zeros);
        TargetManifest manifest = TargetManifest.Read(settings);
        int width = emissionSettings.Int("width");
        EmissionScheme zeros = EmissionScheme.Zeros(emissionSettings.Flag("base"));
        Emission emission = plan switch
        {
            EmissionPlan.Heads => new HeadsEmission(manifest, width, zeros),
            EmissionPlan.Chunks => new ChunkedEmission(manifest, width, emissionSettings.Int("chunkSize"), chunkEmbedding, zeros),
            _ => new FullEmission(manifest, width, zeros),
        };
        LayerAllowance.Add(manifest.Count);
        CheckCallers(target, manifest);
        target ??= settings.Has("target") ? settings.LayerOfOwnTree<Layer>("target") : new UnknownLayer(manifest);
        return new HyperNetwork(target, conditioning, generator, emission);
    }

    /// <summary>Tells a target that the caller gave from one that a file describes wrongly.</summary>
    private static void CheckCallers(Layer? target, TargetManifest manifest)
    {
        try
        {
            _ = target is null ? null : manifest.FindIn(target, "HyperNetwork.Load");
        }
        catch (ArgumentException mismatch)
        {
            throw new TargetMismatchException(mismatch.Message);
        }
    }
}
