using HyperKernels.Layers;

namespace HyperKernels.Cli.Recipes;

/// <summary>
/// The hidden units of a chain of linear layers and convolutions as groups that are pruned together: what computes a unit, its bias, and what the next layer reads from it.
/// </summary>
internal sealed class HiddenGroups
{
    private readonly NamedParameter[] _parameters;
    private readonly NamedParameter[] _weights;

    /// <param name="network">The chain, whose weights and biases follow each other.</param>
    public HiddenGroups(Layer network)
    {
        _parameters = [.. network.NamedParameters()];
        _weights = [.. _parameters.Where(static named => named.Role == ParameterRole.Weight)];
    }

    /// <summary>The number of hidden layers.</summary>
    public int Layers => _weights.Length - 1;

    /// <summary>U: the hidden units of a layer.</summary>
    public int Units(int layer) => _weights[layer].Parameter.Shape[0];

    /// <summary>The groups of a hidden layer in S networks: tensors <c>[S U, ...]</c>.</summary>
    /// <param name="layer">The hidden layer.</param>
    /// <param name="values">All weights by name: S, then the weight's axes.</param>
    public Tensor[] Of(int layer, IReadOnlyDictionary<string, Tensor> values)
    {
        int units = Units(layer);
        Tensor next = values[_weights[layer + 1].Name];
        Tensor read = Ops.Permute(Ops.Reshape(next, next.Shape[0], _weights[layer + 1].Parameter.Shape[0], units, -1), 0, 2, 1, 3);
        return
        [
            .. Own(layer).Select(named => Ops.Reshape(values[named.Name], next.Shape[0] * units, -1)),
            Ops.Reshape(read, next.Shape[0] * units, -1),
        ];
    }

    /// <summary>The sums of squares of the groups of a hidden layer, network after network.</summary>
    public float[] Squares(int layer, IReadOnlyDictionary<string, Tensor> values)
    {
        using MemoryScope scope = new();
        Tensor[] parts = Of(layer, values);
        return parts.Select(static part => Ops.Sum(Ops.Square(part), [1])).Aggregate(Ops.Add).ToArray();
    }

    /// <summary>Masks of zeros where pruned units are computed or read, ones elsewhere, by name: for each network after each other.</summary>
    /// <param name="keep">For each network and hidden layer, whether a unit is kept.</param>
    public Dictionary<string, float[]> Masks(IReadOnlyList<bool[][]> keep)
    {
        Dictionary<string, float[]> masks = _parameters.ToDictionary(
            static named => named.Name, named => Enumerable.Repeat(1f, keep.Count * (int)named.Parameter.Shape.Count).ToArray());
        for (int network = 0; network < keep.Count; network++)
        {
            for (int layer = 0; layer < Layers; layer++)
            {
                NamedParameter next = _weights[layer + 1];
                foreach (NamedParameter own in Own(layer))
                {
                    Clear(masks[own.Name], network, keep.Count, 1, keep[network][layer]);
                }
                Clear(masks[next.Name], network, keep.Count, next.Parameter.Shape[0], keep[network][layer]);
            }
        }
        return masks;
    }

    private IEnumerable<NamedParameter> Own(int layer) =>
        _parameters.Where(named => named.Parameter == _weights[layer].Parameter || named.Weight == _weights[layer].Parameter);

    private static void Clear(float[] mask, int network, int networks, int rows, bool[] keep)
    {
        int each = mask.Length / networks;
        int size = each / rows / keep.Length;
        for (int block = 0; block < rows * keep.Length; block++)
        {
            if (!keep[block % keep.Length])
            {
                mask.AsSpan((network * each) + (block * size), size).Clear();
            }
        }
    }
}
