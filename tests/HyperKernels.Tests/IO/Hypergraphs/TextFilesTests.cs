using System.Text;
using HyperKernels.IO;

namespace HyperKernels.Tests.IO;

/// <summary>Lists, pairs, simplices, labelled sets and partitioners' files: what the formats allow, and refusals by line.</summary>
public sealed class TextFilesTests
{
    private TestData.TemporaryFolder _folder = null!;

    [SetUp]
    public void SetUp() => _folder = TestData.Temporary();

    [TearDown]
    public void TearDown() => _folder.Dispose();

    [TestCase("0 3\n\n# words\n1,2 ,\t2\r\n", 4, new[] { 0, 3, 1, 2, 2 }, new[] { 0, 0, 2, 2, 2 }, 3)]
    [TestCase("0\t3", 4, new[] { 0, 3 }, new[] { 0, 0 }, 1)]
    [TestCase("", 0, new int[0], new int[0], 0)]
    [TestCase("\n\n", 0, new int[0], new int[0], 2)]
    public void List_TakesBlanksTabsAndCommas(string text, int nodes, int[] nodeIds, int[] edgeIds, int edges)
    {
        HypergraphData data = HyperedgeListFile.Read(Write("x.txt", text));
        Assert.That((data.NodeCount, data.EdgeCount), Is.EqualTo((nodes, edges)));
        Assert.That(data.Nodes.ToArray(), Is.EqualTo(nodeIds));
        Assert.That(data.Edges.ToArray(), Is.EqualTo(edgeIds));
    }

    [Test]
    public void List_OfWords_NumbersThemAsTheyAreMet_AndIsWrittenAgain()
    {
        HyperedgeListOptions options = new() { Names = true };
        HypergraphData data = HyperedgeListFile.Read(Write("x.txt", "Valjean Javert\nJavert 7 Valjean\n"), options);
        Assert.That(data.NodeNames, Is.EqualTo(new[] { "Valjean", "Javert", "7" }));
        Assert.That(data.Nodes.ToArray(), Is.EqualTo(new[] { 0, 1, 1, 2, 0 }));
        HyperedgeListFile.Write(_folder.File("y.txt"), data);
        Assert.That(File.ReadAllText(_folder.File("y.txt")), Is.EqualTo("Valjean Javert\nJavert 7 Valjean\n"));
    }

    // A line of several buffers' length, and lines across the end of one.
    [Test]
    public void List_OfLongLines_IsRead()
    {
        int[] members = [.. Enumerable.Range(0, 400_000)];
        string long1 = string.Join(' ', members);
        HypergraphData data = HyperedgeListFile.Read(Write("x.txt", $"{long1}\n5 6\n{long1}\n"));
        Assert.That((data.EdgeCount, data.MembershipCount), Is.EqualTo((3, 800_002)));
        Assert.That(data.Nodes[^400_000..].SequenceEqual(members) && data.Nodes[400_000] == 5);
    }

    [TestCase("0 1\n2 x\n", "line 2: the id of a node must be a whole number from 0 to below 2,147,483,647; it is \"x\"")]
    [TestCase("0 1\n\n-1\n", "line 3: the id of a node must be")]
    [TestCase("99999999999", "line 1: the id of a node must be")]
    [TestCase("2147483647", "line 1: the id of a node must be")]
    [TestCase("0,,1", "line 1: there must be something on both sides of a comma")]
    [TestCase("0 1\n1,\n", "line 2: there must be something on both sides of a comma")]
    [TestCase(",1", "line 1: there must be something on both sides of a comma")]
    [TestCase("0 1\n1 2000000000\n", "line 2: the largest id of a node is 2,000,000,000, with 4 memberships in all")]
    public void BrokenList_IsRefusedByLine(string text, string rule) => AssertRefused(() => HyperedgeListFile.Read(Write("x.txt", text)), "x.txt", rule);

    [Test]
    public void List_WithCountsAndFirstId_ChecksThem()
    {
        HypergraphData data = HyperedgeListFile.Read(Write("x.txt", "1 2\n"), new HyperedgeListOptions { FirstId = 1, Nodes = 5 });
        Assert.That((data.NodeCount, data.Nodes[0]), Is.EqualTo((5, 0)));
        HyperedgeListOptions fromOne = new() { FirstId = 1, Nodes = 5 };
        AssertRefused(() => HyperedgeListFile.Read(Write("x.txt", "1 2\n0\n"), fromOne), "x.txt", "line 2: the id of a node must be a whole number from 1");
        AssertRefused(() => HyperedgeListFile.Read(Write("x.txt", "1\n6\n"), fromOne), "x.txt", "line 2: the ids of nodes must be below 6");
        Assert.That(() => HyperedgeListFile.Read(Write("x.txt", ""), new HyperedgeListOptions { FirstId = 2 }), Throws.ArgumentException.With.Message.Contains("0 or 1"));
    }

    [TestCase("0 1\n2\n", null)]
    [TestCase("0 1\n", "line 1: the file ends where a line for each of 2 hyperedges was due")]
    [TestCase("0\n2\n", "line 1: the line ends where a label for each member")]
    [TestCase("0 1 1\n2\n", "line 1: the line must end after a label for each member of the hyperedge; \"1\" follows")]
    [TestCase("0 1\n2\n3\n", "line 3: the file must end after a line for each of 2 hyperedges")]
    [TestCase("0 1\nx\n", "line 2: a label must be a whole number")]
    public void LabelsOfMemberships_StandInTheSamePlaces(string text, string? rule)
    {
        HyperedgeListOptions options = new() { MembershipLabelsPath = Write("labels.txt", text) };
        string list = Write("x.txt", "5 3\n4\n");
        if (rule is null)
        {
            Assert.That(HyperedgeListFile.Read(list, options).MembershipLabels, Is.EqualTo(new[] { 0, 1, 2 }));
        }
        else
        {
            AssertRefused(() => HyperedgeListFile.Read(list, options), "labels.txt", rule);
        }
    }

    [TestCase("1,0,0.5\n0,2,-1e3\n")]
    [TestCase("node,edge,weight\n1,0,0.5\n0,2,-1e3\n")]
    [TestCase("# words\nweight\tHyperedge\tnode\n0.5\t0\t1\n-1000\t2\t0")]
    public void Pairs_HaveColumnsInTheOrderOfTheirNames(string text)
    {
        HypergraphData data = PairsFile.Read(Write("x.csv", text));
        Assert.That((data.NodeCount, data.EdgeCount), Is.EqualTo((2, 3)));
        Assert.That(data.Nodes.ToArray(), Is.EqualTo(new[] { 1, 0 }));
        Assert.That(data.Edges.ToArray(), Is.EqualTo(new[] { 0, 2 }));
        Assert.That(data.MembershipWeights, Is.EqualTo(new[] { 0.5f, -1000 }));
    }

    [Test]
    public void Pairs_OfWords_AndGivenCounts()
    {
        HypergraphData words = PairsFile.Read(Write("x.csv", "node,edge,label\nada,math,1\nbob,math,0\nada,7,1\n"), new HyperedgeListOptions { Names = true });
        Assert.That((words.NodeNames, words.EdgeNames), Is.EqualTo((new[] { "ada", "bob" }, new[] { "math", "7" })));
        Assert.That(words.MembershipLabels, Is.EqualTo(new[] { 1, 0, 1 }));
        HypergraphData counted = PairsFile.Read(Write("x.csv", "1,1\n"), new HyperedgeListOptions { FirstId = 1, Nodes = 4, Edges = 3 });
        Assert.That((counted.NodeCount, counted.EdgeCount), Is.EqualTo((4, 3)));
        Assert.That(PairsFile.Read(Write("x.csv", "")).MembershipCount, Is.Zero);
    }

    [TestCase("1,2\n3\n", "line 2: the line ends where a hyperedge was due")]
    [TestCase("1,2\n3,4,5\n", "line 2: the line must end after a hyperedge; \"5\" follows")]
    [TestCase("1,2,3\n3,4\n", "line 2: the line ends where a weight was due")]
    [TestCase("1,2,nan\n", "line 1: a weight must be a number that float32 can hold; it is \"nan\"")]
    [TestCase("node,edge,colour\n", "line 1: columns must be among node, edge, weight and label; there is \"colour\"")]
    [TestCase("node,weight\n", "line 1: the columns must hold node and edge, each once")]
    [TestCase("vertex,edge\n1,2\n", "line 1: the id of a node must be a whole number")]
    [TestCase("1,2\n\n1,2\n", "line 2: the line ends where a node was due")]
    public void BrokenPairs_AreRefusedByLine(string text, string rule) => AssertRefused(() => PairsFile.Read(Write("x.csv", text)), "x.csv", rule);

    [Test]
    public void Simplices_AreReadFromThreeFiles_AndNamesFromTwoMore()
    {
        Write("a-nverts.txt", "2\n0\n1\n");
        Write("a-simplices.txt", "3\n1\n3\n");
        HypergraphData bare = BensonFiles.Read(_folder.File("a"));
        Write("a-times.txt", "5\n4\n-3\n");
        Write("a-node-labels.txt", "1 Ada L\n2 Bob\n3 Cy\n4 Di\n");
        HypergraphData data = BensonFiles.Read(_folder.File("a"));

        Assert.That((bare.NodeCount, bare.EdgeCount, bare.EdgeTimes), Is.EqualTo((3, 3, (long[]?)null)));
        Assert.That((data.NodeCount, data.NodeNames![0], data.NodeNames[3]), Is.EqualTo((4, "Ada L", "Di")));
        Assert.That(data.Nodes.ToArray(), Is.EqualTo(new[] { 2, 0, 2 }));
        Assert.That(data.Edges.ToArray(), Is.EqualTo(new[] { 0, 0, 2 }));
        Assert.That(data.EdgeTimes, Is.EqualTo(new long[] { 5, 4, -3 }));
    }

    [TestCase("2\nx\n", "3\n1\n", "1\n2\n", "a-nverts.txt", "line 2: the size of a simplex must be")]
    [TestCase("2\n", "3\n", "1\n", "a-simplices.txt", "line 1: the sizes add up to 2 nodes; the file has 1")]
    [TestCase("1\n", "3\n1\n", "1\n", "a-simplices.txt", "line 2: the sizes add up to 1 nodes; more follow")]
    [TestCase("1\n", "0\n", "1\n", "a-simplices.txt", "line 1: the id of a node must be a whole number from 1")]
    [TestCase("1\n", "1\n", "1\n2\n", "a-times.txt", "line 2: the file must end after a time for each of 1 simplices")]
    [TestCase("1\n0\n", "1\n", "1\n", "a-times.txt", "line 1: the file ends where a time for each of 2 simplices was due")]
    [TestCase("1\n", "1\n", "1.5\n", "a-times.txt", "line 1: the time of a simplex must be a whole number of 64 bits")]
    public void BrokenSimplices_AreRefusedByFileAndLine(string sizes, string members, string times, string file, string rule)
    {
        Write("a-nverts.txt", sizes);
        Write("a-simplices.txt", members);
        Write("a-times.txt", times);
        AssertRefused(() => BensonFiles.Read(_folder.File("a")), file, rule);
    }

    [Test]
    public void LabelledSets_CountIdsAndClassesFromOne()
    {
        Write("hyperedges-house.txt", "1,3\n2\n");
        Write("node-labels-house.txt", "2\n1\n2\n1\n");
        Write("label-names-house.txt", "Democrat\nRepublican\n");
        HypergraphData data = CornellFiles.Read(_folder.Root, "house");

        Assert.That((data.NodeCount, data.EdgeCount), Is.EqualTo((4, 2)));
        Assert.That(data.Nodes.ToArray(), Is.EqualTo(new[] { 0, 2, 1 }));
        Assert.That(data.NodeLabels, Is.EqualTo(new[] { 1, 0, 1, 0 }));
        Assert.That(data.NodeLabelNames, Is.EqualTo(new[] { "Democrat", "Republican" }));

        Write("label-names-house.txt", "Democrat\n");
        AssertRefused(() => CornellFiles.Read(_folder.Root, "house"), "label-names-house.txt", "line 1: the file must name each of 2 classes");
        Write("hyperedges-house.txt", "1,3\n5\n");
        AssertRefused(() => CornellFiles.Read(_folder.Root, "house"), "hyperedges-house.txt", "line 2: the ids of nodes must be below 5");
        Write("node-labels-house.txt", "2\n0\n");
        AssertRefused(() => CornellFiles.Read(_folder.Root, "house"), "node-labels-house.txt", "line 2: the class of a node must be a whole number from 1");
    }

    [Test]
    public void Hmetis_OfTheManual_IsRead()
    {
        // The manual's example with both weights.
        HypergraphData data = HmetisFile.Read(Write("x.hgr", "% four hyperedges\n4 7 11\n2 1 2\n3 1 7 5 6\n8 5 6 4\n7 2 3 4\n5\n1\n8\n7\n3\n9\n3\n"));
        Assert.That((data.NodeCount, data.EdgeCount, data.MembershipCount), Is.EqualTo((7, 4, 12)));
        Assert.That(data.EdgeWeights, Is.EqualTo(new float[] { 2, 3, 8, 7 }));
        Assert.That(data.NodeWeights, Is.EqualTo(new float[] { 5, 1, 8, 7, 3, 9, 3 }));
        Assert.That(data.Nodes[2..6].ToArray(), Is.EqualTo(new[] { 0, 6, 4, 5 }));
    }

    [TestCase("", "line 0: the file ends where a line with the numbers of hyperedges and nodes was due")]
    [TestCase("2\n", "line 1: the line ends where the number of nodes was due")]
    [TestCase("1 2 7\n1\n", "line 1: the format must be 1, 10, 11 or nothing; it is 7")]
    [TestCase("2 3\n1 2\n", "line 2: the file ends where a line for each of 2 hyperedges was due")]
    [TestCase("1 3\n% c\n1 4\n", "line 3: the ids of nodes must be below 4; there is \"4\"")]
    [TestCase("1 3 1\n\n", "line 2: the line ends where the weight of the hyperedge was due")]
    [TestCase("1 2 10\n1 2\n5\n", "line 3: the file ends where a line with the weight of each of 2 nodes was due")]
    [TestCase("1 2\n1 2\n1\n", "line 3: the file must end after what its first line promises")]
    [TestCase("2000000000 2\n1 2\n", "line 2: the file ends where a line for each of 2,000,000,000 hyperedges was due")]
    [TestCase("1 2000000000\n1 2\n", "line 2: the file promises 2,000,000,000 nodes, with 2 memberships in all")]
    public void BrokenHmetis_IsRefusedByLine(string text, string rule) => AssertRefused(() => HmetisFile.Read(Write("x.hgr", text)), "x.hgr", rule);

    [TestCase("{\"edge-dict\": {\"a\": [\"x\", 3, \"x\"], \"b\": []}}", null)]
    [TestCase("{\"node-data\": {}}", "line 1: column 17: \"edge-dict\" is missing")]
    [TestCase("{\"edge-dict\":\n{\"a\": [[1], [2]]}}", "line 2: column 8: edge-dict: \"a\": a member must be a string or a whole number")]
    [TestCase("{\"edge-dict\":\n{\"a\": [1], \"a\": [2]}}", "line 2: column 17: edge-dict: \"a\" stands twice")]
    [TestCase("{\"edge-dict\": {}, \"edge-data\": {\"e\": {}}}", "edge-data: \"e\" is no hyperedge of edge-dict")]
    [TestCase("{\"edge-dict\": {\"a\": 1}}", "edge-dict: \"a\", the members of a hyperedge, must be a list")]
    [TestCase("{\"node-data\": {\"a\": 1}, \"edge-dict\": {}}", "node-data: \"a\" must be an object")]
    public void Xgi_IsReadOrRefused(string text, string? rule)
    {
        string path = Write("x.json", text);
        if (rule is null)
        {
            HypergraphData data = XgiFile.Read(path);
            Assert.That((data.EdgeCount, data.NodeNames, data.EdgeNames), Is.EqualTo((2, new[] { "x", "3" }, new[] { "a", "b" })));
            Assert.That(data.Nodes.ToArray(), Is.EqualTo(new[] { 0, 1, 0 }));
            Assert.That(data.NodeAttributes, Is.Null);
        }
        else
        {
            AssertRefused(() => XgiFile.Read(path), "x.json", rule);
        }
    }

    private string Write(string name, string text) => _folder.File(name, Encoding.UTF8.GetBytes(text));

    private void AssertRefused(Action read, string file, string rule) =>
        Assert.That(() => read(), Throws.TypeOf<InvalidDataException>().With.Message.StartsWith(_folder.File(file) + ": ").And.Message.Contains(rule));
}
