using HyperKernels.Gpu;
using ILGPU;

namespace HyperKernels.Tests.Gpu;

/// <summary>Kernels that the stand-in for NVIDIA's driver knows by name.</summary>
public static class ProbeKernels
{
    /// <summary>Computed by the stand-in.</summary>
    [Kernel(64)]
    public static void Probe(ProbeArguments p)
    {
        int i = Group.IdxX;
        if (i < p.Count)
        {
            p.Y[i] = p.Scale * p.X[i];
        }
    }

    /// <summary>Computes nothing there.</summary>
    [Kernel(64)]
    public static void Other(ProbeArguments p) => p.Y[Group.IdxX] = p.Scale;

    /// <summary>Its text is not taken.</summary>
    [Kernel(64)]
    public static void Refused(ProbeArguments p) => p.Y[Group.IdxX] = p.Scale;
}

/// <summary>Laid out as the stand-in's <c>struct probe</c>.</summary>
public struct ProbeArguments
{
    /// <summary>Read.</summary>
    public ArrayView<float> X;

    /// <summary>Written.</summary>
    public ArrayView<float> Y;

    /// <summary>A factor.</summary>
    public float Scale;

    /// <summary>How many elements.</summary>
    public int Count;
}
