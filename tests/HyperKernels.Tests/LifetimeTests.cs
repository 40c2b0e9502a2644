using System.Runtime.CompilerServices;
using HyperKernels.Backends.Cpu;
using HyperKernels.Layers;
using HyperKernels.Optim;

namespace HyperKernels.Tests;

/// <summary>What ends, or is overwritten, while somebody still counts on it: an exception, never other numbers.</summary>
public sealed class LifetimeTests
{
    private const int Elements = 64;

    [Test]
    public void Backward_AfterTheStepOfItsParameters_IsRefused()
    {
        using Linear layer = new(3, 2);
        Sgd sgd = new(layer.Parameters, learningRate: 0.1f);
        using Tape tape = new();
        Tensor x = Ops.RandomNormal([4, 3], new RandomStream(1));
        Tensor loss = Ops.Mean(Ops.Square(layer.Forward(x)));
        tape.Backward(loss);
        sgd.Step(tape);
        Assert.That(() => tape.Backward(loss), Throws.InvalidOperationException.With.Message.Contains("[2, 3] on cpu) was overwritten, by an optimiser's step or CopyFrom"));

        // What was computed after the step has the gradients of the new values, on the same tape.
        tape.Backward(Ops.Mean(Ops.Square(layer.Forward(x))));
        float[] again = Gradient(tape, layer);
        using Tape fresh = new();
        fresh.Backward(Ops.Mean(Ops.Square(layer.Forward(x))));
        Assert.That(again, Is.EqualTo(Gradient(fresh, layer)).And.Some.Not.Zero);
    }

    [TestCase("input")]
    [TestCase("result")]
    public void Backward_AfterCopyFromOnWhatItMet_IsRefused(string overwritten)
    {
        using Tape tape = new();
        Tensor x = tape.Watch(Tensor.From([1f, 2f]));
        Tensor y = Ops.Exp(x);
        Tensor loss = Ops.Sum(y);
        (overwritten == "input" ? x : y).CopyFrom([3f, 4f]);
        Assert.That(() => tape.Gradient(loss, x), Throws.InvalidOperationException.With.Message.Contains("was overwritten"));
    }

    private static IEnumerable<TestCaseData> Constants()
    {
        static Tensor Rows(Tensor x) => Ops.Reshape(x, [2, 2]);
        yield return Case("factor", static () => Tensor.From([5f, 6f, 7f, 8f]), static (x, c) => Ops.Multiply(x, c));
        yield return Case("matrix", static () => Tensor.From([5f, 6f, 7f, 8f], [2, 2]), static (x, c) => Ops.Matmul(Rows(x), c));
        yield return Case("condition", static () => Tensor.From([1f, 0f, 1f, 0f]), static (x, c) => Ops.Where(c, x, Ops.Exp(x)));
        yield return Case("labels", static () => Tensor.From([0, 1]), static (x, c) => Ops.CrossEntropy(Rows(x), c));
        yield return Case("rows", static () => Tensor.From([0, 1]), static (x, c) => Ops.GatherRows(Rows(x), c));
        yield return Case("targets of rows", static () => Tensor.From([0, 1]), static (x, c) => Ops.ScatterAddRows(Rows(x), c, 3));

        static TestCaseData Case(string name, Func<Tensor> constant, Func<Tensor, Tensor, Tensor> op) => new TestCaseData(constant, op).SetArgDisplayNames(name);
    }

    [TestCaseSource(nameof(Constants))]
    public void Backward_AfterCopyFromOnAConstantThatItMet_IsRefused(Func<Tensor> make, Func<Tensor, Tensor, Tensor> op)
    {
        using Tensor constant = make();
        using Tape tape = new();
        Tensor x = tape.Watch(Tensor.From([1f, 2f, 3f, 4f]));
        Tensor loss = Ops.Sum(op(x, constant));
        Assert.That(tape.Gradient(loss, x).ToArray(), Has.Some.Not.Zero);
        if (constant.ElementType == ElementType.Int32)
        {
            constant.CopyFrom((ReadOnlySpan<int>)[1, 0]);
        }
        else
        {
            constant.CopyFrom([0f, 1f, 0f, 1f]);
        }
        Assert.That(() => tape.Gradient(loss, x), Throws.InvalidOperationException.With.Message.Contains("was overwritten"));
        // What is computed with the new values has their gradients, on the same tape.
        Assert.That(tape.Gradient(Ops.Sum(op(x, constant)), x).ToArray(), Has.Some.Not.Zero);
    }

    [Test]
    public void DroppedTensors_LeaveTheCounters()
    {
        using Device device = new(new CpuBackend(Device.Cpu.VectorWidth, 1));
        using Tensor kept = Tensor.Ones([Elements], device);
        long bytes = device.Memory.LiveBytes;
        Drop(device);
        for (int i = 0; i < 20 && device.Memory.LiveTensors > 1; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }
        Assert.That((device.Memory.LiveTensors, device.Memory.LiveBytes), Is.EqualTo((1L, bytes)));
        Assert.That(kept.ToArray(), Is.All.EqualTo(1f));

        [MethodImpl(MethodImplOptions.NoInlining)]
        static void Drop(Device device)
        {
            for (int i = 0; i < 10; i++)
            {
                Tensor whole = Tensor.Ones([4 * Elements], device);
                // A view that outlives its tensor.
                Ops.Slice(whole, 0, 1, 3);
                whole.Dispose();
                Tensor.Ones([1000], device);
            }
        }
    }

    [Test]
    public void Read_WhileAnotherThreadDisposes_GivesTheTensorsValuesOrIsRefused()
    {
        // In boxes: a handle is two words, of which a reader might else see one of the old and one of the new.
        StrongBox<Tensor>[] shared = [.. Enumerable.Range(0, 16).Select(static _ => new StrongBox<Tensor>())];
        using CancellationTokenSource end = new(TimeSpan.FromSeconds(1.5));
        // Each tensor holds one number everywhere, and says which by its first row's width: its shape is its own for life.
        Task writer = Task.Run(() =>
        {
            Random random = new(1);
            for (int i = 0; !end.IsCancellationRequested; i++)
            {
                int place = random.Next(shared.Length);
                int number = 1 + random.Next(Elements - 1);
                Tensor old = shared[place].Value;
                Volatile.Write(ref shared[place], new StrongBox<Tensor>(Tensor.Full([number, 1], number)));
                old.Dispose();
            }
        });
        (int read, int refused, int wrong) = (0, 0, 0);
        while (!end.IsCancellationRequested)
        {
            StrongBox<Tensor> box = Volatile.Read(ref shared[read % shared.Length]);
            Tensor tensor = box.Value;
            read++;
            try
            {
                // Between the two the writer may come.
                float sum = (read % 3) switch
                {
                    0 => tensor.ToArray().Sum(),
                    1 => Ops.Sum(tensor).ToScalar(),
                    _ => Viewed(tensor),
                };
                int number = (int)Math.Round(Math.Sqrt(sum));
                wrong += number > 0 && sum == number * number ? 0 : 1;
            }
            catch (Exception failure) when (failure is ObjectDisposedException or ArgumentException)
            {
                // An argument's error: the shape went while it was looked at.
                refused++;
            }
        }
        writer.Wait();
        foreach (StrongBox<Tensor> tensor in shared)
        {
            tensor.Value.Dispose();
        }
        Assert.That(wrong, Is.Zero, $"of {read} reads, of which {refused} were refused");
        Assert.That(refused, Is.LessThan(read));
    }

    [Test]
    public void Dispose_ByTwoThreadsAtOnce_EndsATensorOnce()
    {
        using Device device = new(new CpuBackend(Device.Cpu.VectorWidth, 1));
        for (int round = 0; round < 20; round++)
        {
            Tensor[] tensors = [.. Enumerable.Range(0, 2000).Select(_ => Tensor.Ones([8], device))];
            using Barrier both = new(2);
            Parallel.Invoke(End, End);
            Assert.That((device.Memory.LiveTensors, device.Memory.LiveBytes), Is.EqualTo((0L, 0L)));

            void End()
            {
                both.SignalAndWait();
                foreach (Tensor tensor in tensors)
                {
                    tensor.Dispose();
                }
            }
        }
    }

    // A view that counts its tensor's memory as used.
    private static float Viewed(Tensor tensor)
    {
        using Tensor view = Ops.Detach(tensor);
        return view.ToArray().Sum();
    }

    private static float[] Gradient(Tape tape, Linear layer)
    {
        Assert.That(tape.TryGetGradient(layer.Weight.Value, out Tensor gradient));
        return gradient.ToArray();
    }
}
