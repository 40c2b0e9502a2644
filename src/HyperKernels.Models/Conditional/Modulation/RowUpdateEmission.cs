using System.Globalization;
using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// Weights updated row by row: the condition is an embedding for every output unit, the generator reads each by itself and gives all numbers of its row in all layers; cut into
/// <c>W_0, b_0, W_1, b_1, ...</c> and added, <c>theta = theta_universal + lambda delta</c>. A generator for rows is smaller than one for weights by the number of
/// units.
/// </summary>
/// <remarks>
/// A layer of O outputs reads the first O rows. In the authors' code a bias and the first column of the next layer are one column; here each has its own, as the code's
/// widths intend. Source: Batorski and others, HyperPlanes: Hypernetwork Approach to Rapid NeRF Adaptation (arXiv 2402.01524), and the authors' code, gmum/HyperPlanes.
/// </remarks>
public sealed class RowUpdateEmission : DeltaEmission, IStoredLayer<RowUpdateEmission>
{
    private readonly int[] _columns;

    static RowUpdateEmission() => LayerTypes.Register<RowUpdateEmission>();

    /// <summary>Makes the updates of a target.</summary>
    /// <param name="target">Any layer; its values now become those of theta_universal.</param>
    /// <param name="embedding">The numbers of one row's embedding.</param>
    /// <param name="multiplies">Whether updates multiply: <c>theta_universal (1 + lambda delta)</c>.</param>
    /// <param name="parameters">Which parameters are updated: a pattern over dotted names.</param>
    /// <exception cref="ArgumentException">embedding is below 1, or no parameter matches.</exception>
    public RowUpdateEmission(Layer target, int embedding, bool multiplies = false, string parameters = "*")
        : base(target, WidthOf(TargetManifest.Of(target, parameters)), parameters, null, trainsBase: true) =>
        (_columns, Embedding, Multiplies) = (Columns(Manifest), Checked(embedding), multiplies);

    private RowUpdateEmission(TargetManifest manifest, int embedding, bool multiplies, float strength)
        : base(manifest, WidthOf(manifest), trainsBase: true) =>
        (_columns, Embedding, Multiplies, Strength) = (Columns(manifest), Checked(embedding), multiplies, strength);

    /// <summary>The numbers of one row's embedding.</summary>
    public int Embedding { get; }

    /// <summary>Whether updates multiply.</summary>
    public bool Multiplies { get; }

    /// <summary>Lambda: how much of an update counts. It is usually raised from 0 while training.</summary>
    public float Strength { get; set; } = 1;

    /// <summary>The rows that a condition must have: the outputs of the widest layer.</summary>
    public int Rows => Manifest.Entries.Max(static entry => entry.Shape[0]);

    /// <summary>Generates the updates themselves: <c>lambda delta</c>.</summary>
    /// <param name="embedding">The rows' embeddings end to end, <c>[C, rows embedding]</c>.</param>
    /// <param name="generator">Takes <c>[N, embedding]</c> to <c>[N, width]</c>.</param>
    /// <returns>For every tensor of the manifest C updates.</returns>
    /// <exception cref="ArgumentException">There are too few rows, or no whole number of them.</exception>
    public IReadOnlyList<Tensor> Updates(Tensor embedding, TensorLayer generator)
    {
        ArgumentNullException.ThrowIfNull(generator);
        (int sets, int rows) = (embedding.Shape[0], embedding.Shape[1] / Embedding);
        if (rows * Embedding != embedding.Shape[1] || rows < Rows)
        {
            throw new ArgumentException(
                $"RowUpdateEmission: a condition must have {Rows} rows of {Embedding} numbers or more, one for each output of the widest layer; "
                + $"it has {embedding.Shape[1]} numbers.",
                nameof(embedding));
        }
        Tensor all = Ops.MultiplyScalar(generator.Forward(Ops.Reshape(embedding, sets * rows, Embedding)), Strength);
        Tensor[] pieces = Ops.Split(Ops.Reshape(all, sets, rows, Width), 2, _columns);
        return [.. pieces.Select((piece, i) =>
        {
            Shape axes = Manifest.Entries[i].Shape;
            return Ops.Reshape(Ops.Slice(piece, 1, 0, axes[0]), axes.Insert(0, sets));
        })];
    }

    /// <inheritdoc/>
    public override void Generate(Tensor embedding, TensorLayer generator, Span<Weight> weights)
    {
        IReadOnlyList<Tensor> updates = Updates(embedding, generator);
        for (int i = 0; i < weights.Length; i++)
        {
            Tensor own = Base[i].Value;
            Tensor updated = Multiplies ? Ops.Multiply(own, Ops.AddScalar(updates[i], 1)) : Ops.Add(own, updates[i]);
            weights[i] = embedding.Shape[0] == 1 ? Ops.Reshape(updated, own.Shape) : updated;
        }
    }

    static string IStoredLayer<RowUpdateEmission>.TypeName => "RowUpdateEmission";

    static RowUpdateEmission IStoredLayer<RowUpdateEmission>.Read(LayerSettings settings) =>
        new(TargetManifest.Read(settings), settings.Int("embedding"), settings.Flag("multiplies"), settings.Number("strength"));

    void IStoredLayer<RowUpdateEmission>.WriteSettings(LayerSettings settings)
    {
        Manifest.Write(settings);
        settings.Set("embedding", Embedding).Set("multiplies", Multiplies).Set("strength", Strength);
    }

    /// <inheritdoc/>
    protected override string Describe() => string.Create(CultureInfo.InvariantCulture, $"RowUpdateEmission({Manifest.Count}, strength: {Strength})");

    private static int[] Columns(TargetManifest manifest) => [.. manifest.Entries.Select(static entry => entry.Count / entry.Shape[0])];

    private static int WidthOf(TargetManifest manifest) => Columns(manifest).Sum();

    private static int Checked(int embedding) =>
        embedding >= 1 ? embedding : throw new ArgumentException($"RowUpdateEmission: an embedding must have at least one number; got {embedding}.", nameof(embedding));
}
