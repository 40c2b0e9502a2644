using System.Text.RegularExpressions;
using HyperKernels.Backends;

namespace HyperKernels.Tests.Architecture;

/// <summary>The dependency rule: a file uses its own folder and the floors beneath it. <see cref="Floors"/> holds the tables.</summary>
public sealed partial class FloorTests
{
    // What ops do with buffers; moving bytes and waiting is what tensors and devices do themselves.
    private static readonly Type[] s_compute =
    [
        typeof(IElementwiseBackend), typeof(IReduceBackend), typeof(IShapeBackend), typeof(IGatherBackend), typeof(IMatmulBackend), typeof(IConvBackend),
        typeof(IPoolBackend), typeof(ISoftmaxBackend), typeof(INormalizeBackend), typeof(IGatesBackend), typeof(ISegmentBackend), typeof(IGenerateBackend), typeof(IRandomBackend),
        typeof(IOptimizerBackend),
    ];

    [Test]
    public void File_UsesItsFolderAndTheFloorsBeneath()
    {
        List<string> broken = [];
        foreach (SourceUse use in SourceUses.All.Uses)
        {
            string folder = SourceUses.FolderOf(use.File);
            string used = FolderOf(use);
            bool excepted = Floors.Exceptions.TryGetValue(use.File, out (string[] Uses, string Why) exception) && Floors.Lists(exception.Uses, used);
            if (!excepted && Floors.Allows(folder, used) == false)
            {
                broken.Add($"{use.File}({use.Line}): {use.Name} of {used}");
            }
        }
        Assert.That(broken, Is.Empty, "Floors.cs lists what a folder may use");
    }

    [Test]
    public void Folder_WithCode_IsInTheTables()
    {
        IEnumerable<string> unknown = SourceUses.All.Files.Select(SourceUses.FolderOf).Distinct().Where(folder => Floors.Allows(folder, folder) is null);
        Assert.That(unknown, Is.Empty, "a new folder needs a line in Floors.cs; a file belongs into a folder");
    }

    [Test]
    public void Tables_NameWhatExists()
    {
        Assert.Multiple(() =>
        {
            Assert.That(Floors.Folders.Where(folder => !Directory.Exists(Path.Combine(TestData.Repository, folder))), Is.Empty);
            Assert.That(Floors.Exceptions.Keys, Is.SubsetOf(SourceUses.All.Files));
        });
    }

    [Test]
    public void Type_InSeveralFolders_IsInTheTable()
    {
        Dictionary<string, string[]> found = SourceUses.All.SpreadTypes
            .Where(type => !type.Value.All(folder => folder.StartsWith("tools/", StringComparison.Ordinal)))
            .ToDictionary(type => type.Key, type => type.Value);
        Assert.That(found.Keys, Is.EquivalentTo(Floors.SpreadTypes.Keys));
        Assert.Multiple(() =>
        {
            foreach ((string type, string[] folders) in found)
            {
                (string home, string[] parts, _) = Floors.SpreadTypes[type];
                Assert.That(folders, Is.SubsetOf(parts.Append(home)), type);
            }
        });
    }

    [Test]
    public void OnlyOps_CallTheComputeMembersOfBackends()
    {
        HashSet<string> compute = [.. s_compute.Select(contract => contract.Name)];
        IEnumerable<string> callers = SourceUses.All.Uses
            .Where(use => compute.Contains(use.Owner) && use.Name != use.Owner)
            .Where(use => !use.File.StartsWith("src/HyperKernels/Ops/", StringComparison.Ordinal) && !use.File.StartsWith("src/HyperKernels/Backends/", StringComparison.Ordinal)
                && !use.File.StartsWith("kernels/", StringComparison.Ordinal))
            .Select(use => $"{use.File}({use.Line}): {use.Name}");
        Assert.That(callers, Is.Empty);
    }

    [Test]
    public void Layers_NameNoContractOfBackends()
    {
        IEnumerable<string> named = SourceUses.All.Uses
            .Where(use => use.File.StartsWith("src/HyperKernels/Layers/", StringComparison.Ordinal) || use.File.StartsWith("src/HyperKernels/IO/", StringComparison.Ordinal))
            .Where(use => Contract().IsMatch(use.Owner) || use.Name == "Device.Backend")
            .Select(use => $"{use.File}({use.Line}): {use.Name}");
        Assert.That(named, Is.Empty, "layers reach devices through ops");
    }

    [Test]
    public void Kernels_KnowNothingOfWhatLaunchesThem()
    {
        IEnumerable<string> named = SourceUses.All.Uses
            .Where(use => use.File.EndsWith("Kernels.cs", StringComparison.Ordinal) || use.File.StartsWith("kernels/HyperKernels.Gpu/Lib/", StringComparison.Ordinal))
            .Where(use => use.File.StartsWith("kernels/", StringComparison.Ordinal))
            .Where(use => Contract().IsMatch(use.Owner) || use.Owner is "GpuBackend" or "GpuDevice" or "GpuBuffer" or "BufferRef")
            .Select(use => $"{use.File}({use.Line}): {use.Name}");
        Assert.That(named, Is.Empty, "a kernel has views and numbers");
    }

    [Test]
    public void Ilgpu_IsNamedByTheKernelsAlone()
    {
        IEnumerable<string> files = SourceUses.All.Files
            .Where(file => !file.StartsWith("kernels/", StringComparison.Ordinal))
            .Where(file => File.ReadAllText(Path.Combine(TestData.Repository, file)).Contains("using ILGPU", StringComparison.Ordinal));
        Assert.That(files, Is.Empty, "the engine stays fit for trimming and ahead-of-time compilation");
    }

    [Test]
    public void Internals_AreSeenByTheProjectsThatNeedThem()
    {
        string project = File.ReadAllText(Path.Combine(TestData.Repository, "src/HyperKernels/HyperKernels.csproj"));
        Assert.That(
            Friend().Matches(project).Select(friend => friend.Groups[1].Value),
            Is.EquivalentTo(new[] { "HyperKernels.Cases", "HyperKernels.Tests", "HyperKernels.Bench", "HyperKernels.Gpu" }),
            "what is built on the engine is built on its public members: what published systems need, a user's own need as well");
    }

    [Test]
    public void Names_AreAllUnderstood() =>
        Assert.That(SourceUses.All.Unbound, Is.Empty, "what the compiler cannot find here, the other tests do not see");

    private static string FolderOf(SourceUse use)
    {
        string type = use.Name == use.Owner && Floors.SpreadTypes.TryGetValue(use.Owner, out (string Home, string[] Parts, string Why) spread) ? spread.Home : "";
        return type.Length > 0 ? type : SourceUses.FolderOf(use.Declared[0]);
    }

    [GeneratedRegex(@"^I[A-Z]\w*Backend$|^IBackend$")]
    private static partial Regex Contract();

    [GeneratedRegex(@"<InternalsVisibleTo Include=""([^""]+)""")]
    private static partial Regex Friend();
}
