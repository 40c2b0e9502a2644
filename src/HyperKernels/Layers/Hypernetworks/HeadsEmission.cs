namespace HyperKernels.Layers;

/// <summary>One head per tensor: a linear layer each, so that every tensor has parameters (and, if wanted, training options) of its own.</summary>
/// <remarks>Heads stand in a tree like the target's, under the tensors' names: <c>conv1.weight.weight</c> and <c>conv1.weight.theta0</c>.</remarks>
public sealed class HeadsEmission : Emission, IStoredLayer<HeadsEmission>
{
    private readonly Head[] _heads;

    /// <summary>Makes the heads.</summary>
    /// <param name="manifest">What is generated.</param>
    /// <param name="width">H, the generator's outputs.</param>
    /// <param name="scheme">Draws the rows of every tensor and gives the base weights.</param>
    /// <param name="random">Where draws come from; null means <see cref="Initializer.Random"/>.</param>
    public HeadsEmission(TargetManifest manifest, int width, EmissionScheme scheme, RandomStream? random = null)
        : base(manifest, width, scheme?.HasBase ?? false)
    {
        ArgumentNullException.ThrowIfNull(scheme);
        _heads = new Head[manifest.Entries.Count];
        Dictionary<string, Branch> branches = [];
        for (int i = 0; i < _heads.Length; i++)
        {
            ManifestEntry entry = manifest.Entries[i];
            _heads[i] = new Head(entry, width, scheme, random);
            int dot = entry.Name.LastIndexOf('.');
            if (dot < 0)
            {
                Add(entry.Name, _heads[i]);
            }
            else
            {
                BranchOf(entry.Name[..dot], branches).Hang(entry.Name[(dot + 1)..], _heads[i]);
            }
        }
    }

    /// <inheritdoc/>
    public override void Generate(Tensor embedding, TensorLayer generator, Span<Weight> weights)
    {
        Tensor hidden = generator.Forward(embedding);
        for (int i = 0; i < _heads.Length; i++)
        {
            weights[i] = Weight.Generated(hidden, _heads[i].Weight.Value, _heads[i].Theta0?.Value, Manifest.Entries[i].Shape);
        }
    }

    private Branch BranchOf(string path, Dictionary<string, Branch> branches)
    {
        if (branches.TryGetValue(path, out Branch? known))
        {
            return known;
        }
        Branch made = new();
        branches.Add(path, made);
        int dot = path.LastIndexOf('.');
        return dot < 0 ? Add(path, made) : BranchOf(path[..dot], branches).Hang(path[(dot + 1)..], made);
    }

    private sealed class Branch : Layer
    {
        public TLayer Hang<TLayer>(string name, TLayer child)
            where TLayer : Layer => Add(name, child);
    }

    private sealed class Head : Layer
    {
        public Head(ManifestEntry entry, int width, EmissionScheme scheme, RandomStream? random)
        {
            Weight = AddParameter("weight", [entry.Count, width], Initializer.Zeros, random);
            Weight.Load(scheme.Rows(entry, width, random));
            if (scheme.HasBase)
            {
                Theta0 = AddParameter("theta0", [entry.Count], Initializer.Zeros, random, ParameterRole.Bias, Weight);
                Theta0.Load(scheme.Base(entry) ?? new float[entry.Count]);
            }
        }

        public Parameter Weight { get; }

        public Parameter? Theta0 { get; }
    }

    static string IStoredLayer<HeadsEmission>.TypeName => "HeadsEmission";

    static HeadsEmission IStoredLayer<HeadsEmission>.Read(LayerSettings settings) => new(
        TargetManifest.Read(settings), settings.Int("width"), EmissionScheme.Zeros(settings.Flag("base")));

    void IStoredLayer<HeadsEmission>.WriteSettings(LayerSettings settings) => WriteParts(settings);
}
