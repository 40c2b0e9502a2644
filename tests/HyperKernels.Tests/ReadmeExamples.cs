using HyperKernels.Cases;
using HyperKernels.Gpu;
using HyperKernels.IO;
using HyperKernels.Layers;
using HyperKernels.Models;
using HyperKernels.Optim;
using HyperKernels.Tests.Models.Libraries;
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.OpenCL;

namespace HyperKernels.Tests;

/// <summary>
/// The examples of README and docs, run as they stand there: what lies between <c>// &lt;name&gt;</c> and <c>// &lt;/name&gt;</c> is the code
/// block of that name.
/// </summary>
public sealed class ReadmeExamples
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
    public void Adapters_OfAnnotatorsExamplesAndPairs_GiveOneAnswerForEachSample()
    {
        using MemoryScope scope = new();
        RandomStream random = new(3);
        Tensor hidden = Ops.RandomNormal([16, 32], random);
        Tensor embeddings = Ops.RandomNormal([5, 8], random);
        Tensor who = Tensor.From([.. Enumerable.Range(0, 16).Select(i => i % 5)], [16]);
        Tensor examples = Ops.RandomNormal([2, 5, 32], random);
        Tensor frozen = Ops.RandomNormal([32, 32], random);
        using HyperformerController perspectives = new(32, layers: 2, task: 8, random: random);
        using HintGenerator hint = new(32, bottleneck: 4, prefix: 4, rank: 2, random: random);

        // <adapters>
        // Sixteen answers, each as another annotator would give it.
        Tensor annotators = Ops.GatherRows(embeddings, who);                            // [16, 8], learned rows
        Tensor asTheyWould = perspectives.Forward(hidden, annotators, layer: 0, position: 0);

        // Two few-shot tasks of 5 encoded examples each; eight samples of each task.
        (Tensor keys, Tensor values) = hint.GeneratePrefix(examples);                   // [2, 4, 32] each, for an attention layer to read first
        Weight changed = hint.GenerateLowRank(examples, frozen, alpha: 8);              // W0 + B A of each task, never written out
        Tensor tuned = Ops.Linear(hint.Forward(hidden, examples), changed);             // adapters, then the changed matrix

        // Connectors between all 12 pairs of encoders; four of the pairs in this step.
        HyperNetwork hyma = Hyma.For(new Mlp([32, 64, 16]), pairs: 12);
        Tensor joined = hyma.Forward(hidden, Tensor.From([0, 3, 7, 11], [4]));          // [16, 16], four samples of each pair
        // </adapters>

        float[] alone = perspectives.Forward(Ops.Slice(hidden, 0, 15, 1), Ops.Slice(annotators, 0, 15, 1), layer: 0, position: 0).ToArray();
        Assert.Multiple(() =>
        {
            Assert.That(Ops.Slice(asTheyWould, 0, 15, 1).ToArray(), Is.EqualTo(alone).Within(1e-5f));
            Assert.That(keys.Shape, Is.EqualTo(new Shape(2, 4, 32)));
            Assert.That(values.Shape, Is.EqualTo(new Shape(2, 4, 32)));
            Assert.That(tuned.Shape, Is.EqualTo(new Shape(16, 32)));
            Assert.That(joined.Shape, Is.EqualTo(new Shape(16, 16)));
        });
        hyma.Dispose();
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
    public void SelfTuning_ADropoutRateAndADecay_AreLearned()
    {
        RandomStream random = new(5);
        using MemoryScope scope = new();
        Tensor images = Ops.RandomNormal([50, 64], random), heldOut = Ops.RandomNormal([30, 64], random);
        Tensor labels = Tensor.From([.. Enumerable.Range(0, 50).Select(i => i % 10)], [50]), heldOutLabels = Tensor.From(new int[30], [30]);
        const int steps = 9;
        // <selfTuning>
        HyperparameterSpace space = new(Hyperparameter.Bounded("drop", 0, 0.9, start: 0.05), Hyperparameter.Positive("decay", start: 1e-4));
        Sequential target = [new Linear(64, 32), new Relu(), new TunedDropout("drop"), new Linear(32, 10)];
        using SelfTuningNetwork network = SelfTuningNetwork.For(target, space);         // every weight responds to both
        using Sgd sgd = new(network.Network.Parameters, learningRate: 0.01f, momentum: 0.9f);
        using SelfTuner tuner = new(network, sgd);
        for (long step = 0; step < steps; step++)
        {
            tuner.Step(
                step,
                rows: 50,                                                               // each of 50 images with a dropout rate of its own
                l => Ops.Add(
                    Ops.CrossEntropy(network.Forward(images, l), labels),
                    Ops.Mean(Ops.Multiply(space.Of(space.Values(l), "decay"), network.SquaredNorms(l)))),
                l => Ops.CrossEntropy(network.Forward(heldOut, l), heldOutLabels));     // every third step moves the hyperparameters
        }
        float rate = space.ValueOf("drop");                                             // what was learned
        // </selfTuning>
        Assert.That(rate, Is.Not.EqualTo(0.05f).Within(1e-6f).And.EqualTo(0.05f).Within(2e-3f), "three steps of Adam");
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
    public void Hypergraph_TwoConvolutions_GiveARowPerNode()
    {
        using MemoryScope scope = new();
        Tensor features = Ops.RandomNormal([6, 1433], new RandomStream(3));
        // <hypergraph>
        Hypergraph graph = Hypergraph.FromEdges(nodes: 6, [[0, 1, 2], [2, 3], [3, 4, 5]]);
        HypergraphConv first = new(1433, 64), second = new(64, 7);
        Tensor logits = second.Forward(Ops.Relu(first.Forward(features, graph)), graph);    // [6, 7]
        // </hypergraph>
        Assert.That(logits.Shape, Is.EqualTo(new Shape(6, 7)));
        // Nodes 0 and 1 lie in the same hyperedge and no other: a hypergraph convolution cannot tell them apart.
        Assert.That(Ops.Slice(logits, 0, 0, 1).ToArray(), Is.EqualTo(Ops.Slice(logits, 0, 1, 1).ToArray()));
        Assert.That(Ops.Slice(logits, 0, 3, 1).ToArray(), Is.Not.EqualTo(Ops.Slice(logits, 0, 1, 1).ToArray()));
    }

    [Test]
    public void Hypergraph_WeightsAndRoles_AreRowsOfItsStructure()
    {
        using MemoryScope scope = new();
        RandomStream random = new(4);
        Tensor features = Ops.RandomNormal([6, 3], random);
        // <hypergraph_structure>
        // Six nodes, of which 5 is in no hyperedge; four hyperedges, of which 3 is empty; node 2 is in hyperedge 1 twice.
        using Hypergraph pairs = Hypergraph.FromPairs(nodes: 6, edges: 4, nodeIds: [0, 1, 2, 2, 3, 4, 0], edgeIds: [0, 0, 1, 1, 1, 2, 2]);

        // Learned weights of hyperedges, and two roles: the first member of a hyperedge is its tail, the others are heads.
        using Parameter weights = new("weights", [1, 1, 1, 1], [4]);
        Hypergraph graph = pairs
            .WithEdgeWeights(weights.Value)
            .WithRoles(RowGroups.Of([0, 1, 0, 1, 1, 0, 1], groups: 2));

        Tensor perRole = Ops.RandomNormal([2, 8, 3], random);                                     // a matrix for each role
        Tensor members = Ops.NodesToMemberships(features, graph.Incidence);                       // [7, 3]
        Tensor messages = Ops.LinearTyped(members, perRole, graph.Roles!);                        // [7, 8]
        Tensor hyperedges = Ops.SegmentMean(messages, graph.Incidence, Toward.Edges);             // [4, 8], zeros for the empty one
        Tensor nodes = Ops.EdgesToNodes(hyperedges, graph, graph.EdgeWeights, graph.NodeScale);   // [6, 8], zeros for node 5
        // </hypergraph_structure>
        Assert.That(Ops.Slice(hyperedges, 0, 3, 1).ToArray(), Is.All.Zero);
        Assert.That(Ops.Slice(nodes, 0, 5, 1).ToArray(), Is.All.Zero);
        Assert.That(Ops.Slice(nodes, 0, 0, 5).ToArray(), Has.None.Zero);
    }

    [Test]
    public void Hypergraph_Batches_AreDrawnAroundSeeds()
    {
        using MemoryScope scope = new();
        RandomStream random = new(5);
        const int Nodes = 300, Classes = 3;
        using Hypergraph graph = RandomHypergraphs.Blocks([100, 100, 100], size: 4, within: 600, across: 60, random);
        Tensor features = Ops.RandomNormal([Nodes, 8], random);
        int[] labels = [.. Enumerable.Range(0, Nodes).Select(node => node / 100)];
        // <hypergraph_sampling>
        HypergraphConv[] layers = [new(8, 16, random: random), new(16, Classes, random: random)];
        using Adam adam = new([.. layers.SelectMany(layer => layer.Parameters)], learningRate: 0.01f);
        NeighbourSampler sampler = new(graph, edgesPerNode: 5, nodesPerEdge: 3, hops: 2);

        int[] order = new int[Nodes];
        random.FillPermutation(order);
        foreach (int[] seeds in order.Chunk(64))
        {
            using Tape tape = new();
            using SampledHypergraph batch = sampler.Sample(seeds, random);
            Tensor logits = batch.Forward(features, (layer, nodes, hop) =>
                layer == 0 ? Ops.Relu(layers[0].Forward(nodes, hop)) : layers[1].Forward(nodes, hop));    // [seeds, Classes]
            Tensor loss = Ops.CrossEntropy(logits, Tensor.From(Array.ConvertAll(seeds, seed => labels[seed])));
            tape.Backward(loss);
            adam.Step(tape);
        }
        // </hypergraph_sampling>
        Tensor all = layers[1].Forward(Ops.Relu(layers[0].Forward(features, graph)), graph);
        Assert.That(Ops.CrossEntropy(all, Tensor.From(labels)).ToScalar(), Is.LessThan(MathF.Log(Classes)), "the loss of guessing is log 3");
    }

    [Test]
    public void Graph_PredictsForAnyNetwork()
    {
        using MemoryScope scope = new();
        using Sequential conv = new(new Conv2d(1, 4, 3), new BatchNorm(4), new Relu(), new AdaptiveAveragePool2d(1), new Flatten(), new Linear(4, 10));
        using Sequential plain = new(new Flatten(), new Linear(36, 8), new Relu(), new Linear(8, 10));
        using Sequential unseen = new(new Flatten(), new Linear(36, 16), new Relu(), new Residual(new Linear(16, 16)), new Linear(16, 10));
        TensorLayer[] networks = [conv, plain];
        Tensor images = Ops.RandomNormal([5, 1, 6, 6], new RandomStream(3));
        Tensor labels = Tensor.From([0, 1, 2, 3, 4]);
        float[] before = unseen.Parameters[0].Value.ToArray();
        // <graph>
        using GraphHyperNetwork hyper = GraphHyperNetwork.Create(GraphHyperNetworkOptions.Ghn2 with { Classes = 10 });
        using Adam adam = new(hyper.Parameters, learningRate: 1e-3f);
        ArchitectureBatch graphs = new([.. networks.Select(ArchitectureGraph.Of)]);
        using (Tape tape = new())
        {
            IReadOnlyList<PredictedParameters> predicted = hyper.Predict(graphs);           // all parameters of all networks
            Tensor loss = networks.Zip(predicted, (network, own) => Ops.CrossEntropy(own.Forward(network, images), labels)).Aggregate(Ops.Add);
            tape.Backward(loss);                                                            // the gradient reaches the hypernetwork
            adam.Step(tape);
        }
        hyper.PredictInto(unseen);                                                          // a start to train an ordinary network from
        // </graph>
        Assert.That(unseen.Parameters[0].Value.ToArray(), Is.Not.EqualTo(before));
        Assert.That(unseen.Forward(images).ToArray(), Has.All.Matches<float>(float.IsFinite));
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
    public void Gpu_CapturedStepsTrain()
    {
        Device device = Gpu.Gpus.OpenCL;
        using MemoryScope scope = device.Scope();
        IEnumerable<(float[], int[])> batches = Enumerable.Repeat<(float[], int[])>(
            ([.. Enumerable.Range(0, 32 * 64).Select(i => MathF.Sin(i * i))], [.. Enumerable.Range(0, 32).Select(i => i % 10)]), 60);
        // <gpu>
        using DeviceUse use = Device.Use(device);                // what is made from here on is made there
        using Mlp net = new([64, 128, 10]);
        using Adam adam = new(net.Parameters);
        Tensor images = Tensor.Zeros([32, 64]), labels = Tensor.From(new int[32], [32], below: 10);

        // Launched once as usual, and kept: no checks, no tape, no allocation at the next runs.
        using CapturedStep step = device.Capture(() =>
        {
            using Tape tape = new();
            tape.Backward(Ops.CrossEntropy(net.Forward(images), labels));
            adam.Step(tape);
        });
        foreach ((float[] pixels, int[] digits) in batches)
        {
            images.CopyFrom(pixels);
            labels.CopyFrom(digits);
            step.Run();                                          // returns before it is done; only reading back waits
        }
        // </gpu>
        Assert.That(Ops.CrossEntropy(net.Forward(images), labels).ToScalar(), Is.LessThan(1), "ten classes by chance: 2.3");
    }

    [Test]
    public void Gpu_OwnKernelsWorkBetweenOps()
    {
        _ = Gpu.Gpus.OpenCL;
        float[] pixels = [.. Enumerable.Range(0, 64 * 32).Select(i => MathF.Sin(i))];
        // <ilgpu>
        using Context context = Context.Create(builder => builder.UseHyperKernels());              // OpenCL's devices; add .Cuda() for CUDA's
        using Accelerator accelerator = context.CreateCLAccelerator(0);
        using MemoryBuffer1D<float, Stride1D.Dense> memory = accelerator.Allocate1D(pixels);       // the application's own memory
        var ownKernel = accelerator.LoadAutoGroupedStreamKernel<Index1D, ArrayView<float>>(Square);

        using Device device = GpuBackends.Open(accelerator, accelerator.DefaultStream);
        using MemoryScope scope = device.Scope();
        Tensor x = memory.View.AsContiguous().ToTensor([64, 32], device);                          // no copy
        Tensor hidden = Ops.Relu(x);
        ownKernel((int)hidden.Count, hidden.AsArrayView());                                        // the application's kernel, in between
        Tensor y = Ops.Softmax(hidden);
        // </ilgpu>
        Tensor plain = Ops.Softmax(Ops.Square(Ops.Relu(Tensor.From(pixels, [64, 32], Device.Cpu))));
        Assert.That(y.ToArray(), Is.EqualTo(plain.ToArray()).Within(1e-6));

        static void Square(Index1D i, ArrayView<float> values) => values[i] *= values[i];
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
    public void Files_OfHypergraphs_AreReadAndWritten()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        string before = Environment.CurrentDirectory;
        // The example reads and writes where it runs.
        Environment.CurrentDirectory = folder.Root;
        try
        {
            File.WriteAllText("scenes.json", """{"incidences": [{"edge": 1, "node": "Valjean", "weight": 2}, {"edge": 1, "node": "Javert"}]}""");
            File.WriteAllText("hypergraph.txt", "0 2\n1\n");
            File.WriteAllText("hypergraph_pos.txt", "1 0\n1\n");
            using MemoryScope scope = new();
            // <files>
            HypergraphData data = HypergraphFile.Read("scenes.json");    // the format is told by name and content
            using Hypergraph graph = data.ToHypergraph();                // with its weights and roles
            Console.WriteLine(data.NodeNames![0]);                       // Valjean
            HypergraphFile.Write("scenes.safetensors", data);            // holds everything; others refuse what they have no place for
            HypergraphData labelled = HyperedgeListFile.Read("hypergraph.txt", new() { MembershipLabelsPath = "hypergraph_pos.txt" });
            // </files>
            Assert.That(graph.MembershipWeights!.Value.ToArray(), Is.EqualTo(new float[] { 2, 1 }));
            Assert.That(HypergraphFile.Read("scenes.safetensors").NodeNames, Is.EqualTo(new[] { "Valjean", "Javert" }));
            Assert.That(labelled.MembershipLabels, Is.EqualTo(new[] { 1, 0, 1 }));
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

    [Test]
    public void ModelsOfOtherLibraries_ComeBackFromTheirFiles()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        using MemoryScope scope = new();
        string before = Environment.CurrentDirectory;
        ReferenceCase hyperlight = LibraryFiles.Case("mip_cossin_residual");
        ReferenceCase hypnettorch = LibraryFiles.Case("cl_full_hypernet");
        ReferenceCase hyperNn = LibraryFiles.Case("hypernn_linear_chunks");
        StateFile.Write(folder.File("hyperlight.safetensors"), LibraryFiles.State(hyperlight, HyperlightFileTests.NameOf));
        StateFile.Write(folder.File("hypnettorch.safetensors"), HypnettorchFileTests.State(hypnettorch, oneNameEach: true));
        StateFile.Write(folder.File("hyper-nn.safetensors"), HyperNnFileTests.Linear(hyperNn));
        Tensor x = LibraryFiles.Input(hyperlight, "x");
        Tensor gamma = Ops.Reshape(LibraryFiles.Input(hyperlight, "gamma"), 1, 3);
        Tensor samples = LibraryFiles.Input(hypnettorch, "x");
        Tensor inputs = LibraryFiles.Input(hyperNn, "x");
        // The examples read where they run.
        Environment.CurrentDirectory = folder.Root;
        try
        {
            // <fromHyperlight>
            // HyperNet(input_shapes={"gamma": (3,)}, output_shapes=parameters, hidden_sizes=[8, 16]), encoding "cos|sin", LeakyReLU.
            Sequential mainnet = new(new Linear(5, 7), new LeakyRelu(), new Linear(7, 2));
            HyperNetwork fromHyperlight = HyperlightFile.Read("hyperlight.safetensors", mainnet, [Condition.Unit("gamma", 3)]);
            Tensor logits = fromHyperlight.Forward(x, gamma);
            // </fromHyperlight>
            // <fromHypnettorch>
            // HMLP or ChunkedHMLP(mnet.param_shapes, cond_in_size=4, num_cond_embs=3, ...) for an MLP(n_in=4, n_out=3, hidden_layers=[5]).
            HyperNetwork fromHypnettorch = HypnettorchFile.Read("hypnettorch.safetensors", new Mlp([4, 5, 3]));
            Tensor answers = fromHypnettorch.Forward(samples, Tensor.From([1]));      // cond_id=1
            using OutputRegulariser regulariser = new(fromHypnettorch);
            regulariser.Record(tasks: 3);                                             // the tasks learned in Python, before a new one
            // </fromHypnettorch>
            // <fromHyperNn>
            // TorchLinearHyperNetwork.from_target(target, embedding_dim=4, num_embeddings=5); TorchDynamicHyperNetwork likewise, with ReadDynamic.
            HyperNetwork fromHyperNn = HyperNnFile.Read("hyper-nn.safetensors", new Mlp([4, 6, 3]));
            Tensor outputs = fromHyperNn.Forward(inputs);
            // </fromHyperNn>
            LibraryFiles.Same(hyperlight, "y", logits);
            LibraryFiles.Same(hypnettorch, "y", answers);
            LibraryFiles.Same(hyperNn, "y", outputs);
            fromHyperlight.Dispose();
            fromHypnettorch.Dispose();
            fromHyperNn.Dispose();
        }
        finally
        {
            Environment.CurrentDirectory = before;
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
