using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// Rapid adaptation by generated updates: any network with universal weights, to which a hypernetwork adds <c>lambda delta(z)</c> in one forward pass, row by row from an
/// embedding for each output unit.
/// </summary>
/// <remarks>
/// While training, raise <see cref="RowUpdateEmission.Strength"/> from 0; the gradient step that the authors fade out meanwhile belongs to the training loop. Source: Batorski
/// and others, HyperPlanes: Hypernetwork Approach to Rapid NeRF Adaptation (arXiv 2402.01524), section 3, and the authors' code, gmum/HyperPlanes.
/// </remarks>
public sealed class HyperPlanes : Layer, IStoredLayer<HyperPlanes>
{
    // Files may hold the emission before a program uses it.
    static HyperPlanes()
    {
        LayerTypes.Register<HyperPlanes>();
        LayerTypes.Register<RowUpdateEmission>();
    }

    /// <summary>Makes the updates of a target generated.</summary>
    /// <param name="target">Any layer; its values are the universal weights.</param>
    /// <param name="embedding">The numbers of a row's embedding.</param>
    /// <param name="hidden">The widths of the row-wise hypernetwork's hidden layers (ReLU).</param>
    /// <param name="multiplies">Whether updates multiply instead of being added.</param>
    /// <param name="parameters">Which parameters are updated: a pattern over dotted names.</param>
    /// <param name="random">Where first values come from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">A size is less than 1, or no parameter matches.</exception>
    public HyperPlanes(
        Layer target, int embedding, IReadOnlyList<int> hidden, bool multiplies = false, string parameters = "*", RandomStream? random = null)
        : this(Make(target, new RowUpdateEmission(target, embedding, multiplies, parameters), hidden, random))
    {
    }

    private HyperPlanes(HyperNetwork network)
    {
        Emission = network.Emission as RowUpdateEmission
            ?? throw new FormatException($"the emission of HyperPlanes must be a RowUpdateEmission; it is a {network.Emission.GetType().Name}.");
        Network = Add("network", network);
    }

    /// <summary>What was published.</summary>
    public static PublishedSystem Published { get; } = new()
    {
        Name = "hyperplanes",
        Title = "HyperPlanes: generated row updates",
        Kind = SystemKind.Conditional,
        Paper = new Paper("Batorski and others", "HyperPlanes: Hypernetwork Approach to Rapid NeRF Adaptation", "arXiv", 2024) { Arxiv = "2402.01524" },
        Equation = "theta = theta_universal + lambda delta, row u of every delta from h(z_u)",
        Source = "section 3, and the authors' code, gmum/HyperPlanes (whose biases share a column with the next layer)",
        Layers = [typeof(HyperPlanes), typeof(RowUpdateEmission)],
        Cases = ["HyperPlanes"],
    };

    /// <summary>The target with its updates, as a hypernetwork whose condition are all rows end to end.</summary>
    public HyperNetwork Network { get; }

    /// <summary>Holds universal weights and lambda.</summary>
    public RowUpdateEmission Emission { get; }

    /// <summary>Runs the updated target.</summary>
    /// <param name="input">The target's input, B samples along the first axis.</param>
    /// <param name="rows">An embedding for every output unit of the widest layer: <c>[rows, embedding]</c> for all samples, or <c>[C, rows, embedding]</c>, C dividing B.</param>
    /// <returns>The target's output.</returns>
    /// <exception cref="ArgumentException">A shape does not fit.</exception>
    public Tensor Forward(Tensor input, Tensor rows) => Network.Forward(input, Flat(rows));

    /// <summary>Generates the updates alone: <c>lambda delta</c>.</summary>
    /// <param name="rows">As in <see cref="Forward"/>.</param>
    /// <returns>For every tensor of the target C updates.</returns>
    public IReadOnlyList<Tensor> Updates(Tensor rows) => Emission.Updates(Flat(rows), Network.Generator);

    static string IStoredLayer<HyperPlanes>.TypeName => "HyperPlanes";

    static HyperPlanes IStoredLayer<HyperPlanes>.Read(LayerSettings settings) => new(settings.Layer<HyperNetwork>("network"));

    void IStoredLayer<HyperPlanes>.WriteSettings(LayerSettings settings) => settings.SetLayer("network", Network);

    private static Tensor Flat(Tensor rows) => rows.Rank == 3 ? Ops.Reshape(rows, rows.Shape[0], -1) : Ops.Reshape(rows, 1, -1);

    private static HyperNetwork Make(Layer target, RowUpdateEmission emission, IReadOnlyList<int> hidden, RandomStream? random)
    {
        ArgumentNullException.ThrowIfNull(hidden);
        DeclaredConditioning conditioning = new([Condition.Raw("rows", emission.Rows * emission.Embedding)]);
        return new HyperNetwork(target, conditioning, new Mlp([emission.Embedding, .. hidden, emission.Width], random: random), emission);
    }
}
