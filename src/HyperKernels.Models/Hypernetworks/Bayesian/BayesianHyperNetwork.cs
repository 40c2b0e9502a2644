using HyperKernels.Layers;
using HyperKernels.Optim;

namespace HyperKernels.Models;

/// <summary>
/// Bayesian hypernetworks: noise is turned by an invertible generator into the gains of a network's normalised weights, which gives a distribution over
/// networks with a density, trained by a variational bound.
/// </summary>
/// <remarks>
/// <para>
/// A step: <c>noise = draws [C, D]; loss = cross entropy of network.Forward(x, noise) + regulariser.Loss(flow, noise)</c> with
/// <see cref="FlowRegulariser"/>, then <see cref="Clip"/> and Adam with rate 1e-3. One draw serves the batch, or each sample has its own.
/// </para>
/// <para>
/// Unlike the authors', gains start at the lengths of the target's weights. Source: Krueger, Huang, Islam, Turner, Lacoste, Courville, Bayesian Hypernetworks,
/// arXiv 1710.04759, and the authors' code, CW-Huang/BayesianHypernet.
/// </para>
/// </remarks>
public static class BayesianHyperNetwork
{
    // The authors' bounds.
    private const float LargestNorm = 10;
    private const float LargestEntry = 5;

    static BayesianHyperNetwork()
    {
        LayerTypes.Register<AffineFlow>();
        LayerTypes.Register<CouplingFlow>();
        LayerTypes.Register<PermutationFlow>();
        LayerTypes.Register<AutoregressiveFlow>();
        LayerTypes.Register<FlowChain>();
        LayerTypes.Register<WeightNormEmission>();
    }

    /// <summary>What was published.</summary>
    public static PublishedSystem Published { get; } = new()
    {
        Name = "bayesian",
        Title = "Bayesian hypernetwork",
        Kind = SystemKind.Hypernetworks,
        Paper = new Paper("Krueger, Huang, Islam, Turner, Lacoste, Courville", "Bayesian Hypernetworks", "arXiv", 2017) { Arxiv = "1710.04759" },
        Equation = "g = h(e), e ~ N(0, I), W_o = g_o V_o / |V_o|; loss = -log p(y | x, g) + (log N(e) - log|det dh/de| - log p(g)) / N",
        Source = "sections 3 and 4, and the authors' code, CW-Huang/BayesianHypernet",
        Layers =
        [
            typeof(WeightNormEmission), typeof(FlowChain), typeof(AffineFlow), typeof(CouplingFlow), typeof(PermutationFlow), typeof(AutoregressiveFlow),
            typeof(FlowRegulariser),
        ],
        Design = new HypernetworkDesign(HyperInput.Noise, HyperOutput.Components, HyperArchitecture.Mlp, DynamicInput: true, DynamicWeights: true),
    };

    /// <summary>Makes a distribution over networks of a target's make.</summary>
    /// <param name="target">Any layer. Its weights with two axes or more give directions and first gains; everything else is learned as it is.</param>
    /// <param name="flow">Makes the generator for a number of gains; null means one coupling, <see cref="FlowChain.RealNvp"/>.</param>
    /// <param name="parameters">Which weights are generated: a pattern over dotted names.</param>
    /// <param name="random">Where first values come from; null means <see cref="Initializer.Random"/>.</param>
    /// <returns>A hypernetwork that takes noise <c>[C, D]</c>; its generator is the flow.</returns>
    /// <exception cref="ArgumentException">No weight matches, or the flow has another number of features.</exception>
    public static HyperNetwork For(Layer target, Func<int, FlowChain>? flow = null, string parameters = "*", RandomStream? random = null)
    {
        ArgumentNullException.ThrowIfNull(target);
        TargetManifest manifest = TargetManifest.Of(target, parameters, static named => named.Role == ParameterRole.Weight && named.Parameter.Shape.Rank > 1);
        WeightNormEmission emission = new(manifest, random);
        FlowChain generator = flow is null ? FlowChain.RealNvp(emission.Width, random: random) : flow(emission.Width);
        if (generator.Features != emission.Width)
        {
            throw new ArgumentException($"BayesianHyperNetwork.For: the flow must have {emission.Width} features, a gain each; it has {generator.Features}.", nameof(flow));
        }
        Dictionary<string, Parameter> own = target.NamedParameters().ToDictionary(static named => named.Name, static named => named.Parameter);
        List<float> gains = [];
        for (int i = 0; i < manifest.Entries.Count; i++)
        {
            float[] values = own[manifest.Entries[i].Name].OwnValue.ToArray();
            emission.Directions[i].Load(values);
            gains.AddRange(values.Chunk(values.Length / manifest.Entries[i].Shape[0]).Select(static row => MathF.Sqrt(row.Sum(static x => x * x))));
        }
        generator.StartAt([.. gains]);
        return new HyperNetwork(target, new DeclaredConditioning([Condition.Raw("noise", emission.Width)]), generator, emission);
    }

    /// <summary>Draws noise for weight sets.</summary>
    /// <param name="network">Made by <see cref="For"/>.</param>
    /// <param name="sets">C, the number of draws.</param>
    /// <param name="random">Where they come from.</param>
    /// <returns><c>[C, D]</c></returns>
    public static Tensor DrawNoise(HyperNetwork network, int sets, RandomStream random)
    {
        ArgumentNullException.ThrowIfNull(network);
        return Ops.RandomNormal([sets, network.Emission.Width], random);
    }

    /// <summary>Bounds gradients as the authors do: all together to a length of 10, then every entry to +-5.</summary>
    /// <param name="tape">After the backward pass.</param>
    /// <param name="parameters">Whose gradients.</param>
    public static void Clip(Tape tape, IReadOnlyList<Parameter> parameters)
    {
        GradientClipping.ByNorm(tape, parameters, LargestNorm);
        GradientClipping.ByValue(tape, parameters, LargestEntry);
    }
}
