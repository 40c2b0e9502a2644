using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// What a conditional transport map depends on: a learned embedding of a kind, and a number c with its waves, <c>[embed(kind), c, sin(2^k pi c), cos(2^k pi c)]</c>.
/// </summary>
public sealed class TransportCondition : Conditioning, IStoredLayer<TransportCondition>
{
    private readonly int _frequencies;

    static TransportCondition() => LayerTypes.Register<TransportCondition>();

    /// <summary>Makes the conditioning.</summary>
    /// <param name="kinds">How many kinds there are.</param>
    /// <param name="embedding">The size of a kind's embedding.</param>
    /// <param name="frequencies">How many waves the number has.</param>
    /// <param name="random">Where first values come from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">A size is less than 1, or frequencies are negative.</exception>
    public TransportCondition(int kinds, int embedding, int frequencies, RandomStream? random = null)
    {
        if (kinds < 1 || embedding < 1 || frequencies < 0)
        {
            throw new ArgumentException(
                $"TransportCondition: kinds and embedding must be at least 1, and frequencies not negative; got {kinds}, {embedding} and {frequencies}.");
        }
        _frequencies = frequencies;
        Kinds = AddParameter("kinds", [kinds, embedding], Initializer.Normal(), random, ParameterRole.Table);
    }

    /// <summary>The embeddings, one row a kind.</summary>
    public Parameter Kinds { get; }

    /// <inheritdoc/>
    public override int Size => Kinds.Shape[1] + 1 + (2 * _frequencies);

    /// <summary>Joins kinds and numbers.</summary>
    /// <param name="values">Kinds, integers <c>[C]</c>, and numbers <c>[C, 1]</c>.</param>
    /// <returns><c>[C, Size]</c></returns>
    /// <exception cref="ArgumentException">There are not two tensors, or a shape differs.</exception>
    public override Tensor Forward(params ReadOnlySpan<Tensor> values)
    {
        if (values.Length != 2 || values[0].ElementType != ElementType.Int32 || values[0].Rank != 1 || values[1].Rank != 2 || values[1].Shape[1] != 1)
        {
            throw new ArgumentException("TransportCondition: two conditions are needed: kinds, integers [C], and numbers [C, 1].", nameof(values));
        }
        Tensor embedded = Ops.Embedding(Kinds.Value, values[0]);
        if (_frequencies == 0)
        {
            return Ops.Concatenate(1, embedded, values[1]);
        }
        float[] frequencies = [.. Enumerable.Range(0, _frequencies).Select(static k => (float)((1 << k) * Math.PI))];
        Tensor angles = Ops.Multiply(values[1], Tensor.From(frequencies, [1, _frequencies], values[1].Device));
        return Ops.Concatenate(1, embedded, values[1], Ops.Sin(angles), Ops.Cos(angles));
    }

    /// <inheritdoc/>
    public override Tensor[] FromNumbers(ReadOnlySpan<float> numbers) => numbers.Length == 2
        ? [Tensor.From([(int)numbers[0]], [1]), Tensor.From([numbers[1]], [1, 1])]
        : throw new ArgumentException($"TransportCondition: a kind and a number are needed; got {numbers.Length} numbers.", nameof(numbers));

    static string IStoredLayer<TransportCondition>.TypeName => "TransportCondition";

    static TransportCondition IStoredLayer<TransportCondition>.Read(LayerSettings settings) =>
        new(settings.Int("kinds"), settings.Int("embedding"), settings.Int("frequencies"));

    void IStoredLayer<TransportCondition>.WriteSettings(LayerSettings settings) =>
        settings.Set("kinds", Kinds.Shape[0]).Set("embedding", Kinds.Shape[1]).Set("frequencies", _frequencies);
}
