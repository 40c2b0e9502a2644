using HyperKernels.Layers;

namespace HyperKernels.Tests.Layers.Hypernetworks;

/// <summary>How values become what the generator reads.</summary>
public sealed class ConditionTests
{
    [Test]
    public void Forward_OutOfRange_ClampsOrRefuses()
    {
        using MemoryScope scope = new();
        DeclaredConditioning clamped = new([Condition.Range("angle", 0, 90)], Encoding.None);
        Assert.That(clamped.Forward(Tensor.From([-20f, 120f])).ToArray(), Is.EqualTo(new[] { 0f, 1f }));
        DeclaredConditioning strict = new([Condition.Range("angle", 0, 90, outOfRange: OutOfRange.Error)]);
        Assert.That(() => strict.Forward(Tensor.From([10f, 120f])),
            Throws.ArgumentException.With.Message.EqualTo("Condition \"angle\": values must lie between 0 and 90; got 120."));
    }

    [Test]
    public void Make_LearnedVectors_StartStandardNormal()
    {
        DeclaredConditioning tasks = new([Condition.Embedding("task", 100, 80)], random: new RandomStream(1));
        HyperNetwork chunked = HyperNetwork.For(
            new Linear(100, 80), Condition.Unit("t"), options: new() { Emission = EmissionPlan.Chunks, ChunkSize = 8, ChunkEmbedding = 8, Random = new RandomStream(2) });
        foreach (Parameter table in (Parameter[])[tasks.Parameters[0], ((ChunkedEmission)chunked.Emission).Chunks])
        {
            float[] values = table.OwnValue.ToArray();
            Assert.That(values.Length, Is.GreaterThan(5000));
            // Hyperfan counts on variance 1 about zero.
            Assert.That(values.Average(), Is.Zero.Within(0.05), table.Name);
            Assert.That(values.Average(v => v * v), Is.EqualTo(1).Within(0.08), table.Name);
        }
    }

    [Test]
    public void Forward_MaterializeOutOfRange_IsRefused()
    {
        HyperNetwork hyper = HyperNetwork.For(new Linear(2, 2), Condition.Range("angle", 0, 90));
        Assert.That(() => hyper.Materialize(91f), Throws.ArgumentException.With.Message.Contains("\"angle\""));
        Assert.That(() => hyper.Materialize(1f, 2f), Throws.ArgumentException.With.Message.Contains("1 numbers are needed"));
    }

    [Test]
    public void Forward_RowCountsThatDiffer_AreRefused()
    {
        using MemoryScope scope = new();
        DeclaredConditioning conditioning = new([Condition.Unit("a"), Condition.Unit("b")]);
        Assert.That(() => conditioning.Forward(Tensor.From([0.5f]), Tensor.From([0.5f, 0.6f])), Throws.ArgumentException.With.Message.Contains("\"b\" has 2"));
    }

    [Test]
    public void Make_BadRanges_AreRefused() => Assert.Multiple(() =>
    {
        Assert.That(() => Condition.Range("angle", 90, 90), Throws.ArgumentException);
        Assert.That(() => Condition.LogRange("decay", 0, 1), Throws.ArgumentException.With.Message.Contains("Use Range"));
        Assert.That(() => new DeclaredConditioning([Condition.Unit("a"), Condition.Unit("a")]), Throws.ArgumentException);
        Assert.That(() => Condition.Embedding("a.b", 2, 3), Throws.ArgumentException.With.Message.Contains("dots"));
    });
}
