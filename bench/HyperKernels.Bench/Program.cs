using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;

namespace HyperKernels.Bench;

internal static class Program
{
    private const int LongestRowName = 80;

    // Exit status 1 when a benchmark could not run: wrong values are refused before anything is timed.
    private static int Main(string[] args)
    {
        if (args is ["managed-rival", _, _])
        {
            return ManagedRival.Run(args[1], args[2]);
        }
        Summary[] summaries = [.. BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args, Config())];
        return summaries.Any(s => s.HasCriticalValidationErrors || s.Reports.Any(report => !report.Success)) ? 1 : 0;
    }

    private static IConfig Config() => ManualConfig.Create(DefaultConfig.Instance)
        .WithArtifactsPath(Path.Combine(Repository(), "artifacts", "benchmarks"))
        .WithSummaryStyle(SummaryStyle.Default.WithMaxParameterColumnWidth(LongestRowName))
        .HideColumns(Column.Error, Column.RatioSD)
        .AddDiagnoser(MemoryDiagnoser.Default)
        // In this process: no project has to be generated, restored and built per run. A mutator applies to jobs of the command line too.
        .AddJob(Job.Default.WithToolchain(InProcessEmitToolchain.Instance).AsMutator());

    private static string Repository()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "HyperKernels.sln")))
        {
            folder = folder.Parent;
        }
        return folder?.FullName ?? Environment.CurrentDirectory;
    }
}
