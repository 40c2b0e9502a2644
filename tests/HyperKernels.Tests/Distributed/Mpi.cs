using System.Diagnostics;
using HyperKernels.Distributed;

namespace HyperKernels.Tests.Distributed;

/// <summary>Runs programs as several processes under mpirun; where Open MPI is absent the test is skipped with its reason, or fails if HYPERKERNELS_REQUIRE names mpi.</summary>
internal static class Mpi
{
    private static readonly TimeSpan s_longest = TimeSpan.FromMinutes(2);

    /// <summary>Runs one of the programs in this folder's <c>Ranks</c>.</summary>
    public static MpiResult Ranks(int processes, params string[] arguments) =>
        Start(processes, ["dotnet", typeof(Mpi).Assembly.Location, .. arguments]);

    /// <summary>Runs the command line.</summary>
    public static MpiResult Cli(int processes, params string[] arguments) => Start(processes, [Program("HyperKernels.Cli", "hyperkernels"), .. arguments]);

    /// <summary>A program that is built beside the tests, in the same configuration.</summary>
    public static string Program(string project, string name) =>
        Path.Combine(TestData.Repository, "artifacts", "bin", project, Path.GetFileName(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory)), name);

    /// <summary>Starts a command as so many processes and waits for their end.</summary>
    public static MpiResult Start(int processes, IEnumerable<string> command)
    {
        using Process process = Begin(processes, command);
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> error = process.StandardError.ReadToEndAsync();
        Stopwatch watch = Stopwatch.StartNew();
        if (!process.WaitForExit(s_longest))
        {
            process.Kill(entireProcessTree: true);
            throw new AssertionException($"{processes} processes did not end within {s_longest.TotalMinutes} minutes: {string.Join(' ', command)}");
        }
        return new MpiResult(process.ExitCode, output.GetAwaiter().GetResult(), error.GetAwaiter().GetResult(), watch.Elapsed);
    }

    /// <summary>Starts a command as so many processes.</summary>
    public static Process Begin(int processes, IEnumerable<string> command)
    {
        Need();
        ProcessStartInfo start = new("mpirun") { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        // In containers the user is root, and there are fewer cores than processes.
        foreach (string argument in (IEnumerable<string>)["-np", $"{processes}", "--allow-run-as-root", "--oversubscribe", .. command])
        {
            start.ArgumentList.Add(argument);
        }
        return Process.Start(start)!;
    }

    /// <summary>Skips the test, or fails it, where there is no Open MPI.</summary>
    public static void Need()
    {
        MpiStatus status = MpiCommunicator.Status;
        string reason = !status.IsAvailable ? status.Reason : IsOnPath("mpirun") ? "" : "mpirun is not on the PATH; install Open MPI (apt-get install openmpi-bin).";
        if (reason.Length == 0)
        {
            return;
        }
        string[] required = (Environment.GetEnvironmentVariable("HYPERKERNELS_REQUIRE") ?? "").Split(',', StringSplitOptions.TrimEntries);
        if (required.Contains("mpi"))
        {
            throw new AssertionException($"HYPERKERNELS_REQUIRE names mpi, but {reason}");
        }
        throw new IgnoreException(reason);
    }

    private static bool IsOnPath(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Any(folder => File.Exists(Path.Combine(folder, program)));
}

/// <summary>What a run of several processes gave.</summary>
internal sealed record MpiResult(int ExitCode, string Output, string Error, TimeSpan Time)
{
    public override string ToString() => $"exit code {ExitCode} after {Time.TotalSeconds:F1} s\n{Output}\n{Error}";
}
