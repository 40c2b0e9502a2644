using System.Reflection;
using ILGPU;
using ILGPU.Backends;
using ILGPU.Backends.EntryPoints;
using ILGPU.Runtime;

namespace HyperKernels.Gpu;

/// <summary>A kernel ready to launch.</summary>
/// <param name="Name">Class and method, with type arguments.</param>
/// <param name="GroupSize">Threads per group.</param>
/// <param name="Start">Puts it into a stream.</param>
/// <param name="Kernel">ILGPU's, which is disposed with this.</param>
internal sealed record LoadedKernel<TArguments>(string Name, int GroupSize, Action<AcceleratorStream, KernelConfig, TArguments> Start, Kernel Kernel)
    : IDisposable
    where TArguments : struct
{
    public void Dispose() => Kernel.Dispose();
}

/// <summary>The only way by which kernels are compiled: with the repairs, with the group size that the method declares.</summary>
internal static class KernelLoader
{
    /// <summary>Gives the code of <see cref="Compile"/> to the driver.</summary>
    public static LoadedKernel<TArguments> Load<TArguments>(Accelerator accelerator, MethodInfo method, CompiledKernel compiled)
        where TArguments : struct
    {
        Kernel kernel = accelerator.LoadKernel(compiled);
        // As its accelerator's, see GpuDevice.
        GC.SuppressFinalize(kernel);
        return new LoadedKernel<TArguments>(
            NameOf(method), GroupSizeOf(method), kernel.CreateLauncherDelegate<Action<AcceleratorStream, KernelConfig, TArguments>>(), kernel);
    }

    /// <summary>The code of a kernel, mended; needs no device.</summary>
    public static CompiledKernel Compile(Backend backend, MethodInfo method)
    {
        CompiledKernel compiled = backend.Compile(EntryPointDescription.FromExplicitlyGroupedKernel(method), KernelSpecialization.Empty);
        Repairs.Mend(compiled, GroupSizeOf(method));
        return compiled;
    }

    /// <summary><c>Elementwise.Unary(Exp)</c>: a class's name says the family.</summary>
    public static string NameOf(MethodInfo method)
    {
        string name = $"{method.DeclaringType!.Name}.{method.Name}";
        return method.IsGenericMethod ? $"{name}({string.Join(", ", method.GetGenericArguments().Select(Short))})" : name;
    }

    private static string Short(Type type) =>
        type.IsGenericType ? $"{type.Name[..type.Name.IndexOf('`', StringComparison.Ordinal)]}({string.Join(", ", type.GetGenericArguments().Select(Short))})" : type.Name;

    private static int GroupSizeOf(MethodInfo method) =>
        method.GetCustomAttribute<KernelAttribute>()?.GroupSize
        ?? throw new InvalidOperationException($"{NameOf(method)}: a kernel says its group size by [Kernel].");
}
