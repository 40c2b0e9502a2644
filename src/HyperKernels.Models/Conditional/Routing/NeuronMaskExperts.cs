using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// A dense feed-forward block as experts that are subsets of its neurons, one for each domain of data: <c>E_e(x) = W_down (m_e * silu(W_gate x) * W_up x)</c>. A neuron may
/// serve several experts. One decision, made before the first layer, serves all layers: <see cref="Decide"/>.
/// </summary>
/// <remarks>
/// A row costs the neurons of its expert; masked neurons are never computed. The experts read the block's own weights, which therefore train; <see cref="Cut"/> gives them
/// weights of their own, as a server wants. Source: Cai and others, Read-ME: Refactorizing LLMs as Router-Decoupled Mixture of Experts with System Co-Design, NeurIPS 2024
/// (arXiv 2410.19123), and the authors' code, VITA-Group/READ-ME; any layer that gives logits of the experts for each token is the router.
/// </remarks>
public sealed class NeuronMaskExperts : Layer, IStoredLayer<NeuronMaskExperts>
{
    private readonly int[][] _kept;
    private readonly int[] _shared;
    private readonly int[][] _served;

    static NeuronMaskExperts()
    {
        LayerTypes.Register<NeuronMaskExperts>();
        LayerTypes.Register<GatedMlp>();
        LayerTypes.Register<GatedExperts>();
    }

    /// <summary>Makes experts of a block.</summary>
    /// <param name="block">Its weights stay in use.</param>
    /// <param name="masks">For each expert whether it keeps each of the block's neurons: <see cref="MasksOf"/>.</param>
    /// <param name="separateShared">
    /// Whether the neurons that all experts keep run as one product of all rows, and the others by expert; the answer is the same, to rounding.
    /// </param>
    /// <exception cref="ArgumentException">There is no mask, or one has another length than the block's neurons.</exception>
    public NeuronMaskExperts(GatedMlp block, IReadOnlyList<bool[]> masks, bool separateShared = false)
    {
        ArgumentNullException.ThrowIfNull(block);
        ArgumentNullException.ThrowIfNull(masks);
        if (masks.Count == 0 || masks.Any(mask => mask.Length != block.HiddenFeatures))
        {
            throw new ArgumentException(
                $"NeuronMaskExperts: at least one mask of the block's {block.HiddenFeatures} neurons is needed; got [{string.Join(", ", masks.Select(mask => mask.Length))}].",
                nameof(masks));
        }
        Block = Add("block", block);
        SeparateShared = separateShared;
        IEnumerable<int> neurons = Enumerable.Range(0, block.HiddenFeatures);
        _kept = [.. masks.Select(mask => neurons.Where(neuron => mask[neuron]).ToArray())];
        _shared = [.. neurons.Where(neuron => masks.All(mask => mask[neuron]))];
        _served = separateShared ? [.. _kept.Select(kept => kept.Except(_shared).ToArray())] : _kept;
    }

    /// <summary>What was published.</summary>
    public static PublishedSystem Published { get; } = new()
    {
        Name = "read-me",
        Title = "Router-decoupled experts from a dense model (Read-ME)",
        Kind = SystemKind.Conditional,
        Paper = new Paper("Cai and others", "Read-ME: Refactorizing LLMs as Router-Decoupled Mixture of Experts with System Co-Design", "NeurIPS", 2024) { Arxiv = "2410.19123" },
        Equation = "E_e(x) = W_down (m_e * silu(W_gate x) * W_up x), e = argmax of one router's logits in all layers",
        Source = "the authors' code, VITA-Group/READ-ME",
        Layers = [typeof(NeuronMaskExperts), typeof(GatedMlp), typeof(GatedExperts)],
        Cases = ["Read-ME"],
    };

    /// <summary>The dense block.</summary>
    public GatedMlp Block { get; }

    /// <summary>The number of experts.</summary>
    public int Experts => _kept.Length;

    /// <summary>Whether shared neurons run by themselves.</summary>
    public bool SeparateShared { get; }

    /// <summary>The neurons that all experts keep, in ascending order.</summary>
    public IReadOnlyList<int> Shared => _shared;

    /// <summary>The neurons of each expert, in ascending order.</summary>
    public IReadOnlyList<IReadOnlyList<int>> Kept => _kept;

    /// <summary>Chooses neurons by how active they are on the data of each expert: those strictly above the N-th largest score, N = floor(rate H), hence N - 1 of them.</summary>
    /// <param name="scores"><c>[E, H]</c></param>
    /// <param name="rate">The part of the neurons, in (0, 1], of at least one.</param>
    /// <exception cref="ArgumentException">The scores have another number of axes, or the rate leaves no neuron to compare with.</exception>
    public static bool[][] MasksOf(Tensor scores, double rate = 0.5)
    {
        int neurons = scores.Rank == 2 ? scores.Shape[1] : 0;
        int count = (int)(rate * neurons);
        if (!(rate <= 1) || count < 1)
        {
            throw new ArgumentException(
                $"NeuronMaskExperts: scores must be [experts, neurons] and rate x neurons from 1 to the neurons; got {scores.Shape} and {rate}.", nameof(scores));
        }
        float[] values = scores.ToArray();
        bool[][] masks = new bool[scores.Shape[0]][];
        for (int expert = 0; expert < masks.Length; expert++)
        {
            float[] own = values[(expert * neurons)..((expert + 1) * neurons)];
            float threshold = own.OrderDescending().ElementAt(count - 1);
            masks[expert] = Array.ConvertAll(own, score => score > threshold);
        }
        return masks;
    }

    /// <summary>The one decision for all layers: each token's expert of the largest logit.</summary>
    /// <param name="logits">The router's, <c>[..., E]</c>.</param>
    public static RowGroups Decide(Tensor logits) => RowGroups.Of(Ops.Reshape(Ops.ArgMax(logits, logits.Rank - 1), -1), logits.Shape[-1]);

    /// <summary>Runs every token through its expert.</summary>
    /// <param name="input"><c>[B, ..., D]</c></param>
    /// <param name="decision">Of the tokens in order.</param>
    /// <returns><c>[B, ..., D]</c></returns>
    /// <exception cref="ArgumentException">A shape does not fit.</exception>
    public Tensor Forward(Tensor input, RowGroups decision)
    {
        ArgumentNullException.ThrowIfNull(decision);
        Tensor rows = Ops.Reshape(input, -1, input.Shape[-1]);
        (Tensor gate, Tensor up, Tensor down) = Weights(_served, rows.Device);
        Tensor sorted = GatedExperts.Forward(Ops.GatherRows(rows, decision.Order), decision, gate, up, down);
        Tensor y = Ops.GatherRows(sorted, decision.Places);
        if (SeparateShared && _shared.Length > 0)
        {
            Tensor own = Tensor.From(_shared, [_shared.Length], rows.Device);
            Tensor hidden = Ops.Multiply(
                Ops.Linear(rows, Ops.GatherRows(Block.Gate.Weight.Value, own), activation: Activation.Silu), Ops.Linear(rows, Ops.GatherRows(Block.Up.Weight.Value, own)));
            y = Ops.Add(y, Ops.Matmul(hidden, Ops.GatherRows(Ops.Transpose(Block.Down.Weight.Value), own)));
        }
        return Ops.Reshape(y, input.Shape);
    }

    /// <summary>Gives the experts weights of their own: all neurons that each keeps. Smaller ones are filled up with neurons that give nothing.</summary>
    /// <returns>Experts that share nothing with the block.</returns>
    public GatedExperts Cut()
    {
        using MemoryScope scope = new();
        (Tensor gate, Tensor up, Tensor down) = Weights(_kept, Block.Gate.Weight.Device);
        GatedExperts experts = new(Experts, Block.Features, gate.Shape[1]);
        experts.Gate.Load(gate.ToArray());
        experts.Up.Load(up.ToArray());
        experts.Down.Load(down.ToArray());
        return experts;
    }

    static string IStoredLayer<NeuronMaskExperts>.TypeName => "NeuronMaskExperts";

    static NeuronMaskExperts IStoredLayer<NeuronMaskExperts>.Read(LayerSettings settings) => new(
        settings.Layer<GatedMlp>("block"), [.. settings.Texts("masks").Select(static text => text.Select(static digit => digit == '1').ToArray())],
        settings.Flag("separateShared"));

    void IStoredLayer<NeuronMaskExperts>.WriteSettings(LayerSettings settings)
    {
        IEnumerable<string> masks = _kept.Select(kept =>
        {
            char[] digits = new string('0', Block.HiddenFeatures).ToCharArray();
            Array.ForEach(kept, neuron => digits[neuron] = '1');
            return new string(digits);
        });
        settings.SetLayer("block", Block).Set("masks", masks).Set("separateShared", SeparateShared);
    }

    /// <inheritdoc/>
    protected override string Describe() => $"NeuronMaskExperts({Experts})";

    // [E, K, D] twice and [E, D, K]: K neurons of each expert, with zeros on the way down for those that stand in for missing ones.
    private (Tensor Gate, Tensor Up, Tensor Down) Weights(int[][] neurons, Device device)
    {
        int most = Math.Max(1, neurons.Max(static own => own.Length));
        int[] rows = new int[neurons.Length * most];
        float[] real = new float[rows.Length];
        for (int expert = 0; expert < neurons.Length; expert++)
        {
            neurons[expert].CopyTo(rows, expert * most);
            real.AsSpan(expert * most, neurons[expert].Length).Fill(1);
        }
        Tensor index = Tensor.From(rows, [neurons.Length, most], device);
        Tensor down = Ops.GatherRows(Ops.Transpose(Block.Down.Weight.Value), index);
        if (real.Contains(0))
        {
            down = Ops.Multiply(down, Tensor.From(real, [neurons.Length, most, 1], device));
        }
        return (Ops.GatherRows(Block.Gate.Weight.Value, index), Ops.GatherRows(Block.Up.Weight.Value, index), Ops.Transpose(down));
    }
}
