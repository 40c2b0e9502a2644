using HyperKernels.Distributed;

namespace HyperKernels.Tests.Distributed;

public sealed class HypergraphStoreTests
{
    private const int Nodes = 37;
    private const int Features = 5;

    // Node 36 is in no hyperedge, hyperedge 2 is empty, hyperedge 3 has a node twice, hyperedge 4 has nearly all nodes.
    private static readonly int[][] s_edges =
    [
        [0, 1, 2], [35, 3, 0], [], [7, 7, 9, 7], [.. Enumerable.Range(0, 36)], .. Enumerable.Range(0, 30).Select(i => (int[])[(i * 7) % 36, (i * 5) % 36, (i + 1) % 36]),
    ];

    private TestData.TemporaryFolder _folder = null!;

    [SetUp]
    public void SetUp() => _folder = TestData.Temporary();

    [TearDown]
    public void TearDown() => _folder.Dispose();

    [TestCase(256 << 20)]
    [TestCase(64)]
    [TestCase(1)]
    public void Open_OfWhatWasWritten_HasBothDirections(long workingBytes)
    {
        // With little memory every range is sorted in pieces of a node or two.
        Write(new StoreWriterOptions { WorkingBytes = workingBytes, ExpectedMemberships = workingBytes == 64 ? 100 : 0 });
        using HypergraphStore store = HypergraphStore.Open(_folder.Root);
        using Hypergraph graph = Hypergraph.FromEdges(Nodes, s_edges);
        store.Verify();

        Assert.That((store.NodeCount, store.EdgeCount, store.MembershipCount), Is.EqualTo((Nodes, s_edges.Length, (long)graph.MembershipCount)));
        foreach (Toward toward in Enum.GetValues<Toward>())
        {
            for (int segment = 0; segment < (toward == Toward.Nodes ? Nodes : s_edges.Length); segment++)
            {
                int[] expected = (toward == Toward.Nodes ? graph.Incidence.EdgesOf(segment) : graph.Incidence.MembersOf(segment)).ToArray();
                int[] others = new int[expected.Length];
                long[] memberships = new long[expected.Length];
                Assert.That(store.CountOf(toward, segment), Is.EqualTo(expected.Length));
                store.Read(toward, segment, [.. Enumerable.Range(0, expected.Length)], memberships, others);
                Assert.That(others, Is.EqualTo(expected));
                Assert.That(memberships.All(membership => (toward == Toward.Nodes ? graph.Incidence.Nodes : graph.Incidence.Edges)[(int)membership] == segment));
            }
        }
        using Hypergraph loaded = store.ToHypergraph();
        Assert.That(loaded.Incidence.Nodes.ToArray(), Is.EqualTo(graph.Incidence.Nodes.ToArray()));
        Assert.That(loaded.Incidence.Edges.ToArray(), Is.EqualTo(graph.Incidence.Edges.ToArray()));
    }

    [Test]
    public void Sample_FromFiles_IsThatFromMemory([Values] bool announces)
    {
        Write();
        using HypergraphStore store = HypergraphStore.Open(_folder.Root, new StoreOptions { ResidentBytes = 1, Announces = announces });
        using Hypergraph graph = Hypergraph.FromEdges(Nodes, s_edges);
        using MemoryScope scope = new();
        Tensor features = Tensor.From(AllFeatures(), [Nodes, Features]);
        int[] seeds = [3, 36, 0, 20];
        NeighbourSampler fromFiles = new(store, 3, 2, hops: 2), fromMemory = new(graph, 3, 2, hops: 2);

        for (ulong draw = 0; draw < 20; draw++)
        {
            using StoreBatch batch = StoreBatch.Read(store, fromFiles, seeds, draw);
            using SampledHypergraph ofFiles = batch.Draw.ToHypergraphs(), ofMemory = fromMemory.Sample(seeds, new RandomStream(draw));
            Assert.That(batch.Draw.Nodes.ToArray(), Is.EqualTo(ofMemory.Nodes.Ids.ToArray()));
            Assert.That(ofFiles.Hops[1].Memberships.Ids.ToArray(), Is.EqualTo(ofMemory.Hops[1].Memberships.Ids.ToArray()));
            Assert.That(ofFiles.ForwardRows(batch.Rows(), TwoHops).ToArray(), Is.EqualTo(ofMemory.Forward(features, TwoHops).ToArray()), "the same bits");
            Assert.That(batch.Labels, Is.EqualTo(seeds.Select(LabelOf)));
        }
        store.Verify();
        Assert.That(store.Releases, Is.GreaterThan(0), "a bound of one byte gives pages back at every read through the maps");

        static Tensor TwoHops(int layer, Tensor x, Hypergraph graph) => Ops.EdgesToNodes(Ops.NodesToEdges(x, graph, graph.SymmetricNodeScale, graph.EdgeScale), graph);
    }

    [Test]
    public void Sample_OfLongRows_IsThatFromMemory()
    {
        int[][] edges = [[.. Enumerable.Range(0, 700)], .. Enumerable.Range(1, 650).Select(node => (int[])[0, node])];
        using (HypergraphStoreWriter writer = new(_folder.Root, 700))
        {
            Array.ForEach(edges, edge => writer.AddEdge(edge));
            writer.Complete();
        }
        using HypergraphStore store = HypergraphStore.Open(_folder.Root);
        using Hypergraph graph = Hypergraph.FromEdges(700, edges);
        using MemoryScope scope = new();
        using SampledHypergraph ofFiles = new NeighbourSampler(store, 20, 30).Draw([0, 5], new RandomStream(3)).ToHypergraphs();
        using SampledHypergraph ofMemory = new NeighbourSampler(graph, 20, 30).Sample([0, 5], new RandomStream(3));
        Assert.That(ofFiles.Hops[0].Memberships.Ids.ToArray(), Is.EqualTo(ofMemory.Hops[0].Memberships.Ids.ToArray()));
        Assert.That(ofFiles.Nodes.Ids.ToArray(), Is.EqualTo(ofMemory.Nodes.Ids.ToArray()));
    }

    [Test]
    public void Writer_ThatIsDone_IsRefused()
    {
        HypergraphStoreWriter writer = new(_folder.Root, 3);
        writer.AddEdge([0, 1]);
        writer.Complete();
        Assert.Multiple(() =>
        {
            Assert.That(() => writer.AddEdge([1, 2]), Throws.TypeOf<ObjectDisposedException>().With.Message.Contains(nameof(HypergraphStoreWriter)));
            Assert.That(() => writer.AddFeatures([]), Throws.TypeOf<ObjectDisposedException>());
            Assert.That(() => writer.AddLabels([]), Throws.TypeOf<ObjectDisposedException>());
            Assert.That(writer.Complete, Throws.TypeOf<ObjectDisposedException>());
            Assert.That(() => HypergraphStore.Open(_folder.Root).Dispose(), Throws.Nothing);
        });
    }

    [Test]
    public void Files_AreSafetensorsOfTheirOwn()
    {
        Write();
        using HyperKernels.IO.SafetensorsFile file = HyperKernels.IO.SafetensorsFile.Open(_folder.File("features.safetensors"));
        Assert.That(file.Entries["features"].Shape.AsSpan().ToArray(), Is.EqualTo(new long[] { Nodes, Features }));
        Assert.That(file.Entries["features"].ByteOffset, Is.EqualTo(4096));
        Assert.That(file.ReadFloat32("features"), Is.EqualTo(AllFeatures()));
        Assert.That(file.Bytes("features", 4, 4).ToArray(), Is.EqualTo(BitConverter.GetBytes(AllFeatures()[1])));
        Assert.That(() => file.Bytes("features", 4 * Nodes * Features, 1).Length, Throws.ArgumentException.With.Message.Contains("a part must lie in the 740 bytes"));
    }

    [Test]
    public void Open_WithoutManifest_SaysThatWritingDidNotEnd()
    {
        using (HypergraphStoreWriter writer = new(_folder.Root, 3))
        {
            writer.AddEdge([0, 1]);
        }
        Assert.That(
            () => HypergraphStore.Open(_folder.Root),
            Throws.TypeOf<FileNotFoundException>().With.Message.Contains("manifest.json").And.Message.Contains("did writing not end"));
        Assert.That(Directory.EnumerateFiles(_folder.Root, "*.tmp"), Is.Empty, "temporary files go");
    }

    [TestCase("nodes", "\"nodes\": 37", "\"nodes\": 38", "nodes.offsets.safetensors")]
    [TestCase("negative", "\"memberships\": ", "\"memberships\": -", "\"memberships\" must be a whole number from 0")]
    [TestCase("format", "store 1", "store 2", "\"format\" must be")]
    [TestCase("json", "{", "[", "is not valid JSON")]
    [TestCase("files", "labels.safetensors", "labels.other", "\"files\" must name labels.safetensors")]
    [TestCase("surrogate", "hyperkernels hypergraph", "\\ud800", "half of a surrogate pair")]
    [TestCase("another", "\"files\": {", "\"files\": { \"a\\nb\": {},", "it names another.")]
    public void Open_BadManifest_IsRefused(string _, string before, string after, string says)
    {
        Write();
        string path = _folder.File("manifest.json");
        File.WriteAllText(path, File.ReadAllText(path).Replace(before, after, StringComparison.Ordinal));
        Assert.That(() => HypergraphStore.Open(_folder.Root), Throws.TypeOf<InvalidDataException>().With.Message.Contains(says));
    }

    [TestCase("edges.offsets", 0, "offsets must go from 0")]
    [TestCase("edges.offsets", 16, "edges.offsets.safetensors: byte 4,1")]
    [TestCase("edges.nodes", 8, "edges.nodes.safetensors: byte 4,104: ids must be from 0 to below 37; got")]
    [TestCase("nodes.edges", 0, "nodes.edges.safetensors: byte 4,096: ids must be")]
    [TestCase("nodes.memberships", 0, "nodes.memberships.safetensors: byte 4,096: the memberships of node 0 must ascend")]
    [TestCase("labels", 4, "labels.safetensors: byte 4,100: ids must be from -1 to below 4")]
    [TestCase("features", 8, "features.safetensors: byte 4,096: the data have the checksum")]
    public void Verify_OfADamagedByte_NamesFileAndPlace(string file, int at, string says)
    {
        Write();
        string path = _folder.File($"{file}.safetensors");
        byte[] bytes = File.ReadAllBytes(path);
        bytes[4096 + at + 1] ^= 0x40;
        File.WriteAllBytes(path, bytes);
        Assert.That(
            () =>
            {
                using HypergraphStore store = HypergraphStore.Open(_folder.Root);
                store.Verify();
            },
            Throws.TypeOf<InvalidDataException>().With.Message.Contains(says));
    }

    [Test]
    public void Read_OfDamagedRows_IsRefusedWithoutVerify()
    {
        Write();
        Damage("nodes.edges", 4096 + 3, 0x7F);
        Damage("edges.offsets", 4096 + 8 + 7, 0x80);
        using HypergraphStore store = HypergraphStore.Open(_folder.Root);
        Assert.That(
            () => new NeighbourSampler(store, int.MaxValue, int.MaxValue).Draw([0], new RandomStream()),
            Throws.TypeOf<InvalidDataException>().With.Message.Contains("nodes.edges.safetensors: byte 4,096"));
        Assert.That(() => store.CountOf(Toward.Edges, 0), Throws.TypeOf<InvalidDataException>().With.Message.Contains("edges.offsets.safetensors"));

        void Damage(string file, int at, byte value)
        {
            byte[] bytes = File.ReadAllBytes(_folder.File($"{file}.safetensors"));
            bytes[at] = value;
            File.WriteAllBytes(_folder.File($"{file}.safetensors"), bytes);
        }
    }

    [Test]
    public void Open_OfAFileCutOff_IsRefused()
    {
        Write();
        using (FileStream stream = File.OpenWrite(_folder.File("features.safetensors")))
        {
            stream.SetLength(stream.Length - 4);
        }
        Assert.That(
            () => HypergraphStore.Open(_folder.Root),
            Throws.TypeOf<InvalidDataException>().With.Message.Contains("the manifest says").And.Message.Contains("It was cut off"));
    }

    [Test]
    public void Writer_WhatDoesNotFit_IsRefused()
    {
        using HypergraphStoreWriter writer = new(_folder.Root, 3, new StoreWriterOptions { FeatureCount = 2, Classes = 2 });
        writer.AddEdge([0, 2]);
        Assert.Multiple(() =>
        {
            Assert.That(() => writer.AddEdge([0, 3]), Throws.ArgumentException.With.Message.Contains("hyperedge 1 has 3"));
            Assert.That(() => writer.AddFeatures([1]), Throws.ArgumentException.With.Message.Contains("rows of 2"));
            Assert.That(() => writer.AddLabels([0, 2]), Throws.ArgumentException.With.Message.Contains("that of node 1 is 2"));
            Assert.That(writer.Complete, Throws.InvalidOperationException.With.Message.Contains("there are 0 numbers of 6"));
        });
    }

    [Test]
    public void Planted_OfTheSameSeed_IsTheSame()
    {
        PlantedHypergraph planted = new() { Nodes = 500, Edges = 300, Size = 6, FeatureCount = 4, Communities = 3, Mixing = 0.2, Seed = 4 };
        planted.Write(Path.Combine(_folder.Root, "a"));
        planted.Write(Path.Combine(_folder.Root, "b"), workingBytes: 1000);
        foreach (string file in Directory.EnumerateFiles(Path.Combine(_folder.Root, "a")))
        {
            Assert.That(File.ReadAllBytes(Path.Combine(_folder.Root, "b", Path.GetFileName(file))), Is.EqualTo(File.ReadAllBytes(file)), file);
        }
        using HypergraphStore store = HypergraphStore.Open(Path.Combine(_folder.Root, "a"));
        double together = Enumerable.Range(0, 300).Average(edge => store.MembersOf(edge).ToArray().GroupBy(node => node % 3).Max(group => group.Count()));
        Assert.That(together, Is.EqualTo(6 * (0.8 + (0.2 / 3))).Within(0.3), "members of one community, and some from anywhere");
    }

    [Test]
    public void Shuffle_IsAPermutationThatDependsOnItsSeed([Values(1, 2, 3, 64, 1000, 4097)] int count)
    {
        Shuffle order = new(count, 5);
        long[] all = [.. Enumerable.Range(0, count).Select(place => order[place])];
        Assert.That(all.Order(), Is.EqualTo(Enumerable.Range(0, count)));
        Assert.That(() => order[count], Throws.TypeOf<ArgumentOutOfRangeException>());
        if (count >= 64)
        {
            Shuffle other = new(count, 6);
            Assert.That(all.Where((number, place) => other[place] == number).Count(), Is.LessThan(12), "two orders agree in about one place");
            Assert.That(all.Zip(all.Skip(1)).Count(pair => pair.First < pair.Second), Is.EqualTo(count / 2.0).Within(6 * Math.Sqrt(count / 12.0)), "as many rises as falls");
        }
    }

    [Test]
    public void Prefetch_GivesItemsInOrder_AndHandsOverWhatFailed()
    {
        int disposed = 0;
        using (Prefetch<Item> items = new(number => number < 5 ? new Item(number, () => disposed++) : throw new InvalidDataException("the sixth"), first: 2, end: 9))
        {
            for (long number = 2; number < 5; number++)
            {
                using Item item = items.Next();
                Assert.That(item.Number, Is.EqualTo(number));
            }
            Assert.That(() => items.Next(), Throws.TypeOf<InvalidDataException>().With.Message.EqualTo("the sixth"));
        }
        Assert.That(disposed, Is.EqualTo(3));
        using (Prefetch<Item> items = new(number => new Item(number, () => Interlocked.Increment(ref disposed)), 0, long.MaxValue, ahead: 3))
        {
            items.Next().Dispose();
        }
        Assert.That(disposed, Is.InRange(5, 9), "what nobody took is disposed of");
    }

    private static int LabelOf(int node) => (node % 5) - 1;

    private static float[] AllFeatures() => [.. Enumerable.Range(0, Nodes * Features).Select(i => MathF.Sin(i))];

    private void Write(StoreWriterOptions? options = null)
    {
        using HypergraphStoreWriter writer = new(_folder.Root, Nodes, (options ?? new StoreWriterOptions()) with { FeatureCount = Features, Classes = 4 });
        writer.AddFeatures(AllFeatures());
        foreach (int[] edge in s_edges)
        {
            writer.AddEdge(edge);
        }
        writer.AddLabels([.. Enumerable.Range(0, Nodes).Select(LabelOf)]);
        writer.Complete();
    }

    private sealed class Item(long number, Action dispose) : IDisposable
    {
        public long Number => number;

        public void Dispose() => dispose();
    }
}
