using System.Runtime.InteropServices;
using System.Security.Cryptography;
using HyperKernels.Backends.Cpu;
using HyperKernels.Layers;
using HyperKernels.Optim;

namespace HyperKernels.Tests;

/// <summary>
/// Bits that were computed once, for each vector width: another machine of that width finds the same, with any number of threads. Where multiplying and adding are not
/// one operation (x86 without AVX2) bits are others, also of one width. A change of the arithmetic changes the table; what prints it is the test that fails.
/// </summary>
public sealed class PinnedBitsTests
{
    private static readonly (string Name, Func<float[]> Compute)[] s_work =
    [
        ("random", static () => [.. Ops.RandomNormal([999], new RandomStream(1)).ToArray(), .. Ops.RandomUniform([1001], new RandomStream(2)).ToArray()]),
        ("functions", Functions),
        ("sums", Sums),
        ("product", static () => WithGradients(static x => Ops.Matmul(x[0], x[1]), Draw(1, [65, 129]), Draw(2, [129, 71]))),
        // So deep that its sums are cut.
        ("deep product", static () => Ops.Matmul(Draw(1, [21, 8300]), Draw(2, [8300, 128])).ToArray()),
        ("convolution", static () => OfLayer(new Conv2d(3, 8, kernelSize: 5, random: new RandomStream(3)), Draw(4, [2, 3, 17, 19]))),
        ("normalisation", static () => OfLayer(new LayerNorm([37]), Draw(5, [11, 37]))),
        ("hypergraph", OnHypergraph),
        ("generated", Generated),
        ("training", Training),
    ];

    // By the bits of a vector, and whether multiplying and adding are one operation.
    private static readonly Dictionary<(int Bits, bool IsFused), string> s_pinned = new()
    {
        [(128, IsFused: true)] =
            "random 793652596DD4, functions EE36A2EA9EBC, sums EAD79DD44D14, product A227965976AA, "
            + "deep product 637C380AA783, convolution 6525CD157DCF, normalisation 98DE93516427, hypergraph 063C13F67131, generated 0A2C7018A468, training CEC407E74AF4",
        [(256, IsFused: true)] =
            "random 793652596DD4, functions EE36A2EA9EBC, sums 9DB037041A13, product A227965976AA, "
            + "deep product 637C380AA783, convolution 7F86C1758A71, normalisation AAF3E7A81623, hypergraph 063C13F67131, generated CDA59C88C967, training 2177F5EB0099",
        [(512, IsFused: true)] =
            "random 793652596DD4, functions EE36A2EA9EBC, sums 9C01525855C3, product A227965976AA, "
            + "deep product 637C380AA783, convolution C177BBF1B2AA, normalisation CB22BF2F80E0, hypergraph 063C13F67131, generated 6A7DE337C4A6, training AEAC9511FE54",
        [(128, IsFused: false)] =
            "random 793652596DD4, functions 2AD9AAC23D3A, sums BCF7F43E5457, product 96320A25EFAD, "
            + "deep product 9895ED3A15D9, convolution F4DCEFD593FA, normalisation 1B3ADB94ECDA, hypergraph D15614D3ED68, generated 6CFB204EDBF5, training 4123ED328C9F",
    };

    [TestCase(128)]
    [TestCase(256)]
    [TestCase(512)]
    public void Results_AreThoseOfEveryMachineOfThisVectorWidth(int bits)
    {
        if (bits > CpuBackend.WidestVector)
        {
            Assert.Ignore($"this processor has vectors of {CpuBackend.WidestVector} bits.");
        }
        string one = Hashes(bits, threads: 1);
        Assert.That(Hashes(bits, threads: 3), Is.EqualTo(one), "one thread and three");
        Assert.That(one, Is.EqualTo(s_pinned.GetValueOrDefault((bits, IsFused))), $"{bits} bits, fused: {IsFused}, on {RuntimeInformation.ProcessArchitecture}");
    }

    // (1 + 2^-12) squared has a bit more than a float: it is lost where the product is rounded before the sum.
    private static bool IsFused
    {
        get
        {
            float x = 1 + MathF.ScaleB(1, -12);
            return float.MultiplyAddEstimate(x, x, -(x * x)) != 0;
        }
    }

    private static string Hashes(int bits, int threads)
    {
        using Device device = new(new CpuBackend(bits, threads));
        using DeviceUse use = Device.Use(device);
        return string.Join(", ", s_work.Select(work =>
        {
            using MemoryScope scope = device.Scope();
            return $"{work.Name} {Convert.ToHexString(SHA256.HashData(MemoryMarshal.AsBytes<float>(work.Compute())))[..12]}";
        }));
    }

    private static float[] Functions()
    {
        Tensor x = Draw(3, [1003]);
        Tensor positive = Ops.AddScalar(Ops.Square(x), 0.1f);
        return [.. new[] { Ops.Exp(x), Ops.Tanh(x), Ops.Sin(x), Ops.Sigmoid(x), Ops.Gelu(x), Ops.Log(positive), Ops.Sqrt(positive) }.SelectMany(y => y.ToArray())];
    }

    private static float[] Sums()
    {
        Tensor x = Draw(4, [37, 271]);
        return [.. new[] { Ops.Sum(x), Ops.Sum(x, [0]), Ops.Mean(x, [1]), Ops.Softmax(x), Ops.Sum(Draw(5, [100_003])) }.SelectMany(y => y.ToArray())];
    }

    private static float[] OnHypergraph()
    {
        using Hypergraph graph = RandomHypergraphs.Uniform(nodes: 300, edges: 200, size: 6, new RandomStream(6));
        using HypergraphConv layer = new(19, 13, random: new RandomStream(7));
        return WithGradients(x => layer.Forward(x[0], graph), [Draw(8, [300, 19]), .. layer.Parameters.Select(parameter => parameter.Value)]);
    }

    // By every plan: which one is chosen without being told depends on the sizes of caches too.
    private static float[] Generated()
    {
        Tensor[] operands = [Draw(1, [9, 5, 33]), Draw(2, [9, 7]), Draw(3, [21, 33, 7]), Draw(4, [21, 33])];
        return
        [
            .. new[] { GeneratePlan.Materialise, GeneratePlan.Tile, GeneratePlan.Reassociate }
                .SelectMany(plan => WithGradients(x => Ops.Linear(x[0], Weight.Generated(x[1], x[2], x[3]).Using(plan)), operands)),
        ];
    }

    private static float[] Training()
    {
        RandomStream random = new(3);
        using Sequential target = new(
            new Conv2d(1, 4, kernelSize: 3, random: random), new MaxPool2d(2), new Relu(), new Flatten(), new Dropout(0.2f, new RandomStream(4)),
            new Linear(4 * 3 * 3, 5, random: random));
        using HyperNetwork hyper = HyperNetwork.For(
            target, Condition.Range("angle", 0, 90), hidden: [8, 16], options: new HyperNetworkOptions { Random = random, Plan = GeneratePlan.Materialise });
        using Adam adam = new(hyper.Parameters, learningRate: 1e-2f);
        for (int step = 0; step < 3; step++)
        {
            using Tape tape = new();
            Tensor angles = Ops.MultiplyScalar(Ops.RandomUniform([12], random), 90);
            Tensor labels = Tensor.From([.. Enumerable.Range(0, 12).Select(i => i % 5)], [12]);
            tape.Backward(Ops.CrossEntropy(hyper.Forward(Ops.RandomNormal([12, 1, 8, 8], random), angles), labels));
            adam.Step(tape);
        }
        return [.. hyper.Parameters.SelectMany(parameter => parameter.Value.ToArray())];
    }

    private static float[] OfLayer(TensorLayer layer, Tensor input)
    {
        using (layer)
        {
            return WithGradients(x => layer.Forward(x[0]), [input, .. layer.Parameters.Select(parameter => parameter.Value)]);
        }
    }

    // The result and what its sum of squares gives each operand.
    private static float[] WithGradients(Func<Tensor[], Tensor> forward, params Tensor[] operands)
    {
        using Tape tape = new();
        foreach (Tensor operand in operands)
        {
            tape.Watch(operand);
        }
        Tensor y = forward(operands);
        return [.. y.ToArray(), .. tape.Gradient(Ops.Sum(Ops.Square(y)), operands).SelectMany(gradient => gradient.ToArray())];
    }

    private static Tensor Draw(ulong seed, Shape shape) => Ops.RandomNormal(shape, new RandomStream(seed));
}
