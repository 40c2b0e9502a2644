namespace HyperKernels;

/// <summary>Whether the present thread computes gradients, for those who watch ops.</summary>
internal static class BackwardPass
{
    [ThreadStatic]
    private static int t_depth;

    public static bool IsRunning => t_depth > 0;

    public static void Begin() => t_depth++;

    public static void End() => t_depth--;
}
