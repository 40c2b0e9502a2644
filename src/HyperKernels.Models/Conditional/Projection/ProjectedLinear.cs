using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// A linear layer of a projected network: one large layer is trained, and every cluster of the data computes with a small projection of it, <c>W_c = L_c W R_c^T</c>,
/// <c>b_c = L_c b</c>. The large width is never applied to data; of a trained layer one cluster's small one is kept (<see cref="Project"/>).
/// </summary>
/// <remarks>
/// <para>
/// The paper says that parameters are projected linearly; this form of the projection is not verified against the authors' code, which is not public. Clusters are those of
/// sentence embeddings (<see cref="KMeans"/>). First values keep the variance of PyTorch's linear layers in the small ones.
/// </para>
/// <para>Source: Grangier, Katharopoulos, Ablin, Hannun, Need a Small Specialized Language Model? Plan Early!, arXiv 2402.01093, projected networks.</para>
/// </remarks>
public sealed class ProjectedLinear : Layer, IStoredLayer<ProjectedLinear>
{
    static ProjectedLinear() => LayerTypes.Register<ProjectedLinear>();

    /// <summary>Makes the layer.</summary>
    /// <param name="inFeatures">The features of what comes in.</param>
    /// <param name="outFeatures">The features of what comes out.</param>
    /// <param name="largeInFeatures">The inputs of the large layer.</param>
    /// <param name="largeOutFeatures">The outputs of the large layer.</param>
    /// <param name="clusters">The number of clusters.</param>
    /// <param name="bias">Whether a bias is added.</param>
    /// <param name="random">Where first values come from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">A size is less than 1.</exception>
    public ProjectedLinear(
        int inFeatures, int outFeatures, int largeInFeatures, int largeOutFeatures, int clusters, bool bias = true, RandomStream? random = null)
    {
        if (inFeatures < 1 || outFeatures < 1 || clusters < 1)
        {
            throw new ArgumentException(
                $"ProjectedLinear: inFeatures, outFeatures and clusters must be at least 1; got {inFeatures}, {outFeatures} and {clusters}.");
        }
        Large = Add("large", new Linear(largeInFeatures, largeOutFeatures, bias, random));
        Left = AddParameter("left", [clusters, outFeatures, largeOutFeatures], Initializer.Normal(deviation: 1 / MathF.Sqrt(largeOutFeatures)), random);
        Right = AddParameter("right", [clusters, inFeatures, largeInFeatures], Initializer.Normal(deviation: 1 / MathF.Sqrt(inFeatures)), random);
    }

    /// <summary>What was published.</summary>
    public static PublishedSystem Published { get; } = new()
    {
        Name = "projected-networks",
        Title = "Projected networks for specialised language models",
        Kind = SystemKind.Conditional,
        Paper = new Paper("Grangier, Katharopoulos, Ablin, Hannun", "Need a Small Specialized Language Model? Plan Early!", "arXiv", 2024) { Arxiv = "2402.01093" },
        Equation = "y_b = W_c x_b + b_c, W_c = L_c W R_c', b_c = L_c b, c the cluster of sample b",
        Source = "own form of the linear projection that the paper describes; not verified against the authors' code",
        Layers = [typeof(ProjectedLinear)],
        Cases = ["Specialized LMs (projected networks)"],
    };

    /// <summary>The large layer; it is never applied itself.</summary>
    public Linear Large { get; }

    /// <summary>L: <c>[clusters, outFeatures, largeOutFeatures]</c>.</summary>
    public Parameter Left { get; }

    /// <summary>R: <c>[clusters, inFeatures, largeInFeatures]</c>.</summary>
    public Parameter Right { get; }

    /// <summary>The number of clusters.</summary>
    public int Clusters => Left.Shape[0];

    /// <summary>Applies to every sample the layer of its cluster. Only clusters that occur are projected.</summary>
    /// <param name="input"><c>[B, ..., inFeatures]</c></param>
    /// <param name="clusterOfSample">B numbers from 0 to below <see cref="Clusters"/>.</param>
    /// <returns><c>[B, ..., outFeatures]</c></returns>
    /// <exception cref="ArgumentException">A shape does not fit, or a number is no cluster.</exception>
    public Tensor Forward(Tensor input, ReadOnlySpan<int> clusterOfSample)
    {
        int batch = input.Rank == 0 ? 0 : input.Shape[0];
        if (input.Rank < 2 || clusterOfSample.Length != batch || input.Shape[-1] != Right.Shape[1])
        {
            throw new ArgumentException(
                $"ProjectedLinear: the input must be [B, ..., {Right.Shape[1]}] with a cluster for each of the B samples; "
                + $"it is {input.Shape} with {clusterOfSample.Length} clusters.",
                nameof(input));
        }
        int[] present = [.. new SortedSet<int>(clusterOfSample.ToArray())];
        if (present.Length > 0 && (present[0] < 0 || present[^1] >= Clusters))
        {
            throw new ArgumentException(
                $"ProjectedLinear: clusters must be from 0 to {Clusters - 1}; got {(present[0] < 0 ? present[0] : present[^1])}.", nameof(clusterOfSample));
        }
        if (present.Length == 0)
        {
            return Tensor.Zeros(input.Shape.With(input.Rank - 1, Left.Shape[1]), input.Device);
        }
        (Tensor weight, Tensor? bias) = Weights(present, input.Device);
        if (present.Length == 1)
        {
            return Ops.Linear(input, Ops.Reshape(weight, weight.Shape.Remove(0)), bias is { } one ? Ops.Reshape(one, Left.Shape[1]) : null);
        }
        int rows = Math.Max(1, (int)(input.Count / input.Shape[-1] / batch));
        int[] groups = new int[batch * rows];
        for (int i = 0; i < groups.Length; i++)
        {
            groups[i] = Array.BinarySearch(present, clusterOfSample[i / rows]);
        }
        Tensor flat = Ops.LinearTyped(Ops.Reshape(input, -1, input.Shape[-1]), weight, RowGroups.Of(groups, present.Length, input.Device), bias);
        return Ops.Reshape(flat, input.Shape.With(input.Rank - 1, Left.Shape[1]));
    }

    /// <summary>The small matrices of all clusters, <c>[clusters, outFeatures, inFeatures]</c>.</summary>
    public Tensor Weights() => Weight(Left.Value, Right.Value);

    /// <summary>One cluster's layer by itself, for use or further training without the large one.</summary>
    /// <param name="cluster">Which.</param>
    /// <exception cref="ArgumentException">There is no such cluster.</exception>
    public Linear Project(int cluster)
    {
        if (cluster < 0 || cluster >= Clusters)
        {
            throw new ArgumentException($"ProjectedLinear: clusters are from 0 to {Clusters - 1}; got {cluster}.", nameof(cluster));
        }
        using MemoryScope scope = new();
        (Tensor weight, Tensor? bias) = Weights([cluster], Left.Device);
        Linear small = new(Right.Shape[1], Left.Shape[1], bias is not null);
        small.Weight.Load(weight.ToArray());
        if (bias is { } values)
        {
            small.Bias!.Load(values.ToArray());
        }
        return small;
    }

    private (Tensor Weight, Tensor? Bias) Weights(int[] clusters, Device device)
    {
        bool all = clusters.Length == Clusters;
        Tensor rows = all ? default : Tensor.From(clusters, [clusters.Length], device);
        Tensor left = all ? Left.Value : Ops.GatherRows(Left.Value, rows);
        Tensor right = all ? Right.Value : Ops.GatherRows(Right.Value, rows);
        return (Weight(left, right), Large.Bias is { } bias ? Ops.Reshape(Ops.Matmul(left, Ops.Reshape(bias.Value, -1, 1)), clusters.Length, left.Shape[1]) : null);
    }

    // The large matrix meets the narrower side first: that product is as wide as the large layer, the other is not.
    private Tensor Weight(Tensor left, Tensor right)
    {
        Tensor large = Large.Weight.Value;
        return left.Shape[1] <= right.Shape[1]
            ? Ops.Matmul(Ops.Matmul(left, large), right, transposeB: true)
            : Ops.Matmul(left, Ops.Matmul(large, right, transposeB: true));
    }

    static string IStoredLayer<ProjectedLinear>.TypeName => "ProjectedLinear";

    static ProjectedLinear IStoredLayer<ProjectedLinear>.Read(LayerSettings settings) => new(
        settings.Int("inFeatures"), settings.Int("outFeatures"), settings.Int("largeInFeatures"), settings.Int("largeOutFeatures"), settings.Int("clusters"),
        settings.Flag("bias"));

    void IStoredLayer<ProjectedLinear>.WriteSettings(LayerSettings settings) => settings
        .Set("inFeatures", Right.Shape[1]).Set("outFeatures", Left.Shape[1]).Set("largeInFeatures", Large.InFeatures).Set("largeOutFeatures", Large.OutFeatures)
        .Set("clusters", Clusters).Set("bias", Large.Bias is not null);

    /// <inheritdoc/>
    protected override string Describe() => $"ProjectedLinear({Right.Shape[1]}, {Left.Shape[1]}, clusters: {Clusters})";
}
