using HyperKernels.Distributed;
using HyperKernels.Layers;
using HyperKernels.Optim;

namespace HyperKernels.Tests;

/// <content>Of several processes; here each is one alone.</content>
public sealed partial class ReadmeExamples
{
    [Test]
    public void Scale_DataParallelTrains()
    {
        using MemoryScope scope = new();
        float[] first = [.. Enumerable.Range(0, 32 * 64).Select(i => MathF.Sin(i * i))];
        int[] classes = [.. Enumerable.Range(0, 32).Select(i => i % 10)];
        IEnumerable<(float[], int[])> batches = Enumerable.Repeat((first, classes), 60);
        // <parallel>
        using ICommunicator all = MpiCommunicator.OpenOrSolo();   // the processes that mpirun started, or this one alone
        DataParallel parallel = new(all);
        using Mlp net = new([64, 128, 10]);
        using Adam adam = new(net.Parameters);
        parallel.Start(net.Parameters);                            // the values of rank 0

        using IDisposable sums = parallel.Use();                   // from here on backward passes add up
        foreach ((float[] pixels, int[] digits) in batches)        // the same batches everywhere
        {
            (int start, int count) = parallel.Share(digits.Length);
            using Tape tape = new();
            Tensor logits = net.Forward(Tensor.From(pixels.AsSpan(start * 64, count * 64), [count, 64]));
            tape.Backward(Ops.CrossEntropy(logits, Tensor.From(digits.AsSpan(start, count), [count])));   // the mean over the share
            adam.Step(tape);
        }
        // </parallel>
        Assert.That(parallel.Figures.Passes, Is.EqualTo(60));
        Assert.That(Ops.CrossEntropy(net.Forward(Tensor.From(first, [32, 64])), Tensor.From(classes, [32])).ToScalar(), Is.LessThan(1), "ten classes by chance: 2.3");
    }
}
