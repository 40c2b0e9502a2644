namespace HyperKernels.Gpu;

/// <summary>
/// Marks a kernel: a static method without result whose one argument is a structure of sizes and views. It is launched in groups of
/// <paramref name="groupSize"/> threads along one axis.
/// </summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class KernelAttribute(int groupSize = 256) : Attribute
{
    public int GroupSize { get; } = groupSize;
}
