using System.Diagnostics;
using HyperKernels.Cli.Data;
using HyperKernels.Cli.Reports;
using HyperKernels.Distributed;

namespace HyperKernels.Cli.Commands;

/// <summary>Trains on a partitioned hypergraph for a few steps, measures what is sent, and compares with one process.</summary>
internal sealed class PartitionRun(NodeSource source, HypergraphPartition partition, ICommunicator communicator)
{
    /// <summary>Width between the convolutions.</summary>
    public int Hidden { get; init; } = 32;

    /// <summary>How many steps, of which the first is not timed.</summary>
    public int Steps { get; init; } = 5;

    /// <summary>Of the network.</summary>
    public int Seed { get; init; }

    /// <summary>Whether rank 0 trains on the whole too.</summary>
    public bool Checks { get; init; }

    public PartitionReport Run()
    {
        using PartitionedHypergraph part = PartitionedHypergraph.Of(source.MembersOf, source.EdgeCount, partition.PartOfNode, communicator, Device.Cpu);
        using PartitionTraining training = new(source, part.Nodes, part.Graph, Hidden, Seed, communicator);
        List<double> seconds = [];
        float[] firstGradients = [];
        double loss = 0;
        Costs before = default;
        for (int step = 0; step <= Steps; step++)
        {
            communicator.Barrier();
            if (step == 1)
            {
                before = Costs.Of(part.Halo, training);
            }
            long start = Stopwatch.GetTimestamp();
            loss = training.Step();
            communicator.Barrier();
            if (step == 0)
            {
                firstGradients = training.Gradients;
            }
            else
            {
                seconds.Add(Stopwatch.GetElapsedTime(start).TotalSeconds);
            }
        }
        Costs costs = Costs.Of(part.Halo, training);
        double[] sums = [costs.Rows - before.Rows, costs.Bytes - before.Bytes, costs.Compute - before.Compute, costs.Pack - before.Pack];
        communicator.AllReduceSum<double>(sums);
        double peak = communicator.AllGather<double>(new double[] { Device.Cpu.Memory.PeakBytes }).Max();
        (double? gradients, double? logits) = Checks ? Compare(part, training, firstGradients) : (null, null);
        return new PartitionReport
        {
            Processes = communicator.Size,
            Nodes = source.NodeCount,
            Edges = source.EdgeCount,
            Memberships = source.MembershipCount,
            Features = source.FeatureCount,
            Hidden = Hidden,
            Classes = source.Classes,
            Connectivity = partition.Connectivity,
            Cut = partition.Cut,
            Imbalance = partition.Imbalance,
            SentRows = (long)sums[0],
            BoundRows = 2 * partition.Connectivity * (costs.Exchanges - before.Exchanges),
            HaloBytesAStep = sums[1] / Steps,
            SecondsAStep = seconds.Order().ElementAt(Steps / 2),
            ExchangeSecondsAStep = (costs.Exchange - before.Exchange) / Steps,
            ComputeSecondsAStep = sums[2] / Steps / communicator.Size,
            PackSecondsAStep = sums[3] / Steps / communicator.Size,
            PeakBytes = peak,
            Loss = loss,
            GradientDifference = gradients,
            LogitDifference = logits,
        };
    }

    private (double? Gradients, double? Logits) Compare(PartitionedHypergraph part, PartitionTraining training, float[] firstGradients)
    {
        float[] own = training.Logits();
        int[] lengths = communicator.AllGather<int>(new int[] { part.Nodes.Length });
        int[] nodes = communicator.AllGather<int>(part.Nodes.ToArray(), lengths);
        float[] logits = communicator.AllGather<float>(own, Array.ConvertAll(lengths, length => length * source.Classes));
        double gradients = 0, rows = 0;
        if (communicator.Rank == 0)
        {
            using Hypergraph whole = source.ToHypergraph();
            using SoloCommunicator solo = new();
            using PartitionTraining alone = new(source, Enumerable.Range(0, source.NodeCount).ToArray(), whole, Hidden, Seed, solo);
            for (int step = 0; step <= Steps; step++)
            {
                alone.Step();
                gradients = step == 0 ? Difference(firstGradients, alone.Gradients) : gradients;
            }
            float[] expected = alone.Logits(), ordered = new float[expected.Length];
            for (int i = 0; i < nodes.Length; i++)
            {
                logits.AsSpan(i * source.Classes, source.Classes).CopyTo(ordered.AsSpan(nodes[i] * source.Classes));
            }
            rows = Difference(ordered, expected);
        }
        communicator.Barrier();
        return (gradients, rows);
    }

    private static double Difference(float[] actual, float[] expected) =>
        actual.Zip(expected).Max(static pair => Math.Abs((double)pair.First - pair.Second)) / Math.Max(1e-30, expected.Max(Math.Abs));

    // All since the start.
    private readonly record struct Costs(long Rows, long Bytes, long Exchanges, double Exchange, double Compute, double Pack)
    {
        public static Costs Of(EdgeHalo halo, PartitionTraining training) => new(
            halo.SentRows, halo.SentBytes, halo.Exchanges, (halo.Time + training.ReduceTime).TotalSeconds,
            (training.ProcessorTime - halo.ProcessorTime).TotalSeconds, (halo.ProcessorTime - halo.WaitingProcessorTime).TotalSeconds);
    }
}
