using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// Steps down a hypergraph's energy, each one a layer: <c>Y &lt;- (1 - alpha) Y + alpha (lambda0 d_b + lambda1 d_g + 1)^-1 T(Y)</c> from <c>Y = Y0</c>, with
/// <c>T = Y0 + lambda0 A_b Y + lambda1 A_g Y</c>, or in the full model
/// <c>T = Y0 + lambda0 (A_b Y (B + B^T) - d_b Y B B^T) + lambda1 (d_g Y - A_g Y + A_g Y (C + C^T) - d_g Y C C^T)</c>.
/// </summary>
/// <remarks>
/// <para>
/// <c>A_b</c> is the clique expansion <c>H W H^T + I</c> and <c>A_g</c> the star expansion <c>H W De^-1 H^T + I</c>, both normalised by the roots of their row sums;
/// <c>d</c> are the row sums that are left. W and H hold the graph's weights; ones if it has none. Each step makes two passes over the memberships for each
/// expansion whose lambda is not 0; no expansion is made. What they descend is <see cref="Energy"/>.
/// </para>
/// <para>
/// Source: Wang, Gan, Qiu, Huang, Wipf, From Hypergraph Energy Functions to Hypergraph Neural Networks, ICML 2023 (arXiv 2306.09623), with the steps of
/// the authors' code.
/// </para>
/// </remarks>
public sealed class PhenomConv : Layer, IStoredLayer<PhenomConv>
{
    private readonly Parameter? _clique;
    private readonly Parameter? _star;

    static PhenomConv() => LayerTypes.Register<PhenomConv>();

    /// <summary>Makes the layer. Matrices begin as the identity with noise of deviation <c>1 / features</c>.</summary>
    /// <param name="features">Features of a node.</param>
    /// <param name="options">The choices but dropout; null means the authors' defaults.</param>
    /// <param name="random">Where first values come from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">features is less than 1, or a number is negative.</exception>
    public PhenomConv(int features, PhenomOptions? options = null, RandomStream? random = null)
    {
        Features = features;
        Options = options ?? new PhenomOptions();
        if (features < 1 || !(Options.Lambda0 >= 0 && Options.Lambda1 >= 0 && Options.Alpha >= 0) || Options.Steps < 0)
        {
            throw new ArgumentException(
                $"PhenomConv: features must be at least 1, and lambdas, alpha and steps not negative; got {features} features and {Options}.");
        }
        if (Options.Compatibility)
        {
            _clique = Matrix("beta", features, random);
            _star = Matrix("gamma1", features, random);
        }
    }

    /// <summary>Features of a node.</summary>
    public int Features { get; }

    /// <summary>The choices.</summary>
    public PhenomOptions Options { get; }

    private float Alpha => Options.Alpha > 0 ? Options.Alpha : 1 / (1 + Options.Lambda0 + Options.Lambda1);

    /// <summary>Makes all steps.</summary>
    /// <param name="nodes">Y0: one row per node, <c>[N, features]</c>.</param>
    /// <param name="graph">N nodes, with its weights.</param>
    /// <returns><c>[N, features]</c></returns>
    /// <exception cref="ArgumentException">nodes has not one row per node or not the layer's features.</exception>
    public Tensor Forward(Tensor nodes, Hypergraph graph) => Trajectory(nodes, graph)[^1];

    /// <summary>All that the steps pass: Y0, then what each step leads to.</summary>
    /// <param name="nodes">Y0: <c>[N, features]</c>.</param>
    /// <param name="graph">N nodes, with its weights.</param>
    /// <returns>One tensor <c>[N, features]</c> more than there are steps.</returns>
    /// <exception cref="ArgumentException">nodes has not one row per node or not the layer's features.</exception>
    public IReadOnlyList<Tensor> Trajectory(Tensor nodes, Hypergraph graph)
    {
        Check(nodes, graph);
        PhenomScales scales = new(graph);
        Tensor rate = Ops.MultiplyScalar(Ops.Reciprocal(Pull(scales)), Alpha);
        List<Tensor> passed = [nodes];
        for (int step = 0; step < Options.Steps; step++)
        {
            // alpha / pull * T + (1 - alpha) Y
            Tensor moved = Ops.Multiply(rate, Ops.Add(nodes, Drift(passed[^1], scales)));
            passed.Add(Alpha == 1 ? moved : Ops.Add(moved, Ops.MultiplyScalar(passed[^1], 1 - Alpha)));
        }
        return passed;
    }

    /// <summary>
    /// What the steps descend: <c>1/2 |Y - Y0|^2 + 1/2 tr Y^T (lambda0 (d_b - A_b) + lambda1 (d_g - A_g)) Y</c>; in the full model
    /// <c>1/2 |Y - Y0|^2 + lambda0/2 tr Y^T (d_b Y (I + B B^T) - A_b Y (B + B^T)) + lambda1/2 tr Y^T (A_g Y (I - C - C^T) + d_g Y C C^T)</c>.
    /// </summary>
    /// <param name="y">Y: <c>[N, features]</c>.</param>
    /// <param name="nodes">Y0: <c>[N, features]</c>.</param>
    /// <param name="graph">N nodes, with its weights.</param>
    /// <returns>A scalar, differentiable. Its gradient is <c>(lambda0 d_b + lambda1 d_g + 1) Y - T(Y)</c>.</returns>
    /// <exception cref="ArgumentException">A tensor has not one row per node or not the layer's features.</exception>
    public Tensor Energy(Tensor y, Tensor nodes, Hypergraph graph)
    {
        Check(y, graph);
        Check(nodes, graph);
        PhenomScales scales = new(graph);

        // Of the pull without its 1, and of the drift, half a product with Y each: both are linear in Y.
        Tensor structure = Ops.Subtract(Ops.Multiply(Ops.AddScalar(Pull(scales), -1), y), Drift(y, scales));
        return Ops.MultiplyScalar(Ops.Add(Ops.Sum(Ops.Square(Ops.Subtract(y, nodes))), Ops.Sum(Ops.Multiply(y, structure))), 0.5f);
    }

    /// <inheritdoc/>
    protected override string Describe() => $"PhenomConv({Features}, {Options})";

    static string IStoredLayer<PhenomConv>.TypeName => "PhenomConv";

    static PhenomConv IStoredLayer<PhenomConv>.Read(LayerSettings settings) => new(settings.Int("features"), PhenomOptionsStore.Read(settings));

    void IStoredLayer<PhenomConv>.WriteSettings(LayerSettings settings) => PhenomOptionsStore.Write(Options, settings.Set("features", Features));

    /// <summary><c>lambda0 d_b + lambda1 d_g + 1</c>, <c>[N, 1]</c>.</summary>
    private Tensor Pull(PhenomScales scales) => Ops.AddScalar(
        Ops.Add(Ops.MultiplyScalar(scales.CliqueDegrees, Options.Lambda0), Ops.MultiplyScalar(scales.StarDegrees, Options.Lambda1)), 1);

    /// <summary><c>T(Y) - Y0</c></summary>
    private Tensor Drift(Tensor y, PhenomScales scales)
    {
        Tensor? clique = Options.Lambda0 == 0 ? null : Ops.MultiplyScalar(CliqueDrift(y, scales), Options.Lambda0);
        Tensor? star = Options.Lambda1 == 0 ? null : Ops.MultiplyScalar(StarDrift(y, scales), Options.Lambda1);
        return (clique, star) switch
        {
            ({ } both, { } other) => Ops.Add(both, other),
            ({ } one, null) => one,
            (null, { } one) => one,
            _ => Ops.MultiplyScalar(y, 0),
        };
    }

    private Tensor CliqueDrift(Tensor y, PhenomScales scales)
    {
        Tensor around = scales.Clique(y);
        return _clique is null
            ? around
            : Ops.Subtract(Ops.Matmul(around, Both(_clique.Value)), Ops.Multiply(scales.CliqueDegrees, Twice(y, _clique.Value)));
    }

    private Tensor StarDrift(Tensor y, PhenomScales scales)
    {
        Tensor around = scales.Star(y);
        if (_star is null)
        {
            return around;
        }
        Tensor own = Ops.Multiply(scales.StarDegrees, Ops.Subtract(y, Twice(y, _star.Value)));
        return Ops.Add(own, Ops.Subtract(Ops.Matmul(around, Both(_star.Value)), around));
    }

    /// <summary><c>B + B^T</c></summary>
    private static Tensor Both(Tensor matrix) => Ops.Add(matrix, Ops.Transpose(matrix));

    /// <summary><c>Y B B^T</c></summary>
    private static Tensor Twice(Tensor y, Tensor matrix) => Ops.Matmul(y, Ops.Matmul(matrix, matrix, transposeB: true));

    private Parameter Matrix(string name, int features, RandomStream? random)
    {
        Parameter matrix = AddParameter(name, [features, features], Initializer.Normal(0, 1f / features), random);
        float[] values = matrix.Value.ToArray();
        for (int i = 0; i < features; i++)
        {
            values[i * (features + 1)]++;
        }
        matrix.Load(values);
        return matrix;
    }

    private void Check(Tensor rows, Hypergraph graph)
    {
        ArgumentNullException.ThrowIfNull(graph);
        if (rows.Rank != 2 || rows.Shape[0] != graph.NodeCount || rows.Shape[1] != Features)
        {
            throw new ArgumentException($"PhenomConv: nodes must be [{graph.NodeCount}, {Features}], a row per node; got {rows.Shape}.");
        }
    }
}
