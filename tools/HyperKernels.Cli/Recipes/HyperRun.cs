using HyperKernels.Cli.Training;
using HyperKernels.Layers;
using HyperKernels.Models;
using HyperKernels.Optim;

namespace HyperKernels.Cli.Recipes;

/// <summary>A hypernetwork with its optimiser: one of the runs that a recipe trains side by side on the same batches.</summary>
internal sealed class HyperRun : IDisposable
{
    public HyperRun(string name, HyperNetwork network, float rate)
    {
        Name = name;
        Network = network;
        Adam = new Adam(network.Parameters, learningRate: rate);
        Trainee = new Trainee(name, network, Adam);
    }

    public string Name { get; }

    public HyperNetwork Network { get; }

    public Adam Adam { get; }

    public Trainee Trainee { get; }

    /// <summary>One step on a loss.</summary>
    /// <returns>The loss.</returns>
    public double Step(Func<HyperNetwork, Tensor> loss)
    {
        using Tape tape = new();
        Tensor value = loss(Network);
        tape.Backward(value);
        Adam.Step(tape);
        return value.ToScalar();
    }

    public void Dispose()
    {
        Adam.Dispose();
        Network.Dispose();
    }

    /// <summary>The two hypernetworks that are compared: the plain one, and the magnitude invariant one.</summary>
    /// <param name="condition">What the weights depend on.</param>
    /// <param name="seed">Of both starts.</param>
    /// <param name="rate">Of Adam.</param>
    /// <param name="suffix">Behind the runs' names.</param>
    public static HyperRun[] DefaultAndMip(Condition condition, int seed, float rate, string suffix = "")
    {
        HyperNetwork Make(HyperNetworkOptions options)
        {
            RandomStream random = new((ulong)seed);
            return HyperNetwork.For(LeNet.CreateTarget(random), condition, hidden: [16, 128], options: options with { Random = random });
        }
        return
        [
            new HyperRun($"default{suffix}", Make(new HyperNetworkOptions { Encoding = Encoding.None, Base = BaseWeights.None }), rate),
            new HyperRun($"mip{suffix}", Make(new HyperNetworkOptions()), rate),
        ];
    }

    /// <summary>The norm of the weights generated for one value: flat in MIP, proportional to the value in the plain form.</summary>
    public double Norm(float value)
    {
        using MemoryScope scope = new();
        float[] theta = Network.Generate(Tensor.From([value])).ToArray();
        return Math.Sqrt(theta.Sum(t => (double)t * t));
    }
}
