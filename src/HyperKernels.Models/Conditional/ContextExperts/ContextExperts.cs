using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// MixER: several models of families of systems behind a gate over contexts, of which each system uses one. The gate does not train: from time to time it is refitted, by
/// k-means over the contexts and least squares (<see cref="RefitGate"/>).
/// </summary>
/// <remarks>
/// <para>
/// <c>G = softmax([c; 1] W_g)</c>; experts within 1e-6 of the largest run with weight 1, others do not run. Contexts may be cut into a piece for every expert. Each expert runs
/// once, with all systems that chose it, for a step or a whole trajectory. Equal experts at the start are intended (<see cref="Copies"/>): the gate tells them apart.
/// </para>
/// <para>Source: Nzoyem and others, Towards Foundational Models for Dynamical System Reconstruction, arXiv 2502.05335, and the authors' code, ddrous/MixER.</para>
/// </remarks>
public sealed class ContextExperts : Layer, IStoredLayer<ContextExperts>
{
    private const float Tie = 1e-6f;

    private readonly ContextExpert[] _experts;

    // Files may hold experts before a program uses them.
    static ContextExperts()
    {
        LayerTypes.Register<ContextExperts>();
        LayerTypes.Register<GeneratedExpert>();
        LayerTypes.Register<NeuralContextFlow>();
        LayerTypes.Register<Swish>();
        LayerTypes.Register<DiagonalEmission>();
        LayerTypes.Register<ShallowPlrnn>();
    }

    /// <summary>Puts experts behind a gate.</summary>
    /// <param name="experts">One or more, all for contexts of one size.</param>
    /// <param name="split">Whether a context is cut into one piece per expert; else every expert reads all of it.</param>
    /// <param name="gateBias">Whether the gate reads a constant 1 behind the context.</param>
    /// <param name="random">Draws the gate; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">There are no experts, or their contexts differ in size.</exception>
    public ContextExperts(IReadOnlyList<ContextExpert> experts, bool split = false, bool gateBias = true, RandomStream? random = null)
    {
        experts = Throw.IfAnyNull("ContextExperts", experts);
        if (experts.Count == 0 || experts.Any(expert => expert.ContextFeatures != experts[0].ContextFeatures))
        {
            string sizes = string.Join(", ", experts.Select(static expert => expert.ContextFeatures));
            throw new ArgumentException($"ContextExperts: experts must be for contexts of one size, and there must be one; they are for [{sizes}].", nameof(experts));
        }
        (Splits, GateBias) = (split, gateBias);
        ContextFeatures = experts[0].ContextFeatures * (split ? experts.Count : 1);
        int rows = ContextFeatures + (gateBias ? 1 : 0);
        float bound = 1 / MathF.Sqrt(rows);
        Gate = AddParameter("gate", [rows, experts.Count], Initializer.Uniform(-bound, bound), random);
        Gate.RequiresGradient = false;
        _experts = [.. experts.Select((expert, i) => Add($"expert{i}", expert))];
    }

    /// <summary>What was published.</summary>
    public static PublishedSystem Published { get; } = new()
    {
        Name = "mixer",
        Title = "Mixture of expert reconstructors (MixER)",
        Kind = SystemKind.Conditional,
        Paper = new Paper(
            "Nzoyem and others", "Towards Foundational Models for Dynamical System Reconstruction: Hierarchical Meta-Learning via Mixture of Experts", "arXiv", 2025)
        {
            Arxiv = "2502.05335",
        },
        Equation = "dy/dt = f_e(y; theta_e(c)), e = argmax [c; 1] W_g, theta_e(c) = theta_e + H_e c, or W + A diag(c) B; W_g by k-means and least squares",
        Source = "the equations of the authors' code, ddrous/MixER",
        Layers = [typeof(ContextExperts), typeof(GeneratedExpert), typeof(DiagonalEmission), typeof(NeuralContextFlow), typeof(ShallowPlrnn), typeof(Swish)],
        Cases = ["MixER"],
    };

    /// <summary>The experts.</summary>
    public IReadOnlyList<ContextExpert> Experts => _experts;

    /// <summary>The gate, <c>[contextFeatures (+ 1), experts]</c>: it does not train.</summary>
    public Parameter Gate { get; }

    /// <summary>The numbers of a context, all pieces together.</summary>
    public int ContextFeatures { get; }

    /// <summary>Whether a context is cut into one piece per expert.</summary>
    public bool Splits { get; }

    /// <summary>Whether the gate reads a constant 1 behind the context.</summary>
    public bool GateBias { get; }

    /// <summary>An expert and copies of it, equal at the start.</summary>
    /// <param name="expert">Comes first.</param>
    /// <param name="count">How many there are then.</param>
    public static ContextExpert[] Copies(ContextExpert expert, int count) => [expert, .. Enumerable.Range(1, Math.Max(count - 1, 0)).Select(_ => expert.Copy())];

    /// <summary>The gate's shares, without gradients.</summary>
    /// <param name="context"><c>[N, contextFeatures]</c></param>
    /// <returns><c>[N, experts]</c></returns>
    /// <exception cref="ArgumentException">Contexts have another size.</exception>
    public Tensor Gates(Tensor context)
    {
        if (context.Rank != 2 || context.Shape[1] != ContextFeatures)
        {
            throw new ArgumentException($"ContextExperts: contexts must be [N, {ContextFeatures}]; they are {context.Shape}.", nameof(context));
        }
        Tensor read = Ops.Detach(context);
        read = GateBias ? Ops.Pad(read, [(0, 0), (0, 1)], 1) : read;
        return Ops.Softmax(Ops.Matmul(read, Ops.Detach(Gate.Value)));
    }

    /// <summary>Which systems use which expert.</summary>
    /// <param name="context"><c>[N, contextFeatures]</c></param>
    /// <returns>For every expert the systems that it runs for, ascending.</returns>
    /// <exception cref="ArgumentException">Contexts have another size.</exception>
    public int[][] Route(Tensor context)
    {
        float[][] gates = [.. Gates(context).ToArray().Chunk(_experts.Length)];
        float[] least = [.. gates.Select(static shares => shares.Max() - Tie)];
        return [.. Enumerable.Range(0, _experts.Length).Select(e => Enumerable.Range(0, gates.Length).Where(n => gates[n][e] > least[n]).ToArray())];
    }

    /// <summary>Computes <c>f(y; c)</c> by the experts that the contexts choose.</summary>
    /// <param name="input">y, for each of N systems: <c>[N, ..., features]</c>.</param>
    /// <param name="context">c: <c>[N, contextFeatures]</c>.</param>
    /// <returns>The shape of the input.</returns>
    /// <exception cref="ArgumentException">A shape does not fit.</exception>
    public Tensor Forward(Tensor input, Tensor context) => Dispatch(input, context, static (expert, y, c) => expert.Forward(y, c));

    /// <summary>Follows the systems by the experts that the contexts choose, see <see cref="ContextExpert.Trajectory"/>.</summary>
    /// <param name="start">States at the beginning, <c>[N, ..., features]</c>.</param>
    /// <param name="context">c: <c>[N, contextFeatures]</c>.</param>
    /// <param name="step">The length of a step.</param>
    /// <param name="steps">How many.</param>
    /// <returns>The states after each step, <c>[N, steps, ..., features]</c>.</returns>
    /// <exception cref="ArgumentException">A shape does not fit, or there are no steps.</exception>
    public Tensor Trajectory(Tensor start, Tensor context, float step, int steps) => Dispatch(start, context, (expert, y, c) => expert.Trajectory(y, c, step, steps));

    /// <summary>The part of contexts that an expert reads: to run it for systems that did not choose it, as refitting the gate needs.</summary>
    /// <param name="context"><c>[N, contextFeatures]</c></param>
    /// <param name="expert">Which.</param>
    /// <returns>Its piece, or all of it.</returns>
    public Tensor PieceOf(Tensor context, int expert)
    {
        int width = _experts[Throw.IfNoPlace("ContextExperts", expert, _experts.Length)].ContextFeatures;
        return Splits ? Ops.Slice(context, 1, expert * width, width) : context;
    }

    /// <summary>Refits the gate to how the experts do, see <see cref="GateFit.Of"/>.</summary>
    /// <param name="context">The contexts of N systems, <c>[N, contextFeatures]</c>.</param>
    /// <param name="losses">For every system the loss of each expert, <c>[N, experts]</c>.</param>
    /// <param name="centroids">Those of the fit before; null begins with small random numbers.</param>
    /// <param name="noise">The deviation of noise that is added to contexts for the fit.</param>
    /// <param name="random">Draws noise and centroids; null means <see cref="Initializer.Random"/>.</param>
    /// <returns>What was found; null where the gate stays as it is.</returns>
    /// <exception cref="ArgumentException">A shape does not fit.</exception>
    public GateFit? RefitGate(Tensor context, Tensor losses, IReadOnlyList<double[]>? centroids = null, float noise = 1e-4f, RandomStream? random = null)
    {
        const float Start = 1e-3f;
        if (context.Rank != 2 || context.Shape[1] != ContextFeatures || losses.Rank != 2 || losses.Shape[1] != _experts.Length)
        {
            throw new ArgumentException(
                $"ContextExperts.RefitGate: contexts must be [N, {ContextFeatures}] and losses [N, {_experts.Length}]; got {context.Shape} and {losses.Shape}.");
        }
        if (centroids is null)
        {
            float[] drawn = new float[_experts.Length * ContextFeatures];
            (random ?? Initializer.Random).FillUniform(drawn, -Start, Start);
            centroids = [.. drawn.Chunk(ContextFeatures).Select(static row => Array.ConvertAll(row, static value => (double)value))];
        }
        GateFit? fit = GateFit.Of(
            [.. context.ToArray().Chunk(ContextFeatures)], [.. losses.ToArray().Chunk(_experts.Length)], centroids, GateBias, noise, random);
        if (fit is not null)
        {
            Gate.Load([.. fit.Gate.SelectMany(static row => row).Select(static value => (float)value)]);
        }
        return fit;
    }

    static string IStoredLayer<ContextExperts>.TypeName => "ContextExperts";

    static ContextExperts IStoredLayer<ContextExperts>.Read(LayerSettings settings) =>
        new(settings.Layers<ContextExpert>("experts"), settings.Flag("split"), settings.Flag("gateBias"));

    void IStoredLayer<ContextExperts>.WriteSettings(LayerSettings settings) =>
        settings.SetLayers("experts", _experts).Set("split", Splits).Set("gateBias", GateBias);

    private Tensor Dispatch(Tensor input, Tensor context, Func<ContextExpert, Tensor, Tensor, Tensor> run)
    {
        int[][] routes = Route(context);
        int systems = context.Shape[0];
        if (input.Rank < 2 || input.Shape[0] != systems || systems == 0)
        {
            throw new ArgumentException(
                $"ContextExperts: there must be a block of states for each of {systems} contexts, and one context at least; got {input.Shape}.", nameof(input));
        }
        List<Tensor> results = [];
        List<int> rows = [];
        for (int e = 0; e < routes.Length; e++)
        {
            if (routes[e].Length == 0)
            {
                continue;
            }
            Tensor piece = PieceOf(context, e);
            bool all = routes[e].Length == systems;
            Tensor own = all ? default : Tensor.From(routes[e], [routes[e].Length], input.Device);
            results.Add(all ? run(_experts[e], input, piece) : run(_experts[e], Ops.GatherRows(input, own), Ops.GatherRows(piece, own)));
            rows.AddRange(routes[e]);
        }
        return results.Count == 1 ? results[0] : Ops.ScatterAddRows(Ops.Concatenate(0, [.. results]), Tensor.From([.. rows], [rows.Count], input.Device), systems);
    }
}
