using System.Diagnostics;

namespace HyperKernels.Backends.Watched;

/// <summary>Where in the program an op was asked for, as far as the call stack says: methods that were inlined or trimmed are missing.</summary>
/// <param name="Op">The method of <c>Ops</c> that was called.</param>
/// <param name="GradientOf">The method whose gradient rule called it, in a backward pass.</param>
/// <param name="Place">The caller outside the engine: method, file and line where they are known.</param>
internal sealed record CallSite(string? Op, string? GradientOf, string? Place)
{
    private const string Ops = "HyperKernels.Ops";

    private static readonly string s_engine = typeof(CallSite).Assembly.GetName().Name!;

    /// <summary>Where we are.</summary>
    public static CallSite Here()
    {
        string? op = null;
        string? rule = null;
        bool insideOps = true;
        foreach (StackFrame frame in new StackTrace(fNeedFileInfo: true).GetFrames())
        {
            if (DiagnosticMethodInfo.Create(frame) is not { } method)
            {
                continue;
            }
            if (!IsEngine(method))
            {
                return new CallSite(op, rule, PlaceOf(frame, method));
            }
            string type = method.DeclaringTypeName ?? "";
            if (type == Ops && insideOps)
            {
                op = method.Name;
            }
            else if (type.StartsWith(Ops, StringComparison.Ordinal) && RuleOf(method.Name) is { } name)
            {
                rule ??= name;
            }
            // What ops call each other for ends with the first that is called by something else.
            insideOps &= op is null || type.StartsWith(Ops, StringComparison.Ordinal);
        }
        return new CallSite(op, rule, null);
    }

    /// <summary>The calls from the program's outermost to the op, each as <c>Type.Method</c>; what watches is left out.</summary>
    public static IReadOnlyList<string> Callers()
    {
        List<string> calls = [];
        foreach (StackFrame frame in new StackTrace(fNeedFileInfo: false).GetFrames())
        {
            if (DiagnosticMethodInfo.Create(frame) is { } method && method.DeclaringTypeName is { } type
                && type != typeof(OpProfile).FullName && !type.StartsWith("HyperKernels.Backends.", StringComparison.Ordinal)
                && !type.StartsWith("System.", StringComparison.Ordinal))
            {
                calls.Add(Named(type, method.Name));
            }
        }
        calls.Reverse();
        return calls;
    }

    public override string ToString()
    {
        string op = Op is null ? "" : GradientOf is null ? $" called by Ops.{Op}" : $" called by Ops.{Op} in the gradient of Ops.{GradientOf}";
        return Place is null ? op : $"{op} at {Place}";
    }

    private static bool IsEngine(DiagnosticMethodInfo method) =>
        method.DeclaringAssemblyName is not { } assembly || assembly == s_engine || assembly.StartsWith($"{s_engine},", StringComparison.Ordinal)
        || assembly.StartsWith("System.", StringComparison.Ordinal);

    private static string PlaceOf(StackFrame frame, DiagnosticMethodInfo method)
    {
        string name = Named(method.DeclaringTypeName ?? "", method.Name);
        return frame.GetFileName() is { } file ? $"{name} in {file}:line {frame.GetFileLineNumber()}" : name;
    }

    // Compilers name a method's parts <Method>b__1_0, and their types Type+<>c.
    private static string Named(string type, string method)
    {
        int nested = type.IndexOf("+<", StringComparison.Ordinal);
        string outer = nested < 0 ? type : type[..nested];
        return $"{outer[(outer.LastIndexOf('.') + 1)..]}.{RuleOf(method) ?? method}";
    }

    private static string? RuleOf(string method) =>
        method.StartsWith('<') && method.IndexOf('>', StringComparison.Ordinal) is > 1 and int end ? method[1..end] : null;
}
