using System.Diagnostics;
using System.Globalization;

namespace HyperKernels.Tests;

/// <summary>The same program gives the same bits in another process and with any number of threads: trainings, hashed whole.</summary>
public sealed class DeterminismTests
{
    private static readonly TimeSpan s_longest = TimeSpan.FromMinutes(3);

    [Test]
    public void Training_InSeveralProcessesAndNumbersOfThreads_EndsWithTheSameBits()
    {
        int[] threads = [1, 1, 2, 2, 3, 3];
        string[] hashes = Outputs([.. threads.Select(count => Start(count, []))]);

        Assert.That(hashes[0], Does.Match("^MIP [0-9A-F]{64}\nHGNN [0-9A-F]{64}$"));
        Assert.That(hashes, Is.All.EqualTo(hashes[0]), "threads 1, 1, 2, 2, 3, 3");
    }

    [Test]
    public void Training_AtALowerVectorWidth_EndsWithTheSameBitsOfItsOwn()
    {
        // Sums are cut where vectors end: the bits are those of the width, and each width's own do not depend on threads either.
        (string, string)[] narrow = [("DOTNET_EnableAVX512", "0")];
        string[] hashes = Outputs([Start(1, narrow), Start(3, narrow)]);

        Assert.That(hashes[1], Is.EqualTo(hashes[0]));
    }

    private static Process Start(int threads, (string Name, string Value)[] settings)
    {
        ProcessStartInfo start = new("dotnet", [typeof(DeterminismTests).Assembly.Location, "trainings"]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["HYPERKERNELS_THREADS"] = threads.ToString(CultureInfo.InvariantCulture);
        foreach ((string name, string value) in settings)
        {
            start.Environment[name] = value;
        }
        return Process.Start(start)!;
    }

    private static string[] Outputs(Process[] processes) => [.. processes.Select(Output)];

    private static string Output(Process process)
    {
        using (process)
        {
            Task<string> error = process.StandardError.ReadToEndAsync();
            string output = process.StandardOutput.ReadToEnd();
            if (!process.WaitForExit(s_longest))
            {
                process.Kill();
            }
            Assert.That(process.ExitCode, Is.Zero, error.GetAwaiter().GetResult());
            return output.ReplaceLineEndings("\n").Trim();
        }
    }
}
