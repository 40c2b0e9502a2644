using System.Collections.Immutable;
using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using ILGPU.Backends;
using ILGPU.Backends.OpenCL;
using ILGPU.Backends.PTX;
using ILGPU.IR.Transformations;

namespace HyperKernels.Gpu;

/// <summary>
/// What has to be mended of ILGPU 1.5.3 before its code computes what the kernels say: one of its passes is exchanged, and the text of each kernel is
/// changed in a few places. Every kernel goes through here (<see cref="KernelLoader"/>).
/// </summary>
internal static partial class Repairs
{
    private const BindingFlags Hidden = BindingFlags.Instance | BindingFlags.NonPublic;

    // Backends that were mended already: an application may hand over one accelerator several times.
    private static readonly ConditionalWeakTable<Backend, object> s_mended = [];

    /// <summary>
    /// The pass that places code moves a load that feeds a branch behind later stores and barriers, so that it reads what came after. It is
    /// exchanged for the mode that leaves loads where they stand. OpenCL gets one more pass (<see cref="NaNComparisons"/>).
    /// </summary>
    /// <exception cref="NotSupportedException">The passes are not those of the version that this was written for.</exception>
    public static void Apply(Backend backend)
    {
        lock (s_mended)
        {
            if (!s_mended.TryGetValue(backend, out _))
            {
                Exchange(backend);
                s_mended.Add(backend, backend);
            }
        }
    }

    /// <summary>Puts the mended text into a kernel that ILGPU has compiled.</summary>
    public static void Mend(CompiledKernel kernel, int groupSize)
    {
        switch (kernel)
        {
            case PTXCompiledKernel ptx:
                Set(ptx, nameof(ptx.PTXAssembly), MendPtx(ptx.PTXAssembly, groupSize));
                break;
            case CLCompiledKernel openCL:
                Set(openCL, nameof(openCL.Source), MendOpenCL(openCL.Source, groupSize));
                break;
            default:
                throw new NotSupportedException($"HyperKernels.Gpu: kernels run on CUDA and OpenCL; got a {kernel.GetType().Name}.");
        }
    }

    /// <summary>
    /// Branches: a condition that follows another branch is called uniform although threads differ in it. Products and sums written as such stay apart,
    /// as on every other device. Launch bounds tell the driver how many registers a thread may have.
    /// </summary>
    internal static string MendPtx(string text, int groupSize)
    {
        text = Renumbered(text, PtxNumber());
        text = UniformBranch().Replace(text, "$1");
        text = UnroundedArithmetic().Replace(text, "$1.rn.f32");
        return text.Insert(text.IndexOf("\n{", text.IndexOf(".visible .entry", StringComparison.Ordinal), StringComparison.Ordinal), $"\n.maxntid {groupSize}, 1, 1");
    }

    /// <summary>
    /// Barriers order group memory, not only the device's. Products and sums written as such stay apart. The compiler is told the size of groups, and not to
    /// tell the user about unsigned constants, which are kept in signed variables.
    /// </summary>
    internal static string MendOpenCL(string text, int groupSize) =>
        "#pragma OPENCL FP_CONTRACT OFF\n#pragma clang diagnostic ignored \"-Wconstant-conversion\"\n" + Renumbered(text, OpenCLNumber())
            .Replace("work_group_barrier ( CLK_GLOBAL_MEM_FENCE )", "work_group_barrier(CLK_LOCAL_MEM_FENCE | CLK_GLOBAL_MEM_FENCE)", StringComparison.Ordinal)
            .Replace("kernel void Kernel_", $"__attribute__((reqd_work_group_size({groupSize}, 1, 1))) kernel void Kernel_", StringComparison.Ordinal);

    // Names carry numbers that count over all kernels of the process. Counted in the text alone, the same kernel has the same text whatever was compiled before
    // it, so that drivers find it again in what they keep on disk.
    private static string Renumbered(string text, Regex number)
    {
        Dictionary<string, int> known = [];
        return number.Replace(text, name =>
        {
            if (!known.TryGetValue(name.Value, out int at))
            {
                known.Add(name.Value, at = known.Count);
            }
            return at.ToString(CultureInfo.InvariantCulture);
        });
    }

    private static void Exchange(Backend backend)
    {
        PropertyInfo property = typeof(Backend).GetProperty("KernelTransformers", Hidden) ?? throw Unknown();
        int exchanged = 0;
        ImmutableArray<Transformer> transformers = (ImmutableArray<Transformer>)property.GetValue(backend)!;
        property.SetValue(backend, transformers.Select(Mended).ToImmutableArray());
        if (exchanged != 1)
        {
            throw Unknown();
        }

        Transformer Mended(Transformer transformer) => Transformer.Create(
            transformer.Configuration,
            transformer.Transformations.SelectMany(pass =>
            {
                if (pass is not CodePlacement { Mode: CodePlacementMode.Aggressive })
                {
                    return [pass];
                }
                exchanged++;
                CodePlacement placement = new CodePlacement<CodePlacement.GroupOperands>(CodePlacementMode.Default);
                return backend is CLBackend ? (Transformation[])[new NaNComparisons(), placement] : [placement];
            }).ToImmutableArray());
    }

    private static void Set(object kernel, string property, string text)
    {
        FieldInfo field = kernel.GetType().GetField($"<{property}>k__BackingField", Hidden) ?? throw Unknown();
        field.SetValue(kernel, text);
    }

    private static NotSupportedException Unknown() => new(
        $"HyperKernels.Gpu: ILGPU {typeof(Backend).Assembly.GetName().Version} is not the version whose code generator is mended here: reference ILGPU 1.5.3.");

    // Types and labels.
    [GeneratedRegex(@"(?<=\b(?:type|L)_)\d+")]
    private static partial Regex OpenCLNumber();

    // Labels, functions, their parameters and results; not the architecture.
    [GeneratedRegex(@"(?<=\w_)(?<!\bsm_)\d+\b")]
    private static partial Regex PtxNumber();

    [GeneratedRegex(@"(@!?%p\d+ bra)\.uni")]
    private static partial Regex UniformBranch();

    [GeneratedRegex(@"\b(add|sub|mul)\.f32")]
    private static partial Regex UnroundedArithmetic();
}
