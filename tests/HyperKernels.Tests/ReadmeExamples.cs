using HyperKernels.IO;
using HyperKernels.Layers;
using HyperKernels.Models;
using HyperKernels.Optim;

namespace HyperKernels.Tests;

/// <summary>
/// The examples of README and docs, run as they stand there: what lies between <c>// &lt;name&gt;</c> and <c>// &lt;/name&gt;</c> is the code
/// block of that name.
/// </summary>
public sealed partial class ReadmeExamples
{
    [Test]
    public void Target_TrainsAndComesBackFromItsFile()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        string before = Environment.CurrentDirectory;
        TurnedSquares data = new();
        // The example writes where it runs.
        Environment.CurrentDirectory = folder.Root;
        try
        {
            // <target>
            // The target, written as one would write it anyway.
            Layer target = new Sequential(
                new Conv2d(1, 10, kernelSize: 5), new MaxPool2d(2), new Relu(),
                new Conv2d(10, 20, kernelSize: 5), new MaxPool2d(2), new Relu(),
                new Flatten(), new Linear(320, 50), new Relu(), new Linear(50, 10));

            // Its weights now come from a hypernetwork of one number between 0 and 90 (MIP unless told otherwise).
            HyperNetwork hyper = HyperNetwork.For(target, Condition.Range("angle", 0, 90), hidden: [16, 128]);
            Adam adam = new(hyper.Parameters, learningRate: 1e-3f);

            foreach ((Tensor images, Tensor labels, Tensor angles) in data.Batches(64))
            {
                using Tape tape = new();
                Tensor logits = hyper.Forward(images, angles);      // [64, 10]: every image is read by a weight set of its own
                Tensor loss = Ops.CrossEntropy(logits, labels);
                tape.Backward(loss);
                adam.Step(tape);
            }                                                        // every intermediate is free again

            TensorLayer upright = hyper.Materialize(0f);             // an ordinary network with the weights for 0 degrees
            hyper.Save("digits.safetensors");                        // weights, encoding, generator, emission plan, target
            HyperNetwork again = HyperNetwork.Load("digits.safetensors");
            // </target>
            using MemoryScope scope = new();
            Tensor image = Ops.RandomNormal([1, 1, 28, 28], new RandomStream(1));
            float[] expected = hyper.Forward(image, Tensor.From([0f])).ToArray();
            float trained = 0;
            foreach ((Tensor images, Tensor labels, Tensor angles) in data.Batches(64).Take(1))
            {
                trained = Ops.CrossEntropy(hyper.Forward(images, angles), labels).ToScalar();
            }
            Assert.Multiple(() =>
            {
                Assert.That(trained, Is.LessThan(0.5f * MathF.Log(10)), "the loss of guessing is log 10");
                Assert.That(again.Forward(image, Tensor.From([0f])).ToArray(), Is.EqualTo(expected));
                Assert.That(upright.Forward(image).ToArray(), Is.EqualTo(expected).Within(1e-4f));
            });
        }
        finally
        {
            Environment.CurrentDirectory = before;
        }
    }

    [Test]
    public void Generate_AgreesWithGeneratedMatrices()
    {
        using MemoryScope scope = new();
        RandomStream random = new(2);
        using StringWriter written = new();
        TextWriter console = Console.Out;
        Console.SetOut(written);
        try
        {
            // <generate>
            Tensor x = Ops.RandomNormal([64, 128], random);              // a row for each of 64 contexts; [64, T, 128] for T rows
            Tensor z = Ops.RandomNormal([64, 32], random);               // what tells the contexts apart
            Tensor generator = Ops.RandomNormal([96, 128, 32], random);  // what each of the 32 numbers adds to a 96 by 128 matrix
            Tensor baseWeight = Ops.RandomNormal([96, 128], random);

            // y_b = x_b (W0 + sum_h z_bh G_h)': the 64 matrices are never written to memory unless that is faster.
            Weight weight = Weight.Generated(z, generator, baseWeight);
            Tensor y = Ops.Linear(x, weight);                            // [64, 96]
            Console.WriteLine(Ops.PlanOf(x, weight));                    // Reassociate
            // </generate>
            Tensor weights = Ops.Add(Ops.Reshape(Ops.Matmul(z, Ops.Reshape(generator, [96 * 128, 32]), transposeB: true), [64, 96, 128]), baseWeight);
            float[] expected = Ops.Matmul(Ops.Reshape(x, [64, 1, 128]), weights, transposeB: true).ToArray();
            Assert.That(y.ToArray(), Is.EqualTo(expected).Within(1e-4f * expected.Max(MathF.Abs)));
            Assert.That(written.ToString().Trim(), Is.EqualTo("Reassociate"));
        }
        finally
        {
            Console.SetOut(console);
        }
    }

    [Test]
    public void Weights_ALowRankChangePerSample_IsSeenByTheTarget()
    {
        using MemoryScope scope = new();
        RandomStream random = new(5);
        using Mlp network = new([16, 32, 4]);
        Tensor x = Ops.RandomNormal([8, 16], random), a = Ops.RandomNormal([8, 2, 16], random), b = Ops.RandomNormal([8, 32, 2], random);
        string before = Environment.CurrentDirectory;
        using TestData.TemporaryFolder folder = TestData.Temporary();
        Environment.CurrentDirectory = folder.Root;
        try
        {
            // <weights>
            Parameter first = network.Layers[0].Weight;
            Weight adapted = Weight.LowRank(a, b, scale: 0.5f, first.OwnValue);    // a [8, 2, 16], b [8, 32, 2]: one change for each of 8 samples
            Tensor y;
            using (ParameterOverrides.Use(new Dictionary<Parameter, Weight> { [first] = adapted }))
            {
                y = network.Forward(x);                                             // the layers multiply by the two thin factors
            }
            WeightFile.Write("adapted.safetensors", new Dictionary<string, Weight> { [first.Name] = adapted });
            Weight again = WeightFile.Read("adapted.safetensors")[first.Name];
            // </weights>
            Tensor dense = Ops.Linear(Ops.Relu(Ops.Linear(x, again.Materialize(), network.Layers[0].Bias!.Value)), network.Layers[1].Weight, network.Layers[1].Bias!.Value);
            Assert.That(y.ToArray(), Is.EqualTo(dense.ToArray()).Within(1e-4f));
            Assert.That(again.Kind, Is.EqualTo(WeightKind.LowRank));
        }
        finally
        {
            Environment.CurrentDirectory = before;
        }
    }

    [Test]
    public void System_IsALayerThatKnowsItsPaper()
    {
        using MemoryScope scope = new();
        using Hypergraph graph = Hypergraph.FromEdges(nodes: 6, [[0, 1, 2], [2, 3], [3, 4, 5]]);
        Tensor features = Ops.RandomNormal([6, 1433], new RandomStream(3));
        using StringWriter written = new();
        TextWriter console = Console.Out;
        Console.SetOut(written);
        try
        {
            // <system>
            using Hgnn network = new(inFeatures: 1433, hiddenFeatures: 64, classes: 7);
            Tensor logits = network.Forward(features, graph);        // [nodes, 7]
            Console.WriteLine(Hgnn.Published.Paper);                 // Feng, You, Zhang, Ji, Gao: Hypergraph Neural Networks, AAAI 2019
            // </system>
            Assert.That(logits.Shape, Is.EqualTo(new Shape(6, 7)));
            Assert.That(written.ToString().Trim(), Is.EqualTo("Feng, You, Zhang, Ji, Gao: Hypergraph Neural Networks, AAAI 2019"));
        }
        finally
        {
            Console.SetOut(console);
        }
    }

    [Test]
    public void Layers_OfYourOwn_AreSavedCopiedAndTargets()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        string before = Environment.CurrentDirectory;
        // The example writes where it runs.
        Environment.CurrentDirectory = folder.Root;
        try
        {
            // <stored>
            LayerTypes.Register<Gated>();                            // once, before the first file with it is written or read

            using Sequential network = [new Linear(4, 8), new Gated(new Mlp([8, 16, 8]), features: 8), new Linear(8, 2)];
            network.Save("network.safetensors");                     // parameters, buffers, classes, settings, modes
            using Sequential again = Layer.Load<Sequential>("network.safetensors");
            using Sequential copy = network.Copy();                  // shares nothing with the first

            using HyperNetwork hyper = HyperNetwork.For(copy, Condition.Unit("t"));   // any tree is a target
            using TensorLayer half = hyper.Materialize(0.5f);
            hyper.Save("hyper.safetensors");                         // the target's description goes along
            // </stored>
            using MemoryScope scope = new();
            using HyperNetwork loaded = HyperNetwork.Load("hyper.safetensors");
            Tensor x = Ops.RandomNormal([3, 4], new RandomStream(1));
            float[] expected = network.Forward(x).ToArray();
            Assert.That(again.Forward(x).ToArray(), Is.EqualTo(expected));
            Assert.That(copy.Forward(x).ToArray(), Is.EqualTo(expected));
            Assert.That(loaded.Forward(x, Tensor.From([0.5f])).ToArray(), Is.EqualTo(half.Forward(x).ToArray()).Within(1e-4f));
        }
        finally
        {
            Environment.CurrentDirectory = before;
        }
    }

    [Test]
    public void Devices_ScopeGivesItsMemoryBack()
    {
        using Linear model = new(3, 2);
        using MemoryScope outer = new();
        Tensor input = Tensor.From([1f, 2f, 3f], [1, 3]);
        long before = Device.Default.Memory.LiveTensors;
        float[] seen = Infer();
        Assert.That(seen, Has.Length.EqualTo(2).And.Some.Not.Zero);
        Assert.That(Device.Default.Memory.LiveTensors, Is.EqualTo(before));

        float[] Infer()
        {
            // <devices>
            Device device = Device.Default;                          // shared: nobody disposes it
            using MemoryScope scope = device.Scope();                // inference: no tape, buffers come back to the pool at the end
            Tensor answer = model.Forward(input.To(device));
            float[] values = answer.ToArray();                       // the one place that waits
            // </devices>
            return values;
        }
    }

    // <layer>
    public sealed class Gated : TensorLayer, IStoredLayer<Gated>
    {
        private readonly TensorLayer _inner;
        private readonly Linear _gate;

        public Gated(TensorLayer inner, int features)
        {
            _inner = Add("inner", inner);
            _gate = Add("gate", new Linear(features, features));
        }

        public static string TypeName => "Gated";

        public static Gated Read(LayerSettings settings) => new(settings.Layer<TensorLayer>("inner"), settings.Int("features"));

        public void WriteSettings(LayerSettings settings) => settings.SetLayer("inner", _inner).Set("features", _gate.InFeatures);

        public override Tensor Forward(Tensor input) => Ops.Multiply(_gate.Forward(input, Activation.Sigmoid), _inner.Forward(input));
    }
    // </layer>

    /// <summary>Bright squares at one of ten places, turned with the image's corner by a quarter or not: enough to learn from in a few steps.</summary>
    private sealed class TurnedSquares
    {
        private const int Side = 28;
        private const int Steps = 30;

        public IEnumerable<(Tensor Images, Tensor Labels, Tensor Angles)> Batches(int size)
        {
            float[] pixels = new float[size * Side * Side];
            int[] labels = new int[size];
            float[] angles = new float[size];
            for (int step = 0; step < Steps; step++)
            {
                Array.Clear(pixels);
                for (int i = 0; i < size; i++)
                {
                    labels[i] = ((7 * step) + i) % 10;
                    angles[i] = 90 * (((3 * step) + i) % 2);
                    int along = 4 + (2 * labels[i]);
                    for (int p = 0; p < 16; p++)
                    {
                        (int u, int v) = (along + (p / 4), 6 + (p % 4));
                        (int row, int column) = angles[i] == 0 ? (v, u) : (u, Side - 1 - v);
                        pixels[(((i * Side) + row) * Side) + column] = 1;
                    }
                }
                using MemoryScope scope = new();
                yield return (Tensor.From(pixels, [size, 1, Side, Side]), Tensor.From(labels), Tensor.From(angles));
            }
        }
    }
}
