using System.Runtime.CompilerServices;
using HyperKernels.Backends;
using HyperKernels.Backends.Cpu;
using HyperKernels.Backends.Watched;
using HyperKernels.Cases;

namespace HyperKernels.Tests;

/// <summary>
/// Positions in memory, and what a kernel writes to, stay those of an op's tensors until it is done, whoever disposes of them meanwhile: another tensor's numbers would lead out
/// of memory, or be written over.
/// </summary>
public sealed class LoanTests
{
    private const int Far = 1_000_000_000;

    [Test]
    public void EveryOpOfTheCatalogue_HoldsItsIndicesAndResults()
    {
        using Device device = new(new CpuBackend(Device.Cpu.VectorWidth, 1));
        NotHeld watcher = new();
        device.AddWatcher(watcher);
        foreach (CatalogueCase row in Catalogue.Ops.DistinctBy(static row => row.Op).Concat<CatalogueCase>(Catalogue.Optimizers))
        {
            foreach (CaseProperty property in row.Properties.Where(static property => property.Name is CaseProperty.Forward or CaseProperty.Gradient or CaseProperty.Steps))
            {
                property.Check(device);
            }
        }
        Assert.That(watcher.Calls, Is.GreaterThan(1000));
        Assert.That(watcher.Found, Is.Empty);
    }

    [Test]
    public void Dispose_WhileAnOpWritesAtPositions_LeavesThemInPlace()
    {
        using Device device = new(new CpuBackend(Device.Cpu.VectorWidth, 1));
        // A stray write is found when the buffer comes back.
        device.Memory.Guarded = true;
        using (MemoryScope scope = new())
        {
            Tensor positions = Tensor.From([0, 1, 1, 0], [4], device);
            Tensor others = default;
            device.AddWatcher(new Meanwhile("TakeAlong", () =>
            {
                positions.Dispose();
                others = Tensor.From([2, 3, 4, 5], [4], device);
            }));
            Tensor y = Ops.OneHot(positions, 2);
            Assert.That(y.ToArray(), Is.EqualTo(new float[] { 1, 0, 0, 1, 0, 1, 1, 0 }));
            Assert.That(others.ToIntArray(), Is.EqualTo(new[] { 2, 3, 4, 5 }));
        }
        Assert.That((device.Memory.LiveTensors, device.Memory.LiveBytes), Is.EqualTo((0L, 0L)));
    }

    [Test]
    public void Dispose_OfTheScopeOfAnOpThatRuns_LeavesOtherTensorsAlone()
    {
        using Device device = new(new CpuBackend(Device.Cpu.VectorWidth, 1));
        using Tensor x = Tensor.Full([100], 2, device);
        MemoryScope scope = new();
        Tensor other = default;
        device.AddWatcher(new Meanwhile("Unary Exp", () =>
        {
            scope.Dispose();
            using (ExecutionContext.SuppressFlow())
            {
                // Where that flow's scopes are not.
                Task.Run(() => other = Tensor.Full([100], 5, device)).Wait();
            }
        }));
        Tensor y = Ops.Exp(x);
        scope.Dispose();
        Assert.That(y.IsAlive, Is.False);
        Assert.That(other.ToArray(), Is.All.EqualTo(5f));
        other.Dispose();
        Assert.That(device.Memory.LiveTensors, Is.EqualTo(1));
    }

    // As a run with guard zones beside one without.
    [Test]
    public void Buffers_OfTwoDevicesOnOneBackend_GoBackToTheirOwn()
    {
        using Device device = new(new CpuBackend(Device.Cpu.VectorWidth, 1));
        using Device second = new(device.Backend, shared: true);
        Tensor x = Tensor.Full([100], 2, device);
        device.AddWatcher(new Meanwhile("Unary Exp", x.Dispose));
        using (MemoryScope scope = new())
        {
            Tensor rows = Tensor.From([0, 1], [2], device);
            device.AddWatcher(new Meanwhile("GatherRows", rows.Dispose));
            Assert.That(Ops.GatherRows(Tensor.Full([4], 3, device), rows).ToArray(), Is.EqualTo(new[] { 3f, 3f }));
            Assert.That(() => Ops.Exp(x), Throws.TypeOf<ObjectDisposedException>());
        }
        Assert.That((device.Memory.LiveTensors, device.Memory.LiveBytes), Is.EqualTo((0L, 0L)));
        Assert.That((second.Memory.LiveBytes, second.Memory.PooledBytes), Is.EqualTo((0L, 0L)));
    }

    // Before positions were held this ended the process within a moment.
    [Test]
    public void Positions_ThatAnotherThreadDisposesOf_NeverLeadOutOfMemory()
    {
        using Device device = new(new CpuBackend(Device.Cpu.VectorWidth, 1));
        using Tensor table = Tensor.From([.. Enumerable.Range(0, 64).Select(static i => (float)i)], [64, 1], device);
        int[] valid = [.. Enumerable.Range(0, 4096).Select(static i => i % 64)];
        int[] far = [.. Enumerable.Repeat(Far, 4096)];
        // In a box: a handle is two words, of which a reader might else see one of the old and one of the new.
        StrongBox<Tensor> shared = new(Tensor.From(valid, [4096], device));
        using CancellationTokenSource end = new(TimeSpan.FromSeconds(1));
        Task writer = Task.Run(() =>
        {
            while (!end.IsCancellationRequested)
            {
                Tensor old = shared.Value;
                old.Dispose();
                // In the memory of the positions.
                using Tensor leads = Tensor.From(far, [4096], device);
                Volatile.Write(ref shared, new StrongBox<Tensor>(Tensor.From(valid, [4096], device)));
            }
        });
        (int read, int refused) = (0, 0);
        while (!end.IsCancellationRequested)
        {
            read++;
            try
            {
                using MemoryScope scope = new();
                // Into a local: code that is not optimised yet reads the variable once for each word, if the value is taken from it directly.
                StrongBox<Tensor> box = Volatile.Read(ref shared);
                float[] values = Ops.GatherRows(table, box.Value).ToArray();
                Assert.That(values[0] == 0 && values[63] == 63, "other numbers");
            }
            catch (Exception failure) when (failure is ObjectDisposedException or ArgumentException)
            {
                refused++;
            }
        }
        writer.Wait();
        shared.Value.Dispose();
        Assert.That(refused, Is.LessThan(read));
        Assert.That(device.Memory.LiveTensors, Is.EqualTo(1));
    }

    private sealed class NotHeld : IOpWatcher
    {
        public int Calls { get; private set; }

        public HashSet<string> Found { get; } = [];

        public void Before(IBackend backend, OpCall call)
        {
            Calls++;
            foreach (Operand operand in call.Operands)
            {
                // The tensor's own reference is one.
                if ((operand.IsIndex || operand.Use != OperandUse.Reads) && operand.Place.Buffer.IsExclusive)
                {
                    Found.Add($"{call.Name}: {operand.Name}");
                }
            }
        }

        public void After(IBackend backend, OpCall call)
        {
        }
    }

    // Once, when a kernel is about to run.
    private sealed class Meanwhile(string op, Action action) : IOpWatcher
    {
        private bool _done;

        public void Before(IBackend backend, OpCall call)
        {
            if (!_done && call.Name.StartsWith(op, StringComparison.Ordinal))
            {
                _done = true;
                Task.Run(action).Wait();
            }
        }

        public void After(IBackend backend, OpCall call)
        {
        }
    }
}
