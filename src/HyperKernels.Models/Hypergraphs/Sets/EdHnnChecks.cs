namespace HyperKernels.Models;

/// <summary>What convolutions of ED-HNN share.</summary>
internal static class EdHnnChecks
{
    public static void Alpha(string where, float alpha)
    {
        if (!(alpha >= 0 && alpha <= 1))
        {
            throw new ArgumentException($"{where}: alpha, the share of the first features, must be in [0, 1]; got {alpha}.");
        }
    }

    /// <summary><c>(1 - alpha) x + alpha x0</c></summary>
    public static Tensor Restart(Tensor x, Tensor initial, float alpha) => alpha switch
    {
        0 => x,
        1 => initial,
        _ => Ops.Add(Ops.MultiplyScalar(x, 1 - alpha), Ops.MultiplyScalar(initial, alpha)),
    };
}
