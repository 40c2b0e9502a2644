using System.Text.RegularExpressions;

namespace HyperKernels.Tests;

/// <summary>
/// The dependency rule: a file uses its own folder and the floors beneath it. Scanned over the sources as text, so that a short table
/// is all there is to read.
/// </summary>
public sealed partial class ArchitectureTests
{
    /// <summary>Folder (below the repository), and what must not be named there.</summary>
    private static readonly (string Folder, string Reason, string[] Forbidden)[] s_rules =
    [
        ("src/HyperKernels/Backends", "floor 0 knows buffers and integers only",
            [@"\bTensor\b", @"\bTensorNode\b", @"\bTape\b", @"\bMemoryScope\b", @"\bOps\.", @"HyperKernels\.(Layers|Optim|IO|Cases)"]),
        ("src/HyperKernels/Backends/Cpu", "the backends are neighbours", [@"\bGpu", @"OpenCL", @"Cuda"]),
        ("src/HyperKernels/Ops", "floor 2 stands below layers, optimisers and files", [@"HyperKernels\.(Layers|Optim|IO|Cases)", @"\bLayer\b"]),
        ("src/HyperKernels/Optim", "layers, optimisers and files are neighbours", [@"HyperKernels\.(Layers|IO|Cases)", @"IBackend\b"]),
        ("src/HyperKernels/IO", "layers, optimisers and files are neighbours", [@"HyperKernels\.(Layers|Optim|Cases)", @"IBackend\b"]),
        ("src/HyperKernels/Layers", "layers reach devices through Ops", [@"HyperKernels\.(Optim|Cases)", @"IBackend\b", @"\.Backend\b", @"HyperKernels\.Backends"]),
        ("tools", "tools use what a user could call", [@"HyperKernels\.Backends", @"IBackend\b"]),
    ];

    public static IEnumerable<TestCaseData> Rules => s_rules.Select(rule => new TestCaseData(rule.Folder, rule.Reason, rule.Forbidden).SetArgDisplayNames(rule.Folder));

    [TestCaseSource(nameof(Rules))]
    public void Folder_UsesNothingAboveOrBesideIt(string folder, string reason, string[] forbidden)
    {
        List<string> broken = [];
        foreach (string file in Sources(folder))
        {
            string code = WithoutComments(File.ReadAllText(file));
            broken.AddRange(forbidden.Where(word => Regex.IsMatch(code, word)).Select(word => $"{Path.GetRelativePath(TestData.Repository, file)}: {word}"));
        }
        Assert.That(broken, Is.Empty, reason);
    }

    [Test]
    public void Rules_NameFoldersThatExist() =>
        Assert.That(s_rules.Select(rule => rule.Folder), Has.All.Matches<string?>(folder => Directory.Exists(Path.Combine(TestData.Repository, folder!))));

    [Test]
    public void OnlyOps_CallTheComputeMembersOfBackends()
    {
        IEnumerable<string> callers = Sources("src/HyperKernels")
            .Where(file => ComputeCall().IsMatch(WithoutComments(File.ReadAllText(file))))
            .Select(file => Path.GetRelativePath(Path.Combine(TestData.Repository, "src/HyperKernels"), file).Replace('\\', '/'))
            .Where(file => !file.StartsWith("Ops/", StringComparison.Ordinal));
        Assert.That(callers, Is.Empty);
    }

    // Moving bytes and waiting is what tensors and devices do themselves; anything else is computing.
    [GeneratedRegex(@"\bBackend\.(?!Upload\b|Download\b|Fill\b|Synchronize\b|Allocate\b|Name\b|Description\b|TryGetSpan\b|Dispose\b)[A-Z]\w*\(")]
    private static partial Regex ComputeCall();

    [GeneratedRegex(@"//[^\n]*|/\*.*?\*/|""(?:\\.|[^""\\\n])*""", RegexOptions.Singleline)]
    private static partial Regex Comments();

    private static string WithoutComments(string code) => Comments().Replace(code, "");

    private static IEnumerable<string> Sources(string folder) =>
        Directory.EnumerateFiles(Path.Combine(TestData.Repository, folder), "*.cs", SearchOption.AllDirectories);
}
