using HyperKernels.Layers;
using HyperKernels.Models;
using HyperKernels.Optim;

namespace HyperKernels.Tests.Models;

public sealed class ShapeshifterTests
{
    [TestCase(TemplateSharing.Average)]
    [TestCase(TemplateSharing.Weighted)]
    [TestCase(TemplateSharing.Embedding)]
    public void Generate_WeightIsTheMixtureOfItsTemplates(TemplateSharing sharing)
    {
        using MemoryScope scope = new();
        using HyperNetwork network = Shapeshifter.For(Chain(4, 4, 4), new ShapeshifterOptions { Budget = 54, Sharing = sharing, Random = new RandomStream(1) });
        Dictionary<string, float[]> values = network.NamedParameters().ToDictionary(named => named.Name, named => named.Parameter.Value.ToArray());

        float[] actual = network.Generate().ToArray();

        // 54 values hold three templates of 16; the first layer reads the block at the front, the second does not fit behind it.
        float[] bank = values["emission.group0.bank"];
        Assert.That(bank, Has.Length.EqualTo(54));
        for (int i = 0; i < actual.Length; i++)
        {
            int layer = i / 16;
            double expected = Enumerable.Range(0, 3).Sum(t => Coefficient(values, sharing, layer, t) * bank[(t * 16) + (i % 16)]);
            Assert.That(actual[i], Is.EqualTo(expected).Within(1e-5), $"value {i}");
        }
    }

    [Test]
    public void For_Budget_IsSharedOutByTheSizesOfGroups_BesideLayersThatAreAlone()
    {
        using HyperNetwork network = Shapeshifter.For(Chain(3, 4, 4, 4, 2), new ShapeshifterOptions { Budget = 100, Groups = [0, 1, 1, 1] });
        ShapeshifterEmission emission = (ShapeshifterEmission)network.Emission;
        Assert.Multiple(() =>
        {
            Assert.That(network.Manifest.Entries.Select(entry => entry.Name), Is.EqualTo(new[] { "2.weight", "4.weight", "6.weight" }));
            Assert.That(emission.Banks.Select(bank => bank.Shape[0]), Is.EqualTo(new[] { 90 }), "100 - 12 = 88, in whole kernels");
            Assert.That(network.NamedParameters().Select(named => named.Name), Does.Contain("target.0.weight").And.Not.Contain("target.2.weight"));
        });
        using HyperNetwork two = Shapeshifter.For(Chain(4, 4, 4, 2, 4), new ShapeshifterOptions { Budget = 480, Groups = [5, 5, 2, 2] });
        Assert.That(((ShapeshifterEmission)two.Emission).Banks.Select(bank => bank.Shape[0]), Is.EqualTo(new[] { 324, 162 }), "320 and 160, in whole kernels");
    }

    [TestCase(TemplateUpsampling.WeightedPairs)]
    [TestCase(TemplateUpsampling.Mask)]
    [TestCase(TemplateUpsampling.Repeat)]
    public void Expand_BankTooSmall_AppendsAveragesMaskedOrPlainCopies(TemplateUpsampling upsampling)
    {
        using MemoryScope scope = new();
        using SharedTemplates layer = new([6, 4], 1, 11, upsampling, random: new RandomStream(1));
        float[] bank = [.. Enumerable.Range(1, 11).Select(i => (float)i)];
        Parameter[] weights = [.. layer.Parameters];
        Array.ForEach(weights, weight => weight.Load([.. Enumerable.Range(0, (int)weight.Shape.Count).Select(i => (0.1f * i) - 0.3f)]));

        float[] actual = layer.Expand(Tensor.From(bank)).ToArray();

        float[] w = weights.Length == 0 ? [] : weights[0].Value.ToArray();
        for (int i = 0; i < actual.Length; i++)
        {
            // Pairs: value j of the first half with value j of the second. Masks and copies: whole kernels of nine.
            double expected = upsampling switch
            {
                TemplateUpsampling.WeightedPairs => (w[2 * (i / 5)] * bank[i % 5]) + (w[(2 * (i / 5)) + 1] * bank[5 + (i % 5)]),
                TemplateUpsampling.Mask when i >= 9 => bank[i % 9] * w[i - 9],
                _ => bank[i % 9],
            };
            Assert.That(actual[i], Is.EqualTo(expected).Within(1e-5), $"value {i}");
        }
    }

    [Test]
    public void Expand_LearnsGroups_ReadsTheWholeBankAsMatricesOfTheLayersRatio()
    {
        using SharedTemplates wide = new([4, 2, 3, 3], 4, 400, learnsGroups: true);
        using SharedTemplates tall = new([30, 3], 4, 400, learnsGroups: true);
        Assert.Multiple(() =>
        {
            // 100 values each: sqrt(100 / 4.5) = 4 rows of 25; sqrt(100 / 0.1) = 31 rows of 3.
            Assert.That(wide.TemplateShape, Is.EqualTo(new Shape(4, 25)));
            Assert.That(tall.TemplateShape, Is.EqualTo(new Shape(31, 3)));
        });
    }

    [Test]
    public void Learned_LayersWithLikeCoefficients_ShareAGroup()
    {
        using HyperNetwork network = Shapeshifter.For(Chain(4, 4, 3, 5, 2), new ShapeshifterOptions { LearnsGroups = true, Budget = 81, Random = new RandomStream(1) });
        Parameter coefficients = network.NamedParameters().Single(named => named.Name.EndsWith("coefficients4", StringComparison.Ordinal)).Parameter;
        coefficients.Load([0, 1, 0, 0, /**/ 2, 0, 0, 0, /**/ 0.1f, 0.9f, 0, 0, /**/ 2.1f, 0, 0.1f, 0]);

        Assert.That(LayerGroups.Learned(network, 2, new RandomStream(2)), Is.EqualTo(new[] { 0, 1, 0, 1 }));
        Assert.That(LayerGroups.Random(9, 4, new RandomStream(3)).Distinct().Order(), Is.EqualTo(new[] { 0, 1, 2, 3 }));
    }

    [Test]
    public void Constructor_BankStartsWithTheScaleOfItsMostFrequentShape()
    {
        using HyperNetwork network = Shapeshifter.For(Chain(100, 100, 100, 100), new ShapeshifterOptions { Budget = 20_000, Random = new RandomStream(1) });
        float[] bank = ((ShapeshifterEmission)network.Emission).Banks[0].Value.ToArray();
        Assert.That(Math.Sqrt(bank.Average(x => (double)x * x)), Is.EqualTo(Math.Sqrt(2.0 / 100)).Within(0.003));
    }

    // Upsampled, with conditions, and while groups are learned.
    private static readonly ShapeshifterOptions[] s_forms =
    [
        new() { Budget = 9, Upsampling = TemplateUpsampling.Mask },
        new() { Budget = 90, Sharing = TemplateSharing.Embedding, Embedding = 6, Hidden = [5], Groups = [0, 1, 1, 0] },
        new() { Budget = 81, LearnsGroups = true, Sharing = TemplateSharing.Embedding, Embedding = 6 },
    ];

    [TestCaseSource(nameof(s_forms))]
    public void Load_AfterSave_GivesTheSameWeights(ShapeshifterOptions form)
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        using MemoryScope scope = new();
        using HyperNetwork network = Shapeshifter.For(Chain(4, 4, 3, 5, 2), form with { Random = new RandomStream(1) });
        network.Save(folder.File("network.safetensors"));

        using HyperNetwork again = HyperNetwork.Load(folder.File("network.safetensors"));

        Assert.That(again.NamedParameters().Select(named => named.ToString()), Is.EqualTo(network.NamedParameters().Select(named => named.ToString())));
        Assert.That(again.Generate().ToArray(), Is.EqualTo(network.Generate().ToArray()));
    }

    [Test]
    public void Forward_AConditionForEverySample_IsAnOrdinaryNetworkOfEach()
    {
        using MemoryScope scope = new();
        using HyperNetwork network = Shapeshifter.For(Chain(4, 4, 3, 4, 4), new ShapeshifterOptions
        {
            Budget = 60, Sharing = TemplateSharing.Embedding, Conditioning = new DeclaredConditioning([Condition.Raw("task", 2)]), Random = new RandomStream(1),
        });
        Tensor x = Ops.RandomNormal([3, 4], new RandomStream(2));
        float[][] tasks = [[0, 1], [1, -1], [0.5f, 2]];

        float[] actual = network.Forward(x, Tensor.From([.. tasks.SelectMany(task => task)], [3, 2])).ToArray();

        for (int sample = 0; sample < 3; sample++)
        {
            using TensorLayer ordinary = network.Materialize(tasks[sample]);
            Assert.That(actual[(4 * sample)..((4 * sample) + 4)], Is.EqualTo(ordinary.Forward(Ops.Slice(x, 0, sample, 1)).ToArray()).Within(1e-5));
        }
    }

    [Test]
    public void Training_ATenthOfTheParameters_FitsAFunction()
    {
        using HyperNetwork network = Shapeshifter.For(Chain(2, 16, 16, 16, 1), new ShapeshifterOptions { Budget = 120, Random = new RandomStream(1) });
        using Adam adam = new(network.Parameters, 0.01f);
        using MemoryScope scope = new();
        Tensor x = Ops.RandomUniform([64, 2], new RandomStream(2), -1, 1);
        Tensor y = Ops.Multiply(Ops.Slice(x, 1, 0, 1), Ops.Slice(x, 1, 1, 1));
        double first = 0;
        double last = 0;
        for (int step = 0; step < 150; step++)
        {
            using Tape tape = new();
            Tensor loss = Ops.MeanSquaredError(network.Forward(x), y);
            tape.Backward(loss);
            adam.Step(tape);
            last = loss.ToScalar();
            first = step == 0 ? last : first;
        }
        Assert.That(last, Is.LessThan(first / 10).And.LessThan(0.02));
    }

    [Test]
    public void Errors_SayWhatMustHold() => Assert.Multiple(() =>
    {
        Assert.That(
            () => Shapeshifter.For(Chain(4, 4, 4), new ShapeshifterOptions { Groups = [0, 1] }),
            Throws.ArgumentException.With.Message.StartsWith("Shapeshifter.For: at least two weights must be in one group; each is alone in its own."));
        Assert.That(
            () => Shapeshifter.For(Chain(4, 4, 4), new ShapeshifterOptions { Groups = [0] }),
            Throws.ArgumentException.With.Message.StartsWith("Shapeshifter.For: a group for each of the target's 2 weights is needed; got 1."));
        Assert.That(
            () => Shapeshifter.For(Chain(4, 4, 4), new ShapeshifterOptions { LearnsGroups = true }),
            Throws.ArgumentException.With.Message.StartsWith("Shapeshifter.For: learning groups needs a budget"));
        Assert.That(
            () => new SharedTemplates([40, 40, 3, 3], 2, 10),
            Throws.ArgumentException.With.Message.StartsWith("SharedTemplates: a bank of 10 values is too small for 2 templates of a weight [40, 40, 3, 3]"));
        Assert.That(
            () => LayerGroups.Random(3, 4, new RandomStream(0)),
            Throws.ArgumentException.With.Message.StartsWith("LayerGroups: there must be between 1 and 3 groups for 3 weights; got 4."));
    });

    private static Sequential Chain(params int[] widths) =>
        new([.. Enumerable.Range(0, widths.Length - 1).SelectMany(i => (TensorLayer[])[new Linear(widths[i], widths[i + 1], random: new RandomStream((ulong)i)), new Tanh()])]);

    private static double Coefficient(Dictionary<string, float[]> values, TemplateSharing sharing, int layer, int template)
    {
        switch (sharing)
        {
            case TemplateSharing.Average:
                return 1.0 / 3;
            case TemplateSharing.Weighted:
                return values["emission.group0.coefficients3"][(layer * 3) + template];
            default:
                ReadOnlySpan<float> embedding = values["emission.group0.embedding"].AsSpan(layer * 24, 24);
                ReadOnlySpan<float> row = values["emission.group0.projection3.weight"].AsSpan(template * 24, 24);
                double sum = values["emission.group0.projection3.bias"][template];
                for (int k = 0; k < 24; k++)
                {
                    sum += (double)embedding[k] * row[k];
                }
                return sum;
        }
    }
}
