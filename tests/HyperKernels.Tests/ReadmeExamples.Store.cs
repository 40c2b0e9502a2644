using HyperKernels.Distributed;
using HyperKernels.Layers;
using HyperKernels.Optim;

namespace HyperKernels.Tests;

/// <content>Of hypergraphs in files.</content>
public sealed partial class ReadmeExamples
{
    [Test]
    public void StoredHypergraph_WrittenAndTrainedOn()
    {
        using TestData.TemporaryFolder temporary = TestData.Temporary();
        string folder = temporary.Root;
        float[] features = [1, 0, 1, 0, 1, 1, 0, 1, 0, 1, 0, 0];
        using HypergraphConv layer = new(2, 2, random: new RandomStream(1));
        using Adam adam = new(layer.Parameters);
        float[] before = layer.Parameters[0].Value.ToArray();
        // <stored_hypergraph>
        using (HypergraphStoreWriter writer = new(folder, nodes: 6, new StoreWriterOptions { FeatureCount = 2, Classes = 2 }))
        {
            foreach (int[] members in (int[][])[[0, 1, 2], [2, 3], [3, 4, 5]])
            {
                writer.AddEdge(members);
            }
            writer.AddFeatures(features);                   // rows in any portions
            writer.AddLabels([0, 0, 0, 1, 1, 1]);
            writer.Complete();
        }
        using HypergraphStore store = HypergraphStore.Open(folder, new StoreOptions { ResidentBytes = 64 << 20 });
        NeighbourSampler sampler = new(store, edgesPerNode: 2, nodesPerEdge: 2);
        Shuffle epoch = new(store.NodeCount, seed: 1);      // an order that is computed, not kept
        using Prefetch<StoreBatch> batches = new(step => StoreBatch.Read(store, sampler, [(int)epoch[2 * step], (int)epoch[(2 * step) + 1]], (ulong)step), 0, 3);
        for (int step = 0; step < 3; step++)
        {
            using Tape tape = new();
            using StoreBatch batch = batches.Next();        // made on another thread while the last one trained
            using SampledHypergraph drawn = batch.Draw.ToHypergraphs();
            Tensor logits = drawn.ForwardRows(batch.Rows(), (_, x, hop) => layer.Forward(x, hop));
            tape.Backward(Ops.CrossEntropy(logits, Tensor.From(batch.Labels)));
            adam.Step(tape);
        }
        // </stored_hypergraph>
        Assert.That(layer.Parameters[0].Value.ToArray(), Is.Not.EqualTo(before));
    }
}
