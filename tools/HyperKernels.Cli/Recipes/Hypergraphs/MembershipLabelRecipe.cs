using HyperKernels.Cli.Data;
using HyperKernels.Cli.Training;
using HyperKernels.Models;
using HyperKernels.Optim;

namespace HyperKernels.Cli.Recipes;

/// <summary>What a node is in each of its hyperedges, told by CoNHD with two operators, by WHATsNet, and by a perceptron that reads the node's features alone.</summary>
internal sealed class MembershipLabelRecipe : IRecipe
{
    private const int Batch = 128;
    private const int TestBatch = 1024;
    private const int EdgesPerNode = 20;
    private const int DefaultSteps = 1_000;
    private const int DrawnSteps = 150;
    private const int MostValidated = 2_000;

    private readonly string _folder;
    private readonly string _what;
    private readonly double _published;
    private readonly double _publishedWhatsNet;
    private readonly float _dropout;
    private readonly float _inputDropout;

    private MembershipLabelRecipe(string name, string folder, string what, double published, double publishedWhatsNet, float dropout, float inputDropout)
    {
        Name = name;
        (_folder, _what, _published, _publishedWhatsNet) = (folder, what, published, publishedWhatsNet);
        (_dropout, _inputDropout) = (dropout, inputDropout);
    }

    /// <summary>Who sent an e-mail and who received it.</summary>
    public static MembershipLabelRecipe EmailEu { get; } =
        new("email-eu", "email-eu-edge-labels", "sender and receivers of e-mails", published: 0.71, publishedWhatsNet: 0.67, dropout: 0.5f, inputDropout: 0);

    /// <summary>Who asked a question and who answered it.</summary>
    public static MembershipLabelRecipe StackOverflowBiology { get; } = new(
        "stackoverflow-biology", "stackoverflow-biology-edge-labels", "who asked and who answered", published: 0.75, publishedWhatsNet: 0.74,
        dropout: 0.6f, inputDropout: 0.7f);

    public string Name { get; }

    public string Description => $"CoNHD and WHATsNet on {_what} (with --data; else on drawn messages), beside a perceptron that sees no hyperedge.";

    public IReadOnlyList<string> Choices { get; } = [ModelChoice.Option];

    public TrainSummary Run(TrainOptions options, IProgress<TrainProgress> progress, CancellationToken cancel)
    {
        MembershipLabels data = options.Data is { } folder ? MembershipLabels.Load(folder, _folder) : MembershipLabels.Draw(options.Seed);
        IReadOnlyList<string> models = ModelChoice.WithPerceptron(options, MembershipNet.Names, string.Join(',', MembershipNet.Names));
        using MemoryScope scope = options.Device.Scope();
        using MembershipSampler sampler = new(data, EdgesPerNode, options.Seed, options.Device);
        MembershipNet[] nets =
            [.. models.Select(model => MembershipNet.Make(model, sampler.Features, data.Classes, _dropout, _inputDropout, options.Seed))];
        BatchOrder order = new(data.Training.Length, Batch, options.Seed);
        Trainee[] trainees = [.. nets.Select(static one => one.Run.Trainee)];
        long steps = options.TotalSteps(order.StepsPerEpoch, options.Data is null ? DrawnSteps : DefaultSteps);
        CosineSchedule schedule = new(steps);
        int[] validation = data.Validation[..Math.Min(MostValidated, data.Validation.Length)];
        try
        {
            TrainingLoop loop = new()
            {
                Steps = steps,
                ExamplesPerStep = Batch * nets.Length,
                ExamplesName = "hyperedges",
                // The course of the rate follows from their number.
                FollowsFrom = [("steps", $"--steps {steps}"), ModelChoice.Follows(models)],
                Step = step =>
                {
                    using MemoryScope ofStep = options.Device.Scope();
                    using MembershipBatch batch = sampler.Draw(Places(data.Training, order.Rows(step)), ((ulong)options.Seed << 40) + (ulong)step + 1);
                    return [.. nets.Select(one => new Metric($"{one.Run.Name}/loss", one.Step(batch, schedule.At(step))))];
                },
                Evaluate = _ => [.. nets.Zip(Answer(sampler, validation, nets, data.Classes, options), static (one, counts) =>
                    new Metric($"{one.Run.Name}/validation micro F1", counts.Micro))],
                EvaluateAfter = static step => step % 100 == 0,
                Save = step => Trainee.Save(step, trainees),
                Load = checkpoint => Trainee.Load(checkpoint, trainees),
            };
            loop.Run(options, progress, cancel);
            ClassCounts[] counts = Answer(sampler, data.Test, nets, data.Classes, options);
            foreach (MembershipNet one in nets)
            {
                one.Run.Net.Save(options.File($"{one.Run.Name}.safetensors"));
            }
            return Summary(data, nets, counts, order.StepsPerEpoch, options.Data is not null);
        }
        finally
        {
            Array.ForEach(nets, static one => one.Run.Dispose());
        }
    }

    private static int[] Places(int[] edges, ReadOnlySpan<int> rows)
    {
        int[] chosen = new int[rows.Length];
        for (int i = 0; i < chosen.Length; i++)
        {
            chosen[i] = edges[rows[i]];
        }
        return chosen;
    }

    // What each answers on some hyperedges; all see the same draws, the same at every evaluation.
    private static ClassCounts[] Answer(MembershipSampler sampler, int[] edges, MembershipNet[] nets, int classes, TrainOptions options)
    {
        ClassCounts[] counts = [.. nets.Select(_ => new ClassCounts(classes))];
        for (int start = 0; start < edges.Length; start += TestBatch)
        {
            using MemoryScope scope = options.Device.Scope();
            using MembershipBatch batch = sampler.Draw(edges.AsSpan(start, Math.Min(TestBatch, edges.Length - start)), (ulong)start);
            for (int i = 0; i < nets.Length; i++)
            {
                counts[i].Add(nets[i].Answer(batch), batch.Labels);
            }
        }
        return counts;
    }

    private TrainSummary Summary(MembershipLabels data, MembershipNet[] nets, ClassCounts[] counts, int stepsAnEpoch, bool isReal)
    {
        ClassCounts majority = Majority(data);
        List<Figure> figures = [new("majority class", "test micro F1", majority.Micro, "P2"), new("majority class", "test macro F1", majority.Macro, "P2")];
        for (int i = 0; i < nets.Length; i++)
        {
            string name = nets[i].Run.Name;
            figures.Add(new Figure(name, "test micro F1", counts[i].Micro, "P2"));
            figures.Add(new Figure(name, "test macro F1", counts[i].Macro, "P2"));
            figures.Add(new Figure(name, "published micro F1", isReal ? Published(name) : double.NaN, "P0", ""));
            figures.Add(new Figure(name, "parameters", nets[i].Run.Net.Count, "N0"));
            figures.Add(new Figure(name, "seconds an epoch", nets[i].Run.SecondsAStep * stepsAnEpoch, "F1", "resumed"));
        }
        using Hypergraph graph = data.Graph.ToHypergraph();
        return new TrainSummary(
            figures,
            [
                .. nets.Select(static one => new Setting(one.Run.Name, one.Run.Net.Net.ToString()!)),
                new Setting("data", $"{data.Name}: {data.Graph}, {data.Classes} classes of memberships"),
                new Setting(
                    "protocol",
                    $"{data.Training.Length:N0} hyperedges to train, {data.Validation.Length:N0} to validate, {data.Test.Length:N0} to test"
                    + $"{(isReal ? ", the authors' split" : "")}; all are seen as structure; weights of the last step"),
                StartFeatures.Words,
                new Setting("encodings", "ranks in the hyperedge by degree, eigenvector, PageRank and core number"),
                new Setting("optimiser", $"{MembershipNet.Words}; dropout {_dropout}, of what CoNHD starts from {_inputDropout}; {Batch} hyperedges a step, the same for all"),
                new Setting("sampling", $"at most {EdgesPerNode} hyperedges of each node, besides those asked for; of their members those who are in a hyperedge asked for"),
                new Setting("published", "approximate: 100 epochs, features of random walks of the authors' making"),
            ])
        {
            Pictures = [DistributionPicture.Of("Degrees and sizes", graph)],
        };
    }

    private double Published(string net) => net switch
    {
        MembershipNet.WhatsNetName => _publishedWhatsNet,
        MembershipNet.AttentionName => _published,
        _ => double.NaN,
    };

    // What one gets who answers the most frequent class of all that is not for the test.
    private static ClassCounts Majority(MembershipLabels data)
    {
        HashSet<int> test = [.. data.Test];
        ClassCounts counts = new(data.Classes);
        ILookup<bool, int> labels = Enumerable.Range(0, data.Labels.Length).ToLookup(pair => test.Contains(data.Graph.Edges[pair]), pair => data.Labels[pair]);
        int answer = labels[false].CountBy(static label => label).MaxBy(static count => count.Value).Key;
        foreach (int label in labels[true])
        {
            counts.Add(answer, label);
        }
        return counts;
    }
}
