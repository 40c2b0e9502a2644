using HyperKernels.Layers;
using HyperKernels.Models;

namespace HyperKernels.Tests.Models;

public sealed class ModulationFieldTests
{
    private static readonly ModulatedFieldOptions s_small = new() { Layers = 2, HiddenFeatures = 4, Frequency = 3, Levels = 2, BaseResolution = 2, LogPlaces = 4 };

    [Test]
    public void HashGrid_MixesTheCornersOfEachCell()
    {
        using MemoryScope scope = new();
        using HashGridEncoding grid = new(coordinates: 2, levels: 2, features: 1, baseResolution: 4, logPlaces: 10);
        float[] table = [.. Enumerable.Range(0, 25 + 81).Select(static i => (i % 7) - 3f)];
        grid.Table.Load(table);
        (float x, float y) = (0.3f, -0.55f);
        float[] found = grid.Forward(Tensor.From([x, y], [1, 2])).ToArray();
        for (int level = 0; level < 2; level++)
        {
            int side = (4 << level) + 1;
            double scale = (4 << level) - 1;
            (double u, double v) = ((((x + 1) / 2) * scale) + 0.5, (((y + 1) / 2) * scale) + 0.5);
            (int i, int j) = ((int)u, (int)v);
            double At(int a, int b) => table[(level == 0 ? 0 : 25) + a + (b * side)];
            double expected = ((1 - (u - i)) * (1 - (v - j)) * At(i, j)) + ((u - i) * (1 - (v - j)) * At(i + 1, j))
                + ((1 - (u - i)) * (v - j) * At(i, j + 1)) + ((u - i) * (v - j) * At(i + 1, j + 1));
            Assert.That(found[level], Is.EqualTo(expected).Within(1e-5), $"level {level}");
        }
        Assert.That(
            () => grid.Forward(Tensor.From([0f, 1.5f], [1, 2])), Throws.ArgumentException.With.Message.StartsWith("HashGridEncoding: coordinates must lie within -1 and 1"));
    }

    [Test]
    public void HashGrid_Gradients_EqualDifferences_AlsoWhereRowsAreHashed()
    {
        using HashGridEncoding grid = new(coordinates: 3, levels: 2, features: 2, baseResolution: 4, logPlaces: 5, random: new RandomStream(1));
        Initializer.Normal(0, 1).Apply(grid.Table, new RandomStream(2));
        float[] place = [0.31f, -0.42f, 0.77f];
        double Value(float[] at)
        {
            using MemoryScope scope = new();
            return grid.Forward(Tensor.From(at, [1, 3])).ToArray().Select((value, i) => (double)value * (i + 1)).Sum();
        }
        using Tape tape = new();
        Tensor x = tape.Watch(Tensor.From(place, [1, 3]));
        float[] gradient = tape.Gradient(Ops.Sum(Ops.Multiply(grid.Forward(x), Tensor.From([1f, 2, 3, 4], [1, 4]))), x).ToArray();
        for (int axis = 0; axis < 3; axis++)
        {
            const float Step = 1f / 512;
            float[] Moved(float by) => [.. place.Select((value, i) => i == axis ? value + by : value)];
            Assert.That(gradient[axis], Is.EqualTo((Value(Moved(Step)) - Value(Moved(-Step))) / (2 * Step)).Within(0.02), $"axis {axis}");
        }
    }

    [Test]
    public void Modulations_ActWhereTheBackboneSaysThatTheyDo([Values] FieldBackbone backbone, [Values] FieldModulation modulation)
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        using MemoryScope scope = new();
        using ModulatedField field = new(2, 3, s_small with { Backbone = backbone, Modulation = modulation }, new RandomStream(1));
        field.Save(folder.File("field.safetensors"));
        using ModulatedField again = Layer.Load<ModulatedField>(folder.File("field.safetensors"));
        Tensor x = Ops.RandomUniform([5, 2], new RandomStream(2), -1, 1);
        Tensor? z = modulation == FieldModulation.None ? null : Ops.RandomNormal([5, field.Options.ModulationFeatures], new RandomStream(3));
        Assert.That(again.Forward(x, z).ToArray(), Is.EqualTo(Plain(field, x, z)).Within(1e-5f));
    }

    [Test]
    public void Field_OfASignal_LeavesOtherSignalsAlone_AndIsStored([Values(false, true)] bool norm)
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        using MemoryScope scope = new();
        ModulatedFieldOptions code = s_small with { Modulation = FieldModulation.None, Layers = 1 };
        ModulatedFieldOptions options = s_small with { Modulation = FieldModulation.Shift };
        using ModulationField network = new(
            new ModulatedField(2, 1, options, new RandomStream(1)), new ModulationCodes(3, 2, 4, code, code, codeFeatures: 3, norm, new RandomStream(2)));
        network.Save(folder.File("net.safetensors"));
        using ModulationField again = Layer.Load<ModulationField>(folder.File("net.safetensors"));
        Tensor x = Ops.RandomUniform([6, 2], new RandomStream(3), -1, 1);
        Assert.That(again.Forward(x, 2).ToArray(), Is.EqualTo(network.Forward(x, 2).ToArray()));
        if (!norm)
        {
            // A norm would see all signals at once.
            float[] both = network.Forward(Ops.Stack(0, x, Ops.Neg(x)), [2, 0]).ToArray();
            float[] alone = [.. network.Forward(x, 2).ToArray(), .. network.Forward(Ops.Neg(x), 0).ToArray()];
            Assert.That(both, Is.EqualTo(alone).Within(1e-6f));
        }
        using Tape tape = new();
        tape.Backward(Ops.Sum(network.Forward(x, 1)));
        foreach (NamedParameter named in network.NamedParameters().Where(static named => named.Name.Contains(".code", StringComparison.Ordinal)))
        {
            Assert.That(tape.TryGetGradient(named.Parameter.Value, out _), Is.EqualTo(named.Name.Contains(".code1.", StringComparison.Ordinal)), named.Name);
        }
    }

    [Test]
    public void LineIntegral_SumsAlongEachRay()
    {
        using MemoryScope scope = new();
        float[] sums = ModulationField.LineIntegral(Tensor.From([1f, 2, 3, 4, 5, 6], [2, 3, 1]), 0.5f).ToArray();
        Assert.That(sums, Is.EqualTo(new[] { 3f, 7.5f }));
    }

    [Test]
    public void Mistakes_AreNamed() => Assert.Multiple(() =>
    {
        ModulatedField field = new(2, 1, s_small);
        Assert.That(
            () => field.Forward(Tensor.Zeros([1, 2])), Throws.ArgumentException.With.Message.StartsWith("ModulatedField: for Film the modulation must be [N, 8]; got none."));
        Assert.That(
            () => new ModulationField(field, new ModulationCodes(1, 2, 4, s_small with { Modulation = FieldModulation.None })),
            Throws.ArgumentException.With.Message.StartsWith("ModulationField: the field reads modulations of 8 numbers; the codes give 4."));
        Assert.That(
            () => new ModulationCodes(1, 2, 8, s_small), Throws.ArgumentException.With.Message.StartsWith("ModulationCodes: codes and what they share must be plain fields"));
        Assert.That(
            () => new ModulationField(field, new ModulationCodes(1, 2, 8, s_small with { Modulation = FieldModulation.None })).Forward(Tensor.Zeros([2, 3, 2]), [0]),
            Throws.ArgumentException.With.Message.StartsWith("ModulationField: coordinates must be [S, N, D] for S signals, at least one; got [2, 3, 2] and 1."));
        Assert.That(() => new ModulationCodes(0, 2, 8), Throws.ArgumentException.With.Message.StartsWith("ModulationCodes: there must be at least one signal"));
    });

    private static float[] Plain(ModulatedField field, Tensor x, Tensor? z)
    {
        ModulatedFieldOptions options = field.Options;
        Tensor Apply(Tensor a) => options.Modulation switch
        {
            FieldModulation.Shift => Ops.Add(a, z!.Value),
            FieldModulation.Film => Ops.Add(Ops.Multiply(a, Ops.Slice(z!.Value, 1, 0, 4)), Ops.Slice(z.Value, 1, 4, 4)),
            FieldModulation.Concatenate => Ops.Concatenate(1, a, z!.Value),
            _ => a,
        };
        Linear[] layers = [.. field.Find<Linear>().Select(static found => found.Layer)];
        Tensor a = options.Backbone == FieldBackbone.HashGrid ? field.Find<HashGridEncoding>()[0].Layer.Forward(x) : x;
        for (int i = 0; i < layers.Length - 1; i++)
        {
            a = layers[i].Forward(a);
            a = options.Backbone switch
            {
                FieldBackbone.Mlp => i == 0 ? a : Ops.GeluTanh(Apply(a)),
                FieldBackbone.Siren => Apply(Ops.Sin(Ops.MultiplyScalar(a, 3))),
                _ => Apply(Ops.LeakyRelu(Apply(a))),
            };
        }
        return layers[^1].Forward(a).ToArray();
    }
}
