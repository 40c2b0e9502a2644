using System.Collections.Concurrent;
using System.Reflection;

namespace HyperKernels.Tests.Arguments;

/// <summary>The calls that were made, kept: building one costs more than calling it.</summary>
internal static class Invokers
{
    private static readonly ConcurrentDictionary<MethodBase, Invoker.Call?> s_calls = new();

    public static Invoker.Call? Of(MethodBase method) => s_calls.GetOrAdd(method, Invoker.Of);
}
