using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// A structural mixture of residual experts: low-rank experts in levels, of which a gate picks a tree for each row. From the top level down every expert that was
/// picked picks its children; from the leaves up, <c>x_l = sum_c s_c tanh(B_c A_c x + W_l x_(l-1)^(c))</c> over the children c of an expert, and
/// <c>y = W_f x_top + b_f</c>.
/// </summary>
/// <remarks>
/// Level 0 holds the leaves; the widths are <c>d_l = d_(l-1) + experts_l rank_l</c>. Gates read the row through a thin layer <c>q = W_x x + b_x</c>, those below the top
/// <c>[q; key of the parent]</c>; shares are a softmax over what is kept. Children are chosen once for each row and parent. The last layer starts at zero, so that the
/// layer adds nothing at first. Source: Zeng and others, S'MoRE: Structural Mixture of Residual Experts, 2025 (arXiv 2504.06426).
/// </remarks>
public sealed class Smore : TensorLayer, IStoredLayer<Smore>
{
    private readonly int[] _experts;
    private readonly int[] _active;
    private readonly int[] _ranks;
    private readonly Linear _down;
    private readonly Linear _final;
    private readonly Parameter[] _a;
    private readonly Parameter[] _b;
    private readonly Parameter?[] _fromBelow;
    private readonly Parameter[] _gates;
    private readonly Parameter?[] _keys;

    static Smore() => LayerTypes.Register<Smore>();

    /// <summary>Makes the layer.</summary>
    /// <param name="inFeatures">The size of a row.</param>
    /// <param name="outFeatures">The size of the answer.</param>
    /// <param name="experts">How many experts each level has, the leaves first.</param>
    /// <param name="active">How many of a level each parent picks, the leaves first.</param>
    /// <param name="ranks">The rank of each level's experts, the leaves first.</param>
    /// <param name="gateFeatures">The size of what gates read of a row; 32 is the authors' default.</param>
    /// <param name="random">Where first values come from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">A size is less than 1, a level picks more experts than it has, or the lists differ in length.</exception>
    public Smore(
        int inFeatures, int outFeatures, IReadOnlyList<int> experts, IReadOnlyList<int> active, IReadOnlyList<int> ranks, int gateFeatures = 32, RandomStream? random = null)
    {
        ArgumentNullException.ThrowIfNull(experts);
        ArgumentNullException.ThrowIfNull(active);
        ArgumentNullException.ThrowIfNull(ranks);
        if (experts.Count == 0 || active.Count != experts.Count || ranks.Count != experts.Count)
        {
            throw new ArgumentException($"Smore: experts, active and ranks must name the same levels; they have {experts.Count}, {active.Count} and {ranks.Count} numbers.");
        }
        (_experts, _active, _ranks) = ([.. experts], [.. active], [.. ranks]);
        (InFeatures, OutFeatures, GateFeatures) = (inFeatures, outFeatures, gateFeatures);
        int levels = _experts.Length;
        _down = Add("down", new Linear(inFeatures, gateFeatures, random: random));
        (_a, _b, _fromBelow, _gates, _keys) = (new Parameter[levels], new Parameter[levels], new Parameter?[levels], new Parameter[levels], new Parameter?[levels]);
        int width = 0;
        for (int level = 0; level < levels; level++)
        {
            (int count, int rank, int below) = (_experts[level], _ranks[level], width);
            if (count < 1 || rank < 1 || _active[level] < 1 || _active[level] > count)
            {
                throw new ArgumentException($"Smore: level {level} must have experts of a rank and pick from 1 to all of them; got {count}, rank {rank}, {_active[level]} active.");
            }
            width += count * rank;
            _a[level] = AddParameter($"a{level}", [count, rank, inFeatures], Initializer.DefaultFor(inFeatures), random);
            _b[level] = AddParameter($"b{level}", [count, width, rank], Initializer.DefaultFor(rank), random);
            _fromBelow[level] = level == 0 ? null : AddParameter($"from_below{level}", [width, below], Initializer.Default, random);
            int reads = level == levels - 1 ? gateFeatures : 2 * gateFeatures;
            _gates[level] = AddParameter($"gate{level}", [count, reads], Initializer.Default, random);
            _keys[level] = level == 0 ? null : AddParameter($"keys{level}", [count, gateFeatures], Initializer.Normal(), random, ParameterRole.Table);
        }
        _final = Add("final", new Linear(width, outFeatures, random: random));
        _final.Weight.Load(new float[_final.Weight.Shape.Count]);
        _final.Bias!.Load(new float[outFeatures]);
    }

    /// <summary>What was published.</summary>
    public static PublishedSystem Published { get; } = new()
    {
        Name = "smore",
        Title = "S'MoRE",
        Kind = SystemKind.Conditional,
        Paper = new Paper("Zeng and others", "S'MoRE: Structural Mixture of Residual Experts for LLM Fine-tuning", "arXiv", 2025) { Arxiv = "2504.06426" },
        Equation = "x_l = sum_c s_c tanh(B_c A_c x + W_l x_(l-1)^(c)) over the children that a gate picks, y = W_f x_top + b_f",
        Source = "the paper's layer propagation, with the widths and gates of the authors' code",
        Layers = [typeof(Smore)],
        Cases = ["S'MoRE"],
    };

    /// <summary>The size of a row.</summary>
    public int InFeatures { get; }

    /// <summary>The size of the answer.</summary>
    public int OutFeatures { get; }

    /// <summary>The size of what gates read of a row.</summary>
    public int GateFeatures { get; }

    /// <summary>How many levels there are.</summary>
    public int Levels => _experts.Length;

    /// <summary>Runs every row through its tree.</summary>
    /// <param name="input"><c>[B, ..., inFeatures]</c></param>
    /// <returns><c>[B, ..., outFeatures]</c></returns>
    /// <exception cref="ArgumentException">The last axis has another size.</exception>
    public override Tensor Forward(Tensor input)
    {
        Tensor rows = Ops.Reshape(input, -1, input.Shape[-1]);
        return Ops.Reshape(Propagate(rows, Route(rows)), input.Shape.With(-1, OutFeatures));
    }

    /// <summary>Picks the tree of every row.</summary>
    /// <param name="rows"><c>[N, inFeatures]</c></param>
    /// <returns>The choice of each level, the leaves first: one row for each row of the input and each expert picked above it, in that order.</returns>
    /// <exception cref="ArgumentException">The rows have another size.</exception>
    public Routing[] Route(Tensor rows)
    {
        Routing[] routings = new Routing[Levels];
        Tensor query = _down.Forward(rows);
        Tensor reads = query;
        for (int level = Levels - 1; level >= 0; level--)
        {
            Tensor logits = Ops.Linear(reads, _gates[level]);
            routings[level] = Routing.Of(new GateScores(logits, logits), _active[level]);
            if (level > 0)
            {
                Tensor parents = Ops.Reshape(routings[level].Experts, -1);
                query = Ops.RepeatRows(query, _active[level]);
                reads = Ops.Concatenate(1, query, Ops.GatherRows(_keys[level]!.Value, parents));
            }
        }
        return routings;
    }

    /// <summary>Adds up the trees from the leaves.</summary>
    /// <param name="rows"><c>[N, inFeatures]</c></param>
    /// <param name="routings">What <see cref="Route"/> gave for them.</param>
    /// <returns><c>[N, outFeatures]</c></returns>
    public Tensor Propagate(Tensor rows, Routing[] routings)
    {
        ArgumentNullException.ThrowIfNull(routings);
        Tensor? below = null;
        for (int level = 0; level < Levels; level++)
        {
            Routing routing = routings[level];
            // Each row stands once for every expert that was picked above this level.
            RowGroups groups = RowGroups.Of(routing.Experts, _experts[level]);
            Tensor repeated = Ops.RepeatRows(rows, routing.Experts.Shape[0] / rows.Shape[0]);
            Tensor thin = Ops.LinearGrouped(Ops.GatherRows(repeated, groups.Sources), _a[level].Value, groups);
            Tensor sums = Ops.LinearGrouped(thin, _b[level].Value, groups);
            if (below is { } children)
            {
                sums = Ops.Add(sums, Ops.GatherRows(Ops.Linear(children, _fromBelow[level]!), groups.Order));
            }
            below = Ops.MixGroups(Ops.Tanh(sums), groups, routing.Shares);
        }
        return _final.Forward(below!.Value);
    }

    static string IStoredLayer<Smore>.TypeName => "Smore";

    static Smore IStoredLayer<Smore>.Read(LayerSettings settings) => new(
        settings.Int("inFeatures"), settings.Int("outFeatures"), settings.Ints("experts"), settings.Ints("active"), settings.Ints("ranks"), settings.Int("gateFeatures"));

    void IStoredLayer<Smore>.WriteSettings(LayerSettings settings) => settings
        .Set("inFeatures", InFeatures).Set("outFeatures", OutFeatures).Set("experts", _experts).Set("active", _active).Set("ranks", _ranks)
        .Set("gateFeatures", GateFeatures);

    /// <inheritdoc/>
    protected override string Describe() =>
        $"Smore({InFeatures}, {OutFeatures}, experts: [{string.Join(", ", _experts)}], active: [{string.Join(", ", _active)}], ranks: [{string.Join(", ", _ranks)}])";
}
