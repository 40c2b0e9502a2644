using HyperKernels.Layers;
using HyperKernels.Models;
using HyperKernels.Optim;

namespace HyperKernels.Cases.Sized;

/// <summary>Training steps of published hypernetworks at the sizes of their recipes. Forward gives logits; training is forward, backward and Adam.</summary>
internal static class HypernetworkSized
{
    private const int Tasks = 10;

    /// <summary>Ha's network for digits, whose second kernel two linear layers generate from one embedding.</summary>
    public static SizedOp Static { get; } = new("static_hyper_step", [("B", "images")], static (sizes, device) =>
    {
        const int Channels = 16, KernelSize = 7, Embedding = 4, Side = 28, Pooled = 49;
        int batch = sizes["B"];
        RandomStream random = new(1);
        TensorLayer target = new Sequential(
            new Conv2d(1, Channels, KernelSize, padding: KernelSize / 2, random: random), new Relu(), new MaxPool2d(2),
            new Conv2d(Channels, Channels, KernelSize, padding: KernelSize / 2, random: random), new Relu(), new MaxPool2d(2),
            new Flatten(), new Linear(Channels * Pooled, LayerSized.Classes, random: random));
        HyperNetwork hyper = StaticHyperNetwork.For(
            target, Embedding, unit: Channels, kernelSize: KernelSize, rows: KernelRows.OutputChannels, parameters: "3.weight", random: random);
        Tensor images = BenchSubject.Normal([batch, 1, Side, Side], device, 2);
        double kernel = Channels * KernelSize * KernelSize;
        double products = (Side * Side * kernel) + (Side * Side / 4 * Channels * kernel) + (Channels * Pooled * LayerSized.Classes);
        return LayerSized.Make(
            "static_hyper_step", sizes, device, batch, hyper, 2 * batch * products, 4 * (hyper.Count + (double)images.Count), () => hyper.Forward(images), hyper, target);
    });

    /// <summary>A task-conditioned hypernetwork that generates a dense network chunk by chunk: the continual learner on permuted digits.</summary>
    public static SizedOp Chunks { get; } = Task("task_chunks_step", TaskEmission.Chunks, static (options, s) => options with
    {
        ChunkSize = s, Hidden = [100, 100], ChunkEmbedding = 16,
    });

    /// <summary>The same by a recurrent network over the chunks.</summary>
    public static SizedOp Recurrent { get; } = Task("task_recurrent_step", TaskEmission.RecurrentChunks, static (options, s) => options with
    {
        ChunkSize = s, HiddenFeatures = 100, ChunkEmbedding = 16,
    });

    /// <summary>A self-tuning dense network, each row with hyperparameters of its own.</summary>
    public static SizedOp SelfTuning { get; } = new("self_tuning_step", [("B", "rows"), ("H", "width"), ("N", "hyperparameters")], static (sizes, device) =>
    {
        (int batch, int width, int count) = (sizes["B"], sizes["H"], sizes["N"]);
        RandomStream random = new(1);
        TensorLayer target = new Mlp([LayerSized.Pixels, width, width, LayerSized.Classes], random: random);
        HyperparameterSpace space = new([.. Enumerable.Range(0, count).Select(i => Hyperparameter.Free($"h{i}"))]);
        SelfTuningNetwork network = SelfTuningNetwork.For(target, space, random: random);
        Tensor x = BenchSubject.Normal([batch, LayerSized.Pixels], device, 2);
        Tensor rows = BenchSubject.Normal([batch, count], device, 3);
        double products = 2.0 * ((LayerSized.Pixels * width) + (width * width) + (width * LayerSized.Classes));
        return LayerSized.Make(
            "self_tuning_step", sizes, device, batch, network, 2 * batch * products, 4 * (network.Count + (double)x.Count), () => network.Forward(x, rows), network, target);
    });

    /// <summary>The small convolutional network of the self-tuning networks' authors, for colour images of 32 by 32, each with hyperparameters of its own.</summary>
    public static SizedOp SelfTuningImages { get; } = new("self_tuning_cnn_step", [("B", "images"), ("N", "hyperparameters")], static (sizes, device) =>
    {
        const int Side = 32, KernelSize = 3;
        int[] channels = [3, 10, 20, 40];
        (int batch, int count) = (sizes["B"], sizes["N"]);
        RandomStream random = new(1);
        List<TensorLayer> layers = [];
        double products = channels[^1] * 16 * LayerSized.Classes;
        for (int i = 0; i < channels.Length - 1; i++)
        {
            layers.AddRange([new Conv2d(channels[i], channels[i + 1], KernelSize, padding: 1, random: random), new Relu(), new MaxPool2d(2)]);
            products += (double)(Side >> i) * (Side >> i) * channels[i] * channels[i + 1] * KernelSize * KernelSize;
        }
        Sequential target = [.. layers, new Flatten(), new Linear(channels[^1] * 16, LayerSized.Classes, random: random)];
        HyperparameterSpace space = new(Hyperparameter.Free("h") with { Size = count });
        SelfTuningNetwork network = SelfTuningNetwork.For(target, space, random: random);
        Tensor x = BenchSubject.Normal([batch, channels[0], Side, Side], device, 2);
        Tensor rows = BenchSubject.Normal([batch, count], device, 3);
        // The target's own products: what is needed at least, whichever way the response is applied.
        return LayerSized.Make(
            "self_tuning_cnn_step", sizes, device, batch, network, 2 * batch * products, 4 * (network.Count + (double)x.Count), () => network.Forward(x, rows), network, target);
    });

    /// <summary>A dense network whose layers share banks of templates under a budget.</summary>
    public static SizedOp Shapeshifter { get; } = new("shapeshifter_step", [("B", "rows"), ("H", "width"), ("P", "parameters of the banks")], static (sizes, device) =>
    {
        (int batch, int width) = (sizes["B"], sizes["H"]);
        RandomStream random = new(1);
        TensorLayer target = new Mlp([LayerSized.Pixels, width, width, width, LayerSized.Classes], random: random);
        HyperNetwork hyper = Models.Shapeshifter.For(target, new ShapeshifterOptions { Budget = sizes["P"], Random = random });
        Tensor x = BenchSubject.Normal([batch, LayerSized.Pixels], device, 2);
        double weights = (LayerSized.Pixels * width) + (2.0 * width * width) + (width * LayerSized.Classes);
        return LayerSized.Make(
            "shapeshifter_step", sizes, device, batch, hyper, 2 * batch * weights, 4 * (hyper.Count + weights + x.Count), () => hyper.Forward(x), hyper, target);
    });

    /// <summary>Intervals through hypernetwork and target: lower, middle and upper end of every weight and value, and the loss of middle and worst case.</summary>
    public static SizedOp Interval { get; } = new("interval_step", [("B", "rows"), ("H", "width")], static (sizes, device) =>
    {
        const int Embedding = 24, Hidden = 100;
        (int batch, int width) = (sizes["B"], sizes["H"]);
        RandomStream random = new(1);
        TensorLayer target = new Mlp([LayerSized.Pixels, width, LayerSized.Classes], random: random);
        HyperNetwork hyper = HyperInterval.Create(target, Tasks, Embedding, new HyperIntervalOptions { Hidden = [Hidden, Hidden] }, random);
        Adam adam = new(hyper.Parameters, learningRate: 1e-4f);
        Tensor x = Ops.RandomUniform([batch, LayerSized.Pixels], random, device: device);
        Tensor task = Tensor.From([3], [1], device);
        Tensor labels = Tensor.From([.. Enumerable.Range(0, batch).Select(i => i % LayerSized.Classes)], [batch], device);
        // Two products for either end and one for the middle, of the target; centre and radius of the weights.
        double products = ((5.0 * batch) + (2 * Hidden)) * target.Count;
        return new BenchSubject
        {
            Op = "interval_step",
            Sizes = sizes.Text,
            Flops = 2 * products,
            Bytes = 4 * (hyper.Count + (6.0 * target.Count) + x.Count),
            Forward = () => HyperInterval.Forward(hyper, x, task, check: false),
            Train = tape =>
            {
                tape.Backward(IntervalLoss.Loss(HyperInterval.Forward(hyper, x, task, check: false), labels, kappa: 0.5));
                adam.Step(tape);
            },
            Owned = new DisposableGroup(adam, hyper, target),
        };
    });

    private static SizedOp Task(string op, TaskEmission emission, Func<TaskHyperNetworkOptions, int, TaskHyperNetworkOptions> with) =>
        new(op, [("B", "rows"), ("S", "values of a chunk")], (sizes, device) =>
        {
            const int Width = 100, Embedding = 32;
            int batch = sizes["B"];
            RandomStream random = new(1);
            TensorLayer target = new Mlp([LayerSized.Pixels, Width, Width, LayerSized.Classes], random: random);
            HyperNetwork hyper = TaskHyperNetwork.Create(target, Tasks, Embedding, with(new TaskHyperNetworkOptions { Emission = emission }, sizes["S"]), random);
            Tensor x = BenchSubject.Normal([batch, LayerSized.Pixels], device, 2);
            Tensor task = Tensor.From([3], [1], device);
            double weights = target.Count;
            double generated = weights * Width;
            return LayerSized.Make(
                op, sizes, device, batch, hyper, 2 * ((batch * weights) + generated), 4 * (hyper.Count + (2 * weights) + x.Count), () => hyper.Forward(x, task), hyper, target);
        });
}
