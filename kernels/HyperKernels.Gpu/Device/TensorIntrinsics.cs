using System.Reflection;
using ILGPU;
using ILGPU.Backends.PTX;
using ILGPU.IR;
using ILGPU.IR.Intrinsics;
using ILGPU.IR.Values;

namespace HyperKernels.Gpu;

/// <summary>
/// What tensor cores do, from compute capability 8.0 on: one instruction each (PTX ISA, "Matrix Fragments for mma.m16n8k8" and
/// "mma.m16n8k16").
/// OpenCL has none of them: kernels that call one are for CUDA alone. Bodies as in <see cref="Intrinsics"/>.
/// </summary>
internal static class TensorIntrinsics
{
    private static readonly (string Method, string Ptx)[] s_known =
    [
        (nameof(Tf32), "cvt.rna.tf32.f32"),
        (nameof(BFloat16), "cvt.rn.bf16x2.f32"),
        (nameof(MultiplyTf32), "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32"),
        (nameof(MultiplyBFloat16), "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32"),
    ];

    /// <summary>The nearest number in TF32, ties away from zero.</summary>
    [IntrinsicImplementation]
    public static uint Tf32(float x) => throw new NotSupportedException();

    /// <summary>The nearest numbers in bfloat16, ties to even, the first in the upper half.</summary>
    [IntrinsicImplementation]
    public static uint BFloat16(float high, float low) => throw new NotSupportedException();

    /// <summary>The warp's fragments [16, 8] x [8, 8] in TF32, added to the sums.</summary>
    [IntrinsicImplementation]
    public static F4 MultiplyTf32(TensorWords a, TensorPair b, F4 sums) => throw new NotSupportedException();

    /// <summary>The warp's fragments [16, 16] x [16, 8] in bfloat16, two to the word, added to the sums.</summary>
    [IntrinsicImplementation]
    public static F4 MultiplyBFloat16(TensorWords a, TensorPair b, F4 sums) => throw new NotSupportedException();

    /// <summary>For <see cref="Intrinsics.Register"/>.</summary>
    public static void Register(IntrinsicImplementationManager manager)
    {
        foreach ((string name, _) in s_known)
        {
            MethodInfo method = typeof(TensorIntrinsics).GetMethod(name)!;
            manager.RegisterMethod(method, new PTXIntrinsic(typeof(TensorIntrinsics), nameof(EmitPtx), IntrinsicImplementationMode.GenerateCode));
        }
    }

    // Numbers are arguments, structures lists of their fields' registers.
    private static void EmitPtx(PTXBackend backend, PTXCodeGenerator generator, Value value)
    {
        MethodCall call = (MethodCall)value;
        PTXRegisterAllocator.Register[] arguments = [.. Enumerable.Range(0, call.Count).Select(i => generator.Load(call[i]))];
        PTXRegisterAllocator.Register result = generator.Allocate(value);
        using PTXCodeGenerator.CommandEmitter command = generator.BeginCommand(s_known.First(known => known.Method == call.Target.Source.Name).Ptx);
        foreach (PTXRegisterAllocator.Register register in arguments.Prepend(result))
        {
            if (register is PTXRegisterAllocator.CompoundRegister structure)
            {
                command.AppendVectorArgument(structure.SliceAs<PTXRegisterAllocator.PrimitiveRegister>(0, structure.NumChildren));
            }
            else
            {
                command.AppendArgument((PTXRegisterAllocator.PrimitiveRegister)register);
            }
        }
    }
}
