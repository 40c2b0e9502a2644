using System.Globalization;
using System.Text.Json;
using HyperKernels.IO;
using HyperKernels.Layers;

namespace HyperKernels.Tests.Layers;

public sealed class HyperfanTests
{
    private const double Tolerance = 1e-12;

    [TestCase("hyperfan_in")]
    [TestCase("hyperfan_out")]
    [TestCase("hyperfan_in_conv")]
    [TestCase("hyperfan_out_xavier")]
    public void HeadVariances_OfReferenceCase_AreTheReferences(string name)
    {
        using SafetensorsFile file = Open(name);
        JsonElement config = Config(file);
        int[] hidden = Integers(config.GetProperty("hidden"));
        double inputVariance = config.GetProperty("input_variance").GetDouble();
        bool relu = !config.GetProperty("xavier").GetBoolean();

        double[] heads = Hyperfan.HeadVariances(Mode(config), Targets(config), hidden[^1], inputVariance, relu);

        int[] widths = [config.GetProperty("embedding").GetInt32(), .. hidden];
        using (Assert.EnterMultipleScope())
        {
            Assert.That(heads, Is.EqualTo(file.ReadFloat64("out.head_variance")).Within(Tolerance));
            Assert.That(heads.Select(Hyperfan.Bound), Is.EqualTo(file.ReadFloat64("out.head_bound")).Within(Tolerance));
            Assert.That(
                heads.Select(variance => variance * hidden[^1] * inputVariance),
                Is.EqualTo(file.ReadFloat64("out.generated_variance")).Within(Tolerance));
            Assert.That(
                widths[..^1].Select(width => Hyperfan.HiddenBound(width, relu)),
                Is.EqualTo(file.ReadFloat64("out.hidden_bound")).Within(Tolerance));
        }
    }

    [TestCase("hyperfan_chunked_in")]
    [TestCase("hyperfan_chunked_fan_out")]
    public void ChunkVariances_OfReferenceCase_AreTheReferences(string name)
    {
        using SafetensorsFile file = Open(name);
        JsonElement config = Config(file);

        double[] wanted = Hyperfan.ChunkTargetVariances(Mode(config), Targets(config), config.GetProperty("chunk").GetInt32());
        double[] embeddings = [.. wanted.Select(variance => Hyperfan.ChunkEmbeddingVariance(
            variance,
            config.GetProperty("embedding").GetInt32(),
            config.GetProperty("input_variance").GetDouble(),
            config.GetProperty("chunk_embedding").GetInt32()))];

        using (Assert.EnterMultipleScope())
        {
            Assert.That(wanted, Is.EqualTo(file.ReadFloat64("out.chunk_target_variance")).Within(Tolerance));
            Assert.That(embeddings, Is.EqualTo(file.ReadFloat64("out.chunk_embedding_variance")).Within(Tolerance));
            Assert.That(embeddings.Select(Hyperfan.Bound), Is.EqualTo(file.ReadFloat64("out.chunk_embedding_bound")).Within(Tolerance));
        }
    }

    [Test]
    public void MagnitudeInvariantDeviations_OfReferenceCase_AreTheReferences()
    {
        using SafetensorsFile file = Open("mip_init_scales");
        JsonElement config = Config(file);
        double gain = Initializer.Gain(Activation.LeakyRelu());
        Shape[] targets = [.. config.GetProperty("target_tensors").EnumerateArray().Select(pair => new Shape(Integers(pair[1])))];

        using (Assert.EnterMultipleScope())
        {
            // The reference takes leaky ReLU's gain for slope 0, sqrt 2; ours for slope 0.01 is 5e-5 smaller.
            Assert.That(
                Integers(config.GetProperty("hidden")).Select(width => MagnitudeInvariant.HiddenDeviation(width, gain)),
                Is.EqualTo(file.ReadFloat64("out.std_hidden_weight")).Within(0.01).Percent);
            Assert.That(
                targets.Select(target => MagnitudeInvariant.OutputDeviation(target, gain)),
                Is.EqualTo(file.ReadFloat64("out.std_output_rows")).Within(0.01).Percent);
            Assert.That(targets.Select(MagnitudeInvariant.BaseDeviation), Is.EqualTo(file.ReadFloat64("out.std_theta0")).Within(Tolerance));
        }
    }

    [Test]
    public void HeadVariances_VectorWithoutItsWeight_IsRefused() =>
        Assert.That(() => Hyperfan.HeadVariances(FanMode.In, [[4, 3], [5]], 8, 1), Throws.ArgumentException.With.Message.Contains("[5]"));

    [Test]
    public void InputVariance_IsWeightedBySize() =>
        Assert.That(Hyperfan.InputVariance((3, 1.0), (1, 5.0)), Is.EqualTo(2).Within(Tolerance));

    private static SafetensorsFile Open(string name) =>
        SafetensorsFile.Open(Path.Combine(TestData.Reference, "hypernet", name + ".safetensors"));

    private static JsonElement Config(SafetensorsFile file) => JsonDocument.Parse(file.Metadata["config"]).RootElement;

    private static FanMode Mode(JsonElement config) => config.GetProperty("method").GetString() switch
    {
        "in" => FanMode.In,
        "out" => FanMode.Out,
        string other => throw new AssertionException(string.Create(CultureInfo.InvariantCulture, $"unknown method {other}")),
        null => throw new AssertionException("the case names no method"),
    };

    private static Shape[] Targets(JsonElement config) =>
        [.. config.GetProperty("target_tensors").EnumerateArray().Select(sizes => new Shape(Integers(sizes)))];

    private static int[] Integers(JsonElement list) => [.. list.EnumerateArray().Select(size => size.GetInt32())];
}
