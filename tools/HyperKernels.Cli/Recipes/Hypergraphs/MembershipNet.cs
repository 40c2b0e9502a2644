using HyperKernels.Cli.Training;
using HyperKernels.Layers;
using HyperKernels.Models;
using HyperKernels.Optim;

namespace HyperKernels.Cli.Recipes;

/// <summary>A network that tells classes of memberships, in training.</summary>
internal sealed class MembershipNet
{
    private const int Width = 64;
    private const float Dropout = 0.3f;
    private const float Rate = 3e-3f;
    private const float Decay = 1e-4f;
    private const float LongestGradient = 1;

    private readonly Func<MembershipBatch, Tensor> _logits;

    private MembershipNet(string name, Layer net, Func<MembershipBatch, Tensor> logits, RandomStream random)
    {
        Run = new TimedRun<Layer>(name, net, new Adam(net.Parameters, learningRate: Rate, weightDecay: Decay), LongestGradient, random);
        _logits = logits;
    }

    /// <summary>How all are trained, for the report.</summary>
    public static string Words { get; } =
        $"Adam, rate {Rate} falling as a cosine, weight decay {Decay}, gradients to a length of {LongestGradient}, dropout {Dropout}";

    public TimedRun<Layer> Run { get; }

    /// <summary>Reads a node's features, and nothing of its hyperedges.</summary>
    public static MembershipNet Mlp(int classes, int seed)
    {
        RandomStream random = new((ulong)seed);
        Sequential net =
        [
            new Linear(StartFeatures.Count, Width, random: random), new Relu(), new Dropout(Dropout, random),
            new Linear(Width, Width, random: random), new Relu(), new Dropout(Dropout, random),
            new Linear(Width, classes, random: random),
        ];
        return new MembershipNet("mlp", net, batch => Ops.NodesToMemberships(net.Forward(batch.Features), batch.Graph.Graph.Incidence), random);
    }

    public static MembershipNet CoNhd(string name, MembershipOperator kind, int classes, int seed)
    {
        RandomStream random = new((ulong)seed);
        CoNhd net = new(StartFeatures.Count, Width, classes, new CoNhdOptions { Operator = kind, Dropout = Dropout }, random);
        return new MembershipNet(name, net, batch => net.Forward(batch.Features, batch.Graph), random);
    }

    public static MembershipNet WhatsNet(string name, int classes, int seed)
    {
        RandomStream random = new((ulong)seed);
        WhatsNet net = new(StartFeatures.Count, Width, classes, new WhatsNetOptions { Dropout = Dropout }, random);
        return new MembershipNet(name, net, batch => net.Forward(batch.Features, batch.Graph), random);
    }

    /// <summary>One step.</summary>
    /// <returns>The loss.</returns>
    public double Step(MembershipBatch batch, float rateFactor) => Run.Step(
        _ => Ops.CrossEntropy(batch.Asked(_logits(batch)), Tensor.From(batch.Labels, [batch.Labels.Length], batch.Features.Device)), rateFactor);

    /// <summary>The logits of the members that are asked for, without dropout.</summary>
    public float[] Answer(MembershipBatch batch)
    {
        Run.Net.Eval();
        float[] logits = batch.Asked(_logits(batch)).ToArray();
        Run.Net.Train();
        return logits;
    }
}
