using HyperKernels.Layers;
using HyperKernels.Models;
using HyperKernels.Optim;

namespace HyperKernels.Tests.Models.WeightSpace;

public sealed class ForecastingTests
{
    private static readonly float[] s_matrix = [4, 1, -1, 1, 3, 0.5f, -1, 0.5f, 2];

    [Test]
    public void CholeskyFactor_SolvesAndMeasures_WithGradients()
    {
        Tensor Loss(float[] matrix, float[] right)
        {
            CholeskyFactor factor = CholeskyFactor.Of(Tensor.From(matrix, [3, 3]));
            Tensor solution = factor.Solve(Tensor.From(right, [3, 2]));
            return Ops.Add(Ops.Sum(Ops.Square(solution)), factor.LogDeterminant());
        }
        float[] right = [1, 2, 0.5f, -1, 3, 1];
        using Tape tape = new();
        (Tensor a, Tensor b) = (tape.Watch(Tensor.From(s_matrix, [3, 3])), tape.Watch(Tensor.From(right, [3, 2])));
        CholeskyFactor factor = CholeskyFactor.Of(a);
        Tensor solution = factor.Solve(b);
        tape.Backward(Ops.Add(Ops.Sum(Ops.Square(solution)), factor.LogDeterminant()));

        Assert.That(Ops.Matmul(a, solution).ToArray(), Is.EqualTo(right).Within(1e-5));
        Assert.That(factor.LogDeterminant().ToScalar(), Is.EqualTo(Math.Log(17.0)).Within(1e-6));
        Assert.That(tape.TryGetGradient(a, out Tensor gradientA) & tape.TryGetGradient(b, out Tensor gradientB), Is.True);
        (float[] ofA, float[] ofB) = (gradientA.ToArray(), gradientB.ToArray());
        const float Step = 1e-2f;
        for (int i = 0; i < 3; i++)
        {
            // Both halves move together, so that the matrix stays symmetric.
            int j = (i + 1) % 3;
            float[] Moved(float by) => [.. s_matrix.Select((value, at) => at == (i * 3) + j || at == (j * 3) + i ? value + by : value)];
            double slope = (Loss(Moved(Step), right).ToScalar() - Loss(Moved(-Step), right).ToScalar()) / (2 * Step);
            Assert.That(ofA[(i * 3) + j] + ofA[(j * 3) + i], Is.EqualTo(slope).Within(2e-3));
            float[] Right(float by) => [.. right.Select((value, at) => at == i ? value + by : value)];
            double slopeB = (Loss(s_matrix, Right(Step)).ToScalar() - Loss(s_matrix, Right(-Step)).ToScalar()) / (2 * Step);
            Assert.That(ofB[i], Is.EqualTo(slopeB).Within(2e-3));
        }
        Assert.That(() => CholeskyFactor.Of(Tensor.From([1f, 2, 2, 1], [2, 2])), Throws.ArgumentException.With.Message.Contains("pivot 1"));
    }

    // Scores that checkpoints alone explain: trained, the process orders unseen runs, and is surer of what is near.
    [Test]
    public void DeepKernelGp_Trained_PredictsUnseenRuns()
    {
        const int Runs = 24;
        const int Seen = 16;
        using DeepKernelGp process = new(2, 1, 8, 4, new RandomStream(3));
        using Adam optimizer = new(process.Parameters, learningRate: 0.02f);
        RandomStream random = new(4);
        using MemoryScope scope = new();
        Tensor networks = Ops.RandomUniform([Runs, 1], random, -1, 1);
        TrainingRuns runs = new(Ops.RandomNormal([Runs, 2], random), Tensor.Ones([Runs]), Ops.RandomNormal([Runs, 2], random), networks);
        Tensor scores = Ops.Reshape(Ops.Sin(2 * networks), Runs);
        Tensor seen = Ops.Slice(scores, 0, 0, Seen);
        float last = 0;
        for (int step = 0; step < 150; step++)
        {
            using Tape tape = new();
            Tensor loss = process.Loss(Ops.Slice(process.Features(runs), 0, 0, Seen), seen);
            tape.Backward(loss);
            optimizer.Step(tape);
            last = loss.ToScalar();
        }
        process.Eval();
        Tensor[] features = Ops.Split(process.Features(runs), 0, Seen, Runs - Seen);
        (Tensor mean, Tensor variance) = process.Predict(features[0], seen, features[1]);
        float[] truth = Ops.Slice(scores, 0, Seen, Runs - Seen).ToArray();
        float error = mean.ToArray().Zip(truth, (guess, value) => (guess - value) * (guess - value)).Average();
        float spread = truth.Select(value => value * value).Average();

        Assert.That(last, Is.LessThan(0.2f));
        Assert.That(error, Is.LessThan(0.3f * spread), $"spread {spread}");
        Assert.That(variance.ToArray(), Has.All.GreaterThan(-1e-4f));
    }

    [Test]
    public void GroupSparsity_DrawsSmallGroupsMost()
    {
        using Tape tape = new();
        Tensor weight = tape.Watch(Tensor.From([3f, 4, 0, 1, 0, 3], [3, 2]));
        GroupSparsity sparsity = new(strength: 2, alpha: 16);
        Tensor scales = sparsity.Scales(weight);
        tape.Backward(sparsity.Loss(scales, weight));

        // Norms 5, 1 and 3: the largest has scale 1, the smallest 16, the middle one the root of it.
        Assert.That(scales.ToArray(), Is.EqualTo(new float[] { 1, 16, 4 }).Within(1e-4));
        Assert.That(tape.TryGetGradient(weight, out Tensor gradient), Is.True);
        Assert.That(gradient.ToArray(), Is.EqualTo(new float[] { 6, 8, 0, 32, 0, 24 }).Within(1e-3));
        Assert.That(() => sparsity.Scales(weight, Tensor.Ones([2, 2])), Throws.ArgumentException.With.Message.Contains("3 groups"));
    }

    [Test]
    public void Load_AfterSave_GivesTheSameAnswers()
    {
        using MemoryScope scope = new();
        using TestData.TemporaryFolder folder = TestData.Temporary();
        using Mlp network = new([2, 3, 2], random: new RandomStream(1));
        NetworkGraph graph = NetworkGraph.Of(network);
        NetworkGraph values = NetworkGraph.Of(network, NetworkGraphForm.Values);
        using NetworkGraphBatch batch = NetworkGraphBatch.Of(graph);
        using NetworkGraphBatch valueBatch = NetworkGraphBatch.Of(values);
        using NetworkRewriter rewriter = new(graph.NodeFeatures, graph.EdgeFeatures, 4, 2, 0.5f, 0.25f, random: new RandomStream(2));
        using NetworkReader reader = new(2, 4, 2, new RandomStream(3));
        using DeepKernelGp process = new(2, 2, 4, 3, new RandomStream(4));
        rewriter.Save(folder.File("rewriter.safetensors"));
        reader.Save(folder.File("reader.safetensors"));
        process.Save(folder.File("process.safetensors"));
        using NetworkRewriter rewriterAgain = Layer.Load<NetworkRewriter>(folder.File("rewriter.safetensors"));
        using NetworkReader readerAgain = Layer.Load<NetworkReader>(folder.File("reader.safetensors"));
        using DeepKernelGp processAgain = Layer.Load<DeepKernelGp>(folder.File("process.safetensors"));

        Tensor weights = values.Read(network).Edges;
        TrainingRuns runs = new(Tensor.From([1f, 2, 3, 4], [2, 2]), Tensor.Ones([2]), Tensor.From([1f, 2], [2, 1]), Tensor.From([0f, 1, 1, 0], [2, 2]));
        Assert.That(
            rewriterAgain.Forward(graph.Read(network), batch.Links).Edges.ToArray(), Is.EqualTo(rewriter.Forward(graph.Read(network), batch.Links).Edges.ToArray()));
        Assert.That(readerAgain.Forward(weights, valueBatch).ToArray(), Is.EqualTo(reader.Forward(weights, valueBatch).ToArray()));
        Assert.That(processAgain.Features(runs).ToArray(), Is.EqualTo(process.Features(runs).ToArray()));
    }
}
