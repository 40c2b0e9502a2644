using HyperKernels.IO;

namespace HyperKernels.Tests.IO;

/// <summary>All formats: what is written is read back, by name of the file; what a format has no place for is refused.</summary>
public sealed class HypergraphFileTests
{
    private TestData.TemporaryFolder _folder = null!;

    // An isolated node at the end, an empty hyperedge at the end and inside, a pair that stands twice, pairs that are not in the order of hyperedges.
    private static HypergraphData Structure => new(6, 5, [1, 0, 4, 4, 2, 0], [0, 2, 3, 3, 0, 0]);

    [SetUp]
    public void SetUp() => _folder = TestData.Temporary();

    [TearDown]
    public void TearDown() => _folder.Dispose();

    private static IEnumerable<TestCaseData> Formats()
    {
        HypergraphData ordered = new(6, 5, [1, 2, 0, 0, 4, 4], [0, 0, 0, 2, 3, 3]);
        ElementNames nodes = new(["a", "b c", "\u00e9\"", "", "7", "z"]);
        ElementNames edges = new(["x", "y", "7", "u", "v"]);
        ElementNames words = new(["a", "b", "\u00e9", "d", "7", "z"]);
        HypergraphData whole = Structure with
        {
            Kind = NetworkKind.Directed,
            NodeNames = nodes,
            EdgeNames = edges,
            NodeWeights = [1, 2, 0.1f, 4, 5, -6],
            EdgeWeights = [0.5f, 1, 1e-30f, 3, 1e30f],
            MembershipWeights = [1, 2, 3, 4, 5, 0.3f],
            Roles = [MembershipRole.Head, MembershipRole.Tail, MembershipRole.None, MembershipRole.Head, MembershipRole.Tail, MembershipRole.Tail],
            Metadata = "{\"name\": \"all \\u00e9\"}",
            NodeAttributes = [null, "{\"a\": [1, {\"b\": null}]}", null, null, null, "{}"],
            EdgeAttributes = ["{\"t\": 1}", null, null, null, null],
            MembershipAttributes = [null, null, "{\"r\": \"PI\"}", null, null, null],
        };
        yield return new TestCaseData("x.hif.json", whole);
        yield return new TestCaseData("x.json", Structure);
        yield return new TestCaseData("x.safetensors", whole with
        {
            NodeLabels = [0, 1, 2, 0, 1, 2],
            NodeLabelNames = ["one", "two", "three"],
            EdgeLabels = [1, 0, 1, 0, 1],
            MembershipLabels = [3, 2, 1, 0, 1, 2],
            EdgeTimes = [long.MinValue, 0, 1, 2, long.MaxValue],
            NodeFeatures = new SparseRows(3, [0, 1, 1, 3, 3, 3, 4], [2, 0, 1, 2], [1, 2, 3, 4]),
        });
        yield return new TestCaseData("x.xgi.json", ordered with
        {
            NodeNames = nodes, EdgeNames = edges, Metadata = whole.Metadata, NodeAttributes = [null, "{\"a\": 1}", null, null, null, null], EdgeAttributes = whole.EdgeAttributes,
        });
        yield return new TestCaseData("x.hgr", ordered with { NodeWeights = whole.NodeWeights, EdgeWeights = whole.EdgeWeights });
        yield return new TestCaseData("x.hgr", ordered with { EdgeWeights = whole.EdgeWeights });
        yield return new TestCaseData("x.hgr", ordered with { NodeWeights = whole.NodeWeights });
        yield return new TestCaseData("x.hgr", ordered);
        yield return new TestCaseData("mail-nverts.txt", ordered with { EdgeTimes = [5, -1, 3, 9, long.MaxValue], NodeNames = nodes, EdgeNames = edges });
        yield return new TestCaseData("hyperedges-house.txt", ordered with { NodeLabels = [0, 1, 1, 0, 2, 0], NodeLabelNames = ["Rep", "Dem", "In dependent"] });
        yield return new TestCaseData("x.txt", new HypergraphData(5, 5, [1, 2, 0, 0, 4, 4], [0, 0, 0, 2, 3, 3]));
        yield return new TestCaseData("x.csv", new HypergraphData(5, 4, [1, 0, 4, 4, 2, 0], [0, 2, 3, 3, 0, 0]) with
        {
            MembershipWeights = whole.MembershipWeights, MembershipLabels = [3, 2, 1, 0, 1, 2],
        });
    }

    [TestCaseSource(nameof(Formats))]
    public void Read_AfterWrite_GivesTheSame(string name, HypergraphData data)
    {
        HypergraphFile.Write(_folder.File(name), data);
        HypergraphData again = HypergraphFile.Read(_folder.File(name));
        AssertSame(again, data);

        byte[] bytes = File.ReadAllBytes(_folder.File(name));
        HypergraphFile.Write(_folder.File(name), again);
        Assert.That(File.ReadAllBytes(_folder.File(name)), Is.EqualTo(bytes), "the same data, the same bytes");
    }

    [Test]
    public void ToHypergraph_HasTheStructureAndWeights_AndOfTakesThemBack()
    {
        using MemoryScope scope = new();
        HypergraphData data = Structure with { EdgeWeights = [1, 2, 3, 4, 5], MembershipWeights = [6, 5, 4, 3, 2, 1] };
        using Hypergraph graph = data.ToHypergraph();

        using Hypergraph directed = (Structure with
        {
            Roles = [MembershipRole.Head, MembershipRole.Tail, MembershipRole.Tail, MembershipRole.Head, MembershipRole.Tail, MembershipRole.Tail],
        }).ToHypergraph();
        Assert.That((directed.Roles!.Groups, graph.Roles), Is.EqualTo((2, (RowGroups?)null)));
        Assert.That(directed.Roles.GroupOfRow.ToArray(), Is.EqualTo(new[] { 1, 0, 0, 1, 0, 0 }), "tails are 0, heads 1");
        Assert.That(graph.Incidence.MembersOf(3).ToArray(), Is.EqualTo(new[] { 4, 4 }));
        Assert.That(graph.ToString(), Is.EqualTo("6 nodes, 5 hyperedges, 6 memberships").And.EqualTo(data.ToString()));
        AssertSame(HypergraphData.Of(graph), data);
    }

    [Test]
    public void Write_OfWhatTheFormatCannotHold_NamesItAndLeavesTheFileAlone()
    {
        HypergraphData labelled = Structure with { NodeLabels = new int[6], Roles = new MembershipRole[6] };
        string[] names = ["x.hif.json", "x.xgi.json", "x.hgr", "x.txt", "x.csv", "mail-nverts.txt", "hyperedges-house.txt"];
        foreach (string name in names)
        {
            string path = _folder.File(name, "before"u8);
            Assert.That(() => HypergraphFile.Write(path, labelled), Throws.ArgumentException.With.Message.Contains("no place for").And.Message.Contains("safetensors"), name);
            Assert.That(File.ReadAllText(path), Is.EqualTo("before"), name);
        }
        AssertRefused("x.txt", Structure with { Kind = NetworkKind.Directed }, "Undirected");
        AssertRefused("x.txt", Structure with { NodeNames = new ElementNames(["a b", "1", "2", "3", "4", "5"]) }, "\"a b\"");
        Assert.That(() => CornellFiles.Write(_folder.Root, "x", Structure), Throws.ArgumentException.With.Message.Contains("NodeLabels"));
        ElementNames twice = new(["a", "b", "a", "c", "d", "e"]);
        AssertRefused("x.json", Structure with { NodeNames = twice }, "\"a\" stands twice");
        AssertRefused("x.csv", Structure with { NodeNames = twice }, "\"a\" stands twice");
        AssertRefused("x.xgi.json", Structure with { NodeNames = twice }, "\"a\" would stand twice");
        AssertRefused("x.json", Structure with { Metadata = "[1]" }, "JSON objects");
        AssertRefused("x.json", Structure with { EdgeWeights = [1, 2, float.NaN, 4, 5] }, "finite");

        void AssertRefused(string name, HypergraphData data, string rule) =>
            Assert.That(() => HypergraphFile.Write(_folder.File(name), data), Throws.ArgumentException.With.Message.Contains(rule));
    }

    [Test]
    public void Pickles_AreNotTouched()
    {
        string path = _folder.File("features.pickle", "anything"u8);
        Assert.That(() => HypergraphFile.Read(path), Throws.TypeOf<NotSupportedException>().With.Message.Contains("runs code"));
        Assert.That(() => HypergraphFile.Write(path, Structure), Throws.TypeOf<NotSupportedException>());
    }

    [Test]
    public void Data_ThatDoesNotFit_IsRefused()
    {
        Assert.Multiple(() =>
        {
            Assert.That(() => new HypergraphData(2, 2, [0, 2], [0, 1]), Throws.ArgumentException.With.Message.Contains("pair 1 has 2"));
            Assert.That(() => new HypergraphData(2, 2, [0, 1], [0, -1]), Throws.ArgumentException.With.Message.Contains("pair 1 has -1"));
            Assert.That(() => new HypergraphData(2, 2, [0], [0, 1]), Throws.ArgumentException.With.Message.Contains("1 and 2 ids"));
            Assert.That(() => Structure with { EdgeTimes = [1] }, Throws.ArgumentException.With.Message.Contains("EdgeTimes must have 5 entries; got 1"));
        });
    }

    // Folders of published data, whole: counts as their descriptions have them.
    [TestCase("cora-cocitation/cora-cocitation.safetensors", 2708, 1579, 4786)]
    [TestCase("cora-coauthorship/cora-coauthorship.safetensors", 2708, 1072, 4585)]
    [TestCase("citeseer-cocitation/citeseer-cocitation.safetensors", 3312, 1079, 3453)]
    [TestCase("pubmed-cocitation/pubmed-cocitation.safetensors", 19717, 7963, 34629)]
    [TestCase("dblp-coauthorship/dblp-coauthorship.safetensors", 41302, 22363, 99561)]
    public void PublishedSets_AreRead(string file, int nodes, int edges, int memberships)
    {
        string path = Path.Combine(TestData.Folder("hypergraph"), file);
        HypergraphData data = HypergraphFile.Read(path);
        HypergraphData list = HyperedgeListFile.Read(Path.Combine(Path.GetDirectoryName(path)!, "hyperedges.txt"), new HyperedgeListOptions { Nodes = nodes });

        Assert.That((data.NodeCount, data.EdgeCount, data.MembershipCount), Is.EqualTo((nodes, edges, memberships)));
        Assert.That(list.Nodes.SequenceEqual(data.Nodes) && list.Edges.SequenceEqual(data.Edges), "the same hyperedges as text");
        Assert.That(data.NodeLabels, Has.Length.EqualTo(nodes));
        if (file.StartsWith("cora", StringComparison.Ordinal))
        {
            Assert.That((data.NodeFeatures!.Width, data.NodeFeatures.Values.Length), Is.EqualTo((1433, 49216)));
            using MemoryScope scope = new();
            Assert.That(Ops.Sum(data.NodeFeatures.ToTensor()).ToScalar(), Is.EqualTo(49216), "a bag of words, all values 1");
        }
    }

    [TestCase("email-eu-edge-labels", 1005, 209508, 541842, new[] { 209508, 332334 })]
    [TestCase("cora-coauthorship-outsiders", 2708, 1905, 14990, new[] { 7895, 7095 })]
    [TestCase("stackoverflow-biology-edge-labels", 15490, 26823, 56257, new[] { 26290, 18444, 11523 })]
    public void SetsWithLabelledMemberships_AreRead(string name, int nodes, int edges, int memberships, int[] classes)
    {
        string folder = Path.Combine(TestData.Folder("hypergraph"), name);
        HyperedgeListOptions options = new() { MembershipLabelsPath = Path.Combine(folder, "hypergraph_pos.txt") };
        HypergraphData data = HyperedgeListFile.Read(Path.Combine(folder, "hypergraph.txt"), options);
        int[] test = HyperedgeListFile.ReadNumbers(Path.Combine(folder, "test_hindex.txt"), below: data.EdgeCount);

        Assert.That((data.NodeCount, data.EdgeCount, data.MembershipCount), Is.EqualTo((nodes, edges, memberships)));
        Assert.That(data.MembershipLabels!.GroupBy(label => label).OrderBy(group => group.Key).Select(group => group.Count()), Is.EqualTo(classes));
        Assert.That(test, Is.Unique.And.Not.Empty);
    }

    [Test]
    public void Enron_IsTheSameInThreeFormats()
    {
        string folder = Path.Combine(TestData.Folder("hypergraph"), "email-enron-simplices");
        HypergraphData text = HypergraphFile.Read(Path.Combine(folder, "email-enron-nverts.txt"));
        HypergraphData hif = HypergraphFile.Read(Path.Combine(folder, "email-enron.hif.json"));
        HypergraphData xgi = HypergraphFile.Read(Path.Combine(folder, "email-enron.xgi.json"));

        Assert.That((text.EdgeCount, text.MembershipCount, text.EdgeTimes!.Length), Is.EqualTo((10885, 26914, 10885)));
        Assert.That((hif.NodeCount, hif.EdgeCount, hif.MembershipCount), Is.EqualTo((148, 10885, 26914)));
        Assert.That((xgi.NodeCount, xgi.EdgeCount, xgi.MembershipCount), Is.EqualTo((148, 10885, 26914)));
        // The text is in the order of the times, and nodes count from 1 there.
        string[] expected = Simplices(text, node => $"{node + 1}");
        Assert.That(Simplices(hif, node => hif.NodeNames![node]), Is.EqualTo(expected));
        Assert.That(Simplices(xgi, node => xgi.NodeNames![node]), Is.EqualTo(expected));
        Assert.That(text.EdgeTimes, Is.Ordered);

        static string[] Simplices(HypergraphData data, Func<int, string> nameOf)
        {
            List<string>[] members = [.. Enumerable.Range(0, data.EdgeCount).Select(_ => new List<string>())];
            for (int pair = 0; pair < data.MembershipCount; pair++)
            {
                members[data.Edges[pair]].Add(nameOf(data.Nodes[pair]));
            }
            return [.. members.Select(names => string.Join(' ', names.Order())).Order()];
        }
    }

    internal static void AssertSame(HypergraphData actual, HypergraphData expected)
    {
        Assert.That(Names(actual.NodeNames), Is.EqualTo(Names(expected.NodeNames) ?? (actual.NodeNames is null ? null : Numbers(expected.NodeCount))));
        Assert.That(Names(actual.EdgeNames), Is.EqualTo(Names(expected.EdgeNames) ?? (actual.EdgeNames is null ? null : Numbers(expected.EdgeCount))));
        Assert.Multiple(() =>
        {
            Assert.That((actual.NodeCount, actual.EdgeCount, actual.Kind, actual.Metadata), Is.EqualTo((expected.NodeCount, expected.EdgeCount, expected.Kind, expected.Metadata)));
            Assert.That(actual.Nodes.ToArray(), Is.EqualTo(expected.Nodes.ToArray()));
            Assert.That(actual.Edges.ToArray(), Is.EqualTo(expected.Edges.ToArray()));
            Assert.That(actual.NodeWeights, Is.EqualTo(expected.NodeWeights));
            Assert.That(actual.EdgeWeights, Is.EqualTo(expected.EdgeWeights));
            Assert.That(actual.MembershipWeights, Is.EqualTo(expected.MembershipWeights));
            Assert.That(actual.Roles, Is.EqualTo(expected.Roles));
            Assert.That(actual.NodeLabels, Is.EqualTo(expected.NodeLabels));
            Assert.That(actual.NodeLabelNames, Is.EqualTo(expected.NodeLabelNames));
            Assert.That(actual.EdgeLabels, Is.EqualTo(expected.EdgeLabels));
            Assert.That(actual.MembershipLabels, Is.EqualTo(expected.MembershipLabels));
            Assert.That(actual.EdgeTimes, Is.EqualTo(expected.EdgeTimes));
            Assert.That(actual.NodeAttributes, Is.EqualTo(expected.NodeAttributes));
            Assert.That(actual.EdgeAttributes, Is.EqualTo(expected.EdgeAttributes));
            Assert.That(actual.MembershipAttributes, Is.EqualTo(expected.MembershipAttributes));
            Assert.That(actual.NodeFeatures?.Width, Is.EqualTo(expected.NodeFeatures?.Width));
            Assert.That(actual.NodeFeatures?.Offsets, Is.EqualTo(expected.NodeFeatures?.Offsets));
            Assert.That(actual.NodeFeatures?.Columns, Is.EqualTo(expected.NodeFeatures?.Columns));
            Assert.That(actual.NodeFeatures?.Values, Is.EqualTo(expected.NodeFeatures?.Values));
        });
    }

    // JSON names everything: what had no name has its number then.
    private static string[] Numbers(int count) => [.. Enumerable.Range(0, count).Select(id => $"{id}#")];

    private static string[]? Names(ElementNames? names) =>
        names is null ? null : [.. Enumerable.Range(0, names.Count).Select(i => names[i] + (names.IsNumber(i) ? "#" : ""))];
}
