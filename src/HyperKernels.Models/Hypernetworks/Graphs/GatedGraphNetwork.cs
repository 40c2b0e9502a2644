using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// Gated message passing in the order of execution: a sweep along the edges, then one against them, in which every node reads what was
/// updated before it: <c>m_v = sum over u before v of MLP(h_u) + sum over u on a way to v of MLP_sp(h_u) / s_uv</c>, <c>h_v = GRU(m_v, h_v)</c>.
/// The second sum, over virtual edges (GHN-2), takes ways of length s up to a cutoff; without it this is GHN-1.
/// </summary>
/// <remarks>
/// <para>
/// One GRU serves all nodes and both directions. Nodes of one depth, of all graphs of the batch, are updated at once: they do not read each other,
/// so that the result is that of node after node.
/// </para>
/// <para>
/// Source: Zhang, Ren, Urtasun, ICLR 2019 (arXiv 1810.05749), equations 3 and 4; Knyazev and others, NeurIPS 2021 (arXiv 2110.13100), equation 4; with
/// the choice of the authors' code, facebookresearch/ppuda, that direct neighbours are in both sums, where the paper's second begins at s = 2.
/// </para>
/// </remarks>
public sealed class GatedGraphNetwork : GraphEncoder, IStoredLayer<GatedGraphNetwork>
{
    private readonly Mlp _message;
    private readonly Mlp? _virtualMessage;
    private readonly GruCell _gru;

    static GatedGraphNetwork() => LayerTypes.Register<GatedGraphNetwork>();

    /// <summary>Makes the layers with PyTorch's first values.</summary>
    /// <param name="features">The numbers F per node; even with virtual edges, whose networks have F / 2 hidden units.</param>
    /// <param name="virtualEdges">Whether nodes also read those that are further away.</param>
    /// <param name="rounds">How often both sweeps are made.</param>
    /// <param name="cutoff">The longest way that a virtual edge stands for.</param>
    /// <param name="random">Where first values come from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">A number is less than 1, or features is 1 with virtual edges.</exception>
    public GatedGraphNetwork(int features, bool virtualEdges = true, int rounds = 1, int cutoff = 50, RandomStream? random = null)
        : base(features)
    {
        if (rounds < 1 || cutoff < 1 || (virtualEdges && features < 2))
        {
            throw new ArgumentException(
                $"GatedGraphNetwork: rounds and cutoff must be at least 1, and features at least 2 with virtual edges; got {rounds}, {cutoff} and {features}.");
        }
        VirtualEdges = virtualEdges;
        Rounds = rounds;
        Cutoff = cutoff;
        int hidden = virtualEdges ? features / 2 : features;
        _message = Add("mlp", new Mlp([features, hidden, features], random: random));
        _virtualMessage = virtualEdges ? Add("mlp_ve", new Mlp([features, hidden, features], random: random)) : null;
        _gru = Add("gru", new GruCell(features, features, random: random));
    }

    /// <summary>Whether nodes also read those that are further away.</summary>
    public bool VirtualEdges { get; }

    /// <summary>How often both sweeps are made.</summary>
    public int Rounds { get; }

    /// <summary>The longest way that a virtual edge stands for.</summary>
    public int Cutoff { get; }

    /// <inheritdoc/>
    public override Tensor Forward(Tensor nodes, ArchitectureBatch graphs)
    {
        Check(nodes, graphs);
        Tensor state = nodes;
        for (int round = 0; round < Rounds; round++)
        {
            state = Sweep(state, graphs.Sweep(reversed: false, VirtualEdges ? Cutoff : 0));
            state = Sweep(state, graphs.Sweep(reversed: true, VirtualEdges ? Cutoff : 0));
        }
        return state;
    }

    private Tensor Sweep(Tensor nodes, SweepPlan plan)
    {
        Tensor sorted = Ops.GatherRows(nodes, Tensor.From(plan.Order, [plan.Order.Length], nodes.Device));
        Tensor[] states = Ops.Split(sorted, 0, plan.Sizes);
        Tensor factors = Tensor.From(plan.Factors, [plan.Factors.Length], nodes.Device);
        Tensor messages = default;
        for (int depth = 0; depth < states.Length; depth++)
        {
            (int rows, int columns) = (plan.Sizes[depth], plan.Columns[depth]);
            Tensor heard = depth == 0
                ? Tensor.Zeros([rows, Features], nodes.Device)
                : Ops.Matmul(Ops.Reshape(Ops.Slice(factors, 0, plan.Offsets[depth], rows * columns), [rows, columns]), messages);
            states[depth] = _gru.Forward(heard, states[depth]);
            if (depth == states.Length - 1)
            {
                break;
            }
            Tensor said = Message(_message, states[depth]);
            Tensor saidFar = _virtualMessage is null ? default : Message(_virtualMessage, states[depth]);
            messages = (depth == 0, _virtualMessage is null) switch
            {
                (true, true) => said,
                (true, false) => Ops.Concatenate(0, said, saidFar),
                (false, true) => Ops.Concatenate(0, messages, said),
                (false, false) => Ops.Concatenate(0, messages, said, saidFar),
            };
        }
        return Ops.GatherRows(Ops.Concatenate(0, states), Tensor.From(plan.Back, [plan.Back.Length], nodes.Device));
    }

    // An activation follows the last layer too.
    private static Tensor Message(Mlp mlp, Tensor states) =>
        mlp.Layers.Aggregate(states, (x, layer) => layer.Forward(x, mlp.Activation));

    /// <inheritdoc/>
    protected override string Describe() =>
        $"GatedGraphNetwork({Features}{(VirtualEdges ? $", cutoff: {Cutoff}" : ", virtualEdges: false")}{(Rounds > 1 ? $", rounds: {Rounds}" : "")})";

    static string IStoredLayer<GatedGraphNetwork>.TypeName => "GatedGraphNetwork";

    static GatedGraphNetwork IStoredLayer<GatedGraphNetwork>.Read(LayerSettings settings) => new(
        settings.Int("features"), settings.Flag("virtualEdges"), settings.Int("rounds"), settings.Int("cutoff"));

    void IStoredLayer<GatedGraphNetwork>.WriteSettings(LayerSettings settings) => settings
        .Set("features", Features).Set("virtualEdges", VirtualEdges).Set("rounds", Rounds).Set("cutoff", Cutoff);
}
