using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// Weights from shared banks: every weight belongs to a group, every group owns a flat bank, and a weight is the mixture of K templates that
/// lie in its group's bank, <c>W_l = sum_j a_lj T_lj</c>. A budget of any size will do: banks smaller than a weight are upsampled.
/// </summary>
/// <remarks>
/// <para>
/// Coefficients are learned directly, or computed from an embedding per layer: the generator reads <c>[embedding; conditions]</c>, the embedding
/// first, and a linear layer per group turns what it gives into coefficients. Without conditions and with a generator that passes its input on
/// this is the published system; with conditions every weight set has coefficients of its own over the same templates.
/// </para>
/// <para>Source: Plummer, Dryden, Frost, Hoefler, Saenko, Neural Parameter Allocation Search, ICLR 2022 (arXiv 2006.10598), section 3.</para>
/// </remarks>
public sealed class ShapeshifterEmission : Emission, IStoredLayer<ShapeshifterEmission>
{
    private readonly ShapeshifterOptions _options;
    private readonly int[] _groups;
    private readonly ShapeshifterBank[] _banks;
    private readonly int[][] _entries;

    static ShapeshifterEmission() => LayerTypes.Register<ShapeshifterEmission>();

    /// <summary>Makes the banks.</summary>
    /// <param name="manifest">The weights that share.</param>
    /// <param name="width">The numbers per row that the generator gives; the length of an embedding if it passes its input on.</param>
    /// <param name="groups">For every weight its group, from 0 without gaps.</param>
    /// <param name="bankSizes">For every group the values of its bank.</param>
    /// <param name="options">Sharing, upsampling and the number of templates; its budget and groups are not read.</param>
    /// <param name="random">Where first values come from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">Groups or banks do not fit the manifest, or a bank is too small.</exception>
    public ShapeshifterEmission(
        TargetManifest manifest, int width, IReadOnlyList<int> groups, IReadOnlyList<int> bankSizes, ShapeshifterOptions options, RandomStream? random = null)
        : base(manifest, width, hasBase: false)
    {
        ArgumentNullException.ThrowIfNull(groups);
        ArgumentNullException.ThrowIfNull(bankSizes);
        ArgumentNullException.ThrowIfNull(options);
        if (groups.Count != manifest.Entries.Count || groups.Any(group => group < 0 || group >= bankSizes.Count))
        {
            throw new ArgumentException(
                $"ShapeshifterEmission: every one of {manifest.Entries.Count} weights needs a group from 0 to {bankSizes.Count - 1}; got {string.Join(", ", groups)}.",
                nameof(groups));
        }
        _options = options;
        _groups = [.. groups];
        _entries = [.. bankSizes.Select((_, group) => Enumerable.Range(0, _groups.Length).Where(i => _groups[i] == group).ToArray())];
        _banks = [.. bankSizes.Select((size, group) => Add($"group{group}", new ShapeshifterBank(
            [.. _entries[group].Select(i => manifest.Entries[i].Shape)], size, width, options, random)))];
    }

    /// <summary>The banks, flat, one per group.</summary>
    public IReadOnlyList<Parameter> Banks => [.. _banks.Select(static bank => bank.Values)];

    /// <summary>For every weight of the manifest the number of its group.</summary>
    public IReadOnlyList<int> Groups => _groups;

    /// <inheritdoc/>
    public override void Generate(Tensor embedding, TensorLayer generator, Span<Weight> weights)
    {
        Weight[] own = new Weight[weights.Length];
        for (int group = 0; group < _banks.Length; group++)
        {
            Span<Weight> some = own.AsSpan(0, _entries[group].Length);
            _banks[group].Generate(embedding, generator, some);
            for (int i = 0; i < some.Length; i++)
            {
                weights[_entries[group][i]] = some[i];
            }
        }
    }

    /// <inheritdoc/>
    public override Tensor Flat(Tensor embedding, TensorLayer generator)
    {
        Weight[] weights = new Weight[Manifest.Entries.Count];
        Generate(embedding, generator, weights);
        // A weight whose coefficients depend on no condition is one for all sets.
        int sets = embedding.Shape[0];
        return Ops.Concatenate(1, Array.ConvertAll(weights, weight =>
        {
            Tensor values = weight.Materialize();
            Tensor rows = Ops.Reshape(values, values.Count == weight.Shape.Count ? 1 : sets, -1);
            return rows.Shape[0] == sets ? rows : Ops.BroadcastTo(rows, [sets, rows.Shape[1]]);
        }));
    }

    /// <summary>What tells a weight from others: its embedding, or its own coefficients.</summary>
    /// <param name="entry">Its place in the manifest.</param>
    /// <exception cref="InvalidOperationException">The weight has neither.</exception>
    public float[] DescribeWeight(int entry) => _banks[_groups[entry]].Describe(Array.IndexOf(_entries[_groups[entry]], entry));

    static string IStoredLayer<ShapeshifterEmission>.TypeName => "ShapeshifterEmission";

    static ShapeshifterEmission IStoredLayer<ShapeshifterEmission>.Read(LayerSettings settings) => new(
        TargetManifest.Read(settings),
        settings.Int("width"),
        settings.Ints("groups"),
        settings.Ints("bankSizes"),
        new ShapeshifterOptions
        {
            Sharing = settings.Choice<TemplateSharing>("sharing"),
            Upsampling = settings.Choice<TemplateUpsampling>("upsampling"),
            Templates = settings.Int("templates"),
            Window = settings.Int("window"),
            Embedding = settings.Int("embedding"),
            LearnsGroups = settings.Flag("learnsGroups"),
        });

    void IStoredLayer<ShapeshifterEmission>.WriteSettings(LayerSettings settings)
    {
        Manifest.Write(settings);
        settings.Set("width", Width).Set("groups", _groups).Set("bankSizes", [.. _banks.Select(static bank => bank.Values.Shape[0])])
            .Set("sharing", _options.Sharing).Set("upsampling", _options.Upsampling).Set("templates", _options.Templates)
            .Set("window", _options.Window).Set("embedding", _options.Embedding).Set("learnsGroups", _options.LearnsGroups);
    }

    /// <inheritdoc/>
    protected override string Describe() =>
        $"ShapeshifterEmission({Manifest.Entries.Count} weights of {Manifest.Count:N0} values from {_banks.Length} banks, {_options.Sharing})";
}
