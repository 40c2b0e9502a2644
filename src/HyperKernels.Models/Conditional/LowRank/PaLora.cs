using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// Pareto low-rank adapters: one network for every trade-off between T tasks, <c>W(l) = W_0 + (alpha / r) sum_t l_t B_t A_t</c> with the preference l on the simplex. Base and
/// changes are trained together on <c>sum_t l_t L_t</c> for preferences that vary from step to step.
/// </summary>
/// <remarks>
/// The authors multiply the learning rate of the changes (<see cref="Adapters"/>) by the number of tasks. Source: Dimitriadis, Frossard, Fleuret, Pareto Low-Rank
/// Adapters: Efficient Multi-Task Learning with Preferences, ICLR 2025 (arXiv 2407.08056), section 3.
/// </remarks>
public sealed class PaLora : Layer, IStoredLayer<PaLora>
{
    // Files may hold the emission before a program uses it.
    static PaLora()
    {
        LayerTypes.Register<PaLora>();
        LayerTypes.Register<PreferenceEmission>();
    }

    /// <summary>Gives every matrix and every set of kernels of a target a change per task.</summary>
    /// <param name="target">Any layer; its values are those of W_0.</param>
    /// <param name="tasks">The number T of tasks.</param>
    /// <param name="rank">r: 1 and 4 in the paper.</param>
    /// <param name="alpha">Changes are scaled by alpha / r.</param>
    /// <param name="parameters">Which matrices and kernels change: a pattern over dotted names.</param>
    /// <param name="trainsBase">Whether the target trains too, as it does in the paper.</param>
    /// <param name="random">Where first values come from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">No matrix matches, or a number is less than 1.</exception>
    public PaLora(Layer target, int tasks, int rank = 1, float alpha = 1, string parameters = "*", bool trainsBase = true, RandomStream? random = null)
        : this(Make(target, new PreferenceEmission(target, tasks, rank, alpha, parameters, trainsBase, random)))
    {
    }

    private PaLora(HyperNetwork network)
    {
        Emission = network.Emission as PreferenceEmission
            ?? throw new FormatException($"the emission of a PaLora must be a PreferenceEmission; it is a {network.Emission.GetType().Name}.");
        DeltaEmission.Freeze(network, Emission.TrainsBase);
        Network = Add("network", network);
    }

    /// <summary>What was published.</summary>
    public static PublishedSystem Published { get; } = new()
    {
        Name = "palora",
        Title = "Pareto low-rank adapters (PaLoRA)",
        Kind = SystemKind.Conditional,
        Paper = new Paper("Dimitriadis, Frossard, Fleuret", "Pareto Low-Rank Adapters: Efficient Multi-Task Learning with Preferences", "ICLR", 2025) { Arxiv = "2407.08056" },
        Equation = "W(l) = W_0 + (alpha / r) sum_t l_t B_t A_t, trained on sum_t l_t L_t",
        Source = "section 3, and the authors' code, nik-dim/palora",
        Layers = [typeof(PaLora), typeof(PreferenceEmission)],
        Cases = ["PaLoRA"],
    };

    /// <summary>The target with its changes, as a hypernetwork whose condition is the preference.</summary>
    public HyperNetwork Network { get; }

    /// <summary>Holds base and changes.</summary>
    public PreferenceEmission Emission { get; }

    /// <summary>The parameters of the changes, whose learning rate the authors multiply by the number of tasks.</summary>
    public IReadOnlyList<Parameter> Adapters => [.. Emission.FactorsA, .. Emission.FactorsB];

    /// <summary>Runs the target at a trade-off.</summary>
    /// <param name="input">The target's input, B samples along the first axis.</param>
    /// <param name="preference">The shares of the tasks: <c>[T]</c>, or <c>[C, T]</c> with C dividing B.</param>
    /// <returns>The target's output.</returns>
    /// <exception cref="ArgumentException">A shape does not fit.</exception>
    public Tensor Forward(Tensor input, Tensor preference) => Network.Forward(input, Rows(preference));

    /// <summary>What is minimised: <c>sum_t l_t L_t</c>.</summary>
    /// <param name="losses">The loss of every task, a number each.</param>
    /// <param name="preference">The shares of the tasks, <c>[T]</c>.</param>
    /// <exception cref="ArgumentException">There are not T losses, or one is no number.</exception>
    public static Tensor Loss(ReadOnlySpan<Tensor> losses, Tensor preference)
    {
        if (losses.Length == 0 || preference.Count != losses.Length)
        {
            throw new ArgumentException($"PaLora.Loss: there must be a loss for each share; got {losses.Length} losses and the shares {preference.Shape}.", nameof(losses));
        }
        return Ops.Sum(Ops.Multiply(Ops.Stack(0, losses), Ops.Reshape(preference, losses.Length)));
    }

    static string IStoredLayer<PaLora>.TypeName => "PaLora";

    static PaLora IStoredLayer<PaLora>.Read(LayerSettings settings) => new(settings.Layer<HyperNetwork>("network"));

    void IStoredLayer<PaLora>.WriteSettings(LayerSettings settings) => settings.SetLayer("network", Network);

    private static Tensor Rows(Tensor preference) => preference.Rank == 1 ? Ops.Reshape(preference, 1, -1) : preference;

    private static HyperNetwork Make(Layer target, PreferenceEmission emission) => new(
        target, new DeclaredConditioning([Condition.Raw("preference", emission.Width)]), new GeneratorMlp(emission.Width, [], Activation.None, Initializer.Zeros), emission);
}
