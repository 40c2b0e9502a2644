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

    // The largest, tensor cores emulated, has 5,800; more is a kernel that grew by accident.
    private const int MostRegisters = 6000;

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
            Assert.That(DeclaredRegisters(text), Is.AtMost(MostRegisters), "registers declared, each written once: what a thread holds at a time is a fraction");
            Assert.That(text, Does.Contain(".maxntid"));
        });
    }

    /// <summary>What is written for four elements at a time reads and writes them at once.</summary>
    [TestCaseSource(nameof(KernelsOfFours))]
    public void KernelOfFours_ReadsAndWritesThemAtOnce(MethodInfo kernel)
    {
        string text = PtxOf(kernel);

        Assert.That(text, Does.Contain("ld.global.v4").And.Contain("st.global.v4"));
    }

    /// <summary>A tile's sums are fused multiply-adds: 16 or 64 of them a step.</summary>
    [TestCase(nameof(MatmulKernels.Tiled32), 16)]
    [TestCase(nameof(MatmulKernels.Tiled64), 16)]
    [TestCase(nameof(MatmulKernels.Tiled128), 64)]
    public void Tile_AddsUpByFusedMultiplyAdds(string kernel, int aStep)
    {
        string text = PtxOf(typeof(MatmulKernels).GetMethod(kernel)!);

        Assert.That(Regex.Count(text, @"\bfma\.rn\.f32\b"), Is.GreaterThanOrEqualTo(aStep));
        Assert.That(text, Does.Contain("ld.shared.v4").And.Contain("ld.global.v4"));
    }

    /// <summary>Devices later than ILGPU's table, and those at its end, get the same code.</summary>
    [Test]
    public void PtxOfALaterDevice_IsThatOf80()
    {
        using PTXBackend later = new(s_context, CudaArchitecture.SM_90, CudaInstructionSet.ISA_78, null!);
        Repairs.Apply(later);
        MethodInfo kernel = typeof(MatmulKernels).GetMethod(nameof(MatmulKernels.Tiled64))!;
        string text = ((PTXCompiledKernel)KernelLoader.Compile(later, kernel)).PTXAssembly;

        Assert.That(text.Replace(".version 7.8", ".version 7.0", StringComparison.Ordinal), Is.EqualTo(PtxOf(kernel)));
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

    private static IEnumerable<TestCaseData> KernelsOfFours() => KernelInstances.All
        .Where(kernel => kernel.Name is nameof(ElementwiseKernels.Fours) or nameof(GatherKernels.Rows4) or nameof(ShapeKernels.Copy4)
            || kernel.GetGenericArguments().Contains(typeof(F4)))
        .Where(kernel => kernel.Name != nameof(SegmentKernels.Dot))
        .Select(kernel => new TestCaseData(kernel).SetArgDisplayNames(KernelLoader.NameOf(kernel)));

    private static string PtxOf(MethodInfo kernel) => ((PTXCompiledKernel)KernelLoader.Compile(s_backend, kernel)).PTXAssembly;

    private static string[] Lines(string text, string pattern) => [.. text.Split('\n').Where(line => Regex.IsMatch(line, pattern)).Take(3)];

    private static int SharedBytes(string text) => SharedArray().Matches(text).Sum(match => int.Parse(match.Groups[1].ValueSpan, null));

    private static int DeclaredRegisters(string text) => Registers().Matches(text).Sum(match => int.Parse(match.Groups[1].ValueSpan, null));

    [GeneratedRegex(@"\.reg \.\w+\s+%\w+<(\d+)>")]
    private static partial Regex Registers();

    [GeneratedRegex(@"\.shared \.align \d+ \.b8 [^\[]+\[(\d+)\]")]
    private static partial Regex SharedArray();
}
