namespace HyperKernels.Distributed;

/// <summary>
/// A hypergraph of any size with communities to find, drawn straight into a store: every hyperedge belongs to a community and draws each member from it, or from all
/// nodes at the rate of <see cref="Mixing"/>; a node's features are its community's centre, weakly, under noise.
/// </summary>
public sealed record PlantedHypergraph
{
    private const int RowsAtOnce = 1 << 12;

    /// <summary>N.</summary>
    public required int Nodes { get; init; }

    /// <summary>E.</summary>
    public required int Edges { get; init; }

    /// <summary>Members of a hyperedge; 10 unless set.</summary>
    public int Size { get; init; } = 10;

    /// <summary>F; 64 unless set.</summary>
    public int FeatureCount { get; init; } = 64;

    /// <summary>Communities, and classes; 8 unless set. Node v is of community <c>v mod Communities</c>.</summary>
    public int Communities { get; init; } = 8;

    /// <summary>The share of members that come from anywhere; 0.3 unless set.</summary>
    public double Mixing { get; init; } = 0.3;

    /// <summary>The deviation of a centre's numbers, where the noise has 1; 0.1 unless set: one node alone says little.</summary>
    public float Signal { get; init; } = 0.1f;

    /// <summary>Of everything random.</summary>
    public ulong Seed { get; init; }

    /// <summary>Draws it into a folder.</summary>
    /// <param name="folder">As <see cref="HypergraphStoreWriter"/> takes it.</param>
    /// <param name="workingBytes">How much memory writing may take; 256 MiB unless given.</param>
    /// <param name="progress">Gets the share that is done.</param>
    /// <param name="cancel">Ends it; the folder stays without a manifest.</param>
    /// <exception cref="ArgumentException">A number is out of range.</exception>
    /// <exception cref="IOException">The folder cannot be written, or the disk is full.</exception>
    public void Write(string folder, long workingBytes = 256 << 20, IProgress<double>? progress = null, CancellationToken cancel = default)
    {
        if (Communities < 1 || Nodes < Communities || Edges < 0 || Size < 1 || Size > Nodes / Communities || FeatureCount < 0 || Mixing is not (>= 0 and <= 1))
        {
            throw new ArgumentException(
                $"PlantedHypergraph: every community must have room for a hyperedge, counts must not be negative and mixing is from 0 to 1; got {Nodes} nodes, "
                + $"{Communities} communities, {Edges} hyperedges of {Size}, {FeatureCount} features, mixing {Mixing}.");
        }
        using HypergraphStoreWriter writer = new(folder, Nodes, new StoreWriterOptions
        {
            FeatureCount = FeatureCount,
            Classes = Communities,
            ExpectedMemberships = (long)Edges * Size,
            WorkingBytes = workingBytes,
        });
        double all = ((double)Edges * Size) + ((double)Nodes * FeatureCount / 4) + 1;
        WriteEdges(writer, share => Report(share * Edges * Size));
        WriteNodes(writer, share => Report(((double)Edges * Size) + (share * Nodes * FeatureCount / 4)));
        writer.Complete();
        progress?.Report(1);

        void Report(double done)
        {
            cancel.ThrowIfCancellationRequested();
            progress?.Report(done / all);
        }
    }

    private void WriteEdges(HypergraphStoreWriter writer, Action<double> report)
    {
        SplitMix64 random = new(SplitMix64.Mix(Seed));
        int[] members = new int[Size];
        for (int edge = 0; edge < Edges; edge++)
        {
            int community = random.Below(Communities);
            int inside = ((Nodes - community - 1) / Communities) + 1;
            for (int i = 0; i < Size;)
            {
                members[i] = random.Uniform() < Mixing ? random.Below(Nodes) : community + (Communities * random.Below(inside));
                i += members.AsSpan(0, i).Contains(members[i]) ? 0 : 1;
            }
            writer.AddEdge(members);
            if (edge % RowsAtOnce == 0)
            {
                report((double)edge / Edges);
            }
        }
    }

    private void WriteNodes(HypergraphStoreWriter writer, Action<double> report)
    {
        // Noise that is even over an interval of deviation 1: cheaper than normal, and the sums over neighbours are normal anyway.
        float width = MathF.Sqrt(3);
        RandomStream random = new(Seed);
        float[] centres = new float[Communities * FeatureCount];
        random.FillNormal(centres, deviation: Signal);
        float[] rows = new float[RowsAtOnce * FeatureCount];
        int[] labels = new int[RowsAtOnce];
        for (int first = 0; first < Nodes; first += RowsAtOnce)
        {
            int count = Math.Min(RowsAtOnce, Nodes - first);
            Span<float> some = rows.AsSpan(0, count * FeatureCount);
            random.FillUniform(some, -width, width);
            for (int row = 0; row < count; row++)
            {
                labels[row] = (first + row) % Communities;
                Span<float> own = some.Slice(row * FeatureCount, FeatureCount);
                System.Numerics.Tensors.TensorPrimitives.Add(own, centres.AsSpan(labels[row] * FeatureCount, FeatureCount), own);
            }
            if (FeatureCount > 0)
            {
                writer.AddFeatures(some);
            }
            writer.AddLabels(labels.AsSpan(0, count));
            report((double)first / Nodes);
        }
    }
}
