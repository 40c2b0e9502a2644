using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// Any network with a LoRA of its own for every sample or task: <c>y_b = x_b W_0^T + (alpha / r) (x_b A_b^T) B_b^T</c>, where A and B are generated from a condition.
/// The base is never copied and no changed weight is written out.
/// </summary>
/// <remarks>
/// Source: Phang, Mao, He, Chen, HyperTuning: Toward Adapting Large Language Models without Back-propagation, ICML 2023 (arXiv 2211.12485), for the generation of LoRA;
/// Hu and others, LoRA, ICLR 2022 (arXiv 2106.09685). First values are those of <see cref="LowRankEmission"/>.
/// </remarks>
public sealed class GeneratedLora : Layer, IStoredLayer<GeneratedLora>
{
    // Files may hold the emission before a program uses it.
    static GeneratedLora()
    {
        LayerTypes.Register<GeneratedLora>();
        LayerTypes.Register<LowRankEmission>();
    }

    /// <summary>Joins a target, conditions and an emission that were made by themselves.</summary>
    /// <param name="network">A hypernetwork whose emission is a <see cref="LowRankEmission"/>.</param>
    /// <exception cref="ArgumentException">The emission is another.</exception>
    /// <remarks>Where the base does not train, what else the target has (biases, norms) does not either.</remarks>
    public GeneratedLora(HyperNetwork network)
    {
        ArgumentNullException.ThrowIfNull(network);
        Emission = network.Emission as LowRankEmission
            ?? throw new ArgumentException($"GeneratedLora: the emission must be a LowRankEmission; it is a {network.Emission.GetType().Name}.", nameof(network));
        DeltaEmission.Freeze(network, Emission.TrainsBase);
        Network = Add("network", network);
    }

    /// <summary>What was published.</summary>
    public static PublishedSystem Published { get; } = new()
    {
        Name = "generated-lora",
        Title = "Generated LoRA, one for each sample",
        Kind = SystemKind.Conditional,
        Paper = new Paper("Phang, Mao, He, Chen", "HyperTuning: Toward Adapting Large Language Models without Back-propagation", "ICML", 2023) { Arxiv = "2211.12485" },
        Equation = "y_b = x_b W_0' + (alpha / r) (x_b A_b') B_b', A_b = reshape(G_A z_b + g_A), B_b = reshape(G_B z_b + g_B)",
        Source = "the general form, evaluated directly; LoRA: Hu and others, ICLR 2022, eq. 3",
        Layers = [typeof(GeneratedLora), typeof(LowRankEmission)],
        Cases = ["Generated LoRA"],
    };

    /// <summary>The target, its conditions and what generates its changes.</summary>
    public HyperNetwork Network { get; }

    /// <summary>Generates the factors.</summary>
    public LowRankEmission Emission { get; }

    /// <summary>Gives every matrix and every set of kernels of a target a generated LoRA.</summary>
    /// <param name="target">Any layer; its values are those of W_0.</param>
    /// <param name="condition">What the changes depend on: an embedding per task, or numbers that an encoder gives (<see cref="Condition.Raw"/>).</param>
    /// <param name="rank">r.</param>
    /// <param name="alpha">The change is scaled by alpha / r; null means r.</param>
    /// <param name="hidden">The widths of layers (ReLU) between the condition and the heads; null means none.</param>
    /// <param name="parameters">Which matrices and kernels change: a pattern over dotted names, <c>*.attention.*</c>.</param>
    /// <param name="trainsBase">Whether the target trains too.</param>
    /// <param name="random">Where first values come from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">No matrix matches, or a size is less than 1.</exception>
    public static GeneratedLora For(
        Layer target,
        Condition condition,
        int rank = 8,
        float? alpha = null,
        IReadOnlyList<int>? hidden = null,
        string parameters = "*",
        bool trainsBase = false,
        RandomStream? random = null)
    {
        DeclaredConditioning conditioning = new([condition], random: random);
        GeneratorMlp generator = new(conditioning.Size, hidden ?? [], Activation.Relu, Initializer.KaimingUniform(), random);
        LowRankEmission emission = new(target, generator.OutFeatures, rank, alpha ?? rank, parameters, trainsBase, random);
        return new GeneratedLora(new HyperNetwork(target, conditioning, generator, emission));
    }

    /// <summary>Runs the target with the changes of conditions.</summary>
    /// <param name="input">The target's input, B samples along the first axis.</param>
    /// <param name="conditions">One tensor per condition, C rows each; C divides B.</param>
    /// <returns>The target's output.</returns>
    /// <exception cref="ArgumentException">A shape does not fit.</exception>
    public Tensor Forward(Tensor input, params ReadOnlySpan<Tensor> conditions) => Network.Forward(input, conditions);

    static string IStoredLayer<GeneratedLora>.TypeName => "GeneratedLora";

    static GeneratedLora IStoredLayer<GeneratedLora>.Read(LayerSettings settings) => new(settings.Layer<HyperNetwork>("network"));

    void IStoredLayer<GeneratedLora>.WriteSettings(LayerSettings settings) => settings.SetLayer("network", Network);
}
