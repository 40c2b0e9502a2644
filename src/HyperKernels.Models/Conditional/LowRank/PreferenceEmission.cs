using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// Weights on a front of trade-offs between tasks: <c>W(l) = W_0 + (alpha / r) sum_t l_t B_t A_t</c>, with a change of low rank for each task and l what the generator
/// gives: the preference. The factors of all tasks are applied side by side as one change of rank T r; no weight is written out for matrices.
/// </summary>
/// <remarks>
/// <para>
/// For kernels as high as wide the authors take the factors of loralib, <c>B_t [O k, r k]</c> (over groups) and <c>A_t [r k, I k]</c>, and view their product row by row as
/// <c>[O, I, k, k]</c> without permuting axes: these changes are of higher rank and are mixed as a bank. Other kernels take <c>B_t [O, r]</c> and
/// <c>A_t [r, I, ...]</c>.
/// </para>
/// <para>
/// B starts at zero, A uniform within <c>1 / sqrt(fan in)</c>. Source: Dimitriadis, Frossard, Fleuret, Pareto Low-Rank Adapters, ICLR 2025 (arXiv 2407.08056), section 3, and
/// the authors' code, nik-dim/palora.
/// </para>
/// </remarks>
public sealed class PreferenceEmission : DeltaEmission, IStoredLayer<PreferenceEmission>
{
    private readonly int[] _groups;
    private readonly Parameter[] _a;
    private readonly Parameter[] _b;

    static PreferenceEmission() => LayerTypes.Register<PreferenceEmission>();

    /// <summary>Makes the changes of a target.</summary>
    /// <param name="target">Any layer; its values now become those of W_0.</param>
    /// <param name="tasks">The number T of tasks.</param>
    /// <param name="rank">r.</param>
    /// <param name="alpha">Changes are scaled by alpha / r.</param>
    /// <param name="parameters">Which matrices and kernels change: a pattern over dotted names.</param>
    /// <param name="trainsBase">Whether W_0 trains too, as it does in the paper.</param>
    /// <param name="random">Where first values come from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">A number is below 1, or no matrix matches.</exception>
    public PreferenceEmission(Layer target, int tasks, int rank, float alpha, string parameters = "*", bool trainsBase = true, RandomStream? random = null)
        : base(target, tasks, parameters, IsMatrix, trainsBase)
    {
        Dictionary<string, Layer> owners = target.NamedParameters().ToDictionary(static named => named.Name, static named => named.Owner);
        _groups = [.. Manifest.Entries.Select(entry => owners[entry.Name] is Conv2d conv ? conv.Options.Groups : 1)];
        (Rank, Alpha) = (rank, alpha);
        (_a, _b) = Factors(random);
    }

    private PreferenceEmission(TargetManifest manifest, int tasks, int rank, float alpha, bool trainsBase, int[] groups)
        : base(manifest, tasks, trainsBase)
    {
        (_groups, Rank, Alpha) = (groups, rank, alpha);
        (_a, _b) = Factors(null);
    }

    /// <summary>r.</summary>
    public int Rank { get; }

    /// <summary>Changes are scaled by alpha / r.</summary>
    public float Alpha { get; }

    /// <summary>The factors A of all tasks, <c>[T, r, I]</c>, in the manifest's order.</summary>
    public IReadOnlyList<Parameter> FactorsA => _a;

    /// <summary>The factors B of all tasks, <c>[T, O, r]</c>, in the manifest's order.</summary>
    public IReadOnlyList<Parameter> FactorsB => _b;

    /// <inheritdoc/>
    public override void Generate(Tensor embedding, TensorLayer generator, Span<Weight> weights)
    {
        ArgumentNullException.ThrowIfNull(generator);
        Tensor preference = generator.Forward(embedding);
        for (int i = 0; i < weights.Length; i++)
        {
            weights[i] = IsViewed(i) ? Viewed(i, preference) : Thin(i, preference);
        }
    }

    static string IStoredLayer<PreferenceEmission>.TypeName => "PreferenceEmission";

    static PreferenceEmission IStoredLayer<PreferenceEmission>.Read(LayerSettings settings) => new(
        TargetManifest.Read(settings), settings.Int("tasks"), settings.Int("rank"), settings.Number("alpha"), settings.Flag("trainsBase"), settings.Ints("groups"));

    void IStoredLayer<PreferenceEmission>.WriteSettings(LayerSettings settings)
    {
        Manifest.Write(settings);
        settings.Set("tasks", Width).Set("rank", Rank).Set("alpha", Alpha).Set("trainsBase", TrainsBase).Set("groups", _groups);
    }

    /// <inheritdoc/>
    protected override string Describe() => $"PreferenceEmission({Manifest.Entries.Count} tensors, tasks: {Width}, rank: {Rank})";

    private bool IsViewed(int entry) => Manifest.Entries[entry].Shape is { Rank: 4 } shape && shape[2] == shape[3];

    private (Parameter[] A, Parameter[] B) Factors(RandomStream? random)
    {
        if (Rank < 1)
        {
            throw new ArgumentException($"PreferenceEmission: the rank must be at least 1; got {Rank}.");
        }
        Parameter[] a = new Parameter[Manifest.Entries.Count];
        Parameter[] b = new Parameter[a.Length];
        for (int i = 0; i < a.Length; i++)
        {
            Shape axes = Manifest.Entries[i].Shape;
            int k = IsViewed(i) ? axes[2] : 1;
            Shape rows = IsViewed(i) ? [Rank * k, axes[1] * _groups[i] * k] : axes.With(0, Rank);
            a[i] = AddParameter($"a{i}", rows.Insert(0, Width), new PerExpertInitializer(Initializer.Default), random);
            b[i] = AddParameter($"b{i}", [Width, axes[0] / _groups[i] * k, Rank * k], Initializer.Zeros, random);
        }
        return (a, b);
    }

    // All tasks' factors side by side: [l_1 B_1 ... l_T B_T] [A_1; ...; A_T].
    private Weight Thin(int entry, Tensor preference)
    {
        Shape axes = Manifest.Entries[entry].Shape;
        int sets = preference.Shape[0];
        Tensor shares = Ops.Reshape(preference, sets, 1, Width, 1);
        Tensor b = Ops.Multiply(Ops.Permute(_b[entry].Value, 1, 0, 2), shares);
        Tensor a = Ops.Reshape(_a[entry].Value, axes.With(0, Width * Rank));
        return Weight.LowRank(a, Ops.Reshape(b, sets, axes[0], Width * Rank), Alpha / Rank, Base[entry].Value);
    }

    private Weight Viewed(int entry, Tensor preference)
    {
        Tensor products = Ops.Matmul(Ops.MultiplyScalar(_b[entry].Value, Alpha / Rank), _a[entry].Value);
        return Weight.Mixture(preference, Ops.Reshape(products, Manifest.Entries[entry].Shape.Insert(0, Width)), Base[entry].Value);
    }
}
