using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>Puts the numbers of a row in another order, so that the next coupling changes those that passed the last. Volume stays as it is.</summary>
public sealed class PermutationFlow : Flow, IStoredLayer<PermutationFlow>
{
    private readonly int[] _order;
    private readonly int[] _back;

    static PermutationFlow() => LayerTypes.Register<PermutationFlow>();

    /// <summary>Makes the flow.</summary>
    /// <param name="order">For every place of the output the place of the input that comes there.</param>
    /// <exception cref="ArgumentException">order is no permutation.</exception>
    public PermutationFlow(IReadOnlyList<int> order)
        : base(order?.Count ?? 0)
    {
        _order = [.. order!];
        if (!_order.Order().SequenceEqual(Enumerable.Range(0, _order.Length)))
        {
            throw new ArgumentException($"PermutationFlow: the order must have every number from 0 to {_order.Length - 1} once; got {string.Join(", ", _order)}.", nameof(order));
        }
        _back = new int[_order.Length];
        for (int i = 0; i < _order.Length; i++)
        {
            _back[_order[i]] = i;
        }
    }

    /// <summary>Draws an order.</summary>
    /// <param name="features">D.</param>
    /// <param name="random">Decides; null means <see cref="Initializer.Random"/>.</param>
    public static PermutationFlow Random(int features, RandomStream? random = null)
    {
        int[] order = new int[Throw.IfNoLength("PermutationFlow", features)];
        (random ?? Initializer.Random).FillPermutation(order);
        return new PermutationFlow(order);
    }

    /// <inheritdoc/>
    public override (Tensor Output, Tensor LogDeterminant) Transform(Tensor input)
    {
        Check(input);
        return (Take(input, _order), Tensor.Zeros([input.Shape[0]], input.Device));
    }

    /// <inheritdoc/>
    public override Tensor Inverse(Tensor output)
    {
        Check(output);
        return Take(output, _back);
    }

    private static Tensor Take(Tensor rows, int[] order) => Ops.Transpose(Ops.GatherRows(Ops.Transpose(rows), Tensor.From(order, [order.Length], rows.Device)));

    static string IStoredLayer<PermutationFlow>.TypeName => "PermutationFlow";

    static PermutationFlow IStoredLayer<PermutationFlow>.Read(LayerSettings settings) => new(settings.Ints("order"));

    void IStoredLayer<PermutationFlow>.WriteSettings(LayerSettings settings) => settings.Set("order", _order);

    /// <inheritdoc/>
    protected override string Describe() => $"PermutationFlow({Features})";
}
