using HyperKernels.Layers;
using HyperKernels.Models;

namespace HyperKernels.Cases.Sized;

/// <summary>Layers whose weights are mixed, routed, adapted or generated per sample. Forward gives the answer; training is forward and backward, for all parameters.</summary>
internal static class ConditionalSized
{
    private const int KernelSize = 3;
    private const int Conditions = 32;

    /// <summary>A convolution whose kernels are mixed per sample from experts.</summary>
    public static SizedOp CondConv { get; } = new(
        "condconv", [("B", "samples"), ("C", "channels in and out"), ("S", "side"), ("E", "experts")], static (sizes, device) =>
        {
            (int batch, int channels, int side, int experts) = (sizes["B"], sizes["C"], sizes["S"], sizes["E"]);
            RandomStream random = new(1);
            MixtureOfWeights layer = Models.CondConv.For(
                new Conv2d(channels, channels, KernelSize, padding: KernelSize / 2, random: random), experts, random: random);
            Tensor x = BenchSubject.Normal([batch, channels, side, side], device, 2);
            double kernel = channels * channels * KernelSize * KernelSize;
            return Make(
                "condconv", sizes, 2 * batch * kernel * ((side * side) + experts), 4 * ((2.0 * x.Count) + (experts * kernel)), () => layer.Forward(x), layer);
        });

    /// <summary>A sparse mixture of experts of two layers, two for each row.</summary>
    public static SizedOp SparseMixture { get; } = new(
        "sparse_mixture", [("N", "rows"), ("I", "inputs and outputs"), ("H", "width of an expert"), ("E", "experts")], static (sizes, device) =>
        {
            const int Active = 2;
            (int rows, int size, int hidden, int experts) = (sizes["N"], sizes["I"], sizes["H"], sizes["E"]);
            RandomStream random = new(1);
            Gate gate = new LinearGate(size, experts);
            Initializer.Normal().Apply(gate.Parameters[0], random);
            SparseMixture layer = new(gate, new ExpertMlp(experts, size, hidden, size, random: random), Active);
            Tensor x = BenchSubject.Normal([rows, size], device, 2);
            double products = (double)rows * ((Active * 2.0 * size * hidden) + (size * experts));
            return Make("sparse_mixture", sizes, 2 * products, 4 * ((2.0 * x.Count) + (2.0 * experts * size * hidden)), () => layer.Forward(x), layer);
        });

    /// <summary>A linear layer with a change of low rank for every context.</summary>
    public static SizedOp Lora { get; } = new(
        "generated_lora", [("B", "contexts"), ("T", "rows of each"), ("I", "inputs and outputs"), ("R", "rank")], static (sizes, device) =>
        {
            (int batch, int rows, int size, int rank) = (sizes["B"], sizes["T"], sizes["I"], sizes["R"]);
            RandomStream random = new(1);
            Linear target = new(size, size, random: random);
            GeneratedLora layer = GeneratedLora.For(target, Condition.Raw("context", Conditions), rank, random: random);
            Tensor x = BenchSubject.Normal([batch, rows, size], device, 2);
            Tensor z = BenchSubject.Normal([batch, Conditions], device, 3);
            double thin = 2.0 * size * rank;
            return Make(
                "generated_lora", sizes, 2 * batch * ((rows * (((double)size * size) + thin)) + (Conditions * thin)),
                4 * ((2.0 * x.Count) + ((double)size * size) + (Conditions * thin)), () => layer.Forward(x, z), layer, target);
        });

    /// <summary>An adapter generated for every sample's task.</summary>
    public static SizedOp Adapter { get; } = new(
        "hyper_adapter", [("B", "tasks"), ("T", "rows of each"), ("D", "width"), ("R", "bottleneck")], static (sizes, device) =>
        {
            (int batch, int rows, int size, int bottleneck) = (sizes["B"], sizes["T"], sizes["D"], sizes["R"]);
            HyperformerAdapter layer = new(
                size, Conditions, new HyperformerOptions { Reduction = size / bottleneck, Activation = Activation.Relu }, new RandomStream(1));
            Tensor x = BenchSubject.Normal([batch, rows, size], device, 2);
            Tensor z = BenchSubject.Normal([batch, Conditions], device, 3);
            double matrices = 2.0 * size * bottleneck;
            return Make(
                "hyper_adapter", sizes, 2 * batch * matrices * (rows + Conditions), 4 * ((2.0 * x.Count) + (Conditions * matrices)), () => layer.Forward(x, z), layer);
        });

    /// <summary>A convolution whose kernels are a sum of Kronecker products.</summary>
    public static SizedOp Kronecker { get; } = new(
        "kronecker_conv2d", [("B", "samples"), ("C", "channels in and out"), ("S", "side"), ("N", "terms")], static (sizes, device) =>
        {
            (int batch, int channels, int side, int terms) = (sizes["B"], sizes["C"], sizes["S"], sizes["N"]);
            KroneckerConv2d layer = new(channels, channels, KernelSize, terms, padding: KernelSize / 2, random: new RandomStream(1));
            Tensor x = BenchSubject.Normal([batch, channels, side, side], device, 2);
            double kernel = channels * channels * KernelSize * KernelSize;
            return Make("kronecker_conv2d", sizes, 2 * kernel * ((batch * side * side) + terms), 4 * ((2.0 * x.Count) + kernel), () => layer.Forward(x), layer);
        });

    /// <summary>A sine network for every signal, evaluated at the same points.</summary>
    public static SizedOp Siren { get; } = new(
        "siren_per_sample", [("B", "signals"), ("P", "points"), ("H", "width"), ("Z", "width of the generator")], static (sizes, device) =>
        {
            (int batch, int points, int width, int hidden) = (sizes["B"], sizes["P"], sizes["H"], sizes["Z"]);
            RandomStream random = new(1);
            Siren target = new([2, width, width, 3], random: random);
            HyperNetwork network = FunctionHyperNetwork.For(target, Conditions, [hidden], random);
            Tensor coordinates = BenchSubject.Normal([points, 2], device, 2, 0.5f);
            Tensor latent = BenchSubject.Normal([batch, Conditions], device, 3);
            double weights = target.Count;
            return Make(
                "siren_per_sample", sizes, 2 * batch * weights * (points + hidden), 4 * ((weights * hidden) + (2 * batch * weights) + (3.0 * batch * points)),
                () => FunctionHyperNetwork.Evaluate(network, coordinates, latent), network, target);
        });

    private static BenchSubject Make(string op, Sizes sizes, double flops, double bytes, Func<Tensor> forward, params IDisposable[] owned)
    {
        Tensor like = forward();
        Tensor seed = BenchSubject.Normal(like.Shape, like.Device, 17);
        return new BenchSubject
        {
            Op = op,
            Sizes = sizes.Text,
            Flops = flops,
            Bytes = bytes,
            Forward = () => forward(),
            Train = tape => tape.Backward(forward(), seed),
            Owned = new DisposableGroup(owned),
        };
    }
}
