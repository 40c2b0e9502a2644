using HyperKernels.Layers;
using HyperKernels.Models;

namespace HyperKernels.Tests.Models;

public sealed class SmearTests
{
    private const int Features = 4;
    private const int Experts = 5;

    [Test]
    public void ExpertDropout_LeavesExpertsOut_AndRenormalisesIfAsked([Values] bool renormalise)
    {
        using MemoryScope scope = new();
        SmearOptions options = new() { ExpertDropout = 0.3f, Renormalise = renormalise };
        using SmearGate gate = new(Features, Experts, options, random: new RandomStream(1));
        Tensor x = Ops.RandomNormal([400, 3, Features], new RandomStream(2));
        float[][] trained = [.. gate.Forward(x).ToArray().Chunk(Experts)];
        gate.Eval();
        float[][] whole = [.. gate.Forward(x).ToArray().Chunk(Experts)];

        Assert.That(trained.SelectMany(row => row).Average(share => share < 1e-6 ? 1.0 : 0), Is.EqualTo(0.3).Within(0.05));
        for (int row = 0; row < trained.Length; row++)
        {
            if (renormalise && trained[row].All(share => MathF.Abs(share - (1f / Experts)) < 1e-6))
            {
                continue; // None is left: then all weigh the same, as in the authors' code.
            }
            double kept = Enumerable.Range(0, Experts).Where(e => trained[row][e] > 1e-6).Sum(e => (double)whole[row][e]);
            double scale = renormalise ? 1 / kept : 1;
            double[] expected = [.. Enumerable.Range(0, Experts).Select(e => trained[row][e] > 1e-6 ? whole[row][e] * scale : 0)];
            Assert.That(trained[row], Is.EqualTo(expected).Within(1e-5), $"row {row}");
        }
    }

    [Test]
    public void Scaling_OfTheRoutersRows_MatchesLoopsInDouble()
    {
        using MemoryScope scope = new();
        foreach (RouterScaling scaling in (RouterScaling[])[RouterScaling.Length, RouterScaling.LayerNorm])
        {
            using SmearGate gate = new(Features, Experts, new SmearOptions { Scaling = scaling }, random: new RandomStream(1));
            double[] x = [0.3, -1, 2, 0.5];
            double[] read = Normal(x, 1);
            double[][] rows = [.. gate.Weight.OwnValue.ToArray().Chunk(Features).Select(row => Array.ConvertAll(row, value => (double)value))];
            double[] logits = [.. rows.Select(row =>
            {
                double[] scaled = scaling == RouterScaling.LayerNorm ? Normal(row, 0.01) : [.. row.Select(value => value / Math.Sqrt(row.Sum(other => other * other)))];
                return scaled.Zip(read, (a, b) => a * b).Sum();
            })];
            double[] expected = [.. logits.Select(logit => Math.Exp(logit) / logits.Sum(Math.Exp))];
            float[] input = Array.ConvertAll(x, value => (float)value);
            Assert.That(gate.Forward(Tensor.From(input, [1, Features])).ToArray(), Is.EqualTo(expected).Within(1e-5), $"{scaling}");
        }
    }

    [Test]
    public void Adapter_OfSeveralRouters_AddsTheMeanOfWhatTheirExpertsGive()
    {
        using MemoryScope scope = new();
        using SmearAdapter adapter = new(Features, 3, Experts, new SmearOptions { Routers = 2, PreNorm = true, PostNorm = true }, random: new RandomStream(1));
        RandomStream random = new(2);
        foreach (Parameter parameter in adapter.Parameters)
        {
            float[] values = new float[parameter.Shape.Count];
            random.FillNormal(values);
            parameter.Load(values);
        }
        Dictionary<string, Parameter> named = adapter.NamedParameters().ToDictionary(p => p.Name, p => p.Parameter);
        Tensor Norm(string name, Tensor x) => Ops.LayerNorm(x, 1, named[name + ".weight"].Value, named[name + ".bias"].Value);
        Tensor x = Ops.RandomNormal([2, 3, Features], random);
        Tensor states = Ops.RandomNormal([2, 7, Features], random);

        Tensor read = Norm("pre_norm", x);
        Tensor sum = Ops.Add(adapter.Routes[0].Forward(read, adapter.Routes[0].Gate.Forward(states)), adapter.Routes[1].Forward(read, adapter.Routes[1].Gate.Forward(states)));
        Tensor expected = Ops.Add(x, Norm("post_norm", Ops.MultiplyScalar(sum, 0.5f)));

        Assert.That(adapter.Forward(x, states).ToArray(), Is.EqualTo(expected.ToArray()).Within(1e-5));
        Assert.That(adapter.Forward(x).ToArray(), Is.Not.EqualTo(expected.ToArray()).Within(1e-3), "routed by other tokens");
    }

    [Test]
    public void Adapter_OneExpertForAll_IsThatExpert()
    {
        using MemoryScope scope = new();
        using SmearAdapter adapter = new(Features, 3, Experts, random: new RandomStream(1));
        float[] bias = new float[Experts];
        bias[2] = 60;
        ((SmearGate)adapter.Routes[0].Gate).Bias!.Load(bias);
        Tensor x = Ops.RandomNormal([2, 6, Features], new RandomStream(2));
        float[] one = new float[Experts];
        one[2] = 1;
        using TensorLayer expert = adapter.Routes[0].Network.Materialize(one);
        Assert.That(adapter.Forward(x).ToArray(), Is.EqualTo(Ops.Add(x, expert.Forward(x)).ToArray()).Within(1e-6));
    }

    [Test]
    public void Adapter_LoadAfterSave_GivesTheSameAnswers()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        using MemoryScope scope = new();
        SmearOptions options = new() { ExpertDropout = 0.2f, Renormalise = false, Routers = 2, PreNorm = true, PostNorm = true, Scaling = RouterScaling.Length };
        using SmearAdapter adapter = new(Features, 3, Experts, options, Activation.Gelu, new RandomStream(1));
        adapter.Eval();
        adapter.Save(folder.File("adapter.safetensors"));
        using SmearAdapter again = Layer.Load<SmearAdapter>(folder.File("adapter.safetensors"));
        Tensor x = Ops.RandomNormal([2, 6, Features], new RandomStream(2));
        Assert.That(again.Forward(x).ToArray(), Is.EqualTo(adapter.Forward(x).ToArray()));
        Assert.That(again.Options, Is.EqualTo(options));
    }

    [Test]
    public void Settings_OutOfRange_AreRefused() => Assert.Multiple(() =>
    {
        Assert.That(
            () => new SmearGate(4, 3, new SmearOptions { ExpertDropout = 1 }),
            Throws.ArgumentException.With.Message.StartsWith("SmearGate: the probability to leave an expert out must be in [0, 1); got 1."));
        Assert.That(
            () => new SmearAdapter(4, 3, 2, new SmearOptions { Routers = 0 }),
            Throws.ArgumentException.With.Message.StartsWith("SmearAdapter: at least one router is needed; got 0."));
    });

    // A layer norm with a gain of one number.
    private static double[] Normal(double[] row, double gain)
    {
        double mean = row.Average();
        double variance = row.Average(value => (value - mean) * (value - mean));
        return [.. row.Select(value => gain * (value - mean) / Math.Sqrt(variance + 1e-5))];
    }
}
