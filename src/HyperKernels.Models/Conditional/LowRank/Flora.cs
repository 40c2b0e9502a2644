using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// Low-rank fine-tuning that keeps the axes of kernels: any network whose matrices and kernels change by <c>s G x_1 U_in x_2 U_out x_3 U_h x_4 U_w</c>. With a condition the
/// cores G are generated, one for each sample or task, over shared factors.
/// </summary>
/// <remarks>
/// Source: Si and others, FLoRA: Low-Rank Core Space for N-dimension (arXiv 2405.14739), section 3, and the authors' code, SJTU-DeepVisionLab/FLoRA; generated cores are
/// this library's own. First values are those of <see cref="TuckerEmission"/>.
/// </remarks>
public sealed class Flora : Layer, IStoredLayer<Flora>
{
    // Files may hold the emission before a program uses it.
    static Flora()
    {
        LayerTypes.Register<Flora>();
        LayerTypes.Register<TuckerEmission>();
        LayerTypes.Register<Unconditional>();
    }

    /// <summary>Gives every matrix and every set of kernels of a target a change.</summary>
    /// <param name="target">Any layer; its values are those of W_0.</param>
    /// <param name="ranks">r_in, r_out, and for kernels one for each of their axes.</param>
    /// <param name="scale">s.</param>
    /// <param name="condition">What the cores depend on besides; null for nothing, as published.</param>
    /// <param name="parameters">Which matrices and kernels change: a pattern over dotted names.</param>
    /// <param name="trainsBase">Whether the target trains too.</param>
    /// <param name="random">Where first values come from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">A rank is below 1 or missing, or no matrix matches.</exception>
    public Flora(
        Layer target, IReadOnlyList<int> ranks, float scale = 1, Condition? condition = null, string parameters = "*", bool trainsBase = false, RandomStream? random = null)
        : this(Make(target, ranks, scale, condition, parameters, trainsBase, random))
    {
    }

    private Flora(HyperNetwork network)
    {
        Emission = network.Emission as TuckerEmission
            ?? throw new FormatException($"the emission of a Flora must be a TuckerEmission; it is a {network.Emission.GetType().Name}.");
        DeltaEmission.Freeze(network, Emission.TrainsBase);
        Network = Add("network", network);
    }

    /// <summary>What was published.</summary>
    public static PublishedSystem Published { get; } = new()
    {
        Name = "flora",
        Title = "Low-rank core space for N dimensions (FLoRA)",
        Kind = SystemKind.Conditional,
        Paper = new Paper("Si and others", "FLoRA: Low-Rank Core Space for N-dimension", "arXiv", 2024) { Arxiv = "2405.14739" },
        Equation = "delta[o, i, h, w] = s sum_abcd G[a, b, c, d] U_in[i, a] U_out[o, b] U_h[h, c] U_w[w, d]",
        Source = "section 3, and the authors' code, SJTU-DeepVisionLab/FLoRA",
        Layers = [typeof(Flora), typeof(TuckerEmission)],
        Cases = ["FLoRA"],
    };

    /// <summary>The target with its changes.</summary>
    public HyperNetwork Network { get; }

    /// <summary>Holds base, cores and factors.</summary>
    public TuckerEmission Emission { get; }

    /// <summary>Runs the changed target.</summary>
    /// <param name="input">The target's input, B samples along the first axis.</param>
    /// <param name="conditions">The condition's values if there is one, C rows; C divides B.</param>
    /// <returns>The target's output.</returns>
    /// <exception cref="ArgumentException">A shape does not fit.</exception>
    public Tensor Forward(Tensor input, params ReadOnlySpan<Tensor> conditions) => Network.Forward(input, conditions);

    static string IStoredLayer<Flora>.TypeName => "Flora";

    static Flora IStoredLayer<Flora>.Read(LayerSettings settings) => new(settings.Layer<HyperNetwork>("network"));

    void IStoredLayer<Flora>.WriteSettings(LayerSettings settings) => settings.SetLayer("network", Network);

    private static HyperNetwork Make(
        Layer target, IReadOnlyList<int> ranks, float scale, Condition? condition, string parameters, bool trainsBase, RandomStream? random)
    {
        Conditioning conditioning = condition is null ? new Unconditional() : new DeclaredConditioning([condition], random: random);
        TuckerEmission emission = new(target, ranks, scale, conditioning.Size, parameters, trainsBase, random);
        return new HyperNetwork(target, conditioning, new GeneratorMlp(conditioning.Size, [], Activation.None, Initializer.Zeros), emission);
    }
}
