using System.Text.Json;
using HyperKernels.Cases;
using HyperKernels.Models;

namespace HyperKernels.Tests.Cli;

[Parallelizable(ParallelScope.All)]
public sealed class CliTests
{
    [Test]
    public void Info_AsJson_NamesVersionAndDevicesWithReasons()
    {
        CliResult result = CliProcess.Run("info", "--json");
        Assert.That(result.ExitCode, Is.Zero, result.ToString());
        JsonElement[] devices = [.. result.Json.GetProperty("devices").EnumerateArray()];
        Assert.Multiple(() =>
        {
            Assert.That(result.Json.GetProperty("version").GetString(), Does.Match(@"^\d+\.\d+\.\d+"));
            Assert.That(result.Json.GetProperty("vectorWidth").GetInt32(), Is.EqualTo(Device.Cpu.VectorWidth));
            Assert.That(devices.Select(d => d.GetProperty("name").GetString()), Is.EqualTo(new[] { "cpu", "opencl", "cuda" }));
            Assert.That(devices.Where(d => !d.GetProperty("available").GetBoolean()).Select(d => d.GetProperty("reason").GetString()), Has.All.Not.Empty);
        });
    }

    [Test]
    public void Info_InAPipe_IsPlainText()
    {
        CliResult result = CliProcess.Run("info");
        Assert.That(result.ExitCode, Is.Zero, result.ToString());
        Assert.That(result.Output, Does.Contain("vector width").And.Not.Contain("\u001b").And.Not.Contain("│"));
    }

    [Test]
    public void Ops_AsJson_ListsTheOpsLayersAndOptimisersOfTheCatalogue()
    {
        CliResult result = CliProcess.Run("ops", "--json");
        Assert.That(result.ExitCode, Is.Zero, result.ToString());
        IEnumerable<string> listed = result.Json.EnumerateArray().Select(row => $"{row.GetProperty("kind")} {row.GetProperty("name")}");
        IEnumerable<string> known = Catalogue.All.Select(row => $"{row.Kind.ToString().ToLowerInvariant()} {row.Subject}").Distinct();
        Assert.That(listed, Is.EquivalentTo(known));
    }

    [Test]
    public void OpsUlp_OfSomeOps_TellsEveryBackendAndWritesTheWorstInputs()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        CliResult result = CliProcess.Run("ops", "--ulp", "--filter", "segment_m", "--inputs", "1000", "--worst", folder.File("worst.txt"), "--json");
        Assert.That(result.ExitCode, Is.Zero, result.ToString());
        JsonElement[] rows = [.. result.Json.EnumerateArray()];
        Assert.Multiple(() =>
        {
            Assert.That(rows.Select(row => row.GetProperty("op").GetString()), Is.All.EqualTo("segment_mean"));
            Assert.That(rows.Select(row => row.GetProperty("backend").GetString()), Is.EqualTo(Conformance.Devices.Select(device => device.Name)));
            Assert.That(rows.Select(row => row.GetProperty("within16").GetDouble() + row.GetProperty("more").GetDouble()), Is.All.EqualTo(1).Within(1e-12));
            Assert.That(File.ReadLines(folder.File("worst.txt")).Select(WorstInput.Parse), Is.Not.Empty);
        });
    }

    [Test]
    public void OpsFilter_WithoutUlp_IsRefused()
    {
        CliResult result = CliProcess.Run("ops", "--filter", "exp");
        Assert.That(result.ExitCode, Is.EqualTo(2), result.ToString());
        Assert.That(result.Error, Does.Contain("--filter goes with --ulp."));
    }

    [Test]
    public void Systems_AsJson_ListsThePublishedSystems()
    {
        CliResult result = CliProcess.Run("systems", "--json");
        Assert.That(result.ExitCode, Is.Zero, result.ToString());
        JsonElement[] rows = [.. result.Json.EnumerateArray()];
        JsonElement hgnn = rows.Single(row => row.GetProperty("name").GetString() == "hgnn");
        Assert.Multiple(() =>
        {
            Assert.That(rows.Select(row => row.GetProperty("name").GetString()), Is.EqualTo(PublishedSystems.All.Select(system => system.Name)));
            Assert.That(hgnn.GetProperty("paper").GetProperty("link").GetString(), Is.EqualTo("https://arxiv.org/abs/1809.09401"));
            Assert.That(hgnn.GetProperty("layers").EnumerateArray().Select(layer => layer.GetString()), Is.EqualTo(new[] { "HypergraphConv", "Hgnn" }));
            Assert.That(hgnn.GetProperty("recipe").GetString(), Is.EqualTo("hgnn"));
        });
    }

    [Test]
    public void Systems_InAPipe_IsATable()
    {
        CliResult result = CliProcess.Run("systems");
        Assert.That(result.ExitCode, Is.Zero, result.ToString());
        Assert.That(result.Output, Does.Contain("Hypergraph neural network (HGNN)").And.Contain("Feng, You, Zhang, Ji, Gao, AAAI 2019"));
    }

    [Test]
    public void VerifyReference_ByPublishedName_RunsItsCasesAndSumsThemUp()
    {
        CliResult result = CliProcess.Run("verify", "--reference", TestData.Reference, "--filter", "hypergraph neural network (HGNN)");
        Assert.That(result.ExitCode, Is.Zero, result.ToString());
        Assert.That(result.Output, Does.Contain("hgnn_model_a").And.Contain("Feng, You, Zhang, Ji, Gao, AAAI 2019").And.Contain("4 of 4 cases passed"));
    }

    [TestCase("layer residual(B=4", "layer residual", "forward, gradient, second gradient, guards, repeats, stored, weight sets, weight sets gradient")]
    [TestCase("optimizer sgd(10 tensors of 0 to 17001)", "optimizer sgd", "steps, resumes, guards, repeats")]
    public void Verify_LayersAndOptimisers_PassTheirProperties(string filter, string system, string properties)
    {
        CliResult result = CliProcess.Run("verify", "--filter", filter, "--json");
        Assert.That(result.ExitCode, Is.Zero, result.ToString());
        JsonElement[] rows = [.. result.Json.EnumerateArray()];
        Assert.Multiple(() =>
        {
            Assert.That(string.Join(", ", rows.Select(row => row.GetProperty("property").GetString())), Is.EqualTo(properties));
            Assert.That(rows.Select(row => row.GetProperty("system").GetString()), Has.All.EqualTo(system));
            Assert.That(rows.Select(row => row.GetProperty("passed").GetBoolean()), Has.All.True);
        });
    }

    [Test]
    public void Verify_WithFilter_PassesItsCases()
    {
        CliResult result = CliProcess.Run("verify", "--filter", "subtract(A=[17]", "--json");
        Assert.That(result.ExitCode, Is.Zero, result.ToString());
        JsonElement[] rows = [.. result.Json.EnumerateArray()];
        Assert.That(rows.Select(row => row.GetProperty("property").GetString()), Is.SupersetOf(new[] { "forward", "gradient", "guards", "repeats" }));
        foreach (JsonElement row in rows)
        {
            Assert.Multiple(() =>
            {
                Assert.That(row.GetProperty("case").GetString(), Does.StartWith("subtract(A=[17]"));
                Assert.That(row.GetProperty("system").GetString(), Is.EqualTo("subtract"));
                Assert.That(row.GetProperty("backend").GetString(), Is.EqualTo("cpu"));
                Assert.That(row.GetProperty("passed").GetBoolean(), Is.True);
                Assert.That(row.GetProperty("maxError").GetDouble(), Is.LessThanOrEqualTo(row.GetProperty("tolerance").GetDouble()));
                Assert.That(row.GetProperty("reason").GetString(), Is.Empty);
            });
        }
    }

    [Test]
    public void Verify_AtANarrowerWidth_NamesIt()
    {
        CliResult result = CliProcess.Run("verify", "--filter", "subtract(A=[17]", "--backend", "cpu-32", "--json");
        Assert.That(result.ExitCode, Is.Zero, result.ToString());
        // A processor without vectors is at its widest there, and called plain "cpu".
        Assert.That(result.Json[0].GetProperty("backend").GetString(), Does.StartWith("cpu"));
    }

    [Test]
    public void Verify_WithUnknownBackend_ExitsWithDeviceCodeAndReason()
    {
        CliResult result = CliProcess.Run("verify", "--backend", "abacus", "--json");
        Assert.Multiple(() =>
        {
            Assert.That(result.ExitCode, Is.EqualTo(3), result.ToString());
            Assert.That(result.Error, Does.StartWith("hyperkernels: abacus: not available: no backend has that name"));
            Assert.That(result.Error.TrimEnd().Split('\n'), Has.Length.EqualTo(1));
            Assert.That(result.Json.GetProperty("exitCode").GetInt32(), Is.EqualTo(3));
        });
    }

    [TestCase("verify", "--nope")]
    [TestCase("nope")]
    [TestCase]
    [TestCase("verify", "--filter", "no such op")]
    public void AnyCommand_WithUsageError_ExitsWithUsageCodeAndOneLine(params string[] arguments)
    {
        CliResult result = CliProcess.Run(arguments);
        Assert.Multiple(() =>
        {
            Assert.That(result.ExitCode, Is.EqualTo(2), result.ToString());
            Assert.That(result.Output, Is.Empty);
            Assert.That(result.Error.TrimEnd().Split('\n'), Has.Length.EqualTo(1));
            Assert.That(result.Error, Does.StartWith("hyperkernels: "));
        });
    }

    [Test]
    public void Verify_WithReference_RunsEveryCaseOfTheFolder()
    {
        CliResult result = CliProcess.Run("verify", "--reference", TestData.Reference, "--json");
        JsonElement[] rows = [.. result.Json.EnumerateArray()];
        int files = Directory.EnumerateFiles(TestData.Reference, "*.safetensors", SearchOption.AllDirectories).Count();
        Assert.That(files, Is.GreaterThan(0));
        Assert.Multiple(() =>
        {
            Assert.That(rows, Has.Length.EqualTo(files));
            Assert.That(rows.Select(row => row.GetProperty("system").GetString()), Has.All.Not.Empty);
            Assert.That(result.ExitCode, Is.EqualTo(rows.All(row => row.GetProperty("passed").GetBoolean()) ? 0 : 1));
            Assert.That(
                rows.Where(row => !row.GetProperty("passed").GetBoolean()).Select(row => row.GetProperty("reason").GetString()), Has.All.EqualTo("unsupported"));
        });
    }

    [Test]
    public void Verify_WithMissingOrEmptyReferenceFolder_ExitsWithDataCode()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        Assert.That(CliProcess.Run("verify", "--reference", folder.Root).ExitCode, Is.EqualTo(4));
        CliResult missing = CliProcess.Run("verify", "--reference", folder.File("nowhere"));
        Assert.That(missing.ExitCode, Is.EqualTo(4), missing.ToString());
        Assert.That(missing.Error, Does.Contain("nowhere does not exist"));
    }

    [Test]
    public void Help_NamesTheProgramAndItsCommands()
    {
        CliResult result = CliProcess.Run("--help");
        Assert.That(result.ExitCode, Is.Zero, result.ToString());
        Assert.That(result.Output, Does.Contain("hyperkernels").And.Contain("verify").And.Contain("info").And.Contain("ops"));
    }

    [TestCase("abc")]
    [TestCase("0")]
    [TestCase("-3")]
    [TestCase("1025")]
    public void Info_WithThreadsThatAreNoNumberOfThreads_SaysWhichVariableIsWrong(string threads)
    {
        CliResult result = CliProcess.Run(new Dictionary<string, string> { ["HYPERKERNELS_THREADS"] = threads }, "info");
        Assert.That(result.ExitCode, Is.EqualTo(3), result.ToString());
        Assert.That(result.Error, Does.Contain($"HYPERKERNELS_THREADS must be a whole number from 1 to 1024; got \"{threads}\"."));
    }
}
