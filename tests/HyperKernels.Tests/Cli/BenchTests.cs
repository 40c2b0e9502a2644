using System.Text.Json;

namespace HyperKernels.Tests.Cli;

public sealed class BenchTests
{
    [Test]
    public void Bench_WithSizes_GivesTimesAndShares()
    {
        CliResult result = CliProcess.Run("bench", "--op", "add", "--sizes", "P=4099", "--threads", "1", "--json");
        Assert.That(result.ExitCode, Is.Zero, result.ToString());
        JsonElement row = result.Json.EnumerateArray().First(r => r.GetProperty("sizes").GetString() == "P=4099");
        Assert.Multiple(() =>
        {
            Assert.That(row.GetProperty("op").GetString(), Is.EqualTo("add"));
            Assert.That(row.GetProperty("backend").GetString(), Is.EqualTo("cpu"));
            Assert.That(row.GetProperty("threads").GetInt32(), Is.EqualTo(1));
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

    [TestCase("--op", "no_such_op", "--sizes", "P=4")]
    [TestCase("--sizes", "P=4")]
    [TestCase("--op", "no_such_op")]
    [TestCase("--op", "add", "--sizes", "P=4", "--threads", "0")]
    public void Bench_WithUnknownOpOrBadOption_ExitsWithUsageCode(params string[] arguments)
    {
        CliResult result = CliProcess.Run(["bench", .. arguments]);
        Assert.That(result.ExitCode, Is.EqualTo(2), result.ToString());
    }
}
