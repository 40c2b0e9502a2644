using HyperKernels.Cases;
using HyperKernels.IO;
using HyperKernels.Layers;
using HyperKernels.Models;
using HyperKernels.Optim;
using HyperKernels.Tests.Models.Libraries;

namespace HyperKernels.Tests;

/// <content>Of hypernetworks and what generates weights.</content>
public sealed partial class ReadmeExamples
{
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
}
