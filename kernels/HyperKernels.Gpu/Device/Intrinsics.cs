using System.Numerics;
using System.Reflection;
using ILGPU;
using ILGPU.Backends.OpenCL;
using ILGPU.Backends.PTX;
using ILGPU.IR;
using ILGPU.IR.Intrinsics;
using ILGPU.IR.Values;

namespace HyperKernels.Gpu;

/// <summary>
/// Functions that kernels call and that become one instruction each, exactly rounded: what ILGPU has for them is a call into a library, or passes
/// through double precision. The bodies here are the host's; a kernel never runs them.
/// </summary>
internal static class Intrinsics
{
    // Method: OpenCL's function, PTX's instruction.
    private static readonly (string Method, string OpenCL, string Ptx)[] s_known =
    [
        (nameof(Fma), "fma", "fma.rn.f32"),
        (nameof(MulHi), "mul_hi", "mul.hi.u32"),
        (nameof(Rint), "rint", "cvt.rni.f32.f32"),
        (nameof(Floor), "floor", "cvt.rmi.f32.f32"),
        (nameof(Sqrt), "sqrt", "sqrt.rn.f32"),
    ];

    /// <summary>a b + c, rounded once.</summary>
    [IntrinsicImplementation]
    public static float Fma(float a, float b, float c) => MathF.FusedMultiplyAdd(a, b, c);

    /// <summary>The upper half of the product.</summary>
    [IntrinsicImplementation]
    public static uint MulHi(uint a, uint b) => (uint)(((ulong)a * b) >> 32);

    /// <summary>The nearest whole number, the even one of two.</summary>
    [IntrinsicImplementation]
    public static float Rint(float x) => MathF.Round(x);

    /// <summary>The largest whole number not above x.</summary>
    [IntrinsicImplementation]
    public static float Floor(float x) => MathF.Floor(x);

    /// <summary>The square root.</summary>
    [IntrinsicImplementation]
    public static float Sqrt(float x) => MathF.Sqrt(x);

    /// <summary>Makes the functions known to a context that is being built. Without that a kernel that calls one does not compile.</summary>
    public static void Register(IntrinsicImplementationManager manager)
    {
        foreach ((string name, _, _) in s_known)
        {
            MethodInfo method = typeof(Intrinsics).GetMethod(name)!;
            manager.RegisterMethod(method, new CLIntrinsic(typeof(Intrinsics), nameof(EmitOpenCL), IntrinsicImplementationMode.GenerateCode));
            manager.RegisterMethod(method, new PTXIntrinsic(typeof(Intrinsics), nameof(EmitPtx), IntrinsicImplementationMode.GenerateCode));
        }
        TensorIntrinsics.Register(manager);
    }

    private static void EmitOpenCL(CLBackend backend, CLCodeGenerator generator, Value value)
    {
        MethodCall call = (MethodCall)value;
        string method = call.Target.Source.Name;
        CLVariableAllocator.Variable[] arguments = [.. Enumerable.Range(0, call.Count).Select(i => generator.Load(call[i]))];
        CLVariableAllocator.Variable result = generator.Allocate(value);
        using CLCodeGenerator.StatementEmitter statement = generator.BeginStatement(result);
        statement.AppendCommand(s_known.First(known => known.Method == method).OpenCL);
        statement.BeginArguments();
        foreach (CLVariableAllocator.Variable argument in arguments)
        {
            statement.AppendArgument();
            if (method == nameof(MulHi))
            {
                // ILGPU keeps unsigned numbers in signed variables; the function is chosen by the type of its arguments.
                statement.AppendCast("uint");
            }
            statement.Append(argument);
        }
        statement.EndArguments();
    }

    private static void EmitPtx(PTXBackend backend, PTXCodeGenerator generator, Value value)
    {
        MethodCall call = (MethodCall)value;
        string method = call.Target.Source.Name;
        PTXRegisterAllocator.PrimitiveRegister[] arguments = [.. Enumerable.Range(0, call.Count).Select(i => generator.LoadPrimitive(call[i]))];
        PTXRegisterAllocator.HardwareRegister result = generator.AllocateHardware(value);
        using PTXCodeGenerator.CommandEmitter command = generator.BeginCommand(s_known.First(known => known.Method == method).Ptx);
        command.AppendArgument(result);
        foreach (PTXRegisterAllocator.PrimitiveRegister argument in arguments)
        {
            command.AppendArgument(argument);
        }
    }
}
