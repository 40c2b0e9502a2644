using System.ComponentModel;
using System.Diagnostics;
using System.Text.RegularExpressions;
using HyperKernels.Backends.Cuda;
using HyperKernels.Backends.Gpu;

namespace HyperKernels.Tests.Gpu;

/// <summary>Every file of kernels is valid CUDA and valid C, without a warning, and needs no library on the device.</summary>
public sealed partial class KernelCompileTests
{
    private static readonly string s_kernels = Path.Combine(TestData.Repository, "kernels");

    // What a group may have on every architecture without asking for more.
    private const int SharedBytes = 48 << 10;

    // The oldest is what -p:EmbedPtx=true compiles for.
    private static readonly string[] s_architectures = ["sm_75", "sm_80", "sm_90a"];

    public static IEnumerable<string> Files => KernelSource.Files;

    public static IEnumerable<TestCaseData> Cuda =>
        from file in KernelSource.Files
        from architecture in s_architectures
        where !IsForTensorCores(file) || architecture != s_architectures[0]
        select new TestCaseData(file, architecture).SetArgDisplayNames(file, architecture);

    public static IEnumerable<TestCaseData> Host =>
        from file in KernelSource.Files from compiler in new[] { "gcc", "clang-19" } select new TestCaseData(file, compiler).SetArgDisplayNames(file, compiler);

    [TestCaseSource(nameof(Cuda))]
    public void Clang_AsCuda_GivesPtxThatNeedsNothingElse(string file, string architecture)
    {
        string ptx = Compile(
            "clang-19", "-x", "cuda", "--cuda-device-only", $"--cuda-gpu-arch={architecture}", "-nocudalib", "-nocudainc", "-O3", "-S",
            "-Wall", "-Wextra", "-Werror", "-include", "dialect/cuda.h", "-I.", file, "-o", "-");
        Assert.Multiple(() =>
        {
            Assert.That(ptx, Does.Contain($".target {architecture}").And.Contain(".visible .entry"));
            Assert.That(ptx, Does.Not.Contain(".extern .func"), "a function that only a library has");
            // The driver tells a kernel's group size from this line.
            Assert.That(Count(ptx, ".maxntid "), Is.EqualTo(Count(ptx, ".visible .entry ")));
            Assert.That(Shared(ptx).Where(kernel => kernel.Bytes > SharedBytes), Is.Empty);
            Assert.That(ptx, Does.Not.Contain(".f64"), "a literal without f, or a double");
        });
    }

    [TestCaseSource(nameof(Host))]
    public void CCompiler_HasNoWarning(string file, string compiler) =>
        Compile(compiler, "-x", "c", "-std=c11", "-fsyntax-only", "-Wall", "-Wextra", "-Werror", "-include", "dialect/host.h", "-I.", file);

    [Test]
    public void EmbeddedPtx_IsCompiledForTheArchitectureThatItsDevicesAreCheckedFor() =>
        Assert.That(
            File.ReadAllText(Path.Combine(TestData.Repository, "src", "HyperKernels", "HyperKernels.csproj")),
            Does.Contain($"<PtxArchitecture>{s_architectures[0]}</PtxArchitecture>")
                .And.Contain($"<PtxArchitecture>sm_{EmbeddedPtx.Architecture}</PtxArchitecture>")
                .And.Contain($"<TensorPtxArchitecture>sm_{EmbeddedPtx.TensorArchitecture}</TensorPtxArchitecture>"));

    [Test]
    public void Files_AreTheFoldersOwn() =>
        Assert.That(KernelSource.Files, Is.Not.Empty.And.EquivalentTo(
            Directory.EnumerateFiles(s_kernels, "*.c", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(s_kernels, file).Replace('\\', '/'))));

    [Test]
    public void Readme_NamesEveryMacroOfTheDialects()
    {
        string readme = File.ReadAllText(Path.Combine(s_kernels, "README.md"));
        IEnumerable<string> macros = Directory.EnumerateFiles(Path.Combine(s_kernels, "dialect"), "*.h")
            .SelectMany(file => Macro().Matches(File.ReadAllText(file))).Select(match => match.Groups[1].Value).Distinct();
        Assert.That(macros.Where(name => !readme.Contains($"`{name}", StringComparison.Ordinal)), Is.Empty);
    }

    // Those that begin with HK_ are the dialect's own affair.
    [GeneratedRegex(@"^#define (?!HK_)([A-Z]\w*)", RegexOptions.Multiline)]
    private static partial Regex Macro();

    // A group's variables are named after their kernel: _ZZ, the name's length, the name.
    [GeneratedRegex(@"\.shared \.align \d+ \.b(\d+) _ZZ(\d+)(\w+)\[(\d+)\]")]
    private static partial Regex SharedVariable();

    private static IEnumerable<(string Kernel, int Bytes)> Shared(string ptx) =>
        from variable in SharedVariable().Matches(ptx)
        let bytes = int.Parse(variable.Groups[1].Value) / 8 * int.Parse(variable.Groups[4].Value)
        group bytes by variable.Groups[3].Value[..int.Parse(variable.Groups[2].Value)] into kernel
        select (kernel.Key, kernel.Sum());

    private static bool IsForTensorCores(string file) => file.StartsWith("cuda/", StringComparison.Ordinal);

    private static int Count(string text, string part) => text.Split(part).Length - 1;

    // In the kernels' folder, so that messages and includes are those of the sources.
    private static string Compile(string compiler, params string[] arguments)
    {
        ProcessStartInfo start = new(compiler, arguments) { WorkingDirectory = s_kernels, RedirectStandardOutput = true, RedirectStandardError = true };
        try
        {
            using Process process = Process.Start(start)!;
            Task<string> errors = process.StandardError.ReadToEndAsync();
            string output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            Assert.That(process.ExitCode, Is.Zero, errors.GetAwaiter().GetResult());
            Assert.That(errors.GetAwaiter().GetResult(), Is.Empty);
            return output;
        }
        catch (Win32Exception)
        {
            throw new IgnoreException($"{compiler} is not on this machine (Debian: apt-get install {compiler}).");
        }
    }
}
