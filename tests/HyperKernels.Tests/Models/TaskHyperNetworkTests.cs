using HyperKernels.Layers;
using HyperKernels.Models;
using HyperKernels.Optim;

namespace HyperKernels.Tests.Models;

public sealed class TaskHyperNetworkTests
{
    private const int Tasks = 3;
    private const int Embedding = 4;

    private static readonly TaskHyperNetworkOptions[] s_forms =
    [
        new() { Emission = TaskEmission.Full, Hidden = [6] },
        new() { Hidden = [6, 5], ChunkSize = 10, ChunkEmbedding = 3 },
        new() { Hidden = [], ChunkSize = 10, ChunkEmbedding = 3, OwnChunks = true, Bias = false },
        new() { Emission = TaskEmission.RecurrentChunks, HiddenFeatures = 5, ChunkSize = 10, Recurrent = RecurrentKind.Gru },
        new() { Emission = TaskEmission.RecurrentHeads, HiddenFeatures = 5, Hidden = [6] },
        new() { Emission = TaskEmission.RecurrentHeads, HiddenFeatures = 5, Recurrent = RecurrentKind.Tanh },
    ];

    [TestCase(false)]
    [TestCase(true)]
    public void Generate_Chunks_ReadExternalInputThenChunkThenTask(bool ownChunks)
    {
        const int External = 2;
        const int Chunk = 10;
        const int ChunkEmbedding = 3;
        using MemoryScope scope = new();
        using HyperNetwork network = Make(new TaskHyperNetworkOptions
        {
            External = External, Hidden = [], ChunkSize = Chunk, ChunkEmbedding = ChunkEmbedding, OwnChunks = ownChunks,
        });
        float[] external = [0.5f, -1.5f, 2, 0.25f];
        int[] tasks = [2, 0];

        float[] actual = network.Generate(Tensor.From(external, [2, External]), Tensor.From(tasks)).ToArray();

        TaskConditioning conditioning = (TaskConditioning)network.Conditioning;
        TaskChunkEmission emission = (TaskChunkEmission)network.Emission;
        float[] weight = emission.Output.Weight.Value.ToArray();
        float[] bias = emission.Output.Bias!.Value.ToArray();
        int count = network.Manifest.Count;
        for (int i = 0; i < actual.Length; i++)
        {
            (int set, int at) = (i / count, i % count);
            (int chunk, int row) = (at / Chunk, at % Chunk);
            IReadOnlyList<Parameter> own = conditioning.ParametersOf(tasks[set]);
            float[] chunks = (ownChunks ? own[1] : emission.Chunks!).Value.ToArray();
            float[] input =
            [
                .. external.AsSpan(set * External, External), .. chunks.AsSpan(chunk * ChunkEmbedding, ChunkEmbedding), .. own[0].Value.ToArray(),
            ];
            double expected = bias[row] + input.Select((x, k) => (double)x * weight[(row * input.Length) + k]).Sum();
            Assert.That(actual[i], Is.EqualTo(expected).Within(1e-5));
        }
    }

    [TestCaseSource(nameof(s_forms))]
    public void Load_AfterSave_GivesTheSameWeights(TaskHyperNetworkOptions form)
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        using MemoryScope scope = new();
        using HyperNetwork network = Make(form);
        network.Save(folder.File("network.safetensors"));

        using HyperNetwork again = HyperNetwork.Load(folder.File("network.safetensors"));

        Tensor all = Tensor.From([0, 1, 2]);
        Assert.That(again.NamedParameters().Select(named => named.ToString()), Is.EqualTo(network.NamedParameters().Select(named => named.ToString())));
        Assert.That(again.Generate(all).ToArray(), Is.EqualTo(network.Generate(all).ToArray()));
        Assert.That(((TaskConditioning)again.Conditioning).Tasks, Is.EqualTo(Tasks));
    }

    [TestCaseSource(nameof(s_forms))]
    public void Forward_ATaskForEverySample_IsAnOrdinaryNetworkOfEachTask(TaskHyperNetworkOptions form)
    {
        using MemoryScope scope = new();
        using HyperNetwork network = Make(form);
        Tensor x = Ops.RandomNormal([Tasks, 5], new RandomStream(2));

        float[] actual = network.Forward(x, Tensor.From([1, 2, 0])).ToArray();

        foreach ((int task, int sample) in (ReadOnlySpan<(int, int)>)[(1, 0), (2, 1), (0, 2)])
        {
            using TensorLayer ordinary = network.Materialize(task);
            float[] expected = ordinary.Forward(Ops.Slice(x, 0, sample, 1)).ToArray();
            Assert.That(actual[(2 * sample)..((2 * sample) + 2)], Is.EqualTo(expected).Within(1e-5), $"task {task}");
        }
    }

    [Test]
    public void Learn_FreezesWhatOtherTasksLearned_MomentumIncluded()
    {
        using HyperNetwork network = Make(new TaskHyperNetworkOptions { Hidden = [6], ChunkSize = 10, OwnChunks = true });
        TaskConditioning conditioning = (TaskConditioning)network.Conditioning;
        using Adam adam = new(network.Parameters, 0.01f);
        conditioning.Learn(0);
        Step(network, adam, 0);
        float[][] first = Values(conditioning, 0);
        float[][] second = Values(conditioning, 1);
        conditioning.Learn(1);
        Step(network, adam, 1);
        Assert.Multiple(() =>
        {
            Assert.That(Values(conditioning, 0), Is.EqualTo(first));
            Assert.That(Values(conditioning, 1)[0], Is.Not.EqualTo(second[0]));
            Assert.That(Values(conditioning, 1)[1], Is.Not.EqualTo(second[1]));
        });
    }

    // Chunks are made by one head; what sets their variance is their own embedding, so the others must be small.
    [TestCase(TaskEmission.Full, TaskStart.HyperfanIn)]
    [TestCase(TaskEmission.Full, TaskStart.HyperfanOut)]
    [TestCase(TaskEmission.RecurrentHeads, TaskStart.HyperfanIn)]
    [TestCase(TaskEmission.Chunks, TaskStart.HyperfanIn)]
    public void Create_HyperfanStart_GivesWeightsTheVarianceOfTheirLayer(TaskEmission emission, TaskStart start)
    {
        const int Inputs = 60;
        const int Middle = 40;
        const int Draws = 20;
        FanMode mode = start == TaskStart.HyperfanOut ? FanMode.Out : FanMode.In;
        double sum = 0;
        for (ulong draw = 0; draw < Draws; draw++)
        {
            using MemoryScope scope = new();
            using Sequential target = [new Linear(Inputs, Middle), new Relu(), new Linear(Middle, 2)];
            using HyperNetwork network = TaskHyperNetwork.Create(
                target, Tasks, 50,
                new TaskHyperNetworkOptions
                {
                    Emission = emission, Start = start, ChunkSize = Inputs * Middle / 2, ChunkEmbedding = 50, HiddenFeatures = 50,
                    EmbeddingDeviation = emission == TaskEmission.Chunks ? 0.01f : 1,
                },
                new RandomStream(draw));
            float[] theta = network.Generate(Tensor.From([1])).ToArray();
            sum += theta[..(Inputs * Middle)].Average(value => (double)value * value) / Draws;
        }
        // Chunks take 2 / fan in without giving half of it to the bias.
        double wanted = Hyperfan.WeightVariance(mode, [Middle, Inputs], hasBias: emission != TaskEmission.Chunks);
        Assert.That(sum, Is.EqualTo(wanted).Within(25).Percent);
    }

    [Test]
    public void Dropout_ComesBeforeTheActivation()
    {
        using HyperNetwork network = Make(new TaskHyperNetworkOptions { Hidden = [6], Dropout = 0.5f, Activation = Activation.Sigmoid });
        Assert.That(((Sequential)network.Generator).Select(layer => layer.GetType()), Is.EqualTo([typeof(Linear), typeof(Dropout), typeof(Sigmoid)]));
    }

    [Test]
    public void WrongUse_IsRefusedWithWhatWouldFit()
    {
        using MemoryScope scope = new();
        using HyperNetwork network = Make(new TaskHyperNetworkOptions { External = 2, ChunkSize = 10 });
        Assert.Multiple(() =>
        {
            Assert.That(
                () => network.Generate(Tensor.From([0])),
                Throws.ArgumentException.With.Message.StartsWith(
                    "TaskConditioning: the values must be external inputs [C, 2] and task numbers, integers [C]; got "));
            Assert.That(
                () => network.Generate(Tensor.Zeros([2, 3]), Tensor.From([0])),
                Throws.ArgumentException.With.Message.StartsWith(
                    "TaskConditioning: the external inputs must be [C, 2] with a row for every one of the 1 task numbers, or one for all; got [2, 3]."));
            Assert.That(
                () => network.Conditioning.FromNumbers([0, 0, 3]),
                Throws.ArgumentException.With.Message.StartsWith("TaskConditioning: the task's number must be an integer from 0 to 2; got 3."));
            Assert.That(
                () => Make(new TaskHyperNetworkOptions { OwnChunks = true, Emission = TaskEmission.Full }),
                Throws.ArgumentException.With.Message.StartsWith("TaskHyperNetwork: OwnChunks needs the emission Chunks; got Full."));
            Assert.That(
                () => Make(new TaskHyperNetworkOptions { Emission = TaskEmission.RecurrentChunks, Start = TaskStart.HyperfanIn }),
                Throws.ArgumentException.With.Message.StartsWith("TaskHyperNetwork: a recurrent network over chunks has no hyperfan start"));
            Assert.That(
                () => new TaskConditioning(2, 0),
                Throws.ArgumentException.With.Message.StartsWith("TaskConditioning: embedding must be at least 1 where no chunks belong to the tasks"));
        });
    }

    internal static HyperNetwork Make(TaskHyperNetworkOptions options) =>
        TaskHyperNetwork.Create(new Sequential(new Linear(5, 4), new Relu(), new Linear(4, 2)), Tasks, Embedding, options, new RandomStream(1));

    private static float[][] Values(TaskConditioning conditioning, int task) => [.. conditioning.ParametersOf(task).Select(p => p.OwnValue.ToArray())];

    private static void Step(HyperNetwork network, Optimizer optimizer, int task)
    {
        for (int step = 0; step < 2; step++)
        {
            using Tape tape = new();
            tape.Backward(Ops.Sum(Ops.Square(network.Generate(Tensor.From([task])))));
            optimizer.Step(tape);
        }
    }
}
