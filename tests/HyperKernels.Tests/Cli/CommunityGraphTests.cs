using HyperKernels.Cli.Data;
using HyperKernels.IO;

namespace HyperKernels.Tests.Cli;

public sealed class CommunityGraphTests
{
    private static readonly long[] s_nodes = [0, 1, 1, 2];

    [Test]
    public void Load_WithWords_ReadsBothProtocols()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        Write(folder, Words(1));
        CommunityGraph half = CommunityGraph.Load(folder.Root, "papers", NodeProtocol.Half);
        CommunityGraph published = CommunityGraph.Load(folder.Root, "papers", NodeProtocol.Published);
        Assert.Multiple(() =>
        {
            Assert.That(half.Splits, Is.EqualTo(new byte[][] { [0, 0, 1, 2], [2, 1, 0, 0] }));
            Assert.That(half.Features, Is.EqualTo(new float[] { 1, 1, 0, 1, 0, 0, 1, 0 }));
            Assert.That(published.Splits, Is.EqualTo(new byte[][] { [2, 2, 2, 0], [0, 2, 2, 2], [2, 0, 2, 2] }));
            Assert.That((half.Nodes, half.Edges, half.Classes, half.IsWords), Is.EqualTo((4, 2, 3, true)));
        });
    }

    [Test]
    public void Load_WithoutWords_MakesFeaturesThatTellWhoSharesHyperedges()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        Write(folder);
        CommunityGraph data = CommunityGraph.Load(folder.Root, "papers", NodeProtocol.Published);
        float[][] rows = [.. data.Features.Chunk(data.FeatureCount)];
        float[] Block(int node, int block) => rows[node][(1 + (64 * block))..(1 + (64 * (block + 1)))];
        Assert.Multiple(() =>
        {
            Assert.That(data.IsWords, Is.False);
            Assert.That(rows.Select(row => row[0]), Is.EqualTo(new[] { MathF.Log(2), MathF.Log(3), MathF.Log(2), 0 }));
            // Node 1 is in the hyperedges of nodes 0 and 2, in the middle between them: they differ from the mean by the same, either way. Node 3 is in none.
            Assert.That(Block(0, 0), Has.Some.Not.Zero.And.All.Matches<float>(value => float.IsFinite(value)));
            Assert.That(Block(0, 0).Sum(value => value * value), Is.EqualTo(64).Within(1e-3), "of one length");
            Assert.That(Block(2, 0), Is.EqualTo(Block(0, 0).Select(value => -value)));
            Assert.That(rows[3], Has.All.Zero);
            // Walks bring the two nearer to the middle, and lengths are made one again.
            Assert.That(Block(0, 4), Is.EqualTo(Block(0, 0)).Within(1e-3));
            Assert.That(data.FeatureCount, Is.EqualTo(1 + (5 * 64)));
        });
    }

    [Test]
    public void Load_OfDamagedFiles_SaysWhatMustHold()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        Assert.That(() => CommunityGraph.Load(folder.Root, "papers", NodeProtocol.Half), Throws.TypeOf<FileNotFoundException>().With.Message.Contains("hypergraph/papers"));
        (SafetensorsTensor[] Changed, NodeProtocol Protocol, string Words)[] cases =
        [
            ([SafetensorsTensor.From("roles50", new long[] { 0, 1, 2 }, 3)], NodeProtocol.Half, "roles50 must have"),
            ([SafetensorsTensor.From("roles50", new long[] { 0, 1, 2, 3 }, 4)], NodeProtocol.Half, "roles50 must have"),
            ([SafetensorsTensor.From("train", new long[] { 4 }, 1, 1)], NodeProtocol.Published, "train must be"),
            ([SafetensorsTensor.From("labels", new long[] { 0 }, 1)], NodeProtocol.Half, "labels one for each node"),
            ([SafetensorsTensor.From("features.shape", new long[] { 4, 2 }, 2)], NodeProtocol.Half, "no tensor \"features.indptr\""),
            (Words(2), NodeProtocol.Half, "features.indices must be below 2"),
        ];
        Assert.Multiple(() =>
        {
            foreach ((SafetensorsTensor[] changed, NodeProtocol protocol, string words) in cases)
            {
                Write(folder, changed);
                Assert.That(() => CommunityGraph.Load(folder.Root, "papers", protocol), Throws.TypeOf<InvalidDataException>().With.Message.Contains(words));
            }
        });
    }

    private static SafetensorsTensor[] Words(long last) =>
    [
        SafetensorsTensor.From("features.indptr", new long[] { 0, 2, 3, 3, 4 }, 5),
        SafetensorsTensor.From("features.indices", new long[] { 0, 1, last, 0 }, 4),
        SafetensorsTensor.From("features.values", new float[] { 1, 1, 1, 1 }, 4),
        SafetensorsTensor.From("features.shape", new long[] { 4, 2 }, 2),
    ];

    // Four nodes, of which the last is in neither hyperedge.
    private static void Write(TestData.TemporaryFolder folder, params SafetensorsTensor[] changed)
    {
        SafetensorsTensor[] usual =
        [
            SafetensorsTensor.From("node", s_nodes, 4),
            SafetensorsTensor.From("edge", new long[] { 0, 0, 1, 1 }, 4),
            SafetensorsTensor.From("counts", new long[] { 4, 2 }, 2),
            SafetensorsTensor.From("labels", new long[] { 0, 1, 2, 0 }, 4),
            SafetensorsTensor.From("train", new long[] { 3, 0, 1 }, 3, 1),
            SafetensorsTensor.From("roles50", new long[] { 0, 0, 1, 2, 2, 1, 0, 0 }, 2, 4),
        ];
        string path = folder.File(Path.Combine("hypergraph", "papers", "papers.safetensors"));
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        Safetensors.Write(path, [.. usual.Where(tensor => changed.All(other => other.Name != tensor.Name)), .. changed]);
    }
}
