using HyperKernels.Cli.Training;
using HyperKernels.Layers;
using HyperKernels.Models;
using HyperKernels.Optim;

namespace HyperKernels.Cli.Recipes;

/// <summary>A network that tells classes of memberships, in training.</summary>
internal sealed class MembershipNet
{
    public const string WhatsNetName = "whatsnet";
    public const string AveragesName = "conhd-averages";
    public const string AttentionName = "conhd-attention";

    private const int Width = 64;
    private const float Rate = 3e-3f;
    private const float Decay = 1e-4f;
    private const float LongestGradient = 1;

    private readonly Func<Tensor, MembershipBatch, Tensor> _logits;

    private MembershipNet(string name, Tensor start, Layer net, Func<Tensor, MembershipBatch, Tensor> logits, RandomStream random)
    {
        LearnedFeatures all = new(start, net);
        Run = new TimedRun<LearnedFeatures>(name, all, new Adam(all.Parameters, learningRate: Rate, weightDecay: Decay), LongestGradient, random);
        _logits = logits;
    }

    public static IReadOnlyList<string> Names { get; } = [ModelChoice.Perceptron, WhatsNetName, AveragesName, AttentionName];

    /// <summary>How all are trained, for the report.</summary>
    public static string Words { get; } =
        $"Adam, rate {Rate} falling as a cosine, weight decay {Decay}, gradients to a length of {LongestGradient}; start features are learned too";

    public TimedRun<LearnedFeatures> Run { get; }

    private Tensor Table => Run.Net.Table.Weight.Value;

    /// <summary>Makes a network.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <param name="start">The first features of all nodes.</param>
    /// <param name="classes">Of memberships.</param>
    /// <param name="dropout">Of hidden rows.</param>
    /// <param name="inputDropout">Of what CoNHD starts from.</param>
    /// <param name="seed">Of first values and dropout.</param>
    /// <exception cref="ArgumentException">There is no such network.</exception>
    public static MembershipNet Make(string name, Tensor start, int classes, float dropout, float inputDropout, int seed)
    {
        RandomStream random = new((ulong)seed);
        return name switch
        {
            ModelChoice.Perceptron => Mlp(start, classes, dropout, random),
            WhatsNetName => WhatsNet(start, classes, dropout, random),
            AveragesName => CoNhd(name, MembershipOperator.Pooling, start, classes, dropout, inputDropout, random),
            AttentionName => CoNhd(name, MembershipOperator.InducedAttention, start, classes, dropout, inputDropout, random),
            _ => throw new ArgumentException($"MembershipNet: the name must be one of {string.Join(", ", Names)}; got \"{name}\".", nameof(name)),
        };
    }

    // Reads a node's features, and nothing of its hyperedges.
    private static MembershipNet Mlp(Tensor start, int classes, float dropout, RandomStream random)
    {
        Sequential net =
        [
            new Linear(StartFeatures.Count, Width, random: random), new Relu(), new Dropout(dropout, random),
            new Linear(Width, Width, random: random), new Relu(), new Dropout(dropout, random),
            new Linear(Width, classes, random: random),
        ];
        return new MembershipNet(ModelChoice.Perceptron, start, net, (features, batch) => Ops.NodesToMemberships(net.Forward(features), batch.Graph.Graph.Incidence), random);
    }

    private static MembershipNet CoNhd(
        string name, MembershipOperator kind, Tensor start, int classes, float dropout, float inputDropout, RandomStream random)
    {
        CoNhdOptions options = new() { Operator = kind, Dropout = dropout, InputDropout = inputDropout };
        CoNhd net = new(StartFeatures.Count, Width, classes, options, random);
        return new MembershipNet(name, start, net, (features, batch) => net.Forward(features, batch.Graph), random);
    }

    private static MembershipNet WhatsNet(Tensor start, int classes, float dropout, RandomStream random)
    {
        WhatsNet net = new(StartFeatures.Count, Width, classes, new WhatsNetOptions { Dropout = dropout }, random);
        return new MembershipNet(WhatsNetName, start, net, (features, batch) => net.Forward(features, batch.Graph), random);
    }

    /// <summary>One step.</summary>
    /// <returns>The loss.</returns>
    public double Step(MembershipBatch batch, float rateFactor) => Run.Step(
        _ => Ops.CrossEntropy(Logits(batch), Tensor.From(batch.Labels, [batch.Labels.Length], Table.Device)), rateFactor);

    /// <summary>The logits of the members that are asked for, without dropout.</summary>
    public float[] Answer(MembershipBatch batch)
    {
        Run.Net.Eval();
        float[] logits = Logits(batch).ToArray();
        Run.Net.Train();
        return logits;
    }

    private Tensor Logits(MembershipBatch batch) => batch.Asked(_logits(batch.Nodes.Apply(Table), batch));
}
