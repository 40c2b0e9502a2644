using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// Gives each row the cluster whose centre it points to most nearly, <c>k = argmax cos(x, c_k)</c>. Centres are moving averages of their rows' directions, taken while
/// training; no gradient flows into them.
/// </summary>
/// <remarks>Source: Li and others, AdaptDHM, 2022 (arXiv 2211.12105); not verified against the authors' code, which is not public.</remarks>
public sealed class ClusterRouter : Layer, IStoredLayer<ClusterRouter>
{
    static ClusterRouter() => LayerTypes.Register<ClusterRouter>();

    /// <summary>Draws centres.</summary>
    /// <param name="inFeatures">D, the size of a row.</param>
    /// <param name="clusters">K.</param>
    /// <param name="momentum">How much of a centre stays at each step, in [0, 1).</param>
    /// <param name="random">Where first centres come from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">A size is less than 1, or the momentum is not in [0, 1).</exception>
    public ClusterRouter(int inFeatures, int clusters, float momentum = 0.9f, RandomStream? random = null)
    {
        if (inFeatures < 1 || clusters < 1 || !(momentum >= 0 && momentum < 1))
        {
            throw new ArgumentException(
                $"ClusterRouter: inFeatures and clusters must be at least 1 and the momentum in [0, 1); got {inFeatures}, {clusters} and {momentum}.");
        }
        (InFeatures, Clusters, Momentum) = (inFeatures, clusters, momentum);
        Centres = AddBuffer("centres", [clusters, inFeatures], 0);
        float[] drawn = new float[clusters * inFeatures];
        (random ?? Initializer.Random).FillNormal(drawn, 0, 1);
        Centres.CopyFrom(drawn);
    }

    /// <summary>D.</summary>
    public int InFeatures { get; }

    /// <summary>K.</summary>
    public int Clusters { get; }

    /// <summary>How much of a centre stays at each step.</summary>
    public float Momentum { get; }

    /// <summary><c>[K, D]</c>, of any length.</summary>
    public Tensor Centres { get; }

    /// <inheritdoc/>
    protected override bool MixesSamples => Training;

    /// <summary>Chooses a cluster for each row and, while training, moves the centres towards their rows.</summary>
    /// <param name="rows"><c>[N, D]</c></param>
    /// <exception cref="ArgumentException">The rows have another size.</exception>
    public RowGroups Forward(Tensor rows)
    {
        if (rows.Rank != 2 || rows.Shape[1] != InFeatures)
        {
            throw new ArgumentException($"ClusterRouter: rows must be [N, {InFeatures}]; got {rows.Shape}.", nameof(rows));
        }
        Tensor directions = Ops.L2Normalize(Ops.Detach(rows));
        Tensor likeness = Ops.Matmul(directions, Ops.L2Normalize(Centres), transposeB: true);
        RowGroups groups = RowGroups.Of(Ops.ArgMax(likeness, 1), Clusters);
        if (Training)
        {
            Move(directions.ToArray(), groups);
        }
        return groups;
    }

    static string IStoredLayer<ClusterRouter>.TypeName => "ClusterRouter";

    static ClusterRouter IStoredLayer<ClusterRouter>.Read(LayerSettings settings) =>
        new(settings.Int("inFeatures"), settings.Int("clusters"), settings.Number("momentum"));

    void IStoredLayer<ClusterRouter>.WriteSettings(LayerSettings settings) => settings
        .Set("inFeatures", InFeatures).Set("clusters", Clusters).Set("momentum", Momentum);

    /// <inheritdoc/>
    protected override string Describe() => $"ClusterRouter({InFeatures}, {Clusters})";

    private void Move(float[] directions, RowGroups groups)
    {
        float[] sums = new float[Clusters * InFeatures];
        for (int row = 0; row < groups.Rows; row++)
        {
            int cluster = groups.GroupOfRow[row];
            for (int i = 0; i < InFeatures; i++)
            {
                sums[(cluster * InFeatures) + i] += directions[(row * InFeatures) + i];
            }
        }
        float[] centres = Centres.ToArray();
        for (int cluster = 0; cluster < Clusters; cluster++)
        {
            int count = groups.Offsets[cluster + 1] - groups.Offsets[cluster];
            for (int i = cluster * InFeatures; count > 0 && i < (cluster + 1) * InFeatures; i++)
            {
                centres[i] = (Momentum * centres[i]) + ((1 - Momentum) * sums[i] / count);
            }
        }
        Centres.CopyFrom(centres);
    }
}
