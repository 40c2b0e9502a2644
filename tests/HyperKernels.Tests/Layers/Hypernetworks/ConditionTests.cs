using HyperKernels.Layers;

namespace HyperKernels.Tests.Layers.Hypernetworks;

/// <summary>How values become what the generator reads.</summary>
public sealed class ConditionTests
{
    [Test]
    public void Forward_CosSin_AllCosinesFirst_InAlphabeticalOrder()
    {
        using MemoryScope scope = new();
        Conditioning conditioning = new([Condition.Unit("t", 2), Condition.Range("s", -1, 3)]);
        float[] z = conditioning.Forward(Tensor.From([0.25f, 1f], [1, 2]), Tensor.From([1f])).ToArray();
        float[] gamma = [0.5f, 0.25f, 1f];
        IEnumerable<float> expected = gamma.Select(g => MathF.Cos(MathF.PI * g / 2)).Concat(gamma.Select(g => MathF.Sin(MathF.PI * g / 2)));
        Assert.That(z, Is.EqualTo(expected).Within(1e-6f));
    }

    [Test]
    public void Forward_LogRange_MapsDecadesEvenly()
    {
        using MemoryScope scope = new();
        Conditioning conditioning = new([Condition.LogRange("decay", 1e-6, 1e-2)], Encoding.None);
        float[] z = conditioning.Forward(Tensor.From([1e-6f, 1e-5f, 1e-4f, 1e-2f])).ToArray();
        Assert.That(z, Is.EqualTo(new[] { 0f, 0.25f, 0.5f, 1f }).Within(1e-5f));
    }

    [Test]
    public void Forward_Complement_SumsToOne()
    {
        using MemoryScope scope = new();
        Conditioning conditioning = new([Condition.Unit("t")], Encoding.Complement);
        Assert.That(conditioning.Forward(Tensor.From([0.3f])).ToArray(), Is.EqualTo(new[] { 0.3f, 0.7f }).Within(1e-6f));
    }

    [Test]
    public void Forward_OutOfRange_ClampsOrRefuses()
    {
        using MemoryScope scope = new();
        Conditioning clamped = new([Condition.Range("angle", 0, 90)], Encoding.None);
        Assert.That(clamped.Forward(Tensor.From([-20f, 120f])).ToArray(), Is.EqualTo(new[] { 0f, 1f }));
        Conditioning strict = new([Condition.Range("angle", 0, 90, outOfRange: OutOfRange.Error)]);
        Assert.That(() => strict.Forward(Tensor.From([10f, 120f])), Throws.ArgumentException.With.Message.EqualTo("Condition \"angle\": values must lie between 0 and 90; got 120."));
    }

    [Test]
    public void Forward_CategoriesAndRaw_FollowTheEncodedRanges()
    {
        using MemoryScope scope = new();
        Conditioning conditioning = new([Condition.Categorical("kind", "a", "b", "c"), Condition.Raw("features", 2), Condition.Unit("t")], Encoding.None);
        float[] z = conditioning.Forward(Tensor.From([1]), Tensor.From([7f, 8f], [1, 2]), Tensor.From([0.5f])).ToArray();
        Assert.That(z, Is.EqualTo(new[] { 0.5f, 7f, 8f, 0f, 1f, 0f }));
    }

    [Test]
    public void Make_LearnedVectors_StartStandardNormal()
    {
        Conditioning tasks = new([Condition.Embedding("task", 100, 80)], random: new RandomStream(1));
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
        Conditioning conditioning = new([Condition.Unit("a"), Condition.Unit("b")]);
        Assert.That(() => conditioning.Forward(Tensor.From([0.5f]), Tensor.From([0.5f, 0.6f])), Throws.ArgumentException.With.Message.Contains("\"b\" has 2"));
    }

    [Test]
    public void Make_BadRanges_AreRefused() => Assert.Multiple(() =>
    {
        Assert.That(() => Condition.Range("angle", 90, 90), Throws.ArgumentException);
        Assert.That(() => Condition.LogRange("decay", 0, 1), Throws.ArgumentException.With.Message.Contains("Use Range"));
        Assert.That(() => new Conditioning([Condition.Unit("a"), Condition.Unit("a")]), Throws.ArgumentException);
        Assert.That(() => Condition.Embedding("a.b", 2, 3), Throws.ArgumentException.With.Message.Contains("dots"));
    });
}
