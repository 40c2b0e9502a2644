using HyperKernels.Cli.Data;
using HyperKernels.Cli.Recipes;
using HyperKernels.Cli.Training;
using HyperKernels.Layers;
using HyperKernels.Models;
using static HyperKernels.Tests.Cli.RecipeRun;

namespace HyperKernels.Tests.Cli;

[Parallelizable(ParallelScope.All)]
public sealed class MembershipLabelRecipeTests
{
    [Test]
    public void Train_OnDrawnMessages_CompanyTellsWhoSends_AndResumes()
    {
        using TestData.TemporaryFolder whole = TestData.Temporary();
        using TestData.TemporaryFolder parts = TestData.Temporary();
        string[] arguments = ["train", "email-eu", "--threads", "1", "--steps", "14"];
        CliResult result = CliProcess.Run([.. arguments, "--out", whole.Root, "--json"]);
        Assert.That(result.ExitCode, Is.Zero, result.ToString());
        InParts(arguments, parts, "mlp/loss");
        EndAlike(parts, whole);
        Assert.Multiple(() =>
        {
            foreach (string run in (string[])["conhd-averages", "conhd-attention"])
            {
                // Nine in ten senders write most of all in their message; node features alone cannot tell that.
                Assert.That(Figure(result, run, "test micro F1"), Is.GreaterThan(0.75).And.GreaterThan(Figure(result, "mlp", "test micro F1")), run);
            }
            Assert.That(Figure(result, "mlp", "test micro F1"), Is.GreaterThan(Figure(result, "majority class", "test micro F1") - 0.02));
            Assert.That(File.ReadAllText(whole.File("report.html")), Does.Contain("Degrees and sizes"));
        });
        LayerTypes.Register<LearnedFeatures>();
        LayerTypes.Register<CoNhd>();
        using LearnedFeatures saved = Layer.Load<LearnedFeatures>(whole.File("conhd-averages.safetensors"));
        using LearnedFeatures other = Layer.Load<LearnedFeatures>(whole.File("mlp.safetensors"));
        Assert.That(saved.Net, Is.TypeOf<CoNhd>());
        Assert.That(saved.Table.RowSize, Is.EqualTo(StartFeatures.Count));
        Assert.That(saved.Table.Weight.Value.ToArray(), Is.Not.EqualTo(other.Table.Weight.Value.ToArray()), "both began with the same features");
    }

    [Test]
    public void Train_OfNamedNetworks_TrainsThemAlone_ToTheSameBits()
    {
        using TestData.TemporaryFolder all = TestData.Temporary();
        using TestData.TemporaryFolder one = TestData.Temporary();
        string[] arguments = ["train", "email-eu", "--threads", "1", "--steps", "2", "--json"];
        CliResult whole = CliProcess.Run([.. arguments, "--out", all.Root]);
        CliResult alone = CliProcess.Run([.. arguments, "--model", "conhd-averages", "--out", one.Root]);
        Assert.That(alone.ExitCode, Is.Zero, alone.ToString());
        Assert.That(File.ReadAllBytes(one.File("conhd-averages.safetensors")), Is.EqualTo(File.ReadAllBytes(all.File("conhd-averages.safetensors"))));
        Assert.That(Figure(alone, "mlp", "test micro F1"), Is.EqualTo(Figure(whole, "mlp", "test micro F1")));
        Assert.That(File.Exists(one.File("whatsnet.safetensors")), Is.False);

        CliResult unknown = CliProcess.Run("train", "email-eu", "--model", "conhd", "--out", one.Root);
        Assert.That(unknown.ExitCode, Is.EqualTo(2), unknown.ToString());
        Assert.That(unknown.Error, Does.Contain("one of mlp, whatsnet, conhd-averages, conhd-attention; got \"conhd\""));
    }

    [Test]
    public void Draw_OfAllNeighbours_GivesTheLogitsOfTheWhole()
    {
        MembershipLabels data = MembershipLabels.Draw(3);
        using MemoryScope scope = new();
        using Hypergraph graph = data.Graph.ToHypergraph();
        using MembershipGraph whole = new(graph, MembershipRanks.ByCentralities(graph.Incidence));
        using CoNhd net = new(StartFeatures.Count, 8, data.Classes, random: new RandomStream(1));
        net.Eval();
        float[] expected = net.Forward(StartFeatures.Of(graph.Incidence, new RandomStream(5)), whole).ToArray();
        int[] edges = [17, 4, 1234];
        using MembershipSampler sampler = new(data, int.MaxValue, seed: 5, Device.Default);
        using MembershipBatch batch = sampler.Draw(edges, 0);
        float[] drawn = batch.Asked(net.Forward(batch.Nodes.Apply(sampler.Features), batch.Graph)).ToArray();

        (float Logit, int Label)[] wanted =
        [
            .. Enumerable.Range(0, data.Labels.Length).Where(pair => edges.Contains(data.Graph.Edges[pair]))
                .Select(pair => (expected[pair * data.Classes], data.Labels[pair])).Order(),
        ];
        (float Logit, int Label)[] given = [.. batch.Labels.Select((label, i) => (drawn[i * data.Classes], label)).Order()];
        Assert.That(given.Select(static one => one.Label), Is.EqualTo(wanted.Select(static one => one.Label)));
        Assert.That(given.Select(static one => one.Logit), Is.EqualTo(wanted.Select(static one => one.Logit)).Within(1e-5));
    }

    [Test]
    public void Draw_OfFewNeighbours_KeepsThemFew()
    {
        MembershipLabels data = MembershipLabels.Draw(3);
        using MemoryScope scope = new();
        using MembershipSampler sampler = new(data, edgesPerNode: 2, seed: 5, Device.Default);
        using MembershipBatch batch = sampler.Draw([17], 0);
        Incidence incidence = batch.Graph.Graph.Incidence;
        // The hyperedge that is asked for, and two more; the drawn ones of one member may hold another.
        Assert.That(incidence.EdgeCount, Is.LessThanOrEqualTo(1 + (2 * incidence.NodeCount)));
        Assert.That(incidence.NodeCount, Is.EqualTo(batch.Labels.Length));
    }

    [Test]
    public void StartFeatures_AfterAStep_AreThoseOfTheHyperedge()
    {
        using MemoryScope scope = new();
        using Hypergraph graph = Hypergraph.FromEdges(3, [[0, 1]]);
        float[][] rows = [.. StartFeatures.Of(graph.Incidence, new RandomStream(2)).ToArray().Chunk(StartFeatures.Count)];
        float[] Block(int node, int step) => rows[node][(32 * step)..(32 * (step + 1))];
        Assert.Multiple(() =>
        {
            Assert.That(Block(0, 1), Is.EqualTo(Block(1, 1)));
            Assert.That(Block(2, 1), Is.All.Zero, "a node without hyperedges goes nowhere");
            Assert.That(Block(2, 0).Sum(static value => value * value), Is.EqualTo(32).Within(1e-3));
            Assert.That(rows[0][^1], Is.EqualTo(rows[1][^1]).And.GreaterThan(rows[2][^1]), "the degree");
        });
    }

    [Test]
    public void ClassCounts_GiveF1_OfHandCountedAnswers()
    {
        ClassCounts counts = new(4);
        counts.Add([3, 1, 0, 0, 5, 2, 0, 0, 0, 1, 0, 0, 9, 0, 8, 0], [0, 1, 1, 2]);
        // Right: 0 of one asked and three answered, 1 of two asked and one answered; 2 never answered; nobody spoke of 3.
        Assert.That(counts.Micro, Is.EqualTo(0.5));
        Assert.That(counts.Macro, Is.EqualTo(((2.0 / 4) + (2.0 / 3) + 0) / 3).Within(1e-12));
    }

    [Test]
    public void Load_WithAHyperedgeHeldOutTwice_Fails()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        string own = Path.Combine(folder.Root, "hypergraph", "small");
        Directory.CreateDirectory(own);
        File.WriteAllText(Path.Combine(own, "hypergraph.txt"), "0\t1\n1\t2\n0\t2\n");
        File.WriteAllText(Path.Combine(own, "hypergraph_pos.txt"), "0\t1\n1\t1\n0\t1\n");
        File.WriteAllText(Path.Combine(own, "valid_hindex.txt"), "1\n");
        File.WriteAllText(Path.Combine(own, "test_hindex.txt"), "2\n");
        Assert.That(MembershipLabels.Load(folder.Root, "small").Training, Is.EqualTo(new[] { 0 }));
        File.WriteAllText(Path.Combine(own, "test_hindex.txt"), "1\n");
        Assert.That(() => MembershipLabels.Load(folder.Root, "small"), Throws.TypeOf<InvalidDataException>().With.Message.Contains("held out once"));
        Assert.That(() => MembershipLabels.Load(folder.Root, "none"), Throws.TypeOf<FileNotFoundException>().With.Message.Contains("hypergraph/none"));
    }

    [TestCase("email-eu", 0.67, 0.635)]
    [TestCase("stackoverflow-biology", 0.73, 0.665)]
    [Category("Long")]
    [Explicit("1,000 steps of four networks: minutes")]
    public void Train_OnRealData_CompanyIsWorthPoints(string recipe, double least, double mlpAtMost)
    {
        CliResult result = OnData(recipe, TestData.Folder("hypergraph"));
        Assert.Multiple(() =>
        {
            Assert.That(Figure(result, "conhd-averages", "test micro F1"), Is.GreaterThan(least));
            Assert.That(Figure(result, "conhd-attention", "test micro F1"), Is.GreaterThan(least));
            Assert.That(Figure(result, "mlp", "test micro F1"), Is.LessThan(mlpAtMost));
        });
    }
}
