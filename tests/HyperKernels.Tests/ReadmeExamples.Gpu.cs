using HyperKernels.Gpu;
using HyperKernels.Layers;
using HyperKernels.Optim;
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.OpenCL;

namespace HyperKernels.Tests;

/// <content>Of GPUs.</content>
public sealed partial class ReadmeExamples
{
    [Test]
    public void Gpu_CapturedStepsTrain()
    {
        Device device = Gpu.Gpus.OpenCL;
        using MemoryScope scope = device.Scope();
        IEnumerable<(float[], int[])> batches = Enumerable.Repeat<(float[], int[])>(
            ([.. Enumerable.Range(0, 32 * 64).Select(i => MathF.Sin(i * i))], [.. Enumerable.Range(0, 32).Select(i => i % 10)]), 60);
        // <gpu>
        using DeviceUse use = Device.Use(device);                // what is made from here on is made there
        using Mlp net = new([64, 128, 10]);
        using Adam adam = new(net.Parameters);
        Tensor images = Tensor.Zeros([32, 64]), labels = Tensor.From(new int[32], [32], below: 10);

        // Launched once as usual, and kept: no checks, no tape, no allocation at the next runs.
        using CapturedStep step = device.Capture(() =>
        {
            using Tape tape = new();
            tape.Backward(Ops.CrossEntropy(net.Forward(images), labels));
            adam.Step(tape);
        });
        foreach ((float[] pixels, int[] digits) in batches)
        {
            images.CopyFrom(pixels);
            labels.CopyFrom(digits);
            step.Run();                                          // returns before it is done; only reading back waits
        }
        // </gpu>
        Assert.That(Ops.CrossEntropy(net.Forward(images), labels).ToScalar(), Is.LessThan(1), "ten classes by chance: 2.3");
    }

    [Test]
    public void Gpu_OwnKernelsWorkBetweenOps()
    {
        _ = Gpu.Gpus.OpenCL;
        float[] pixels = [.. Enumerable.Range(0, 64 * 32).Select(i => MathF.Sin(i))];
        // <ilgpu>
        using Context context = Context.Create(builder => builder.UseHyperKernels());              // OpenCL's devices; add .Cuda() for CUDA's
        using Accelerator accelerator = context.CreateCLAccelerator(0);
        using MemoryBuffer1D<float, Stride1D.Dense> memory = accelerator.Allocate1D(pixels);       // the application's own memory
        var ownKernel = accelerator.LoadAutoGroupedStreamKernel<Index1D, ArrayView<float>>(Square);

        using Device device = GpuBackends.Open(accelerator, accelerator.DefaultStream);
        using MemoryScope scope = device.Scope();
        Tensor x = memory.View.AsContiguous().ToTensor([64, 32], device);                          // no copy
        Tensor hidden = Ops.Relu(x);
        ownKernel((int)hidden.Count, hidden.AsArrayView());                                        // the application's kernel, in between
        Tensor y = Ops.Softmax(hidden);
        // </ilgpu>
        Tensor plain = Ops.Softmax(Ops.Square(Ops.Relu(Tensor.From(pixels, [64, 32], Device.Cpu))));
        Assert.That(y.ToArray(), Is.EqualTo(plain.ToArray()).Within(1e-6));

        static void Square(Index1D i, ArrayView<float> values) => values[i] *= values[i];
    }
}
