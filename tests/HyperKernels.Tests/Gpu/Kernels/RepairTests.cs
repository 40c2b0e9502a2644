using System.Reflection;
using System.Text.RegularExpressions;
using HyperKernels.Gpu;
using ILGPU;
using ILGPU.Backends;
using ILGPU.Backends.EntryPoints;
using ILGPU.Backends.OpenCL;
using ILGPU.Backends.PTX;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;
using ILGPU.Runtime.OpenCL;

namespace HyperKernels.Tests.Gpu.Kernels;

/// <summary>
/// The defects of ILGPU's code generator that are mended: each is there without the repair and gone with it. Where one of these fails with a newer ILGPU, its
/// passes have changed: look at the repair again before anything else.
/// </summary>
[TestFixture]
public sealed class RepairTests
{
    /// <summary>A. A load that feeds a branch moves behind the store that follows it.</summary>
    [Test]
    public void WithoutRepair_ALoadMovesBehindALaterStore()
    {
        string asShipped = PtxOf(nameof(RepairKernels.LoadBeforeStore), mended: false);
        string mended = PtxOf(nameof(RepairKernels.LoadBeforeStore), mended: true);

        Assert.Multiple(() =>
        {
            Assert.That(FirstStore(asShipped), Is.LessThan(FirstLoad(asShipped)), "as shipped, the store comes first");
            Assert.That(FirstLoad(mended), Is.LessThan(FirstStore(mended)), "mended, the load comes first");
        });
    }

    /// <summary>A, run: what was read counts, not what was written after.</summary>
    [Test]
    public void Mended_ALoadReadsWhatStoodThereBefore()
    {
        _ = Gpus.OpenCL;
        int[] values = [9, 1, 7, 3];

        Assert.That(Run(nameof(RepairKernels.LoadBeforeStore), values), Is.EqualTo(new[] { 1, 0, 1, 0 }));
    }

    /// <summary>B. A condition that follows another branch is called the same for all threads although they differ in it.</summary>
    [Test]
    public void WithoutRepair_ADivergentBranchIsCalledUniform()
    {
        Assert.Multiple(() =>
        {
            Assert.That(PtxOf(nameof(RepairKernels.BranchAfterBranch), mended: false), Does.Match(@"@!?%p\d+ bra\.uni"));
            Assert.That(PtxOf(nameof(RepairKernels.BranchAfterBranch), mended: true), Does.Not.Match(@"@!?%p\d+ bra\.uni"));
        });
    }

    /// <summary>C. A barrier orders the device's memory alone, which the standard does not let group memory be exchanged by.</summary>
    [Test]
    public void WithoutRepair_ABarrierDoesNotOrderGroupMemory()
    {
        _ = Gpus.OpenCL;
        (string asShipped, string mended) = OpenCLOf(nameof(RepairKernels.Exchange));

        Assert.Multiple(() =>
        {
            Assert.That(asShipped, Does.Contain("CLK_GLOBAL_MEM_FENCE").And.Not.Contain("CLK_LOCAL_MEM_FENCE"));
            Assert.That(Regex.Matches(mended, @"work_group_barrier").Count, Is.EqualTo(Regex.Matches(mended, "CLK_LOCAL_MEM_FENCE").Count));
        });
    }

    /// <summary>C, run.</summary>
    [Test]
    public void Mended_ABarrierLetsAGroupExchangeValues()
    {
        _ = Gpus.OpenCL;
        int[] values = [.. Enumerable.Range(0, 64)];

        Assert.That(Run(nameof(RepairKernels.Exchange), values), Is.EqualTo(values.Reverse()));
    }

    /// <summary>D. A condition that was turned round holds for NaN, which is not said in OpenCL.</summary>
    [Test]
    public void WithoutRepair_AComparisonForgetsNaN()
    {
        _ = Gpus.OpenCL;
        using Context context = Context.Create(builder => Accelerators.Prepare(builder));
        using CLAccelerator accelerator = FirstDevice().CreateCLAccelerator(context);
        string asShipped = ((CLCompiledKernel)AsShipped(accelerator.GetBackend(), nameof(RepairKernels.CompareToOne))).Source;

        Assert.Multiple(() =>
        {
            Assert.That(asShipped, Does.Not.Contain("!="));
            Assert.That(OpenCLOf(nameof(RepairKernels.CompareToOne)).Mended, Does.Contain("!="));
        });
    }

    /// <summary>D, run: nothing holds for NaN.</summary>
    [Test]
    public void Mended_NoComparisonHoldsForNaN()
    {
        _ = Gpus.OpenCL;
        int[] values = [.. new[] { 2, 1, 0.5f, float.NaN }.Select(BitConverter.SingleToInt32Bits)];

        Assert.That(Run(nameof(RepairKernels.CompareToOne), values), Is.EqualTo(new[] { 1, 1, 2, 0 }));
    }

    /// <summary>Sums and products that are written apart stay apart.</summary>
    [Test]
    public void WithoutRepair_TheDriverMayFuseProductsAndSums()
    {
        Assert.Multiple(() =>
        {
            Assert.That(PtxOf(nameof(RepairKernels.ProductAndSum), mended: false), Does.Match(@"\bmul\.f32").And.Match(@"\badd\.f32"));
            Assert.That(PtxOf(nameof(RepairKernels.ProductAndSum), mended: true), Does.Match(@"\bmul\.rn\.f32").And.Match(@"\badd\.rn\.f32"));
        });
    }

    /// <summary>What drivers keep on disk under a kernel's text is found again.</summary>
    [Test]
    public void Mended_AKernelHasTheSameTextWhateverWasCompiledBefore()
    {
        _ = Gpus.OpenCL;

        Assert.Multiple(() =>
        {
            string branch = nameof(RepairKernels.BranchAfterBranch), exchange = nameof(RepairKernels.Exchange), other = nameof(RepairKernels.LoadBeforeStore);
            Assert.That(PtxOf(branch, mended: true, before: other), Is.EqualTo(PtxOf(branch, mended: true)));
            Assert.That(OpenCLOf(exchange, before: other).Mended, Is.EqualTo(OpenCLOf(exchange).Mended));
        });
    }

    /// <summary>A backend whose passes are others is refused, once mended ones are not.</summary>
    [Test]
    public void ABackendWithOtherPassesIsRefused()
    {
        using Context other = Context.Create(builder => builder.Optimize(OptimizationLevel.O1));
        using PTXBackend backend = new(other, CudaArchitecture.SM_80, CudaInstructionSet.ISA_70, null!);

        Assert.That(() => Repairs.Apply(backend), Throws.TypeOf<NotSupportedException>().With.Message.Contains("1.5.3"));
    }

    [Test]
    public void AMendedBackendMayBeHandedOverAgain()
    {
        using Context context = Context.Create(builder => Accelerators.Prepare(builder));
        using PTXBackend backend = new(context, CudaArchitecture.SM_80, CudaInstructionSet.ISA_70, null!);
        Repairs.Apply(backend);

        Assert.That(() => Repairs.Apply(backend), Throws.Nothing);
    }

    private static MethodInfo Kernel(string name) => typeof(RepairKernels).GetMethod(name)!;

    private static string PtxOf(string kernel, bool mended, string? before = null)
    {
        using Context context = Context.Create(builder => Accelerators.Prepare(builder));
        using PTXBackend backend = new(context, CudaArchitecture.SM_80, CudaInstructionSet.ISA_70, null!);
        if (!mended)
        {
            return ((PTXCompiledKernel)AsShipped(backend, kernel)).PTXAssembly;
        }
        Repairs.Apply(backend);
        if (before is not null)
        {
            KernelLoader.Compile(backend, Kernel(before));
        }
        return ((PTXCompiledKernel)KernelLoader.Compile(backend, Kernel(kernel))).PTXAssembly;
    }

    private static (string AsShipped, string Mended) OpenCLOf(string kernel, string? before = null)
    {
        using Context context = Context.Create(builder => Accelerators.Prepare(builder));
        using CLAccelerator accelerator = FirstDevice().CreateCLAccelerator(context);
        Repairs.Apply(accelerator.GetBackend());
        if (before is not null)
        {
            KernelLoader.Compile(accelerator.GetBackend(), Kernel(before));
        }
        return (((CLCompiledKernel)AsShipped(accelerator.GetBackend(), kernel)).Source,
            ((CLCompiledKernel)KernelLoader.Compile(accelerator.GetBackend(), Kernel(kernel))).Source);
    }

    private static int[] Run(string kernel, int[] values)
    {
        using Context context = Context.Create(builder => Accelerators.Prepare(builder));
        using CLAccelerator accelerator = FirstDevice().CreateCLAccelerator(context);
        Repairs.Apply(accelerator.GetBackend());
        LoadedKernel<RepairArguments> loaded = KernelLoader.Load<RepairArguments>(
            accelerator, Kernel(kernel), KernelLoader.Compile(accelerator.GetBackend(), Kernel(kernel)));
        using MemoryBuffer1D<int, Stride1D.Dense> memory = accelerator.Allocate1D(values);
        loaded.Start(accelerator.DefaultStream, new KernelConfig(1, loaded.GroupSize), new RepairArguments { Values = memory.View.AsContiguous() });
        accelerator.DefaultStream.Synchronize();
        return memory.GetAsArray1D();
    }

    private static CLDevice FirstDevice() => Accelerators.OpenCLDevices()[0];

    private static CompiledKernel AsShipped(Backend backend, string kernel) =>
        backend.Compile(EntryPointDescription.FromExplicitlyGroupedKernel(Kernel(kernel)), KernelSpecialization.Empty);

    private static int FirstLoad(string text) => text.IndexOf("ld.global", StringComparison.Ordinal);

    private static int FirstStore(string text) => text.IndexOf("st.global", StringComparison.Ordinal);
}
