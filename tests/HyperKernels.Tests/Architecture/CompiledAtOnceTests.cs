using System.Reflection;
using System.Reflection.Emit;
using System.Runtime.CompilerServices;
using HyperKernels.Backends.Cpu;

namespace HyperKernels.Tests.Architecture;

/// <summary>
/// Kernels of the processor are compiled fully the first time, or into the kernel that calls them: the tiered compiler's first version is ten times slower, its second, which
/// counts, slower still, and both last for seconds.
/// </summary>
public sealed class CompiledAtOnceTests
{
    private const MethodImplAttributes Flags = (MethodImplAttributes)(MethodImplOptions.AggressiveOptimization | MethodImplOptions.AggressiveInlining);
    private const BindingFlags All = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static | BindingFlags.Instance | BindingFlags.DeclaredOnly;

    private static readonly Dictionary<short, OpCode> s_codes =
        typeof(OpCodes).GetFields(BindingFlags.Public | BindingFlags.Static).Select(field => (OpCode)field.GetValue(null)!).ToDictionary(code => code.Value);

    [Test]
    public void MethodWithALoop_OfTheProcessor_IsCompiledAtOnce()
    {
        MethodInfo[] methods =
        [
            // What is read once a process is no kernel.
            .. typeof(CpuBackend).Assembly.GetTypes().Where(type => type.Namespace == typeof(CpuBackend).Namespace && type != typeof(CacheSizes))
                .SelectMany(type => type.GetMethods(All)).Where(HasLoop),
        ];
        IEnumerable<string> tiered = methods.Where(method => (method.MethodImplementationFlags & Flags) == 0).Select(method => $"{method.DeclaringType!.Name}.{method.Name}");
        Assert.That(methods, Has.Length.GreaterThan(100), "the loops of kernels are not found");
        Assert.That(tiered, Is.Empty, "these need MethodImplOptions.AggressiveOptimization");
    }

    // Whether a branch leads back.
    private static bool HasLoop(MethodInfo method)
    {
        byte[] body = method.GetMethodBody()?.GetILAsByteArray() ?? [];
        for (int at = 0; at < body.Length;)
        {
            OpCode code = body[at] == OpCodes.Prefix1.Value ? s_codes[(short)((body[at] << 8) | body[at + 1])] : s_codes[body[at]];
            at += code.Size;
            switch (code.OperandType)
            {
                case OperandType.ShortInlineBrTarget when (sbyte)body[at] < 0:
                case OperandType.InlineBrTarget when BitConverter.ToInt32(body, at) < 0:
                    return true;
            }
            at += code.OperandType switch
            {
                OperandType.InlineNone => 0,
                OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar => 1,
                OperandType.InlineVar => 2,
                OperandType.InlineI8 or OperandType.InlineR => 8,
                OperandType.InlineSwitch => 4 + (4 * BitConverter.ToInt32(body, at)),
                _ => 4,
            };
        }
        return false;
    }
}
