using System.Text;
using HyperKernels.IO;

namespace HyperKernels.Tests.IO;

/// <summary>The Hypergraph Interchange Format: the standard's samples, and what its schema says beside them.</summary>
public sealed class HifFileTests
{
    // What each invalid sample of the standard breaks, and on which line.
    private static readonly Dictionary<string, string> s_rules = new()
    {
        ["bad_edge_field"] = "line 6: column 21: edges[0]: \"test\" is no field",
        ["bad_edge_without_id"] = "line 4: column 10: edges[0]: \"edge\" is missing",
        ["bad_incidence_field"] = "line 6: column 21: incidences[0]: \"test\" is no field",
        ["bad_network_type"] = "line 2: column 21: network-type must be",
        ["bad_node_field"] = "line 6: column 21: nodes[0]: \"test\" is no field",
        ["bad_node_float"] = "line 5: column 21: nodes[0]: node must be a string or a whole number",
        ["bad_node_without_id"] = "line 4: column 10: nodes[0]: \"node\" is missing",
        ["bad_top_level_field"] = "line 2: column 13: \"test\" is no field",
        ["empty"] = "line 1: column 2: \"incidences\" is missing",
        ["extra_fields_with_direction"] = "line 4: column 79: incidences[0]: \"extra_field\" is no field",
        ["invalid_direction_value"] = "line 4: column 56: incidences[0]: direction must be head or tail",
        ["metadata_as_list"] = "line 2: column 17: metadata must be an object",
        ["missing_required_field_incidence"] = "line 3: column 30: incidences[0]: \"node\" is missing",
        ["missing_required_fields_with_direction"] = "line 4: column 40: incidences[0]: \"node\" is missing",
        ["single_incidence_with_direction_not_in_enum"] = "line 3: column 56: incidences[0]: direction must be head or tail",
        ["single_incidence_with_weight_as_string"] = "line 6: column 23: incidences[0]: weight must be a number",
    };

    [Test]
    public void ValidSamples_AreRead_AndWrittenAgain()
    {
        string folder = TestData.Folder(Path.Combine("hypergraph", "hif-samples"));
        using TestData.TemporaryFolder temporary = TestData.Temporary();
        string[] samples = [.. Directory.GetFiles(Path.Combine(folder, "valid")), Path.Combine(folder, "lesmis.hif.json"), Path.Combine(folder, "diseasome.json")];
        Assert.That(samples, Has.Length.EqualTo(17));
        foreach (string sample in samples)
        {
            HypergraphData data = HifFile.Read(sample);
            HifFile.Write(temporary.File("again.json"), data);
            HypergraphData again = HifFile.Read(temporary.File("again.json"));
            HypergraphFileTests.AssertSame(again, data);
        }
        HypergraphData miserables = HifFile.Read(Path.Combine(folder, "lesmis.hif.json"));
        Assert.That((miserables.NodeCount, miserables.EdgeCount, miserables.MembershipCount), Is.EqualTo((80, 402, 862)));
        HypergraphData diseases = HifFile.Read(Path.Combine(folder, "diseasome.json"));
        // 438 hyperedges have names of words, 500 more have numbers.
        Assert.That((diseases.NodeCount, diseases.EdgeCount, diseases.MembershipCount, diseases.Kind), Is.EqualTo((516, 938, 1956, NetworkKind.SimplicialComplex)));
        Assert.That(Enumerable.Range(0, 938).Count(diseases.EdgeNames!.IsNumber), Is.EqualTo(500));
    }

    [Test]
    public void InvalidSamples_AreRefused_WithPlaceAndRule()
    {
        string folder = TestData.Folder(Path.Combine("hypergraph", "hif-samples"));
        string[] samples = Directory.GetFiles(Path.Combine(folder, "invalid"));
        Assert.That(samples.Select(Path.GetFileNameWithoutExtension), Is.EquivalentTo(s_rules.Keys));
        Assert.Multiple(() =>
        {
            foreach (string sample in samples)
            {
                string rule = s_rules[Path.GetFileNameWithoutExtension(sample)];
                Assert.That(() => HifFile.Read(sample), Throws.TypeOf<InvalidDataException>().With.Message.StartsWith($"{sample}: {rule}"));
            }
        });
    }

    [Test]
    public void Names_KeepTheirKind_AndTheOrderOfTheFile()
    {
        HypergraphData data = Read("""
            { "edges": [{"edge": "e"}], "incidences": [{"node": 2, "edge": 7}, {"node": "2", "edge": "e", "weight": 3}, {"node": 2.0, "edge": 7e0}],
              "nodes": [{"node": -4}, {"node": 2, "weight": 5}, {"node": 2, "attrs": {"a": 1}}] }
            """);
        Assert.That(data.NodeNames, Is.EqualTo(new[] { "2", "2", "-4" }));
        Assert.That(Enumerable.Range(0, 3).Select(data.NodeNames!.IsNumber), Is.EqualTo(new[] { true, false, true }));
        Assert.That(data.EdgeNames, Is.EqualTo(new[] { "e", "7" }));
        Assert.That(data.Nodes.ToArray(), Is.EqualTo(new[] { 0, 1, 0 }));
        Assert.That(data.MembershipWeights, Is.EqualTo(new float[] { 1, 3, 1 }), "what a file gives only some of is 1 for the others");
        Assert.That(data.NodeWeights, Is.EqualTo(new float[] { 5, 1, 1 }));
        Assert.That(data.NodeAttributes, Is.EqualTo(new[] { "{\"a\": 1}", null, null }), "a record adds to what is known");
        Assert.That((data.NodeNames!.IndexOf("2"), data.NodeNames.IndexOf("-4"), data.NodeNames.IndexOf("5")), Is.EqualTo((1, 2, -1)));
    }

    [TestCase("[1]", "line 1: column 1: the file must be a JSON object")]
    [TestCase("", "line 1: column 1:")]
    [TestCase("{\n \"incidences\": [\n", "line 3: column 1:")]
    [TestCase("{\"incidences\": []} x", "line 1: column 20: the file is not valid JSON")]
    [TestCase("{\"incidences\": {}}", "line 1: column 16: incidences must be a list")]
    [TestCase("{\"incidences\": [],\n\"incidences\": []}", "line 2: column 15: \"incidences\" stands twice")]
    [TestCase("{\"incidences\": [3]}", "incidences[0]: a record must be an object")]
    [TestCase("{\"incidences\": [{\"node\": 1, \"edge\": 1}, {\"node\": 1, \"node\": 2, \"edge\": 1}]}", "incidences[1]: \"node\" stands twice")]
    [TestCase("{\"incidences\": [{\"node\": null, \"edge\": 1}]}", "node must be a string or a whole number")]
    [TestCase("{\"incidences\": [{\"node\": 1, \"edge\": 1, \"weight\": 1e99}]}", "weight must be a number that float32 can hold")]
    [TestCase("{\"incidences\": [{\"node\": 1, \"edge\": 1, \"attrs\": [1]}]}", "attrs must be an object")]
    [TestCase("{\"incidences\": [], \"nodes\": [{\"node\": \"\\ud800\"}]}", "half of a surrogate pair")]
    public void BrokenFiles_AreRefused_WithPlaceAndRule(string text, string rule) =>
        Assert.That(() => Read(text), Throws.TypeOf<InvalidDataException>().With.Message.Contains(rule));

    [Test]
    public void InvalidUtf8_AndAByteOrderMark()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        byte[] text = Encoding.UTF8.GetBytes("{\n\"incidences\": [], \"metadata\": {\"a\": \"?\"}}");
        string marked = folder.File("marked.json", [0xEF, 0xBB, 0xBF, .. text]);
        text[Array.IndexOf(text, (byte)'?')] = 0xFF;
        string broken = folder.File("broken.json", text);

        Assert.That(HifFile.Read(marked).Metadata, Is.EqualTo("{\"a\": \"?\"}"));
        Assert.That(() => HifFile.Read(broken), Throws.TypeOf<InvalidDataException>().With.Message.Contains("line 2: column 38: the file is not valid UTF-8"));
    }

    private static HypergraphData Read(string text)
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        return HifFile.Read(folder.File("x.json", Encoding.UTF8.GetBytes(text)));
    }
}
