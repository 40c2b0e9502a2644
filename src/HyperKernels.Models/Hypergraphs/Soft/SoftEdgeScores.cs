using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// Scores nodes against prototypes of soft hyperedges that each set of nodes shifts: <c>P = base + linear([mean X; max X])</c>,
/// <c>logits = mean over heads of &lt;linear(x), p&gt; / sqrt(head width)</c>.
/// </summary>
internal sealed class SoftEdgeScores : Layer
{
    private readonly Parameter _prototypes;
    private readonly Linear _context;
    private readonly Linear _project;
    private readonly Dropout _dropout;
    private readonly float _scale;

    public SoftEdgeScores(string owner, int features, int edges, int heads, float dropout, RandomStream? random)
    {
        if (features < 1 || edges < 1 || heads < 1 || features % heads != 0)
        {
            throw new ArgumentException(
                $"{owner}: features and soft hyperedges must be at least 1 and heads must divide the features; got {features}, {edges} and {heads} heads.");
        }
        Features = features;
        Edges = edges;
        Heads = heads;
        // The mean of the heads' products is the whole product divided by the number of heads: no head is ever split off.
        _scale = (float)(1 / (heads * Math.Sqrt(features / heads)));
        _prototypes = AddParameter("prototype_base", [edges, features], Initializer.XavierUniform(), random);
        _context = Add("context_net", new Linear(2 * features, edges * features, random: random));
        _project = Add("pre_head_proj", new Linear(features, features, random: random));
        _dropout = Add("dropout", new Dropout(dropout, random));
    }

    public int Features { get; }

    public int Edges { get; }

    public int Heads { get; }

    public float Dropout => _dropout.Probability;

    /// <summary>Takes <c>[B, N, features]</c>; gives logits <c>[B, N, edges]</c>.</summary>
    public Tensor Forward(Tensor nodes)
    {
        Tensor context = Ops.Concatenate(1, Ops.Mean(nodes, [1]), Ops.Max(nodes, [1]));
        Tensor shifts = Ops.Reshape(_context.Forward(context), nodes.Shape[0], Edges, Features);
        Tensor prototypes = Ops.Add(_prototypes.Value, shifts);
        Tensor logits = Ops.Matmul(_project.Forward(nodes), prototypes, transposeB: true);
        return _dropout.Forward(Ops.MultiplyScalar(logits, _scale));
    }

    /// <summary>
    /// Messages over a soft incidence A <c>[B, N, edges]</c>: <c>E = gelu(A^T X W1 + b1)</c>, then <c>gelu(A E W2 + b2)</c>, shaped as the nodes. The
    /// layers of one linear map each bear the names of the authors' sequences: <c>edge_proj.0.weight</c>.
    /// </summary>
    public static Tensor Pass(Tensor nodes, Tensor assignment, Mlp toEdges, Mlp toNodes)
    {
        Tensor edges = toEdges.Layers[0].Forward(Ops.Matmul(assignment, nodes, transposeA: true), Activation.Gelu);
        return toNodes.Layers[0].Forward(Ops.Matmul(assignment, edges), Activation.Gelu);
    }

    /// <summary>Nodes as <c>[B, N, features]</c>: one set <c>[N, features]</c> gets a batch of one.</summary>
    public Tensor Sets(string owner, Tensor nodes)
    {
        bool one = nodes.Rank == 2;
        if ((!one && nodes.Rank != 3) || nodes.Shape[-1] != Features || nodes.Shape[-2] == 0)
        {
            throw new ArgumentException(
                $"{owner}: nodes must be [batch, nodes, {Features}], or [nodes, {Features}] for one set, with at least one node; got {nodes.Shape}.", nameof(nodes));
        }
        return one ? Ops.Reshape(nodes, 1, nodes.Shape[0], Features) : nodes;
    }
}
