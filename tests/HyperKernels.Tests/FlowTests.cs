using System.Diagnostics.Metrics;
using HyperKernels.Optim;

namespace HyperKernels.Tests;

/// <summary>What one logical flow does in the midst of another's op or backward pass: an exception that is documented, never other numbers.</summary>
public sealed class FlowTests
{
    [Test]
    public void Op_WhoseInputIsOverwrittenMeanwhile_IsRefused()
    {
        using Tensor x = Tensor.From([1f, 2f, 3f]);
        Assert.That(
            () => During(null, () => Ops.Exp(x), () => x.CopyFrom([4f, 5f, 6f])),
            Throws.TypeOf<InvalidOperationException>().With.Message.StartsWith("Tensor: it was overwritten, by an optimiser's step or CopyFrom on another thread"));
        using Tensor y = Ops.Exp(x);
        Assert.That(y.ToArray()[0], Is.EqualTo(MathF.Exp(4)).Within(1e-4f));
    }

    // The kernel of the write is done, and the write is not.
    [Test]
    public void Op_InTheMidstOfAWrite_IsRefused([Values("Upload", "Optimize Adam")] string write)
    {
        using Parameter parameter = new("w", [3]);
        using Adam adam = new([parameter]);
        using Tape tape = new();
        tape.Backward(Ops.Sum(Ops.Square(parameter.Value)));
        Exception? refusal = null;
        During(
            write,
            () =>
            {
                if (write == "Upload")
                {
                    parameter.Value.CopyFrom([1f, 2f, 3f]);
                }
                else
                {
                    adam.Step(tape);
                }
            },
            () => refusal = Assert.Catch(() => Detached(() => Ops.Exp(parameter.Value))));
        Assert.That(refusal, Is.TypeOf<InvalidOperationException>().With.Message.StartsWith("Tensor: it was overwritten, by an optimiser's step or CopyFrom on another thread"));
        Assert.That(Ops.Exp(parameter.Value).ToArray(), Has.Length.EqualTo(3));

        // In no tape of the flow that writes.
        static void Detached(Action action)
        {
            using (ExecutionContext.SuppressFlow())
            {
                Task.Run(action).GetAwaiter().GetResult();
            }
        }
    }

    [Test]
    public void Op_WhoseParameterAnOptimiserChangesMeanwhile_IsRefused()
    {
        using Parameter parameter = new("w", [3]);
        using Sgd sgd = new([parameter], learningRate: 0.1f);
        using Tape tape = new();
        tape.Backward(Ops.Sum(Ops.Square(parameter.Value)));
        Assert.That(() => During("Unary Exp", () => Ops.Exp(parameter.Value), () => sgd.Step(tape)), Throws.TypeOf<InvalidOperationException>());
    }

    [Test]
    public void Op_InATapeWhoseGradientsAnotherFlowTakes_IsRefused_AndTheGradientsAreRight()
    {
        using Tape tape = new();
        Tensor x = tape.Watch(Tensor.From([1f, 2f]));
        Tensor loss = Ops.Sum(Ops.Square(x));
        List<Exception> refusals = [];
        Tensor gradient = default;
        During(null, () => gradient = tape.Gradient(loss, x), () =>
        {
            foreach (Action misuse in (Action[])[() => Ops.Exp(x), () => tape.Watch(x), tape.Reset, () => tape.Gradient(loss, x)])
            {
                refusals.Add(Assert.Throws<InvalidOperationException>(() => misuse())!);
            }
        });
        Assert.That(refusals.Select(refusal => refusal.Message), Has.Exactly(4).Items.And.All.StartsWith("Tape: while one flow takes gradients on a tape, "));
        Assert.That(gradient.ToArray(), Is.EqualTo(new[] { 2f, 4f }));
    }

    [Test]
    public void Op_InATapeWhoseGradientsAnotherFlowBeginsToTakeMeanwhile_IsRefused()
    {
        using Tape tape = new();
        Tensor x = tape.Watch(Tensor.From([1f, 2f]));
        Tensor loss = Ops.Sum(Ops.Square(x));
        Tensor gradient = default;
        // The flow that takes them is in its first op while this one ends its own.
        using ManualResetEventSlim begun = new();
        using ManualResetEventSlim refused = new();
        Task other = Task.CompletedTask;
        try
        {
            Assert.That(
                () => During("Unary Exp", () => Ops.Exp(x), () =>
                {
                    other = Task.Run(() => During(null, () => gradient = tape.Gradient(loss, x), () =>
                    {
                        begun.Set();
                        refused.Wait();
                    }));
                    begun.Wait();
                }),
                Throws.TypeOf<InvalidOperationException>().With.Message.StartsWith("Tape: while one flow takes gradients on a tape, an op was computed inside it"));
        }
        finally
        {
            refused.Set();
            other.Wait();
        }
        Assert.That(gradient.ToArray(), Is.EqualTo(new[] { 2f, 4f }));
    }

    [Test]
    public void Op_WhoseTapeAnotherFlowDisposesOfMeanwhile_IsRefused()
    {
        using MemoryScope outer = new();
        Tape tape = new();
        Tensor y = tape.Keep(Ops.Square(tape.Watch(Tensor.From([1f, 2f]))));
        Assert.That(() => During("Unary Exp", () => Ops.Exp(y), tape.Dispose), Throws.TypeOf<ObjectDisposedException>());
        tape.Dispose();
        Assert.That(y.ToArray(), Is.EqualTo(new[] { 1f, 4f }));
    }

    [Test]
    public void Keep_ForATapeThatEndedWhileItsGradientsWereTaken_EndsTheTensor()
    {
        Tape tape = new();
        Tensor x = tape.Watch(Tensor.From([1f, 2f]));
        Tensor loss = Ops.Sum(Ops.Square(x));
        (MemoryScope inner, Tensor made) = Task.Run(() => (new MemoryScope(), Tensor.From([5f]))).Result;
        Exception? refusal = null;
        Assert.That(
            () => During(null, () => tape.Gradient(loss, x), () =>
            {
                tape.Dispose();
                refusal = Assert.Catch(() => inner.Keep(made));
            }),
            Throws.TypeOf<ObjectDisposedException>());
        Assert.That(refusal, Is.TypeOf<ObjectDisposedException>());
        Assert.That(made.IsAlive, Is.False);
        inner.Dispose();
        tape.Dispose();
    }

    [Test]
    public void Keep_ForATapeWhoseGradientsAnotherFlowTakes_IsRefused_AndTheTensorStays()
    {
        using Tape tape = new();
        Tensor x = tape.Watch(Tensor.From([1f, 2f]));
        Tensor loss = Ops.Sum(Ops.Square(x));
        // Another flow has a scope of its own inside the tape.
        (MemoryScope inner, Tensor made) = Task.Run(() => (new MemoryScope(), Tensor.From([5f]))).Result;
        Exception? refusal = null;
        During(null, () => tape.Gradient(loss, x), () => refusal = Assert.Catch(() => inner.Keep(made)));
        Assert.That(refusal, Is.TypeOf<InvalidOperationException>().With.Message.StartsWith("Tape: while one flow takes gradients on a tape, a tensor was kept for it"));
        Assert.That(made.ToScalar(), Is.EqualTo(5f));
        inner.Keep(made);
        inner.Dispose();
        Assert.That(made.ToScalar(), Is.EqualTo(5f));
    }

    [Test]
    public void Backward_WhoseTapeAnotherFlowDisposesOf_IsRefused()
    {
        Tape tape = new();
        Tensor x = tape.Watch(Tensor.From([1f, 2f]));
        Tensor loss = Ops.Sum(Ops.Square(Ops.Exp(x)));
        Assert.That(() => During(null, () => tape.Gradient(loss, x), tape.Dispose), Throws.TypeOf<ObjectDisposedException>());
        tape.Dispose();
        using Tensor after = Ops.Exp(Tensor.From([0f]));
        Assert.That(after.ToScalar(), Is.EqualTo(1f), "there is no scope around it any more");
    }

    [Test]
    public void Dispose_OfAScopeThatAnotherFlowEnded_MakesTheEnclosingOneCurrent()
    {
        using MemoryScope outer = new();
        MemoryScope inner = new();
        Task.Run(inner.Dispose).Wait();
        Assert.That(() => Tensor.Ones([2]), Throws.TypeOf<ObjectDisposedException>());
        inner.Dispose();
        Assert.That(Tensor.Ones([2]).ToArray(), Is.All.EqualTo(1f));
    }

    // Once, when the first op's kernel (of a name) is done and the op is not, another thread does something, in the scopes of this one.
    private static void During(string? op, Action work, Action meanwhile)
    {
        int thread = Environment.CurrentManagedThreadId;
        bool done = false;
        using MeterListener listener = new();
        listener.InstrumentPublished = static (instrument, self) =>
        {
            if (instrument.Name == "hyperkernels.op.duration")
            {
                self.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<double>((_, _, tags, _) =>
        {
            if (Environment.CurrentManagedThreadId == thread && !done && (op is null || tags[0].Value as string == op))
            {
                done = true;
                Task.Run(meanwhile).Wait();
            }
        });
        listener.Start();
        work();
        Assert.That(done, "nothing was done meanwhile");
    }
}
