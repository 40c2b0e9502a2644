using System.Globalization;
using HyperKernels.IO;

namespace HyperKernels.Cli.Training;

/// <summary>Checkpoints that stay under the number of their step.</summary>
internal static class KeptCheckpoints
{
    private const string Prefix = "checkpoint-";
    private const string Suffix = ".safetensors";

    /// <summary>Writes one more, and removes those of earlier steps beyond so many. What lies there of later steps is another run's, and stays.</summary>
    public static void Add(Checkpoint checkpoint, string folder, int keep)
    {
        if (keep == 0)
        {
            return;
        }
        string numbered = Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"{Prefix}{checkpoint.Step}{Suffix}"));
        File.Delete(numbered);
        checkpoint.Save(numbered);
        IEnumerable<string> beyond = Directory.EnumerateFiles(folder, $"{Prefix}*{Suffix}")
            .Select(path => (Path: path, Step: StepOf(path)))
            .Where(kept => kept.Step >= 0 && kept.Step <= checkpoint.Step)
            .OrderByDescending(kept => kept.Step)
            .Skip(keep)
            .Select(kept => kept.Path)
            .ToArray();
        foreach (string path in beyond)
        {
            File.Delete(path);
        }
    }

    private static long StepOf(string path) =>
        long.TryParse(Path.GetFileName(path)[Prefix.Length..^Suffix.Length], NumberStyles.None, CultureInfo.InvariantCulture, out long step) ? step : -1;
}
