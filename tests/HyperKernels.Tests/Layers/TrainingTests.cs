using HyperKernels.IO;
using HyperKernels.Layers;
using HyperKernels.Optim;

namespace HyperKernels.Tests.Layers;

public sealed class TrainingTests
{
    [Test]
    public void Adam_OnASmallNetwork_ReachesALowLoss()
    {
        using Run run = new(dropout: 0);

        float first = run.Steps(1);
        float last = run.Steps(299);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(first, Is.GreaterThan(0.05f), "before training");
            Assert.That(last, Is.LessThan(0.005f));
        }
    }

    [Test]
    public void Checkpoint_ResumedRun_ContinuesBitForBit()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        string path = folder.File("run.safetensors");
        using Run whole = new(dropout: 0.1f);
        float expectedLoss = whole.Steps(20);

        using (Run half = new(dropout: 0.1f))
        {
            half.Steps(10);
            half.Save(path);
        }
        using Run resumed = new(dropout: 0.1f, seed: 999);
        resumed.Load(path);
        float loss = resumed.Steps(10);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(BitConverter.SingleToInt32Bits(loss), Is.EqualTo(BitConverter.SingleToInt32Bits(expectedLoss)));
            foreach ((string name, HostArray array) in whole.Model.GetState())
            {
                Assert.That(
                    resumed.Model.GetState()[name].Values.Select(BitConverter.SingleToInt32Bits),
                    Is.EqualTo(array.Values.Select(BitConverter.SingleToInt32Bits)),
                    name);
            }
            Assert.That(resumed.StepsDone, Is.EqualTo(20));
        }
    }

    [Test]
    public void Forward_OnManyThreadsAtOnce_GivesEveryoneTheirOwnResult()
    {
        using Mlp model = new([3, 16, 2], Activation.Gelu, random: new RandomStream(4));
        float[][] inputs = [.. Enumerable.Range(0, 64).Select(i => Initializer.Normal().Draw([5, 3], new RandomStream((ulong)i)))];
        float[][] expected = [.. inputs.Select(Compute)];

        float[][] actual = new float[inputs.Length][];
        Parallel.For(0, inputs.Length, i => actual[i] = Compute(inputs[i]));

        Assert.That(actual, Is.EqualTo(expected));

        float[] Compute(float[] input)
        {
            using MemoryScope scope = new();
            return model.Forward(Tensor.From(input, [5, 3])).ToArray();
        }
    }

    /// <summary>A regression on data that the run draws as it goes.</summary>
    private sealed class Run : IDisposable
    {
        private const int Batch = 32;
        private readonly RandomStream _data = new(100);
        private readonly RandomStream _dropout = new(200);
        private readonly Adam _adam;

        internal Run(float dropout, ulong seed = 5)
        {
            RandomStream random = new(seed);
            Model = new Sequential(new Linear(2, 32, random: random), new Tanh(), new Dropout(dropout, _dropout), new Linear(32, 1, random: random));
            _adam = new Adam(Model.Parameters, learningRate: 0.01f);
        }

        internal Sequential Model { get; }

        internal long StepsDone { get; private set; }

        internal float Steps(int count)
        {
            float last = 0;
            for (int i = 0; i < count; i++)
            {
                float[] inputs = new float[Batch * 2];
                _data.FillUniform(inputs, -1, 1);
                float[] targets = [.. inputs.Chunk(2).Select(static pair => MathF.Sin(2 * pair[0]) * pair[1])];

                using Tape tape = new();
                Tensor loss = Ops.MeanSquaredError(Model.Forward(Tensor.From(inputs, [Batch, 2])), Tensor.From(targets, [Batch, 1]));
                tape.Backward(loss);
                _adam.Step(tape);
                last = loss.ToScalar();
                StepsDone++;
            }
            return last;
        }

        internal void Save(string path) => new Checkpoint
        {
            Weights = Model.GetState(),
            Optimizer = _adam.GetState(),
            Random = new Dictionary<string, RandomState> { ["data"] = _data.State, ["dropout"] = _dropout.State },
            Step = StepsDone,
        }.Save(path);

        internal void Load(string path)
        {
            Checkpoint checkpoint = Checkpoint.Load(path);
            Model.LoadState(checkpoint.Weights);
            _adam.LoadState(checkpoint.Optimizer);
            _data.State = checkpoint.Random["data"];
            _dropout.State = checkpoint.Random["dropout"];
            StepsDone = checkpoint.Step;
        }

        public void Dispose() => Model.Dispose();
    }
}
