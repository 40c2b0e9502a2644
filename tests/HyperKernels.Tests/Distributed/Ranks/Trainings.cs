using System.Runtime.InteropServices;
using System.Security.Cryptography;
using HyperKernels.Distributed;
using HyperKernels.Layers;
using HyperKernels.Optim;

namespace HyperKernels.Tests.Distributed.Ranks;

/// <summary>Trains a hypernetwork and a hypergraph network for a few steps and prints, a line each, a hash of every bit of their parameters.</summary>
internal static class Trainings
{
    private const int Count = 3;
    private const int Classes = 7;

    public static void Run(ICommunicator communicator, string[] arguments)
    {
        using DeviceUse use = Device.Use(Device.Cpu);
        Console.WriteLine($"MIP {MagnitudeInvariant()}");
        Console.WriteLine($"HGNN {Hypergraphs()}");
    }

    // Images that a network reads whose weights follow from an angle; noise from a stream and dropout take part.
    private static string MagnitudeInvariant()
    {
        RandomStream random = new(3);
        using Sequential target = new(
            new Conv2d(1, 8, kernelSize: 5), new MaxPool2d(2), new Relu(), new Flatten(), new Dropout(0.2f, new RandomStream(4)), new Linear(8 * 8 * 8, 32), new Relu(),
            new Linear(32, Classes));
        using HyperNetwork hyper = HyperNetwork.For(target, Condition.Range("angle", 0, 90), hidden: [16, 64], options: new HyperNetworkOptions { Random = random });
        Adam adam = new(hyper.Parameters, learningRate: 1e-3f);
        for (int step = 0; step < Count; step++)
        {
            using Tape tape = new();
            Tensor images = Ops.RandomNormal([48, 1, 20, 20], random);
            Tensor angles = Ops.MultiplyScalar(Ops.RandomUniform([48], random), 90);
            tape.Backward(Ops.CrossEntropy(hyper.Forward(images, angles), Labels(48)));
            adam.Step(tape);
        }
        return Hash(hyper.Parameters);
    }

    private static string Hypergraphs()
    {
        RandomStream random = new(5);
        using Hypergraph graph = RandomHypergraphs.Uniform(nodes: 3000, edges: 2000, size: 6, random);
        using HypergraphConv first = new(64, 32, random: random);
        using HypergraphConv second = new(32, Classes, random: random);
        using Tensor features = Ops.RandomNormal([3000, 64], random);
        Parameter[] parameters = [.. first.Parameters, .. second.Parameters];
        Adam adam = new(parameters, learningRate: 1e-2f);
        for (int step = 0; step < Count; step++)
        {
            using Tape tape = new();
            Tensor hidden = Ops.Dropout(Ops.Relu(first.Forward(features, graph)), 0.5f, random);
            tape.Backward(Ops.CrossEntropy(second.Forward(hidden, graph), Labels(3000)));
            adam.Step(tape);
        }
        return Hash(parameters);
    }

    private static Tensor Labels(int count) => Tensor.From([.. Enumerable.Range(0, count).Select(i => i * 5 % Classes)], [count]);

    private static string Hash(IEnumerable<Parameter> parameters)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (Parameter parameter in parameters)
        {
            hash.AppendData(MemoryMarshal.AsBytes<float>(parameter.OwnValue.ToArray()));
        }
        return Convert.ToHexString(hash.GetHashAndReset());
    }
}
