using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// SWAT-NN: a small perceptron is found by training a code instead of weights. A frozen decoder turns the code, one token per neuron, into weights, biases, functions and masks of
/// all neurons (<see cref="SoftMlp"/>); on a data set the code and a threshold for weights are trained, so that structure and weights come together.
/// </summary>
/// <remarks>
/// <para>
/// <c>L = MSE + 1e-4 sum(0.01 sigmoid(20 (|W| - t)) + 0.1 |W|) - 0.4 mean std(m) + 0.001 mean(m)</c>, W behind the threshold, deviations unbiased and per layer. The authors
/// train 8001 steps with Adam (0.1 for the code, 1e-3 for t, kept in [0, 3]), lower the temperature from 1 to 0.01 over 3000 (<see cref="Temperature"/>), and keep the best loss
/// after that. Exported are the weights with <c>|V| >= t</c>, the likeliest functions, and neurons with a mask of a half or more.
/// </para>
/// <para>
/// The authors' decoder is a GPT-2 for each number of layers, trained in an autoencoder of perceptrons. Source: Huang, Montazerin, Srivastava, arXiv 2506.08270, and the authors'
/// code, zitonghuangcynthia/SWAT-NN (train_mlp).
/// </para>
/// </remarks>
public sealed class LatentNetwork : Layer, IStoredLayer<LatentNetwork>
{
    private const float MostThreshold = 3;
    private const float FinalTemperature = 0.01f;
    private const float AnnealingSteps = 3000;

    private readonly TensorLayer _decoder;

    // Files may hold what is exported before a program uses it.
    static LatentNetwork()
    {
        LayerTypes.Register<LatentNetwork>();
        LayerTypes.Register<NeuronActivation>();
    }

    /// <summary>Makes a network to be found.</summary>
    /// <param name="decoder">Maps tokens <c>[1, rows, latentFeatures]</c> to the columns of a <see cref="SoftMlpLayout"/>; from now on it does not train.</param>
    /// <param name="inFeatures">The inputs of the network, no more than rows.</param>
    /// <param name="latentFeatures">The size of a token.</param>
    /// <param name="hiddenLayers">The hidden layers of the network.</param>
    /// <param name="rows">The most neurons of a hidden layer.</param>
    /// <param name="sharpness">The steepness of thresholds and masks.</param>
    /// <param name="random">Draws the code, which is normal; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">A size is less than 1, or there are more inputs than rows.</exception>
    public LatentNetwork(
        TensorLayer decoder, int inFeatures, int latentFeatures = 768, int hiddenLayers = 2, int rows = 7, float sharpness = 200, RandomStream? random = null)
    {
        if (inFeatures < 1 || latentFeatures < 1 || hiddenLayers < 1 || inFeatures > rows)
        {
            throw new ArgumentException(
                $"LatentNetwork: sizes must be at least 1 and inputs no more than rows; got {inFeatures} inputs, "
                + $"{latentFeatures} latent features, {hiddenLayers} layers and {rows} rows.");
        }
        (InFeatures, Sharpness, Layout) = (inFeatures, sharpness, new SoftMlpLayout(rows, hiddenLayers));
        Code = AddParameter("z", [rows, latentFeatures], Initializer.Normal(), random, ParameterRole.Table);
        Threshold = AddParameter("threshold", [1], Initializer.Zeros);
        _decoder = Add("decoder", decoder);
        foreach (Parameter parameter in decoder.Parameters)
        {
            parameter.RequiresGradient = false;
        }
    }

    /// <summary>What was published.</summary>
    public static PublishedSystem Published { get; } = new()
    {
        Name = "swat-nn",
        Title = "Simultaneous weights and architecture training (SWAT-NN)",
        Kind = SystemKind.WeightSpace,
        Paper = new Paper(
            "Huang, Montazerin, Srivastava", "SWAT-NN: Simultaneous Weights and Architecture Training for Neural Networks in a Latent Space", "IEEE Big Data", 2025)
        {
            Arxiv = "2506.08270",
        },
        Equation = "W = V sigmoid(s (|V| - t)), h = sum_k softmax(a / T)_k phi_k(h W + b) sigmoid(s (m - 1/2)), V, b, a, m = decoder(z); z and t are trained",
        Source = "the authors' code, zitonghuangcynthia/SWAT-NN (train_mlp)",
        Layers = [typeof(LatentNetwork), typeof(NeuronActivation)],
        Cases = ["SWAT-NN"],
    };

    /// <summary>The code z, one token per neuron: <c>[rows, latentFeatures]</c>.</summary>
    public Parameter Code { get; }

    /// <summary>t, <c>[1]</c>.</summary>
    public Parameter Threshold { get; }

    /// <summary>The inputs of the network.</summary>
    public int InFeatures { get; }

    /// <summary>The steepness of thresholds and masks.</summary>
    public float Sharpness { get; }

    /// <summary>Where the decoded table holds what.</summary>
    public SoftMlpLayout Layout { get; }

    /// <summary>The authors' temperature at a step: from 1 down to 0.01 over 3000 steps.</summary>
    public static float Temperature(int step) => MathF.Max(FinalTemperature, 1 - (step / AnnealingSteps));

    /// <summary>Decodes the code, with soft choices.</summary>
    /// <param name="temperature">Divides the logits of a neuron's functions.</param>
    /// <exception cref="ArgumentException">The decoder gives another number of columns, or the temperature is not positive.</exception>
    public SoftMlp Decode(float temperature = FinalTemperature) => SoftMlp.Of(Table(), Threshold.Value, temperature, Layout, Sharpness);

    /// <summary>Runs the network with soft choices.</summary>
    /// <param name="input"><c>[B, inFeatures]</c></param>
    /// <param name="temperature">Divides the logits of a neuron's functions.</param>
    /// <returns><c>[B]</c></returns>
    /// <exception cref="ArgumentException">The input has another shape.</exception>
    public Tensor Forward(Tensor input, float temperature = FinalTemperature)
    {
        if (input.Rank != 2 || input.Shape[1] != InFeatures)
        {
            throw new ArgumentException($"LatentNetwork: the input must be [B, {InFeatures}]; it is {input.Shape}.", nameof(input));
        }
        return Decode(temperature).Forward(input);
    }

    /// <summary>What training makes small.</summary>
    /// <param name="input"><c>[B, inFeatures]</c></param>
    /// <param name="target"><c>[B]</c></param>
    /// <param name="temperature">Divides the logits of a neuron's functions.</param>
    /// <returns>The loss, and the mean squared error in it.</returns>
    /// <exception cref="ArgumentException">A shape does not fit.</exception>
    public (Tensor Total, Tensor Error) Loss(Tensor input, Tensor target, float temperature)
    {
        SoftMlp network = Decode(temperature);
        Tensor error = Ops.MeanSquaredError(network.Forward(input), target);
        return (Ops.Add(error, Penalty(network)), error);
    }

    /// <summary>Keeps the threshold in its range; to be called after each step of an optimiser.</summary>
    public void ClampThreshold()
    {
        using MemoryScope scope = new();
        float value = Threshold.OwnValue.ToArray()[0];
        Threshold.Load([Math.Clamp(value, 0, MostThreshold)]);
    }

    /// <summary>The network that was found, with hard choices and without neurons that are masked or weights below the threshold.</summary>
    /// <returns>Linear layers with a <see cref="NeuronActivation"/> behind hidden ones; it maps <c>[B, inFeatures]</c> to <c>[B, 1]</c>.</returns>
    public Sequential Export()
    {
        using MemoryScope scope = new();
        float[] table = Table().ToArray();
        float threshold = Threshold.Value.ToArray()[0];
        float At(int row, int column) => table[(row * Layout.Columns) + column];
        float Weight(int row, int column) => MathF.Abs(At(row, column)) < threshold ? 0 : At(row, column);
        int[] from = [.. Enumerable.Range(0, InFeatures)];
        List<TensorLayer> layers = [];
        for (int l = 0; l < Layout.HiddenLayers; l++)
        {
            // A mask of a half or more is a logit that is not negative.
            int[] kept = [.. Enumerable.Range(0, Layout.Rows).Where(neuron => At(neuron, Layout.Masks + l) >= 0)];
            (int[] sources, int layer) = (from, l);
            layers.Add(Plain(kept.Length, sources.Length, (o, i) => Weight(sources[i], Layout.WeightsOf(layer) + kept[o]), o => At(kept[o], Layout.BiasOf(layer))));
            IEnumerable<int> chosen = kept.Select(neuron => Enumerable.Range(0, SoftMlpLayout.Activations).MaxBy(k => At(neuron, Layout.LogitsOf(layer) + k)));
            layers.Add(new NeuronActivation([.. chosen.DefaultIfEmpty()]));
            from = kept;
        }
        layers.Add(Plain(1, from.Length, (_, i) => Weight(from[i], Layout.WeightsOf(Layout.HiddenLayers)), _ => At(0, Layout.BiasOf(Layout.HiddenLayers))));
        return new Sequential([.. layers]);
    }

    static string IStoredLayer<LatentNetwork>.TypeName => "LatentNetwork";

    static LatentNetwork IStoredLayer<LatentNetwork>.Read(LayerSettings settings) => new(
        settings.Layer<TensorLayer>("decoder"), settings.Int("inFeatures"), settings.Int("latentFeatures"), settings.Int("hiddenLayers"), settings.Int("rows"),
        settings.Number("sharpness"));

    void IStoredLayer<LatentNetwork>.WriteSettings(LayerSettings settings) => settings
        .SetLayer("decoder", _decoder).Set("inFeatures", InFeatures).Set("latentFeatures", Code.Shape[1]).Set("hiddenLayers", Layout.HiddenLayers)
        .Set("rows", Layout.Rows).Set("sharpness", Sharpness);

    private Tensor Table() => Ops.Reshape(_decoder.Forward(Ops.Reshape(Code.Value, 1, Layout.Rows, Code.Shape[1])), Layout.Rows, -1);

    // A layer without neurons becomes one neuron that gives nothing on.
    private static Linear Plain(int outputs, int inputs, Func<int, int, float> weight, Func<int, float> bias)
    {
        Linear layer = new(Math.Max(inputs, 1), Math.Max(outputs, 1));
        float[] weights = new float[layer.OutFeatures * layer.InFeatures];
        float[] biases = new float[layer.OutFeatures];
        for (int o = 0; o < outputs; o++)
        {
            biases[o] = bias(o);
            for (int i = 0; i < inputs; i++)
            {
                weights[(o * layer.InFeatures) + i] = weight(o, i);
            }
        }
        layer.Weight.Load(weights);
        layer.Bias!.Load(biases);
        return layer;
    }

    private Tensor Penalty(SoftMlp network)
    {
        Tensor sizes = Ops.Abs(network.Weights);
        Tensor above = Ops.Sigmoid(Ops.MultiplyScalar(Ops.Subtract(sizes, Threshold.Value), 20));
        Tensor sparsity = 1e-4f * ((0.01f * Ops.Sum(above)) + (0.1f * Ops.Sum(sizes)));
        Tensor spread = Ops.Mean(Ops.Sqrt(Ops.Variance(network.Masks, [0], unbiased: true)));
        return sparsity - (0.4f * spread) + (0.001f * Ops.Mean(network.Masks));
    }
}
