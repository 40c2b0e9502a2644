using HyperKernels.Cli.Data;
using HyperKernels.Cli.Training;
using HyperKernels.Layers;
using HyperKernels.Models;
using HyperKernels.Optim;

namespace HyperKernels.Cli.Recipes;

/// <summary>A plain LeNet on digits: what the hypernetwork recipes are compared with.</summary>
internal sealed class LeNetRecipe : IRecipe
{
    private const int Batch = 64;
    private const float Rate = 1e-3f;

    // One epoch of MNIST.
    private const int DefaultSteps = 938;

    public string Name => "lenet";

    public string Description => "A plain LeNet on digits (Adam 1e-3, batch 64): no hypernetwork, the figure to compare with.";

    public bool SplitsBatches => true;

    public TrainSummary Run(TrainOptions options, IProgress<TrainProgress> progress, CancellationToken cancel)
    {
        DigitData data = DigitData.Load(options);
        BatchOrder order = new(data.Training.Count, Batch, options.Seed);
        using Sequential net = LeNet.Create(random: new RandomStream((ulong)options.Seed));
        using Adam adam = new(net.Parameters, learningRate: Rate);
        Trainee trainee = new("lenet", net, adam);
        float[] pixels = new float[Batch * DrawnDigits.Side * DrawnDigits.Side];
        int[] labels = new int[Batch];
        using Tape tape = new();

        TrainingLoop loop = new()
        {
            Steps = options.TotalSteps(order.StepsPerEpoch, DefaultSteps),
            ExamplesPerStep = Batch,
            Step = step =>
            {
                ReadOnlySpan<int> rows = order.Rows(step);
                rows = rows[options.Own(rows.Length)];
                data.Training.Fill(rows, pixels, labels);
                Shape shape = [rows.Length, 1, data.Training.Height, data.Training.Width];
                Tensor x = Tensor.From(pixels.AsSpan(0, (int)shape.Count), shape, options.Device);
                Tensor loss = Ops.CrossEntropy(net.Forward(x), Tensor.From(labels.AsSpan(0, rows.Length), [rows.Length], options.Device));
                tape.Backward(loss);
                adam.Step(tape);
                double value = loss.ToScalar();
                tape.Reset();
                return [new Metric("loss", value)];
            },
            Evaluate = _ => [new Metric("test accuracy", Accuracy.Of(data.Test, options.Device, net.Forward))],
            EvaluateAfter = step => step == 100 || step % 300 == 0,
            Save = step => Trainee.Save(step, trainee),
            Load = checkpoint => Trainee.Load(checkpoint, trainee),
        };
        double accuracy = loop.Run(options, progress, cancel)[0].Value;
        return new TrainSummary(
            [new Figure("lenet", "test accuracy", accuracy, "P2"), new Figure("lenet", "parameters", net.Count, "N0")],
            [
                new Setting("network", net.ToString()),
                new Setting("data", data.Description),
                new Setting("optimiser", $"Adam, rate {Rate}, batch {Batch}"),
            ])
        {
            Pictures = [ConfusionMatrix.Picture("What was answered", ("lenet", ConfusionMatrix.Of(data.Test, options.Device, net.Forward)))],
        };
    }
}
