using HyperKernels.Cli.Data;
using HyperKernels.Cli.Training;
using HyperKernels.Layers;
using HyperKernels.Models;
using HyperKernels.Optim;

namespace HyperKernels.Cli.Recipes;

/// <summary>A network that <see cref="IntrinsicDimensionRecipe"/> measures.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Start">The dimension to begin the search with.</param>
/// <param name="Published">What the paper found for it.</param>
/// <param name="Create">Makes it.</param>
/// <param name="IsFlat">Whether it reads images as rows of pixels.</param>
internal sealed record SubspaceModel(string Name, int Start, double Published, Func<RandomStream, TensorLayer> Create, bool IsFlat)
{
    private const float Rate = 5e-3f;
    private const float SubspaceRate = 0.3f;

    /// <summary>How many numbers it has.</summary>
    public long Parameters
    {
        get
        {
            using TensorLayer network = Create(new RandomStream());
            return network.Count;
        }
    }

    /// <summary>The rates, for the report.</summary>
    public static string Rates => $"{Rate} for all weights, {SubspaceRate} in a subspace";

    /// <summary>784, 200, 200 and 10 wide: the paper's perceptron, with 199,210 weights.</summary>
    public static SubspaceModel Perceptron { get; } = new(
        "perceptron", Start: 100, Published: 750, static random => new Mlp([784, 200, 200, ImageSet.Classes], Activation.Relu, random: random), IsFlat: true);

    /// <summary>Convolutions of 6 and 16 channels, then 120, 84 and 10: the paper's, with 44,426 weights.</summary>
    public static SubspaceModel LeNet5 { get; } = new(
        "lenet",
        Start: 50,
        Published: 290,
        static random => new Sequential(
            new Conv2d(1, 6, kernelSize: 5, random: random), new Relu(), new MaxPool2d(2),
            new Conv2d(6, 16, kernelSize: 5, random: random), new Relu(), new MaxPool2d(2),
            new Flatten(), new Linear(256, 120, random: random), new Relu(), new Linear(120, 84, random: random), new Relu(), new Linear(84, ImageSet.Classes, random: random)),
        IsFlat: false);

    /// <summary>Starts a run from the seed's first values: in a random subspace, or with dimension 0 of all weights.</summary>
    public TimedRun<TensorLayer> Begin(int dimension, int seed)
    {
        TensorLayer network = Create(new RandomStream((ulong)seed));
        if (dimension == 0)
        {
            return new TimedRun<TensorLayer>(Name, network, new Adam(network.Parameters, learningRate: Rate));
        }
        ProjectedNetwork projected = IntrinsicDimension.For(network, dimension, (ulong)seed);
        return new TimedRun<TensorLayer>(Name, projected, new Adam([projected.Latent], learningRate: SubspaceRate));
    }

    /// <summary>Class scores of <c>[B, 1, height, width]</c>.</summary>
    public Tensor Logits(TensorLayer network, Tensor images) => network.Forward(IsFlat ? Ops.Reshape(images, images.Shape[0], -1) : images);

    /// <summary>The share of right answers; what is projected is so once, not again for every batch.</summary>
    public double Accuracy(TimedRun<TensorLayer> run, ImageSet test, Device device)
    {
        if (run.Net is not ProjectedNetwork projected)
        {
            return Training.Accuracy.Of(test, device, images => Logits(run.Net, images));
        }
        using TensorLayer read = projected.Network.Materialize();
        return Training.Accuracy.Of(test, device, images => Logits(read, images));
    }
}
