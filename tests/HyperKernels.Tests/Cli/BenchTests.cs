using System.Text.Json;
using HyperKernels.Cases.Sized;

namespace HyperKernels.Tests.Cli;

public sealed class BenchTests
{
    [TestCase(1)]
    [TestCase(2)]
    public void Bench_WithSizes_GivesTimesAndShares(int threads)
    {
        CliResult result = CliProcess.Run("bench", "--op", "add", "--sizes", "P=4099", "--threads", $"{threads}", "--json");
        Assert.That(result.ExitCode, Is.Zero, result.ToString());
        JsonElement row = result.Json.EnumerateArray().First(r => r.GetProperty("sizes").GetString() == "P=4099");
        Assert.Multiple(() =>
        {
            Assert.That(row.GetProperty("op").GetString(), Is.EqualTo("add"));
            Assert.That(row.GetProperty("backend").GetString(), Is.EqualTo("cpu"));
            Assert.That(row.GetProperty("threads").GetInt32(), Is.EqualTo(threads));
            JsonElement line = row.GetProperty("lineNs");
            Assert.That(line.ValueKind, Is.EqualTo(threads == 1 ? JsonValueKind.Null : JsonValueKind.Number));
            // No line of the nearest cache is read, changed and written in less.
            Assert.That(threads == 1 ? 1 : line.GetDouble(), Is.InRange(0.3, 100_000));
            Assert.That(row.GetProperty("plan").GetString(), Is.Not.Null);
            Assert.That(row.GetProperty("forwardMs").GetDouble(), Is.GreaterThan(0));
            Assert.That(row.GetProperty("trainMs").GetDouble(), Is.GreaterThan(row.GetProperty("forwardMs").GetDouble()));
            Assert.That(row.GetProperty("gflops").GetDouble(), Is.GreaterThan(0));
            Assert.That(row.GetProperty("gbps").GetDouble(), Is.GreaterThan(0));
            Assert.That(row.GetProperty("shareOfPeak").GetDouble(), Is.InRange(0, 1).And.GreaterThan(0));
            Assert.That(row.GetProperty("shareOfBandwidth").GetDouble(), Is.GreaterThan(0));
        });
    }

    [TestCase("P=4 Q=5", "\"Q\"")]
    [TestCase("P=-4", "\"P=-4\"")]
    [TestCase("P=", "\"P=\"")]
    [TestCase("P=4 P=5", "given twice")]
    public void Bench_WithWrongSizes_ExitsWithUsageCodeAndNamesThem(string sizes, string named)
    {
        CliResult result = CliProcess.Run("bench", "--op", "add", "--sizes", sizes);
        Assert.That(result.ExitCode, Is.EqualTo(2), result.ToString());
        Assert.That(result.Error, Does.Contain(named));
    }

    [Test]
    public void Bench_WithMissingSize_NamesTheLettersWanted()
    {
        CliResult result = CliProcess.Run("bench", "--op", "add", "--sizes", "");
        Assert.That(result.ExitCode, Is.EqualTo(2), result.ToString());
        Assert.That(result.Error, Does.Contain("add misses P. It wants P= (P elements)"));
    }

    [TestCase("--op", "matmul", "--sizes", "B=1 M=100000 K=100000 N=100000")]
    [TestCase("--op", "no_such_op", "--sizes", "P=4")]
    [TestCase("--sizes", "P=4")]
    [TestCase("--op", "no_such_op")]
    [TestCase("--op", "add", "--sizes", "P=4", "--threads", "0")]
    public void Bench_WithUnknownOpOrBadOption_ExitsWithUsageCode(params string[] arguments)
    {
        CliResult result = CliProcess.Run(["bench", .. arguments]);
        Assert.That(result.ExitCode, Is.EqualTo(2), result.ToString());
    }

    [TestCase("matmul", "B=1 M=17 K=19 N=23")]
    [TestCase("matmul", "B=3 M=17 K=19 N=23")]
    [TestCase("linear_per_sample", "B=4 T=2 I=5 O=7")]
    [TestCase("generate_linear", "B=4 T=1 I=5 O=7 H=3")]
    [TestCase("generate_linear_materialise", "B=4 T=1 I=5 O=7 H=3")]
    [TestCase("generate_linear_tile", "B=4 T=1 I=5 O=7 H=3")]
    [TestCase("generate_linear_reassociate", "B=4 T=1 I=5 O=7 H=3")]
    [TestCase("conv2d_per_sample", "B=2 I=3 O=4 S=9 K=3")]
    [TestCase("grid_sample", "B=2 C=3 S=5")]
    [TestCase("nodes_to_edges", "N=50 E=20 M=90 F=8")]
    [TestCase("hypergraph_conv", "N=50 E=20 M=90 F=8")]
    [TestCase("segment_attention", "N=50 E=20 M=90 F=8 H=2")]
    [TestCase("hypergraph_conv_shuffled", "S=7 F=8")]
    [TestCase("hypergraph_conv_reordered", "S=7 F=8")]
    [TestCase("hyper_lstm", "B=3 I=4 H=5 K=6 Z=2 T=3")]
    [TestCase("adam", "P=1001")]
    [TestCase("mlp_step", "B=1 I=8 H=16")]
    [TestCase("mip_step", "B=4 C=1 H=8")]
    [TestCase("mip_step", "B=4 C=4 H=8")]
    [TestCase("mip_mlp_step", "B=2 C=2")]
    [TestCase("lenet_step", "B=2")]
    [TestCase("static_hyper_step", "B=2")]
    [TestCase("task_chunks_step", "B=2 S=5000")]
    [TestCase("task_recurrent_step", "B=2 S=30000")]
    [TestCase("self_tuning_step", "B=2 H=5 N=3")]
    [TestCase("self_tuning_cnn_step", "B=2 N=3")]
    [TestCase("shapeshifter_step", "B=2 H=5 P=1000")]
    [TestCase("interval_step", "B=2 H=5")]
    [TestCase("condconv", "B=2 C=3 S=5 E=2")]
    [TestCase("sparse_mixture", "N=5 I=4 H=6 E=3")]
    [TestCase("generated_lora", "B=2 T=3 I=5 R=2")]
    [TestCase("hyper_adapter", "B=2 T=3 D=6 R=3")]
    [TestCase("kronecker_conv2d", "B=2 C=4 S=5 N=2")]
    [TestCase("siren_per_sample", "B=2 P=5 H=4 Z=3")]
    [TestCase("segment_softmax", "N=50 E=20 M=90 H=3")]
    [TestCase("hgnn_step", "N=50 E=20 M=90 I=7 H=4")]
    [TestCase("hypergcn_step", "N=50 E=20 M=90 I=7 H=4")]
    [TestCase("unigcnii_step", "N=50 E=20 M=90 I=7 H=4")]
    [TestCase("unigat_step", "N=50 E=20 M=90 I=7 H=4")]
    [TestCase("allset_step", "N=50 E=20 M=90 I=7 H=8")]
    [TestCase("edhnn_step", "N=50 E=20 M=90 I=7 H=4")]
    [TestCase("phenomnn_step", "N=50 E=20 M=90 I=7 H=4")]
    public void SizedOp_AtSmallSizes_RunsForwardAndBackward(string op, string sizes)
    {
        SizedOp sized = SizedOps.All.Single(known => known.Name == op);
        using MemoryScope inputs = Device.Cpu.Scope();
        using BenchSubject subject = sized.Make(sized.Parse(sizes), Device.Cpu);
        Assert.That(subject.Flops, Is.GreaterThan(0));
        Assert.That(subject.Bytes, Is.GreaterThan(0));
        Assert.That(subject.Train is null, Is.EqualTo(op == "adam"), "only a step of an optimiser has no gradient");
        using (MemoryScope scope = Device.Cpu.Scope())
        {
            subject.Forward();
        }
        if (subject.Train is { } train)
        {
            using Tape tape = new();
            train(tape);
            Assert.That(tape.RecordCount, Is.GreaterThan(0));
        }
    }

    [TestCase("generate_linear", "B=4 T=1 I=5 O=7 H=3")]
    [TestCase("conv2d_per_sample", "B=2 I=3 O=4 S=9 K=3")]
    [TestCase("hypergraph_conv", "N=50 E=20 M=90 F=8")]
    [TestCase("segment_attention", "N=50 E=20 M=90 F=8 H=2")]
    [TestCase("hyper_lstm", "B=3 I=4 H=5 K=6 Z=2 T=3")]
    [TestCase("mlp_step", "B=1 I=8 H=16")]
    [TestCase("mip_step", "B=4 C=2 H=8")]
    [TestCase("lenet_step", "B=2")]
    [TestCase("self_tuning_step", "B=4 H=8 N=3")]
    [TestCase("self_tuning_cnn_step", "B=2 N=3")]
    [TestCase("hgnn_step", "N=50 E=20 M=90 I=7 H=4")]
    [TestCase("unigat_step", "N=50 E=20 M=90 I=7 H=4")]
    public void SizedOp_OncePoolsAreFull_AllocatesNothingInInferenceAndLittlePerRecordedOp(string op, string sizes)
    {
        SizedOp sized = SizedOps.All.Single(known => known.Name == op);
        using MemoryScope inputs = Device.Cpu.Scope();
        using BenchSubject subject = sized.Make(sized.Parse(sizes), Device.Cpu);

        Assert.Multiple(() =>
        {
            Assert.That(Timing.BytesOfForward(subject, Device.Cpu), Is.Zero);
            Assert.That(Timing.BytesPerRecord(subject), Is.LessThanOrEqualTo(300));
        });
    }

    [TestCase("rivals", 4)]
    [TestCase("hypernetworks", 5)]
    public void Bench_WithSuiteAndRow_TimesTheLinesOfThatRow(string suite, int row)
    {
        CliResult result = CliProcess.Run("bench", "--suite", suite, "--row", $"{row}", "--threads", "1", "--json");
        Assert.That(result.ExitCode, Is.Zero, result.ToString());
        IReadOnlyList<RivalLine> lines = suite == "rivals" ? RivalSuite.All : RivalSuite.Hypernetworks;
        Assert.That(
            result.Json.EnumerateArray().Select(r => (r.GetProperty("row").GetInt32(), r.GetProperty("sizes").GetString())),
            Is.EqualTo(lines.Where(line => line.Row == row).Select(line => (line.Row, line.Sizes))));
    }

    [TestCase("--suite", "others")]
    [TestCase("--suite", "rivals", "--row", "2")]
    [TestCase("--suite", "plans", "--row", "2")]
    [TestCase("--suite", "rivals", "--op", "add")]
    [TestCase("--row", "1")]
    public void Bench_WithUnknownSuiteOrRow_ExitsWithUsageCode(params string[] arguments)
    {
        CliResult result = CliProcess.Run(["bench", .. arguments]);
        Assert.That(result.ExitCode, Is.EqualTo(2), result.ToString());
    }

    [Test]
    public void First_GivesTheAnswerOfATinyNetwork()
    {
        CliResult result = CliProcess.Run("first", "--json");
        Assert.That(result.ExitCode, Is.Zero, result.ToString());
        Assert.That(result.Json.GetProperty("logits").EnumerateArray().Select(logit => logit.GetDouble()), Has.Exactly(10).Items.And.Some.Not.Zero);
    }

    [Test]
    public void First_LoadsNoDriver()
    {
        // What glibc's loader is asked for, found or not, stands on standard error then.
        CliResult result = CliProcess.Run(new Dictionary<string, string> { ["LD_DEBUG"] = "libs" }, "first");
        Assume.That(result.Error, Does.Contain("find library="), "this system's loader does not tell");
        Assert.That(result.Error, Does.Not.Contain("libOpenCL").And.Not.Contain("libcuda"));
    }

    [Test]
    public void RivalSuite_LinesAreSizesThatTheirOpsRead() =>
        Assert.Multiple(() =>
        {
            foreach (RivalLine line in (RivalLine[])[.. RivalSuite.All, .. RivalSuite.Gpu, .. RivalSuite.Hypernetworks, .. RivalSuite.Conditional, .. RivalSuite.Hypergraphs])
            {
                Assert.That(line.Sized.Parse(line.Sizes).Text, Is.EqualTo(line.Sizes));
            }
        });

    [Test]
    public void Bench_OfAModelOnAnotherDevice_MakesItsParametersThere()
    {
        _ = Gpu.Gpus.OpenCL;
        CliResult result = CliProcess.Run("bench", "--op", "mip_mlp_step", "--sizes", "B=2 C=1", "--backend", "opencl", "--json");
        Assert.That(result.ExitCode, Is.Zero, result.ToString());
    }

    [TestCase(100, 8)]
    [TestCase(100 << 20, 3)]
    [TestCase(300 << 20, 1)]
    public void InTurn_TakesAsManySetsAsOutgrowTheCaches(int bytes, int sets)
    {
        int made = 0;
        List<int> runs = [];
        using BenchSubject subject = BenchSubject.InTurn(() =>
        {
            int number = made++;
            return new BenchSubject { Op = "op", Sizes = "", Flops = 1, Bytes = bytes, Forward = () => runs.Add(number) };
        });
        for (int i = 0; i <= sets; i++)
        {
            subject.Forward();
        }
        Assert.That(runs, Is.EqualTo(Enumerable.Range(0, sets).Append(0)));
    }

    [Test]
    public void SizedOps_AllHaveATest() =>
        Assert.That(
            typeof(BenchTests).GetMethod(nameof(SizedOp_AtSmallSizes_RunsForwardAndBackward))!
                .GetCustomAttributes(typeof(TestCaseAttribute), false).Cast<TestCaseAttribute>().Select(test => test.Arguments[0]).Distinct(),
            Is.EquivalentTo(SizedOps.All.Select(op => op.Name).Where(name => name != "add")));
}
