using HyperKernels.Layers;
using HyperKernels.Models;

namespace HyperKernels.Tests.Models;

/// <summary>Adapters generated for tasks, pairs of languages, prototypes and instructions: what the reference cases do not show.</summary>
public sealed class AdapterTests
{
    private const int Features = 6;
    private const int Samples = 4;

    private static Tensor Input => Ops.RandomNormal([Samples, 3, Features], new RandomStream(9));

    [Test]
    public void Hyperformer_Fresh_IsNearlyTheIdentity_ForGeneratedGainsStartNearZero()
    {
        using MemoryScope scope = new();
        using HyperformerAdapter layer = new(Features, 5, new HyperformerOptions { Reduction = 2 }, new RandomStream(1));
        Tensor x = Input;
        float[] change = Ops.Subtract(layer.Forward(x, Ops.RandomNormal([1, 5], new RandomStream(2))), x).ToArray();
        Assert.That(change, Is.All.InRange(-0.2f, 0.2f).And.Some.Not.Zero);
    }

    [Test]
    public void Forward_TasksOfABatch_GiveWhatEachGivesAlone([Range(0, 3)] int kind)
    {
        using MemoryScope scope = new();
        (Layer layer, Func<Tensor, int, int, Tensor> forward) = Make(kind);
        using Layer owned = layer;
        Tensor x = Input;
        float[] together = forward(x, 0, Samples).ToArray();
        float[] alone = [.. Enumerable.Range(0, Samples).SelectMany(sample => forward(Ops.Slice(x, 0, sample, 1), sample, 1).ToArray())];
        Assert.That(together, Is.EqualTo(alone).Within(1e-5f));
    }

    [Test]
    public void Load_AfterSave_GivesTheSameAnswers([Range(0, 3)] int kind)
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        using MemoryScope scope = new();
        (Layer layer, Func<Tensor, int, int, Tensor> forward) = Make(kind);
        using Layer owned = layer;
        layer.Save(folder.File("adapter.safetensors"));
        using Layer again = Layer.Load<Layer>(folder.File("adapter.safetensors"));
        Tensor x = Input;
        Assert.That(Forward(again, kind)(x, 0, Samples).ToArray(), Is.EqualTo(forward(x, 0, Samples).ToArray()));
    }

    [Test]
    public void InstanceLoss_WithoutFellows_IsZero_AndFallsWhenFellowsAreAlike()
    {
        using MemoryScope scope = new();
        Tensor tasks = Tensor.From([0, 1, 0, 1], [4]);
        Tensor alike = Tensor.From([1f, 0, 0, 1, 1, 0, 0, 1], [4, 2]);
        Tensor crossed = Tensor.From([1f, 0, 1, 0, 0, 1, 0, 1], [4, 2]);
        Assert.Multiple(() =>
        {
            Assert.That(PrototypeAdapter.InstanceLoss(alike, Tensor.From([0, 1, 2, 3], [4])).ToScalar(), Is.Zero);
            Assert.That(PrototypeAdapter.InstanceLoss(alike, tasks).ToScalar(), Is.LessThan(1e-4f));
            // The fellow's cosine is 0 and one stranger's 1: log(e^10 + 2) at a temperature of 0.1, times 0.1.
            Assert.That(PrototypeAdapter.InstanceLoss(crossed, tasks).ToScalar(), Is.EqualTo(1).Within(1e-4));
        });
    }

    [Test]
    public void PrototypeLoss_WithItsOwnInTheSum_IsAnOrdinaryCrossEntropy()
    {
        using MemoryScope scope = new();
        using PrototypeAdapter layer = new(Features, 2, tasks: 3, prototype: 5, random: new RandomStream(1));
        Tensor instances = Ops.RandomNormal([4, 5], new RandomStream(2));
        Tensor tasks = Tensor.From([2, 0, 1, 2], [4]);
        Tensor cosines = Ops.Matmul(Ops.L2Normalize(instances), Ops.L2Normalize(layer.Prototypes.Value), transposeB: true);
        float expected = 0.1f * Ops.CrossEntropy(Ops.MultiplyScalar(cosines, 10), tasks).ToScalar();
        Assert.Multiple(() =>
        {
            Assert.That(layer.PrototypeLoss(instances, tasks, includesOwn: true).ToScalar(), Is.EqualTo(expected).Within(1e-5f));
            Assert.That(layer.PrototypeLoss(instances, tasks).ToScalar(), Is.LessThan(expected));
        });
    }

    [Test]
    public void Generate_ForPlacesThatAreNot_IsRefused()
    {
        using MemoryScope scope = new();
        using HyperformerController controller = new(Features, layers: 2, task: 3, hidden: 4, conditions: 5, options: new HyperformerOptions { Reduction = 2 });
        using LanguageAdapter languages = new(Features, 2, languages: 3, layers: 2, embedding: 3, hidden: 4);
        Assert.Multiple(() =>
        {
            Assert.That(
                () => controller.Generate(Tensor.Ones([1, 3]), layer: 2, position: 0),
                Throws.ArgumentException.With.Message.StartsWith("HyperformerController: tasks must be [rows, 3], for a layer from 0 to 1 and a position from 0 to 1; got"));
            Assert.That(
                () => languages.Generate(Tensor.From([0], [1]), Tensor.From([1, 2], [2]), layer: 0),
                Throws.ArgumentException.With.Message.StartsWith("LanguageAdapter: languages must be two lists of integers of one length, for a layer from 0 to 1; got"));
            Assert.That(
                () => new HyperformerAdapter(Features, 3, new HyperformerOptions { Reduction = 4 }),
                Throws.ArgumentException.With.Message.StartsWith("HyperformerAdapter: sizes must be at least 1, and the reduction must divide features; got 6 features"));
        });
    }

    [Test]
    public void Hint_PrefixesAndLowRankFactors_AreRowsOfTheirKinds()
    {
        using MemoryScope scope = new();
        using HintGenerator layer = new(Features, 3, prefix: 2, rank: 2, random: new RandomStream(1));
        Tensor instruction = Ops.RandomNormal([2, 4, Features], new RandomStream(2));
        Tensor baseWeight = Ops.RandomNormal([Features, Features], new RandomStream(3));
        (Tensor keys, Tensor values) = layer.GeneratePrefix(instruction);
        Weight change = layer.GenerateLowRank(instruction, baseWeight, alpha: 4);
        // Eight rows of an adapter come first.
        Tensor a = layer.Rows(instruction, 6, 12, 2);
        Tensor b = layer.Rows(instruction, 7, 14, 2);
        Tensor expected = Ops.MultiplyScalar(Ops.Matmul(Ops.Permute(b, 0, 2, 1), a), 2) + baseWeight;
        Assert.Multiple(() =>
        {
            Assert.That(keys.ToArray(), Is.EqualTo(layer.Rows(instruction, 4, 8, 2).ToArray()));
            Assert.That(values.ToArray(), Is.EqualTo(layer.Rows(instruction, 5, 10, 2).ToArray()));
            Assert.That(values.ToArray(), Is.Not.EqualTo(keys.ToArray()));
            Assert.That(change.Materialize().ToArray(), Is.EqualTo(expected.ToArray()).Within(1e-5f));
            Assert.That(() => new HintGenerator(Features, 3).GeneratePrefix(instruction), Throws.InvalidOperationException.With.Message.Contains("without a prefix"));
            Assert.That(
                () => new HintGenerator(Features, 3).GenerateLowRank(instruction, baseWeight, 1),
                Throws.InvalidOperationException.With.Message.Contains("without changes of low rank"));
        });
    }

    private static (Layer Layer, Func<Tensor, int, int, Tensor> Forward) Make(int kind)
    {
        RandomStream random = new(1);
        Layer layer = kind switch
        {
            0 => new HyperformerController(Features, 2, 3, 4, 5, options: new HyperformerOptions { Reduction = 2, PreNorm = true }, random: random),
            1 => new LanguageAdapter(Features, 2, languages: 3, layers: 2, embedding: 3, hidden: 4, random),
            2 => new PrototypeAdapter(Features, 2, tasks: 3, prototype: 5, layer: 4, hidden: 7, conditions: 6, random),
            _ => new HintGenerator(Features, 3, prefix: 2, rank: 2, random: random),
        };
        return (layer, Forward(layer, kind));
    }

    // For samples from one on, so many.
    private static Func<Tensor, int, int, Tensor> Forward(Layer layer, int kind)
    {
        Tensor first = Tensor.From([0, 2, 1, 2], [Samples]);
        Tensor second = Tensor.From([1, 1, 0, 2], [Samples]);
        Tensor tasks = Ops.RandomNormal([Samples, 3], new RandomStream(5));
        Tensor instructions = Ops.RandomNormal([Samples, 4, Features], new RandomStream(6));
        Tensor place = Ops.RandomNormal([4], new RandomStream(7));
        return (x, from, count) => kind switch
        {
            0 => ((HyperformerController)layer).Forward(x, Ops.Slice(tasks, 0, from, count), layer: 1, position: 0),
            1 => ((LanguageAdapter)layer).Forward(x, Ops.Slice(first, 0, from, count), Ops.Slice(second, 0, from, count), layer: 1),
            2 => ((PrototypeAdapter)layer).Forward(x, Ops.Slice(first, 0, from, count), place),
            _ => ((HintGenerator)layer).Forward(x, Ops.Slice(instructions, 0, from, count)),
        };
    }
}
