using System.Runtime.CompilerServices;
using ILGPU;

namespace HyperKernels.Gpu;

/// <summary>Which thread runs, among those of a launch: groups along one axis.</summary>
internal static class Threads
{
    /// <summary>The thread in its group.</summary>
    public static int Local
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => ILGPU.Group.IdxX;
    }

    /// <summary>The group.</summary>
    public static int Group
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Grid.IdxX;
    }

    /// <summary>The thread among all.</summary>
    public static long Global
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => ((long)Grid.IdxX * ILGPU.Group.DimX) + ILGPU.Group.IdxX;
    }

    /// <summary>How many there are in all.</summary>
    public static long Count
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => (long)Grid.DimX * ILGPU.Group.DimX;
    }
}
