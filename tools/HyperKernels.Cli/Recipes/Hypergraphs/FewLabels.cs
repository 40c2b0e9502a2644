using HyperKernels.Cli.Data;
using HyperKernels.Cli.Training;
using HyperKernels.Layers;
using HyperKernels.Models;
using HyperKernels.Optim;

namespace HyperKernels.Cli.Recipes;

/// <summary>What learns from one split's few labels: the pretrained encoder tuned, linear layers on frozen encoders, and a network from its first values.</summary>
internal sealed class FewLabels : IDisposable
{
    public const string TunedName = "HypeBoy, tuned";
    public const string LinearName = "HypeBoy, linear";
    public const string UntrainedName = "untrained encoder, linear";
    public const string ScratchName = "UniGCNII from scratch";
    public const float Rate = 1e-3f;
    public const float LinearRate = 1e-2f;
    public const float Decay = 1e-6f;

    private readonly NodeGroup _training;
    private readonly NodeGroup _validation;
    private readonly NodeGroup _test;
    private readonly (ValidatedRun<Layer> Run, Func<Tensor> Logits)[] _all;

    /// <param name="task">Nodes and hyperedges.</param>
    /// <param name="split">Which split.</param>
    /// <param name="pretrained">The encoder; it is copied.</param>
    /// <param name="frozen">Embeddings of the pretrained and of an untrained encoder, <c>[nodes, width]</c>.</param>
    /// <param name="seed">Of first values and dropout.</param>
    public FewLabels(NodeTask task, int split, HypeBoyEncoder pretrained, (Tensor Pretrained, Tensor Untrained) frozen, int seed)
    {
        _training = task.Group(split, CommunityGraph.TrainingRole);
        _validation = task.Group(split, CommunityGraph.ValidationRole);
        _test = task.Group(split, CommunityGraph.TestRole);
        (int inputs, int width, int classes) = (task.Data.FeatureCount, pretrained.OutFeatures, task.Data.Classes);
        RandomStream[] random = [.. Enumerable.Range(0, 4).Select(one => new RandomStream(((ulong)seed * 1_000) + (ulong)((4 * split) + one)))];
        EncoderClassifier tuned = new(new HypeBoyEncoder(inputs, width, random: random[0]), classes, random[0]);
        tuned.Encoder.LoadState(pretrained.GetState());
        Linear linear = new(width, classes, random: random[1]);
        Linear untrained = new(width, classes, random: random[2]);
        UniGcnII scratch = new(inputs, width, classes, dropout: 0.5f, random: random[3]);
        _all =
        [
            (Run(TunedName, tuned, Rate, random[0]), () => tuned.Forward(task.Features, task.Graph)),
            (Run(LinearName, linear, LinearRate, random[1]), () => linear.Forward(frozen.Pretrained)),
            (Run(UntrainedName, untrained, LinearRate, random[2]), () => untrained.Forward(frozen.Untrained)),
            (Run(ScratchName, scratch, Rate, random[3]), () => scratch.Forward(task.Features, task.Graph)),
        ];
    }

    public static IReadOnlyList<string> Names { get; } = [ScratchName, UntrainedName, LinearName, TunedName];

    /// <summary>What a checkpoint holds.</summary>
    public Trainee[] Trainees => [.. _all.Select(static one => one.Run.Trainee)];

    /// <summary>Of training, for each by name.</summary>
    public Dictionary<string, double> SecondsAStep => _all.ToDictionary(static one => one.Run.Name, static one => one.Run.SecondsAStep);

    /// <summary>A step of each.</summary>
    public IReadOnlyList<Metric> Step() =>
    [
        .. _all.SelectMany(one => (Metric[])
        [
            new Metric($"{one.Run.Name}/loss", one.Run.Step(_ => _training.Loss(one.Logits()))),
            new Metric($"{one.Run.Name}/validation accuracy", one.Run.Judge(_ => _validation.Right(one.Logits()))),
        ]),
    ];

    /// <summary>Ends the training.</summary>
    /// <returns>For each, by name, its accuracy on the test nodes at its best on the validation nodes.</returns>
    public IReadOnlyDictionary<string, double> Finish()
    {
        Dictionary<string, double> accuracies = [];
        foreach ((ValidatedRun<Layer> run, Func<Tensor> logits) in _all)
        {
            run.TakeBest();
            accuracies[run.Name] = run.Evaluate(_ => _test.Right(logits()));
        }
        return accuracies;
    }

    public void Dispose() => Array.ForEach(_all, static one => one.Run.Dispose());

    private static ValidatedRun<Layer> Run(string name, Layer net, float rate, RandomStream random) =>
        new(name, net, new Adam(net.Parameters, learningRate: rate, weightDecay: Decay), random);
}
