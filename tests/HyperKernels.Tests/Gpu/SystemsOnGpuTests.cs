using HyperKernels.Layers;
using HyperKernels.Models;

namespace HyperKernels.Tests.Gpu;

/// <summary>Systems without cases of their authors: on a device they give the processor's answers and gradients. Those with cases run them on every backend.</summary>
public sealed class SystemsOnGpuTests
{
    private static readonly (string Name, Func<RandomStream, (Layer Layer, Func<Tensor> Run)> Make)[] s_systems =
    [
        ("polyhistor", random =>
        {
            PolyhistorAdapter layer = new(8, 4, layers: 2, conditions: 3, kernel: 2, rank: 2, random);
            // The way up starts at zero.
            Initializer.Normal().Apply(layer.NamedParameters().Single(named => named.Name == "up_head").Parameter, random);
            Tensor x = Ops.RandomNormal([6, 5, 8], random);
            Tensor tasks = Ops.RandomNormal([3, 3], random);
            return (layer, () => layer.Forward(x, tasks, layer: 1));
        }),
        ("hyma", random =>
        {
            HyperNetwork hyma = Hyma.For(new Mlp([4, 6, 2], random: random), pairs: 5, pairCode: 5, layerCode: 3, hidden: [16], random: random);
            Tensor x = Ops.RandomNormal([6, 4], random);
            return (hyma, () => hyma.Forward(x, Tensor.From([4, 0, 2], [3])));
        }),
        ("hint's prefixes and low-rank changes", random =>
        {
            HintGenerator layer = new(8, 3, prefix: 4, rank: 2, random: random);
            Tensor x = Ops.RandomNormal([6, 8], random);
            Tensor frozen = Ops.RandomNormal([8, 8], random);
            Tensor instructions = Ops.RandomNormal([2, 5, 8], random);
            return (layer, () =>
            {
                (Tensor keys, Tensor values) = layer.GeneratePrefix(instructions);
                Tensor changed = Ops.Linear(layer.Forward(x, instructions), layer.GenerateLowRank(instructions, frozen, alpha: 4));
                return Ops.Concatenate(0, changed, Ops.Reshape(keys, 8, 8), Ops.Reshape(values, 8, 8));
            });
        }),
        ("parameternet", random =>
        {
            TensorLayer layer = ParameterNet.For(new Conv2d(3, 4, 3, padding: 1, random: random), experts: 4, random: random);
            Tensor x = Ops.RandomNormal([2, 3, 5, 5], random);
            return (layer, () => layer.Forward(x));
        }),
    ];

    public static IEnumerable<string> Systems => s_systems.Select(system => system.Name);

    [TestCaseSource(nameof(Systems))]
    public void System_OnOpenCL_GivesWhatTheProcessorGives(string name)
    {
        float[] expected = Run(name, Device.Cpu);
        Assert.That(Run(name, Gpus.OpenCL), Is.EqualTo(expected).Within(1e-4f));
    }

    // Answers, then the gradients of their squares by every parameter that they depend on.
    private static float[] Run(string name, Device device)
    {
        using DeviceUse use = Device.Use(device);
        using MemoryScope scope = new();
        (Layer layer, Func<Tensor> run) = s_systems.Single(system => system.Name == name).Make(new RandomStream(1));
        using Layer owned = layer;
        using Tape tape = new();
        Tensor answers = run();
        tape.Backward(Ops.Mean(Ops.Square(answers)));
        List<float> numbers = [.. answers.ToArray()];
        foreach (Parameter parameter in layer.Parameters)
        {
            if (tape.TryGetGradient(parameter.Value, out Tensor gradient))
            {
                numbers.AddRange(gradient.ToArray());
            }
        }
        Assert.That(answers.Device, Is.SameAs(device));
        Assert.That(numbers, Has.Count.GreaterThan((int)answers.Count).And.All.Matches<float>(float.IsFinite));
        return [.. numbers];
    }
}
