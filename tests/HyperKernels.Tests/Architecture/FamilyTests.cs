namespace HyperKernels.Tests.Architecture;

/// <summary>A family of ops is a row of same-named files: who looks for a word finds the op, its contract, both backends' code, the kernels and the cases.</summary>
public sealed class FamilyTests
{
    private static readonly string[] s_families =
        ["Elementwise", "Reduce", "Shape", "Gather", "Matmul", "Conv", "Pool", "Softmax", "Normalize", "Gates", "Segment", "Generate", "Random", "Optimizer"];

    public static IEnumerable<string> Families => s_families;

    [TestCaseSource(nameof(Families))]
    public void Family_HasAFileOfItsNameInEveryPlace(string family)
    {
        string[] places =
        [
            $"src/HyperKernels/Backends/IBackend.{family}.cs",
            $"src/HyperKernels/Backends/Cpu/{family}/CpuBackend.{family}.cs",
            $"kernels/HyperKernels.Gpu/Launch/GpuBackend.{family}.cs",
            $"src/HyperKernels/Ops/Ops.{family}.cs",
            $"kernels/HyperKernels.Gpu/{family}Kernels.cs",
            family == "Optimizer" ? "src/HyperKernels.Cases/Optimizers/OptimizerCases.cs" : $"src/HyperKernels.Cases/{family}Cases.cs",
        ];
        Assert.That(places.Where(place => !File.Exists(Path.Combine(TestData.Repository, place))), Is.Empty);
    }

    [TestCase("src/HyperKernels/Ops", "Ops.*.cs", "Ops.")]
    [TestCase("src/HyperKernels/Backends", "IBackend.*.cs", "IBackend.")]
    [TestCase("src/HyperKernels.Cases", "*Cases.cs", "")]
    public void File_BeginsWithItsFamily(string folder, string pattern, string prefix)
    {
        // The common parts, the contract that all backends have beside their families, and weights, which several families apply.
        string[] others = ["Ops.cs", "IBackend.cs", "IBackend.Memory.cs", "WeightCases.cs", "LayerCases.cs"];
        IEnumerable<string> strays = Directory.EnumerateFiles(Path.Combine(TestData.Repository, folder), pattern)
            .Select(file => Path.GetFileName(file))
            .Except(others)
            .Where(file => !s_families.Any(family => file.StartsWith($"{prefix}{family}", StringComparison.Ordinal)));
        Assert.That(strays, Is.Empty);
    }
}
