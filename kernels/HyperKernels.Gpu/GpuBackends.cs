using HyperKernels.Backends;
using HyperKernels.Backends.Checked;
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.OpenCL;

namespace HyperKernels.Gpu;

/// <summary>
/// The devices <c>opencl</c> and <c>cuda</c>: an application that references this assembly has them, nothing needs to be called. And what an application with
/// kernels of its own for ILGPU needs, so that they and this engine's ops work on one accelerator and on the same memory, in order and without copies.
/// </summary>
public static class GpuBackends
{
    /// <summary>
    /// Makes the devices known. The engine does so itself when it finds this assembly beside it; call it first where an application is packed so that it cannot.
    /// </summary>
    public static void Register()
    {
        BackendRegistry.Register(new OpenCLProvider());
        BackendRegistry.Register(new CudaProvider());
    }

    /// <summary>
    /// Builds a context of ILGPU whose accelerators <see cref="Open"/> takes: with its optimisation level, the functions that its kernels call, and all devices of OpenCL, also
    /// those that ILGPU passes over by itself (PoCL). CUDA's are added by <c>Cuda()</c>.
    /// </summary>
    /// <param name="builder">The application's; other settings are its own affair.</param>
    /// <returns>The same builder.</returns>
    public static Context.Builder UseHyperKernels(this Context.Builder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return NativeLibraries.IsPresent("OpenCL", out _)
            ? Accelerators.Prepare(builder).OpenCL(OpenCLSearch.TakeWithoutGenericPointers)
            : Accelerators.Prepare(builder);
    }

    /// <summary>Opens a device on an accelerator and a stream that the application has already: this engine's work takes its turn on that stream.</summary>
    /// <param name="accelerator">One of OpenCL or CUDA, of a context that was built with <see cref="UseHyperKernels"/>. It must be used by one thread at a time.</param>
    /// <param name="stream">One of its streams, such as <see cref="Accelerator.DefaultStream"/>.</param>
    /// <returns>A device of its own; disposing it leaves accelerator and stream, which belong to the caller and must live longer.</returns>
    /// <exception cref="ArgumentException">The accelerator is a processor, the stream is another's, or the context was built without <see cref="UseHyperKernels"/>.</exception>
    /// <remarks>A handle of OpenCL or CUDA that did not come from ILGPU cannot be opened: ILGPU makes contexts of its own only.</remarks>
    public static Device Open(Accelerator accelerator, AcceleratorStream stream)
    {
        ArgumentNullException.ThrowIfNull(accelerator);
        ArgumentNullException.ThrowIfNull(stream);
        return new Device(new GpuBackend(Accelerators.Open(accelerator, stream, owned: false)));
    }

    /// <summary>A tensor over memory that the application owns, without a copy.</summary>
    /// <param name="view">The values, row-major without gaps.</param>
    /// <param name="shape">The axes; as many elements as the view has.</param>
    /// <param name="device">The device of <see cref="Open"/> on the view's accelerator.</param>
    /// <returns>A tensor of the current scope. The memory is never freed here; its owner keeps it until the tensor and all its views are disposed.</returns>
    /// <exception cref="ArgumentException">The sizes differ, or the view is of another accelerator.</exception>
    public static Tensor ToTensor(this ArrayView<float> view, Shape shape, Device device) =>
        Tensor.OverForeign(Lend(view, shape, device), 0, shape, device, ElementType.Float32);

    /// <inheritdoc cref="ToTensor(ArrayView{float}, Shape, Device)"/>
    /// <remarks>Integers are read once, for their bounds, which waits for the device; their owner may not go beyond these later.</remarks>
    public static Tensor ToTensor(this ArrayView<int> view, Shape shape, Device device) =>
        Tensor.OverForeign(Lend(view, shape, device), 0, shape, device, ElementType.Int32);

    /// <summary>A tensor's memory for a kernel of the application; valid until the tensor is disposed.</summary>
    /// <param name="tensor">One of a device of this assembly, without gaps between its rows.</param>
    /// <returns>Its elements, row-major.</returns>
    /// <exception cref="ArgumentException">The tensor is on the processor, or is a view with gaps.</exception>
    public static ArrayView<float> AsArrayView(this Tensor tensor)
    {
        if (!tensor.IsDense || tensor.Ref.Buffer is not GpuBuffer buffer)
        {
            Throw.Argument(
                $"AsArrayView: the tensor must be without gaps between its rows, on OpenCL or CUDA; it is {tensor.Description}{(tensor.IsDense ? "" : ", a view with gaps")}.");
            return default;
        }
        return buffer.View<float>(tensor.Ref.Offset).SubView(0, tensor.Count);
    }

    private static GpuBuffer Lend<T>(ArrayView<T> view, Shape shape, Device device)
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(device);
        if (device.Backend is not CheckedBackend { Inner: GpuBackend backend } || !ReferenceEquals(backend.Accelerator, view.GetAccelerator()))
        {
            Throw.Argument($"ToTensor: the device must be one of GpuBackends.Open on the view's accelerator; it is {device}.");
        }
        if (view.Length != shape.Count)
        {
            Throw.Argument($"ToTensor: {shape} has {shape.Count} elements; the view has {view.Length}.");
        }
        return new GpuBuffer(((IArrayView)view).Buffer, ((IContiguousArrayView)view).IndexInBytes, view.LengthInBytes, owner: null);
    }
}
