using HyperKernels.Cli.Soak;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace HyperKernels.Fuzzing;

/// <summary>Keeps files that something was wrong with, one of each kind, beside what was wrong.</summary>
internal sealed class Findings
{
    private readonly string _folder;
    private readonly HashSet<string> _kinds = [];

    public Findings(string folder)
    {
        Directory.CreateDirectory(folder);
        _folder = folder;
        foreach (string name in Directory.EnumerateFiles(folder, "*.txt").Select(Path.GetFileNameWithoutExtension).OfType<string>())
        {
            _kinds.Add(name);
        }
    }

    public int Count => _kinds.Count;

    public void Keep(FileVerdict verdict, ReadOnlySpan<byte> file)
    {
        string name = Name(verdict.Kind);
        if (_kinds.Add(name))
        {
            File.WriteAllBytes(Path.Combine(_folder, name), file.ToArray());
            File.WriteAllText(Path.Combine(_folder, $"{name}.txt"), string.Create(CultureInfo.InvariantCulture, $"{verdict.Kind}\n{file.Length} bytes\n{verdict.Text}\n"));
        }
    }

    private static string Name(string kind) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(kind)))[..12];
}
