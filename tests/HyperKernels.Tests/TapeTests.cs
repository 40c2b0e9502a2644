namespace HyperKernels.Tests;

/// <summary>What a tape records, whose gradients it gives, and when memory comes back.</summary>
public sealed class TapeTests
{
    [Test]
    public void Gradient_OfGradients_GivesHigherDerivatives()
    {
        using Tape tape = new();
        Tensor x = tape.Watch(Tensor.From([0.3f, -1.2f, 2]));
        Tensor y = Ops.Sin(x) * x;

        Tensor first = tape.Gradient(y, x, differentiable: true);
        Tensor second = tape.Gradient(first, x, differentiable: true);
        Tensor third = tape.Gradient(second, x);

        Assert.Multiple(() =>
        {
            Assert.That(first.ToArray(), Is.EqualTo(Of(x, v => Math.Sin(v) + (v * Math.Cos(v)))).Within(1e-5));
            Assert.That(second.ToArray(), Is.EqualTo(Of(x, v => (2 * Math.Cos(v)) - (v * Math.Sin(v)))).Within(1e-5));
            Assert.That(third.ToArray(), Is.EqualTo(Of(x, v => (-3 * Math.Sin(v)) - (v * Math.Cos(v)))).Within(1e-5));
        });
    }

    [Test]
    public void Gradient_OfTensorUsedOften_AddsUp()
    {
        using Tape tape = new();
        Tensor x = tape.Watch(Tensor.From([2f, -3f]));
        Tensor y = Ops.Sum(x + x + (x * x) + x);

        Assert.That(tape.Gradient(y, x).ToArray(), Is.EqualTo(new[] { 7f, -3f }));
    }

    [Test]
    public void Gradient_OfSharedGradient_IsNotOverwritten()
    {
        // Both terms of a sum get the same gradient tensor; adding to one must not change the other.
        using Tape tape = new();
        Tensor a = tape.Watch(Tensor.From([1f]));
        Tensor b = tape.Watch(Tensor.From([10f]));
        Tensor inner = Ops.Neg(a);
        Tensor y = (inner + b) + (inner + inner) + (Ops.Reshape(Ops.Reshape(inner, 1, 1), 1) + b);
        Tensor[] gradients = tape.Gradient(y, [a, b, inner]);

        Assert.That(gradients.Select(g => g.ToScalar()), Is.EqualTo(new[] { -4f, 2f, 4f }));
    }

    [Test]
    public void Gradient_BehindDetach_IsZero()
    {
        using Tape tape = new();
        Tensor x = tape.Watch(Tensor.From([2f]));

        Assert.That(tape.Gradient(x * Ops.Detach(x * x), x).ToScalar(), Is.EqualTo(4));
    }

    [Test]
    public void Record_InMemoryScopeInsideTape_RecordsNothing()
    {
        using Tape tape = new();
        Tensor x = tape.Watch(Tensor.From([2f]));
        Tensor kept;
        using (MemoryScope scope = new())
        {
            kept = scope.Keep(x * x);
        }

        Assert.Multiple(() =>
        {
            Assert.That(tape.RecordCount, Is.Zero);
            Assert.That(kept.ToScalar(), Is.EqualTo(4));
            Assert.That(() => tape.Backward(kept), Throws.ArgumentException.With.Message.Contains("nothing on this tape leads to the output"));
        });
    }

    [Test]
    public void Record_WithoutWatchedInputs_RecordsNothing()
    {
        using Tape tape = new();
        Ops.Exp(Tensor.From([1f]));

        Assert.That(tape.RecordCount, Is.Zero);
    }

    [Test]
    public void Keep_FromTape_OutlivesIt()
    {
        Tensor kept;
        using (Tape tape = new())
        {
            Tensor x = tape.Watch(Tensor.From([3f]));
            kept = tape.Keep(tape.Gradient(x * x, x));
        }

        Assert.That(kept.ToScalar(), Is.EqualTo(6));
        kept.Dispose();
        Assert.That(kept.IsAlive, Is.False);
    }

    [Test]
    public void Tensor_UsedAfterItsScope_IsRefused()
    {
        Tensor escaped;
        using (new MemoryScope())
        {
            escaped = Tensor.From([1f]);
        }

        Assert.Multiple(() =>
        {
            Assert.That(() => Ops.Neg(escaped), Throws.TypeOf<ObjectDisposedException>().With.Message.Contains("Keep it with scope.Keep(tensor)"));
            Assert.That(() => escaped.ToArray(), Throws.TypeOf<ObjectDisposedException>());
            Assert.That(() => Ops.Neg(default), Throws.TypeOf<ObjectDisposedException>().With.Message.Contains("empty handle"));
            Assert.That(escaped.ToString(), Is.EqualTo("a disposed tensor"));
        });
    }

    [Test]
    public void Watch_NodeServesAnotherTensorLater_DoesNotWatchThat()
    {
        using Tape tape = new();
        Tensor watched = tape.Watch(Tensor.From([1f]));
        watched.Dispose();
        Tensor other = Tensor.From([2f]);
        Tensor y = other * other;

        Assert.Multiple(() =>
        {
            Assert.That(tape.RecordCount, Is.Zero);
            Assert.That(tape.Tracks(y), Is.False);
        });
    }

    [Test]
    public void Split_WithUnusedPieces_GivesThemZeros()
    {
        using Tape tape = new();
        Tensor x = tape.Watch(Tensor.From([1f, 2, 3, 4], [2, 2]));
        Tensor[] pieces = Ops.Split(x, 1, 1, 1);

        Assert.That(tape.Gradient(pieces[1] * pieces[1], x).ToArray(), Is.EqualTo(new[] { 0f, 4, 0, 8 }));
    }

    [Test]
    public void Backward_Twice_GivesTheLastGradientsOnly()
    {
        using Tape tape = new();
        Tensor x = tape.Watch(Tensor.From([3f]));
        Tensor unused = tape.Watch(Tensor.From([5f]));
        Tensor square = x * x;
        Tensor cube = square * x;
        tape.Backward(square * unused);
        tape.Backward(cube);

        Assert.Multiple(() =>
        {
            Assert.That(tape.TryGetGradient(x, out Tensor gradient), Is.True);
            Assert.That(gradient.ToScalar(), Is.EqualTo(27));
            Assert.That(tape.TryGetGradient(unused, out _), Is.False);
        });
    }

    [Test]
    public void Reset_ThenTensorKeptFromBefore_StandsOnTheTapeNoMore()
    {
        using Tape tape = new();
        Tensor outer = Tensor.From([3f]);
        tape.Keep(outer);
        tape.Watch(outer);
        Tensor kept = tape.Keep(outer * outer);
        tape.Reset();
        Ops.Neg(kept);
        Assert.That(tape.RecordCount, Is.Zero);

        tape.Watch(kept);
        Assert.That(tape.Gradient(kept * kept, kept).ToScalar(), Is.EqualTo(18));
        kept.Dispose();
        outer.Dispose();
    }

    [Test]
    public void Gradient_OfTensorNotOnTape_SaysToWatchIt()
    {
        using Tape tape = new();
        Tensor x = tape.Watch(Tensor.From([1f]));
        Tensor other = Tensor.From([1f]);
        Tensor y = x + other;

        Assert.Multiple(() =>
        {
            Assert.That(() => tape.Gradient(y, other), Throws.ArgumentException.With.Message.Contains("call Watch on it before it is used"));
            Assert.That(() => tape.Backward(y, Tensor.Zeros([2])), Throws.ArgumentException.With.Message.Contains("the seed gradient must be shaped as the output [1]"));
            Assert.That(() => tape.Backward(Ops.BroadcastTo(x, [2])), Throws.ArgumentException.With.Message.Contains("the loss must have one element; it is [2]"));
        });
    }

    [Test]
    public void Gradient_InsideAnotherScope_IsRefused()
    {
        using Tape tape = new();
        Tensor x = tape.Watch(Tensor.From([1f]));
        Tensor y = x * x;
        using MemoryScope scope = new();

        Assert.That(() => tape.Gradient(y, x), Throws.InvalidOperationException.With.Message.Contains("inside no other scope"));
    }

    [Test]
    public void Step_OfSteadyShape_TakesNoMemoryFromTheSystemAndLeavesNothing()
    {
        using Device device = new(new Backends.Cpu.CpuBackend(Device.Cpu.VectorWidth, 2));
        Tensor weight = Tensor.Ones([64, 64], device);
        long live = device.Memory.LiveTensors;
        Step(device, weight);
        Step(device, weight);
        long allocations = device.Memory.SystemAllocations;
        for (int i = 0; i < 5; i++)
        {
            Step(device, weight);
        }

        Assert.Multiple(() =>
        {
            Assert.That(device.Memory.SystemAllocations, Is.EqualTo(allocations));
            Assert.That(device.Memory.LiveTensors, Is.EqualTo(live));
        });
        weight.Dispose();
        Assert.That(device.Memory.LiveBytes, Is.Zero);
    }

    [Test]
    public void Backward_OfLongChain_HoldsFewGradientsAtOnce()
    {
        using Device device = new(new Backends.Cpu.CpuBackend(Device.Cpu.VectorWidth, 1));
        using Tape tape = new();
        Tensor x = tape.Watch(Tensor.Ones([100_000], device));
        Tensor y = x;
        for (int i = 0; i < 50; i++)
        {
            y = Ops.Sin(y);
        }
        Tensor loss = Ops.Sum(y);
        long before = device.Memory.LiveBytes;
        tape.Backward(loss);
        long bytes = device.Memory.LiveBytes - before;

        Assert.That(device.Memory.PeakBytes - before, Is.LessThan(6 * 400_000), "gradients of a chain return to the pool one by one");
        Assert.That(bytes, Is.LessThan(2 * 500_000));
    }

    [Test]
    public void Inference_InReusedScope_AllocatesNothingOnTheManagedHeap()
    {
        Tensor x = Tensor.Ones([4, 6]);
        Tensor rows = Tensor.From([1, 0, 3]);
        using MemoryScope scope = new();
        for (int i = 0; i < 50; i++)
        {
            Chain(x, rows);
            scope.Reset();
        }
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 10; i++)
        {
            Chain(x, rows);
            scope.Reset();
        }

        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.Zero);
    }

    [Test]
    public void Tapes_OnSeveralThreads_ShareWatchedTensors()
    {
        using MemoryScope none = new();
        Tensor weight = Tensor.From(Enumerable.Range(0, 64).Select(i => i / 64f).ToArray());
        float[][] gradients = new float[4][];
        Thread[] threads = [.. Enumerable.Range(0, gradients.Length).Select(t => new Thread(() =>
        {
            for (int repeat = 0; repeat < 100; repeat++)
            {
                using Tape tape = new();
                tape.Watch(weight);
                tape.Backward(Ops.Sum(Ops.Sin(weight) * weight));
                tape.TryGetGradient(weight, out Tensor gradient);
                gradients[t] = gradient.ToArray();
            }
        }))];
        Array.ForEach(threads, thread => thread.Start());
        Array.ForEach(threads, thread => thread.Join());

        Assert.That(gradients, Is.All.EqualTo(Of(weight, v => Math.Sin(v) + (v * Math.Cos(v)))).Within(1e-5));
    }

    [Test]
    public async Task Tape_WithSeveralTasksInside_RecordsAllOfThem()
    {
        using Tape tape = new();
        Tensor x = tape.Watch(Tensor.From([0.5f, 1.5f]));
        Tensor[] terms = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() =>
        {
            Tensor y = x;
            for (int i = 0; i < 50; i++)
            {
                y = Ops.Sin(y) + x;
            }
            return Ops.Sum(y);
        })));
        Tensor sum = terms.Aggregate((a, b) => a + b);
        Tensor eight = tape.Gradient(sum, x);
        Tensor one = tape.Gradient(terms[3], x);

        Assert.Multiple(() =>
        {
            Assert.That(tape.RecordCount, Is.EqualTo((8 * 101) + 7));
            Assert.That(eight.ToArray(), Is.EqualTo(one.ToArray().Select(v => 8 * v)).Within(1e-4));
        });
    }

    private static void Step(Device device, Tensor weight)
    {
        using Tape tape = new();
        tape.Watch(weight);
        Tensor x = Tensor.Ones([16, 64], device);
        Tensor y = Ops.Tanh(Ops.BroadcastTo(Ops.Reshape(weight, 1, 64, 64), [4, 64, 64]) * Ops.Slice(Ops.Reshape(x, 4, 4, 64), 1, 0, 1));
        tape.Backward(Ops.Mean(y * y));
    }

    private static void Chain(Tensor x, Tensor rows)
    {
        Tensor y = Ops.Gelu((x * 2) + Ops.Mean(x, [0]));
        y = Ops.GatherRows(y, rows);
        y = Ops.Concatenate(1, Ops.Slice(y, 1, 1, 2), Ops.Sigmoid(y));
        y = Ops.Permute(y, 1, 0) / Ops.Reshape(Ops.L2Norm(y, [1]), 1, 3);
        Ops.Sum(Ops.Where(y, y, Ops.Mean(x)) - Ops.LogSumExp(y, [0, 1]));
    }

    private static float[] Of(Tensor x, Func<double, double> function) => Array.ConvertAll(x.ToArray(), v => (float)function(v));

    [Test]
    public void Tape_ThatHasEnded_IsNotUsedAnyMore()
    {
        using HyperKernels.Layers.Linear layer = new(2, 1);
        using HyperKernels.Optim.Sgd optimizer = new(layer.Parameters, 0.1f);
        Tape tape = new();
        tape.Backward(Ops.Sum(layer.Forward(Tensor.Ones([1, 2]))));
        tape.Dispose();
        using MemoryScope scope = new();
        Assert.That(() => optimizer.Step(tape), Throws.TypeOf<ObjectDisposedException>().With.Message.EqualTo("Sgd.Step: the tape was disposed; open a new one."));
        Assert.That(() => tape.Watch(Tensor.Ones([2])), Throws.TypeOf<ObjectDisposedException>().With.Message.EqualTo("Tape.Watch: the tape was disposed; open a new one."));
    }
}
