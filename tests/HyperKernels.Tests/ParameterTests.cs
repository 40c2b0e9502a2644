namespace HyperKernels.Tests;

[TestFixture]
internal sealed class ParameterTests
{
    [Test]
    public void Constructor_InsideATape_OutlivesIt()
    {
        Parameter p;
        using (Tape tape = new())
        {
            p = new Parameter("p", [1f, 2f], [2]);
        }
        Assert.That(p.Value.ToArray(), Is.EqualTo(new[] { 1f, 2f }));
        p.Dispose();
        Assert.That(() => p.Value.ToArray(), Throws.TypeOf<ObjectDisposedException>());
    }

    [Test]
    public void Load_WrongCount_NamesTheParameter()
    {
        using Parameter p = new("conv1.weight", [2, 3]);
        Assert.That(() => p.Load([1, 2]), Throws.ArgumentException.With.Message.EqualTo("Parameter.Load: \"conv1.weight\" is [2, 3] and needs 6 values; got 2."));
    }

    [Test]
    public void RequiresGradient_Off_TapesRecordNothing()
    {
        using Parameter p = new("p", [1f], [1]) { RequiresGradient = false };
        using Tape tape = new();
        Ops.Square(p.Value);
        Assert.That(tape.RecordCount, Is.Zero);
        p.RequiresGradient = true;
        Ops.Square(p.Value);
        Assert.That(tape.RecordCount, Is.EqualTo(1));
    }

    [Test]
    public void Use_Nested_TheInnermostThatNamesAParameterCounts()
    {
        using MemoryScope scope = new();
        using Parameter p = new("p", [1f], [1]);
        using Parameter q = new("q", [2f], [1]);
        using (ParameterOverrides.Use(new Dictionary<Parameter, Tensor> { [p] = Tensor.From([10f]), [q] = Tensor.From([20f]) }))
        {
            using (ParameterOverrides.Use(new Dictionary<Parameter, Tensor> { [p] = Tensor.From([100f]) }))
            {
                Assert.That((p.Value.ToScalar(), q.Value.ToScalar()), Is.EqualTo((100f, 20f)));
                Assert.That(p.OwnValue.ToScalar(), Is.EqualTo(1));
            }
            Assert.That((p.Value.ToScalar(), q.Value.ToScalar()), Is.EqualTo((10f, 20f)));
        }
        Assert.That((p.Value.ToScalar(), q.Value.ToScalar()), Is.EqualTo((1f, 2f)));
    }

    [Test]
    public void Use_AFailureInside_LeavesTheParameterAsItWas()
    {
        using MemoryScope scope = new();
        using Parameter p = new("p", [1f], [1]);
        Assert.That(
            () =>
            {
                using IDisposable use = ParameterOverrides.Use(new Dictionary<Parameter, Tensor> { [p] = Tensor.From([10f]) });
                throw new InvalidOperationException("in the middle");
            },
            Throws.InvalidOperationException);
        Assert.That(p.Value.ToScalar(), Is.EqualTo(1));
    }

    [Test]
    public async Task Use_InOneFlow_IsNotSeenByAnother()
    {
        using MemoryScope scope = new();
        using Parameter p = new("p", [1f], [1]);
        Tensor replacement = Tensor.From([10f]);
        using SemaphoreSlim inside = new(0);
        using SemaphoreSlim looked = new(0);
        Task<float> other = Task.Run(async () =>
        {
            using IDisposable use = ParameterOverrides.Use(new Dictionary<Parameter, Tensor> { [p] = replacement });
            inside.Release();
            await looked.WaitAsync();
            return p.Value.ToScalar();
        });
        await inside.WaitAsync();
        float here = p.Value.ToScalar();
        looked.Release();
        Assert.That((here, await other), Is.EqualTo((1f, 10f)));
    }

    [Test]
    public void Value_NoOverride_AllocatesNothing()
    {
        using Parameter p = new("p", [1f], [1]);
        long count = 0;
        for (int i = 0; i < 100; i++)
        {
            count += p.Value.Count;
        }
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 1000; i++)
        {
            count += p.Value.Count;
        }
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.Zero);
        Assert.That(count, Is.EqualTo(1100));
    }
}
