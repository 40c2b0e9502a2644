using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// A hypernetwork of functions of coordinates: a latent vector per signal generates the weights of a <see cref="Siren"/>, or of any other function, and all signals of a
/// batch are evaluated at once.
/// </summary>
public static class FunctionHyperNetwork
{
    // Of the function's own weights: what the latent changes at first.
    private const float FirstChange = 0.1f;

    static FunctionHyperNetwork() => LayerTypes.Register<Siren>();

    /// <summary>What was published.</summary>
    public static PublishedSystem Published { get; } = new()
    {
        Name = "function-hypernetwork",
        Title = "Hypernetwork of coordinate functions (SIREN)",
        Kind = SystemKind.Conditional,
        Paper = new Paper("Sitzmann, Martel, Bergman, Lindell, Wetzstein", "Implicit Neural Representations with Periodic Activation Functions", "NeurIPS", 2020)
        {
            Arxiv = "2006.09661",
        },
        Equation = "theta_b = W2 relu(W1 z_b + b1) + b2, h <- sin(w (W_b h + b_b))",
        Source = "section 4.4 and appendix 9 for the hypernetwork, section 3.2 for the function",
        Layers = [typeof(FunctionHyperNetwork), typeof(Siren)],
        Cases = ["INR hypernetwork"],
        Recipe = "siren-images",
    };

    /// <summary>Makes a hypernetwork whose functions start as the given one, little changed by the latent.</summary>
    /// <param name="function">The function; its first values are the base weights.</param>
    /// <param name="latent">The size of a latent vector.</param>
    /// <param name="hidden">The widths of the generator, with ReLU behind each.</param>
    /// <param name="random">Where first values come from; null means <see cref="Initializer.Random"/>.</param>
    /// <returns>A hypernetwork that takes latent vectors <c>[C, latent]</c>; <see cref="Evaluate"/> runs its functions at shared coordinates.</returns>
    /// <remarks>
    /// A generated sine network must start at the scale that its frequencies ask for: the base weights carry that start, and the rows that the latent multiplies are
    /// small beside it.
    /// </remarks>
    public static HyperNetwork For(TensorLayer function, int latent, IReadOnlyList<int> hidden, RandomStream? random = null)
    {
        ArgumentNullException.ThrowIfNull(function);
        ArgumentNullException.ThrowIfNull(hidden);
        TargetManifest manifest = TargetManifest.Of(function);
        Dictionary<string, float[]> values = function.NamedParameters().ToDictionary(static named => named.Name, static named => named.Parameter.OwnValue.ToArray());
        EmissionScheme scheme = new(
            (entry, width, stream) =>
            {
                float deviation = MathF.Sqrt(values[entry.Name].Sum(static value => value * value) / entry.Count);
                float[] rows = new float[entry.Count * width];
                (stream ?? Initializer.Random).FillNormal(rows, 0, FirstChange * deviation / MathF.Sqrt(width));
                return rows;
            },
            entry => values[entry.Name],
            HasBase: true);
        GeneratorMlp generator = new(latent, hidden, Activation.Relu, Initializer.KaimingNormal(Activation.Relu), random);
        return new HyperNetwork(
            function, new DeclaredConditioning([Condition.Raw("latent", latent)]), generator, new FullEmission(manifest, generator.OutFeatures, scheme, random));
    }

    /// <summary>Evaluates every function of a batch at the same coordinates.</summary>
    /// <param name="network">Takes latent vectors.</param>
    /// <param name="coordinates"><c>[N, D]</c></param>
    /// <param name="latent"><c>[C, latent]</c></param>
    /// <returns><c>[C, N, outputs]</c></returns>
    /// <exception cref="ArgumentException">A shape differs.</exception>
    public static Tensor Evaluate(HyperNetwork network, Tensor coordinates, Tensor latent)
    {
        ArgumentNullException.ThrowIfNull(network);
        if (coordinates.Rank != 2 || latent.Rank != 2)
        {
            throw new ArgumentException($"FunctionHyperNetwork: coordinates must be [points, D] and latent [signals, size]; got {coordinates.Shape} and {latent.Shape}.");
        }
        (int points, int axes) = (coordinates.Shape[0], coordinates.Shape[1]);
        Tensor all = Ops.BroadcastTo(Ops.Reshape(coordinates, 1, points, axes), [latent.Shape[0], points, axes]);
        return network.Forward(all, latent);
    }
}
