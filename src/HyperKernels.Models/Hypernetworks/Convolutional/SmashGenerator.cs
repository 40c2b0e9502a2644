using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// The weight generator of SMASH, a densely connected convolutional network over the tensor that describes an architecture: blocks whose layers
/// append <c>conv3x3(leaky_relu(x))</c> to what they read, a convolution to half the channels between blocks, and a last one of 1 by 1. There are
/// no biases, and every kernel is divided by the Frobenius norm of the whole tensor. The first convolution reads the description as it is.
/// </summary>
/// <remarks>
/// First values are orthogonal. A column of the output is a slice of the main network's weights; <see cref="SmashHyperNetwork"/> tells which.
/// Source: Brock, Lim, Ritchie, Weston, SMASH: One-Shot Model Architecture Search through HyperNetworks, ICLR 2018 (arXiv 1708.05344); code
/// ajbrock/SMASH.
/// </remarks>
public sealed class SmashGenerator : TensorLayer, IStoredLayer<SmashGenerator>
{
    private readonly Parameter[] _weights;

    static SmashGenerator()
    {
        LayerTypes.Register<SmashGenerator>();
        LayerTypes.Register<SmashHyperNetwork>();
    }

    /// <summary>Makes the network.</summary>
    /// <param name="inChannels">Channels of a description, noise included.</param>
    /// <param name="outChannels">Channels of a slice of weights.</param>
    /// <param name="blocks">
    /// For each block the channels that each of its layers appends; null means the authors', 7 and then 8, 10 and 4 layers of 10.
    /// </param>
    /// <param name="slope">Of the leaky ReLU, below zero.</param>
    /// <param name="random">Where first values come from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">A number of channels is less than 1, or there are no blocks.</exception>
    public SmashGenerator(
        int inChannels, int outChannels, IReadOnlyList<IReadOnlyList<int>>? blocks = null, float slope = 0.02f, RandomStream? random = null)
    {
        Blocks = blocks ?? AuthorsBlocks();
        int[] sizes = [inChannels, outChannels, .. Blocks.SelectMany(static block => block)];
        if (Blocks.Count == 0 || sizes.Min() < 1)
        {
            throw new ArgumentException(
                $"SmashGenerator: there must be at least one block, and at least one channel in, out and from every layer; got {inChannels} in, {outChannels} out "
                + $"and [{string.Join("], [", Blocks.Select(static block => string.Join(", ", block)))}].");
        }
        InChannels = inChannels;
        OutChannels = outChannels;
        Slope = slope;
        List<Parameter> weights = [];
        int channels = inChannels;
        for (int b = 0; b < Blocks.Count; b++)
        {
            foreach (int growth in Blocks[b])
            {
                AddKernel(weights, growth, channels, 3, random);
                channels += growth;
            }
            bool isLast = b == Blocks.Count - 1;
            int after = isLast ? outChannels : Math.Max(1, channels / 2);
            AddKernel(weights, after, channels, isLast ? 1 : 3, random);
            channels = after;
        }
        _weights = [.. weights];
    }

    /// <summary>What was published.</summary>
    public static PublishedSystem Published { get; } = new()
    {
        Name = "smash",
        Title = "SMASH weight generator",
        Kind = SystemKind.Hypernetworks,
        Paper = new Paper("Brock, Lim, Ritchie, Weston", "SMASH: One-Shot Model Architecture Search through HyperNetworks", "ICLR", 2018)
        {
            Arxiv = "1708.05344",
        },
        Equation = "x_(l+1) = [x_l; conv3x3(leaky_relu(x_l), W_l / |W_l|)], weights = conv1x1(leaky_relu(x_L), W_L / |W_L|)",
        Source = "the authors' code, ajbrock/SMASH",
        Layers = [typeof(SmashGenerator), typeof(SmashHyperNetwork)],
        Design = new HypernetworkDesign(
            HyperInput.Task | HyperInput.Noise, HyperOutput.Components, HyperArchitecture.Cnn, DynamicInput: true, DynamicWeights: true),
        Cases = ["SMASH weight generator"],
    };

    /// <summary>Channels of a description.</summary>
    public int InChannels { get; }

    /// <summary>Channels of a slice of weights.</summary>
    public int OutChannels { get; }

    /// <summary>For each block the channels that each of its layers appends.</summary>
    public IReadOnlyList<IReadOnlyList<int>> Blocks { get; }

    /// <summary>Of the leaky ReLU, below zero.</summary>
    public float Slope { get; }

    /// <summary>Generates.</summary>
    /// <param name="input">Descriptions of C architectures, <c>[C, inChannels, rows, columns]</c>.</param>
    /// <returns><c>[C, outChannels, rows, columns]</c></returns>
    /// <exception cref="ArgumentException">The channels differ.</exception>
    public override Tensor Forward(Tensor input)
    {
        if (input.Rank != 4 || input.Shape[1] != InChannels)
        {
            throw new ArgumentException($"SmashGenerator: the input must be [architectures, {InChannels}, rows, columns]; got {input.Shape}.", nameof(input));
        }
        // What layers read is activated once, when it is appended; the first layer alone reads its input as it is.
        Tensor raw = input;
        Tensor active = Ops.LeakyRelu(input, Slope);
        int next = 0;
        foreach (IReadOnlyList<int> block in Blocks)
        {
            for (int layer = 0; layer < block.Count; layer++)
            {
                Tensor grown = Convolve(next == 0 ? raw : active, next++);
                active = Ops.Concatenate(1, active, Ops.LeakyRelu(grown, Slope));
            }
            raw = Convolve(next == 0 ? raw : active, next++);
            active = Ops.LeakyRelu(raw, Slope);
        }
        return raw;
    }

    private static IReadOnlyList<IReadOnlyList<int>> AuthorsBlocks() =>
        [[7, .. Enumerable.Repeat(10, 8)], [.. Enumerable.Repeat(10, 10)], [.. Enumerable.Repeat(10, 4)]];

    private void AddKernel(List<Parameter> weights, int outputs, int inputs, int size, RandomStream? random) =>
        weights.Add(AddParameter($"weight{weights.Count}", [outputs, inputs, size, size], Initializer.Orthogonal(), random));

    private Tensor Convolve(Tensor input, int layer)
    {
        Tensor weight = _weights[layer].Value;
        // Behind the axis of sets, should there be one: a kernel tensor has one norm.
        int[] axes = [weight.Rank - 4, weight.Rank - 3, weight.Rank - 2, weight.Rank - 1];
        Tensor kernel = Ops.Divide(weight, Ops.L2Norm(weight, axes, keepAxes: true));
        return Ops.Conv2d(input, kernel, null, new Conv2dOptions(1, weight.Shape[-1] / 2));
    }

    static string IStoredLayer<SmashGenerator>.TypeName => "SmashGenerator";

    static SmashGenerator IStoredLayer<SmashGenerator>.Read(LayerSettings settings) => new(
        settings.Int("inChannels"), settings.Int("outChannels"), settings.Groups("blocks", static block => (IReadOnlyList<int>)block.Ints("growth")),
        settings.Number("slope"));

    void IStoredLayer<SmashGenerator>.WriteSettings(LayerSettings settings) => settings
        .Set("inChannels", InChannels).Set("outChannels", OutChannels)
        .SetGroups("blocks", Blocks, static (block, group) => group.Set("growth", [.. block])).Set("slope", Slope);

    /// <inheritdoc/>
    protected override string Describe() => $"SmashGenerator({InChannels}, {OutChannels}, {Blocks.Sum(static block => block.Count + 1)} convolutions)";
}
