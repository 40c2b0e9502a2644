using HyperKernels.Layers;
using HyperKernels.Models;

namespace HyperKernels.Tests.Models;

public sealed class ConditionalNormTests
{
    private const int Features = 4;

    [Test]
    public void Forward_ScalesAndShiftsFeaturesOfEverySample([Values] bool addOne, [Values] FeatureAxis axis, [Values(1, 2, 6)] int sets)
    {
        using MemoryScope scope = new();
        using ConditionalNorm layer = Make(addOne, axis, null);
        Tensor x = Ops.RandomNormal(axis == FeatureAxis.Second ? [6, Features, 3, 2] : [6, 3, 2, Features], new RandomStream(2));
        Tensor z = Ops.RandomNormal([sets, 3], new RandomStream(3));
        (float[] gains, float[] shifts, float[] values) = (layer.Gain.Forward(z).ToArray(), layer.Shift.Forward(z).ToArray(), x.ToArray());
        double[] expected = [.. values.Select((value, at) =>
        {
            int sample = at / (Features * 6);
            int feature = axis == FeatureAxis.Second ? at / 6 % Features : at % Features;
            int place = (sample * sets / 6 * Features) + feature;
            return ((gains[place] + (addOne ? 1.0 : 0)) * value) + shifts[place];
        })];
        Assert.That(layer.Forward(x, z).ToArray(), Is.EqualTo(expected).Within(1e-5));
    }

    [Test]
    public void Forward_WithANorm_ModulatesWhatItGives_AndAFreshLayerHardlyDoes()
    {
        using MemoryScope scope = new();
        using LayerNorm norm = new(Features, affine: false);
        Tensor x = Ops.RandomNormal([6, 3, Features], new RandomStream(2));
        float[] normal = norm.Forward(x).ToArray();
        using ConditionalNorm fresh = new(Features, 3, new LayerNorm(Features, affine: false), random: new RandomStream(1));
        Assert.That(fresh.Forward(x, Tensor.Ones([1, 3])).ToArray(), Is.EqualTo(normal).Within(0.2));
        using ConditionalNorm layer = Make(true, FeatureAxis.Last, new LayerNorm(Features, affine: false));
        using ConditionalNorm bare = Make(true, FeatureAxis.Last, null);
        Tensor z = Ops.RandomNormal([6, 3], new RandomStream(3));
        Assert.That(layer.Forward(x, z).ToArray(), Is.EqualTo(bare.Forward(norm.Forward(x), z).ToArray()));
    }

    [Test]
    public void Load_AfterSave_GivesTheSameAnswers([Values] bool withNorm)
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        using MemoryScope scope = new();
        using ConditionalNorm layer = Make(withNorm, FeatureAxis.Second, withNorm ? new GroupNorm(2, Features) : null);
        layer.Save(folder.File("norm.safetensors"));
        using ConditionalNorm again = Layer.Load<ConditionalNorm>(folder.File("norm.safetensors"));
        (Tensor x, Tensor z) = (Ops.RandomNormal([6, Features, 5], new RandomStream(2)), Ops.RandomNormal([2, 3], new RandomStream(3)));
        Assert.That(again.Forward(x, z).ToArray(), Is.EqualTo(layer.Forward(x, z).ToArray()));
    }

    [Test]
    public void Forward_ConditionsThatDoNotDivide_AreRefused()
    {
        using MemoryScope scope = new();
        using ConditionalNorm layer = Make(true, FeatureAxis.Last, null);
        Assert.That(
            () => layer.Forward(Tensor.Zeros([5, Features]), Tensor.Zeros([2, 3])),
            Throws.ArgumentException.With.Message.StartsWith(
                "ConditionalNorm: the input must be [B, ..., 4] and the condition [C, 3] with C dividing B; they are [5, 4] and [2, 3]."));
    }

    private static ConditionalNorm Make(bool addOne, FeatureAxis axis, TensorLayer? norm)
    {
        ConditionalNorm layer = new(Features, 3, norm, addOne, axis, new RandomStream(1));
        foreach (Parameter parameter in layer.Gain.Parameters.Concat(layer.Shift.Parameters))
        {
            Initializer.Normal().Apply(parameter, new RandomStream((ulong)parameter.Shape.Rank));
        }
        return layer;
    }
}
