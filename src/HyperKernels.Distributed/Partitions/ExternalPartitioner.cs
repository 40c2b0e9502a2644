using System.Diagnostics;
using System.Globalization;
using HyperKernels.IO;

namespace HyperKernels.Distributed;

/// <summary>Partitioners that are installed beside: Mt-KaHyPar or KaHyPar, started as programs on hMETIS files.</summary>
public static class ExternalPartitioner
{
    // As the projects' own builds name them; the first that is found is taken.
    private static readonly string[] s_names = ["mtkahypar", "mt-kahypar", "MtKaHyPar", "KaHyPar", "kahypar"];

    /// <summary>The program that <see cref="Partition"/> would start.</summary>
    /// <param name="program">Its path; null if there is none.</param>
    /// <returns>Whether there is one on PATH.</returns>
    public static bool TryFind(out string? program)
    {
        string[] folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries);
        program = s_names.SelectMany(name => folders.Select(folder => Path.Combine(folder, name))).FirstOrDefault(File.Exists);
        return program is not null;
    }

    /// <summary>Partitions by connectivity.</summary>
    /// <param name="program">The program.</param>
    /// <param name="hypergraph">A hMETIS file.</param>
    /// <param name="incidence">The same hypergraph.</param>
    /// <param name="parts">How many parts.</param>
    /// <param name="imbalance">How much larger than the mean a part may be.</param>
    /// <param name="preset">KaHyPar's file of settings (<c>km1_kKaHyPar_sea20.ini</c>), which it does not start without; null for Mt-KaHyPar.</param>
    /// <exception cref="IOException">The program fails, or leaves no part file; the message has its last lines.</exception>
    public static HypergraphPartition Partition(string program, string hypergraph, Incidence incidence, int parts, double imbalance = 0.03, string? preset = null)
    {
        ArgumentNullException.ThrowIfNull(incidence);
        bool isThreaded = Path.GetFileName(program).StartsWith("mt", StringComparison.OrdinalIgnoreCase);
        if (!isThreaded && preset is null)
        {
            throw new ArgumentException("ExternalPartitioner: KaHyPar needs a file of settings, such as km1_kKaHyPar_sea20.ini of its config folder.", nameof(preset));
        }
        DirectoryInfo folder = Directory.CreateTempSubdirectory("hyperkernels-partition-");
        try
        {
            // The part file comes to lie beside the hypergraph.
            string input = Path.Combine(folder.FullName, "input.hgr");
            File.Copy(hypergraph, input);
            string epsilon = imbalance.ToString(CultureInfo.InvariantCulture);
            string[] arguments =
            [
                "-h", input, "-k", $"{parts}", "-e", epsilon, "-o", "km1",
                .. isThreaded ? Threaded(preset ?? "default", folder.FullName) : ["-m", "direct", "-w", "true", "-p", preset!],
            ];
            string said = Start(program, arguments);
            string? file = Directory.EnumerateFiles(folder.FullName).Where(path => path != input).Order().FirstOrDefault(path => path.Contains("part", StringComparison.Ordinal));
            return file is null
                ? throw new IOException($"{program}: it ended without a part file: {said}")
                : new HypergraphPartition(incidence, PartitionFile.Read(file, incidence.NodeCount), parts);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static string[] Threaded(string preset, string folder) =>
        ["-t", $"{Environment.ProcessorCount}", $"--preset-type={preset}", "--write-partition-file=true", $"--partition-output-folder={folder}"];

    private static string Start(string program, string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })
            ?? throw new IOException($"{program}: it could not be started.");
        Task<string> error = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        string[] last = [.. $"{output}\n{error.GetAwaiter().GetResult()}".Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).TakeLast(3)];
        string said = string.Join(" | ", last);
        return process.ExitCode == 0 ? said : throw new IOException($"{program}: exit code {process.ExitCode}: {said}");
    }
}
