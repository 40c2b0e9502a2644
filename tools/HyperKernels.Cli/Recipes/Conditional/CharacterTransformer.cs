using HyperKernels.Layers;
using HyperKernels.Models;

namespace HyperKernels.Cli.Recipes;

/// <summary>
/// A small transformer over characters, <c>x = x + attention(LN(x)); x = x + feed(LN(x))</c>, whose feed-forward layers are any: one for all characters, or a sparse mixture
/// that sends each to few of its experts.
/// </summary>
internal sealed class CharacterTransformer : Layer
{
    private readonly int _lanes;
    private readonly Embedding _symbols;
    private readonly Parameter _positions;
    private readonly (LayerNorm First, SelfAttention Attention, LayerNorm Second, TensorLayer FeedForward)[] _blocks;
    private readonly LayerNorm _lastNorm;
    private readonly Linear _readOut;

    /// <param name="symbols">How many there are.</param>
    /// <param name="lanes">How many windows are read side by side.</param>
    /// <param name="window">The characters of a window.</param>
    /// <param name="width">The size of a character's vector.</param>
    /// <param name="heads">Of the attention.</param>
    /// <param name="blocks">How many there are.</param>
    /// <param name="feedForward">Makes a block's feed-forward layer: <see cref="SparseMixture"/> or another layer of rows.</param>
    /// <param name="random">Where first values come from.</param>
    public CharacterTransformer(int symbols, int lanes, int window, int width, int heads, int blocks, Func<TensorLayer> feedForward, RandomStream random)
    {
        _lanes = lanes;
        _symbols = Add("symbols", new Embedding(symbols, width, random));
        _positions = AddParameter("positions", [window, width], Initializer.Normal(0, 0.02f), random, ParameterRole.Table);
        Initializer.Normal(0, 0.02f).Apply(_symbols.Weight, random);
        _blocks = new (LayerNorm, SelfAttention, LayerNorm, TensorLayer)[blocks];
        for (int i = 0; i < blocks; i++)
        {
            _blocks[i] = (
                Add($"first_norm{i}", new LayerNorm(width)),
                Add($"attention{i}", new SelfAttention(width, heads, causal: true, random: random)),
                Add($"second_norm{i}", new LayerNorm(width)),
                Add($"feed{i}", feedForward()));
        }
        _lastNorm = Add("last_norm", new LayerNorm(width));
        _readOut = Add("read_out", new Linear(width, symbols, random: random));
    }

    /// <summary>The mean loss over a window, in nats a character, and how each block's mixture routed it, if it has one.</summary>
    /// <param name="inputs"><c>[window, lanes]</c></param>
    /// <param name="targets">What follows each.</param>
    public (Tensor Loss, IReadOnlyList<Routing> Routings) Loss(int[] inputs, int[] targets)
    {
        Device device = _positions.Value.Device;
        List<Routing> routings = [];
        Tensor x = Ops.Permute(_symbols.Forward(Tensor.From(inputs, [inputs.Length / _lanes, _lanes], device)), 1, 0, 2);
        x = Ops.Add(x, _positions.Value);
        foreach ((LayerNorm first, SelfAttention attention, LayerNorm second, TensorLayer feedForward) in _blocks)
        {
            x = Ops.Add(x, attention.Forward(first.Forward(x)));
            x = Ops.Add(x, Ops.Reshape(Feed(feedForward, Ops.Reshape(second.Forward(x), -1, x.Shape[2]), routings), x.Shape));
        }
        Tensor inOrder = Ops.Reshape(Ops.Permute(_lastNorm.Forward(x), 1, 0, 2), -1, x.Shape[2]);
        return (Ops.CrossEntropy(_readOut.Forward(inOrder), Tensor.From(targets, [targets.Length], device)), routings);
    }

    private static Tensor Feed(TensorLayer feedForward, Tensor rows, List<Routing> routings)
    {
        if (feedForward is not SparseMixture mixture)
        {
            return feedForward.Forward(rows);
        }
        Routing routing = mixture.Route(rows);
        routings.Add(routing);
        return mixture.Mix(rows, routing);
    }
}
