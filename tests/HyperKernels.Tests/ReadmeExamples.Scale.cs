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

    [Test]
    public void Scale_ShardedGeneratorTrains()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        using MemoryScope scope = new();
        Func<TensorLayer>[] layers = [static () => new Linear(8, 16), static () => new Relu(), static () => new Linear(16, 10)];
        IEnumerable<(Tensor, Tensor, Tensor)> batches = Enumerable.Repeat(
            (Tensor.Ones([4, 8]), Tensor.From([1, 2, 3, 4], [4]), Tensor.From([0f, 30f, 60f, 90f])), 40).ToArray();
        double after = double.NaN;
        string where = Environment.CurrentDirectory;
        // The example writes where it runs.
        Environment.CurrentDirectory = folder.Root;
        try
        {
            // <sharded>
            using ICommunicator all = MpiCommunicator.OpenOrSolo();
            int first = layers.Length * all.Rank / all.Size;
            int end = layers.Length * (all.Rank + 1) / all.Size;
            Sequential stage = new([.. layers[first..end].Select(make => make())]);   // the target's layers that are this process's own

            using HyperNetwork own = HyperNetwork.For(stage, Condition.Range("angle", 0, 90), hidden: [16, 128]);
            ShardedHyperNetwork network = new(all, own);                    // hidden layers: those of rank 0
            using Adam adam = new(own.Parameters);
            foreach ((Tensor x, Tensor labels, Tensor angles) in batches)   // the same batches everywhere
            {
                double loss = network.Step(x, [angles], logits => Ops.CrossEntropy(logits, labels), adam);
            }
            own.Save($"generator-{all.Rank}-of-{all.Size}.safetensors");
            // </sharded>
            (Tensor input, Tensor classes, Tensor conditions) = batches.First();
            after = Ops.CrossEntropy(network.Forward(input, conditions), classes).ToScalar();
        }
        finally
        {
            Environment.CurrentDirectory = where;
        }
        Assert.That(after, Is.LessThan(1.5), "ten classes by chance: 2.3");
        Assert.That(File.Exists(Path.Combine(folder.Root, "generator-0-of-1.safetensors")));
    }
}
