using HyperKernels.Gpu;
using ILGPU;

namespace HyperKernels.Tests.Gpu.Kernels;

/// <summary>Kernels that ILGPU gets wrong.</summary>
public static class RepairKernels
{
    private const int Threads = 64;

    /// <summary>values[i] = 1 where it was over 5, else 0.</summary>
    [Kernel(4)]
    public static void LoadBeforeStore(RepairArguments p)
    {
        int i = Group.IdxX;
        int before = p.Values[i];
        p.Values[i] = 0;
        if (before > 5)
        {
            p.Values[i] = 1;
        }
    }

    /// <summary>The second branch depends on the first, in which threads differ.</summary>
    [Kernel(4)]
    public static void BranchAfterBranch(RepairArguments p)
    {
        int i = Group.IdxX;
        int k = 0;
        if (p.Values[i] > 3)
        {
            k = p.Values[0];
        }
        if (k > 2)
        {
            p.Values[i] = k;
        }
    }

    /// <summary>values in reverse, through group memory.</summary>
    [Kernel(Threads)]
    public static void Exchange(RepairArguments p)
    {
        ArrayView<int> shared = SharedMemory.Allocate1D<int>(Threads).AsContiguous();
        shared[Group.IdxX] = p.Values[Group.IdxX];
        Group.Barrier();
        p.Values[Group.IdxX] = shared[Threads - 1 - Group.IdxX];
    }

    /// <summary>values[i] = the number of comparisons that hold between the float of these bits and 1.</summary>
    [Kernel(4)]
    public static void CompareToOne(RepairArguments p)
    {
        float x = Interop.IntAsFloat((uint)p.Values[Group.IdxX]);
        int holding = 0;
        if (x > 1)
        {
            holding = p.Values[0] > 0 ? 1 : 2;
        }
        if (x <= 1)
        {
            holding += p.Values[0] > 0 ? 1 : 2;
        }
        while (x < 1)
        {
            holding++;
            x = 2;
        }
        Group.Barrier();
        p.Values[Group.IdxX] = holding;
    }

    /// <summary>A product and a sum.</summary>
    [Kernel(4)]
    public static void ProductAndSum(RepairArguments p)
    {
        float x = p.Values[Group.IdxX];
        p.Values[Group.IdxX] = (int)((x * x) + x);
    }
}

/// <summary>Arguments of <see cref="RepairKernels"/>.</summary>
public struct RepairArguments
{
    /// <summary>Read and written.</summary>
    public ArrayView<int> Values;
}
