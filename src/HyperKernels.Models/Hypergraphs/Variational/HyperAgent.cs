using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// Draws a hypergraph over nodes that fits a task: convolutions over an anchor hypergraph, one of whose nodes stands for the task, give every node a Gaussian;
/// for a draw z the decoder gives every pair of node and hyperedge a logit, <c>l_ve = w2 relu(W1 [z_v ; z_e ; z_task] + b1) + b2</c> with z_e the mean over
/// members, and a relaxed Bernoulli a soft membership <c>S = sigmoid((log u - log(1 - u) + l) / tau)</c>.
/// </summary>
/// <remarks>
/// <para>
/// <c>h = relu(conv(x))</c>, mean and log deviation are convolutions of h, all three without bias (<see cref="HypergraphConv"/>; edge weights take part). No code of
/// the authors is known: decoder and loss (<see cref="HyperAgentLoss"/>) are one reading of the paper. There the drawn hypergraph lets agents talk, and
/// what the task pays reaches the logits as a policy's gradient: <see cref="HyperAgentPolicy"/>. Memory is N x E x hiddenFeatures.
/// </para>
/// <para>Source: Zhang and others, HyperAgent, 2025 (arXiv 2510.10611), section on the variational topology.</para>
/// </remarks>
public sealed class HyperAgent : Layer, IStoredLayer<HyperAgent>
{
    // Keeps log u finite at both ends of [0, 1].
    private const float Least = 1e-7f;

    private readonly HypergraphConv _shared;
    private readonly HypergraphConv _mean;
    private readonly HypergraphConv _deviation;
    private readonly Linear _first;
    private readonly Linear _second;

    static HyperAgent() => LayerTypes.Register<HyperAgent>();

    /// <summary>Makes encoder and decoder with PyTorch's first values of linear layers.</summary>
    /// <param name="inFeatures">Features of a node.</param>
    /// <param name="hiddenFeatures">Hidden features of encoder and decoder.</param>
    /// <param name="latentFeatures">Coordinates of the Gaussian of a node.</param>
    /// <param name="random">Where first values come from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">A size is less than 1.</exception>
    public HyperAgent(int inFeatures, int hiddenFeatures, int latentFeatures, RandomStream? random = null)
    {
        _shared = Add("theta1", new HypergraphConv(inFeatures, hiddenFeatures, bias: false, random));
        _mean = Add("theta_mu", new HypergraphConv(hiddenFeatures, latentFeatures, bias: false, random));
        _deviation = Add("theta_sigma", new HypergraphConv(hiddenFeatures, latentFeatures, bias: false, random));
        _first = Add("dec1", new Linear(3 * latentFeatures, hiddenFeatures, random: random));
        _second = Add("dec2", new Linear(hiddenFeatures, 1, random: random));
    }

    /// <summary>What was published.</summary>
    public static PublishedSystem Published { get; } = new()
    {
        Name = "hyperagent",
        Title = "HyperAgent, variational incidence",
        Kind = SystemKind.Hypergraphs,
        Paper = new Paper(
            "Zhang, Shi, Gu, Zhang, You, Gan, Yuan, Huang", "HyperAgent: Leveraging Hypergraphs for Topology Optimization in Multi-Agent Communication", "arXiv", 2025)
        {
            Arxiv = "2510.10611",
        },
        Equation = "z ~ N(conv(h), exp conv(h)), S = sigmoid((logit u + MLP([z_v ; z_e ; z_task])) / t), L = BCE + beta KL + lambda mean |S|",
        Source = "the paper's description; decoder and loss weights are a reading of it, evaluated directly",
        Layers = [typeof(HyperAgent), typeof(HyperAgentLoss), typeof(HyperAgentPolicy)],
        HypergraphDesign = new(
            HypergraphStructure.Hypergraph | HypergraphStructure.Learned, HypergraphMessages.EdgeConsistent, HypergraphAggregation.Fixed,
            HypergraphTargets.Memberships, HypergraphTraining.Generative),
        Cases = ["hyperagent"],
    };

    /// <summary>Computes the Gaussian of each node.</summary>
    /// <param name="nodes">Features of nodes, that of the task among them, <c>[N, inFeatures]</c>.</param>
    /// <param name="anchor">N nodes, E hyperedges.</param>
    /// <returns>Two tensors <c>[N, latentFeatures]</c>.</returns>
    /// <exception cref="ArgumentException">nodes has not one row per node or not the encoder's features.</exception>
    public HyperAgentLatent Encode(Tensor nodes, Hypergraph anchor)
    {
        Tensor hidden = Ops.Relu(_shared.Forward(nodes, anchor));
        return new HyperAgentLatent(_mean.Forward(hidden, anchor), _deviation.Forward(hidden, anchor));
    }

    /// <summary>Computes a logit for each node in each hyperedge.</summary>
    /// <param name="latent">z, <c>[N, latentFeatures]</c>, of <see cref="HyperAgentLatent.Sample"/> or its mean.</param>
    /// <param name="anchor">N nodes, E hyperedges.</param>
    /// <param name="taskNode">Which node stands for the task.</param>
    /// <returns><c>[N, E]</c></returns>
    /// <exception cref="ArgumentException">taskNode is none of the nodes, or latent has another shape.</exception>
    public Tensor Logits(Tensor latent, Hypergraph anchor, int taskNode)
    {
        ArgumentNullException.ThrowIfNull(anchor);
        (int nodes, int edges) = (anchor.NodeCount, anchor.EdgeCount);
        if ((uint)taskNode >= (uint)nodes)
        {
            throw new ArgumentException($"HyperAgent: the task's node must be one of the {nodes} nodes; got {taskNode}.");
        }
        // The first layer is linear in its three parts: each is multiplied once, not once for every pair.
        int size = _mean.OutFeatures;
        Tensor weight = _first.Weight.Value;
        Tensor ofNodes = Ops.Matmul(latent, Ops.Slice(weight, 1, 0, size), transposeB: true);
        Tensor ofEdges = Ops.Matmul(MemberMean.Of(latent, anchor.Incidence), Ops.Slice(weight, 1, size, size), transposeB: true);
        Tensor ofTask = Ops.Linear(Ops.Slice(latent, 0, taskNode, 1), Ops.Slice(weight, 1, 2 * size, size), _first.Bias!.Value);
        Tensor pairs = Ops.Add(Ops.Reshape(Ops.Add(ofNodes, ofTask), [nodes, 1, _first.OutFeatures]), ofEdges);
        return Ops.Reshape(_second.Forward(Ops.Relu(pairs)), [nodes, edges]);
    }

    /// <summary>Draws a soft incidence.</summary>
    /// <param name="logits">Any shape.</param>
    /// <param name="uniform">Draws from [0, 1), shaped as logits.</param>
    /// <param name="temperature">tau: towards 0, memberships become 0 or 1.</param>
    /// <returns>Numbers between 0 and 1, shaped as logits; differentiable in them.</returns>
    /// <exception cref="ArgumentException">temperature is not positive.</exception>
    public static Tensor SoftIncidence(Tensor logits, Tensor uniform, float temperature = 0.5f)
    {
        if (!(temperature > 0))
        {
            throw new ArgumentException($"HyperAgent: temperature must be positive; got {temperature}.");
        }
        Tensor u = Ops.Clamp(uniform, Least, 1 - Least);
        Tensor noise = Ops.Subtract(Ops.Log(u), Ops.Log(Ops.AddScalar(Ops.Neg(u), 1)));
        return Ops.Sigmoid(Ops.MultiplyScalar(Ops.Add(noise, logits), 1 / temperature));
    }

    /// <inheritdoc/>
    protected override string Describe() => $"HyperAgent({_shared.InFeatures}, {_shared.OutFeatures}, {_mean.OutFeatures})";

    static string IStoredLayer<HyperAgent>.TypeName => "HyperAgent";

    static HyperAgent IStoredLayer<HyperAgent>.Read(LayerSettings settings) =>
        new(settings.Int("inFeatures"), settings.Int("hiddenFeatures"), settings.Int("latentFeatures"));

    void IStoredLayer<HyperAgent>.WriteSettings(LayerSettings settings) => settings
        .Set("inFeatures", _shared.InFeatures).Set("hiddenFeatures", _shared.OutFeatures).Set("latentFeatures", _mean.OutFeatures);
}
