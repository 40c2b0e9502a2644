using System.Reflection;
using System.Text.RegularExpressions;
using HyperKernels.Gpu;
using ILGPU;
using ILGPU.Backends;
using ILGPU.Backends.PTX;
using ILGPU.Runtime.Cuda;

namespace HyperKernels.Tests.Gpu.Kernels;

/// <summary>Every kernel as the text that CUDA's driver is given: generated without a device, and read for what makes kernels slow or wrong.</summary>
[TestFixture]
public sealed partial class KernelTextTests
{
    // What a group can have on every device.
    private const int MostSharedBytes = 48 << 10;

    private static Context s_context = null!;
    private static Backend s_backend = null!;

    [OneTimeSetUp]
    public void MakeBackend()
    {
        s_context = Context.Create(builder => Accelerators.Prepare(builder));
        s_backend = new PTXBackend(s_context, CudaArchitecture.SM_80, CudaInstructionSet.ISA_70, null!);
        Repairs.Apply(s_backend);
    }

    [OneTimeTearDown]
    public void DisposeBackend()
    {
        s_backend.Dispose();
        s_context.Dispose();
    }

    [TestCaseSource(nameof(Kernels))]
    public void PtxHoldsNothingSlowOrWrong(MethodInfo kernel)
    {
        string text = PtxOf(kernel);

        Assert.Multiple(() =>
        {
            Assert.That(Lines(text, @"\.local\b"), Is.Empty, "registers that went to memory: an indexed array, or a variable whose address is taken");
            Assert.That(Lines(text, @"\.f64\b"), Is.Empty, "double precision");
            Assert.That(Lines(text, @"\.extern\b"), Is.Empty, "a function from elsewhere");
            Assert.That(Lines(text, @"\bbrx\.idx\b"), Is.Empty, "a jump table, which ILGPU gets wrong: no switch");
            Assert.That(Lines(text, @"@!?%p\d+ bra\.uni"), Is.Empty, "a branch that is said to be the same for all threads");
            Assert.That(Lines(text, @"\b(add|sub|mul)\.f32"), Is.Empty, "a sum or product that the driver may fuse");
            Assert.That(Lines(text, @"\.approx\b"), Is.Empty, "a function that is not exactly rounded");
            Assert.That(SharedBytes(text), Is.AtMost(MostSharedBytes), "bytes of group memory");
            Assert.That(text, Does.Contain(".maxntid"));
        });
    }

    /// <summary>Fragments stay in registers, 4 x 4 of them to a step.</summary>
    [TestCase(typeof(CudaTf32), "m16n8k8.row.col.f32.tf32.tf32.f32")]
    [TestCase(typeof(CudaBFloat16), "m16n8k16.row.col.f32.bf16.bf16.f32")]
    public void ATensorCoreKernelMultipliesByTheirInstruction(Type cores, string instruction)
    {
        string text = PtxOf(typeof(MatmulTensorKernels).GetMethod(nameof(MatmulTensorKernels.Tiled))!.MakeGenericMethod(cores));

        const string Four = @"\{%\w\d+, %\w\d+, %\w\d+, %\w\d+\}";
        Assert.That(Regex.Count(text, $@"mma\.sync\.aligned\.{Regex.Escape(instruction)}\s+{Four}, {Four}, \{{%r\d+, %r\d+\}}, {Four};"), Is.EqualTo(16));
    }

    private static IEnumerable<TestCaseData> Kernels() => KernelInstances.All.Select(kernel => new TestCaseData(kernel).SetArgDisplayNames(KernelLoader.NameOf(kernel)));

    private static string PtxOf(MethodInfo kernel) => ((PTXCompiledKernel)KernelLoader.Compile(s_backend, kernel)).PTXAssembly;

    private static string[] Lines(string text, string pattern) => [.. text.Split('\n').Where(line => Regex.IsMatch(line, pattern)).Take(3)];

    private static int SharedBytes(string text) => SharedArray().Matches(text).Sum(match => int.Parse(match.Groups[1].ValueSpan, null));

    [GeneratedRegex(@"\.shared \.align \d+ \.b8 [^\[]+\[(\d+)\]")]
    private static partial Regex SharedArray();
}
