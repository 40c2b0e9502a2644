using System.Buffers;

namespace HyperKernels.Layers;

/// <summary>
/// The usual conditioning, of declared conditions: ranges are mapped to 0..1 and encoded together, in alphabetical order of their names; then
/// follow raw conditions, one-hot categories and learned vectors, each in that order.
/// </summary>
public sealed class DeclaredConditioning : Conditioning, IStoredLayer<DeclaredConditioning>
{
    private readonly Condition[] _declared;
    private readonly int[] _encoded;
    private readonly int[] _others;
    private readonly Parameter?[] _tables;

    /// <summary>Makes the conditioning of some conditions.</summary>
    /// <param name="conditions">In the order in which values will be given.</param>
    /// <param name="encoding">How ranges are encoded; null means <see cref="Encoding.CosSin"/>.</param>
    /// <param name="random">What learned vectors are drawn from, N(0, 1); null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">There are none, or two have one name.</exception>
    public DeclaredConditioning(IReadOnlyList<Condition> conditions, Encoding? encoding = null, RandomStream? random = null)
    {
        ArgumentNullException.ThrowIfNull(conditions);
        if (conditions.Count == 0)
        {
            Throw.Argument("Conditioning: at least one condition is needed, for example Condition.Range(\"angle\", 0, 90).");
        }
        _declared = Throw.IfAnyNull("Conditioning", conditions);
        Encoding = encoding ?? Encoding.CosSin;
        string[] names = [.. _declared.Select(static c => c.Name)];
        if (names.Distinct().Count() != names.Length)
        {
            Throw.Argument($"Conditioning: names must differ; got {string.Join(", ", names)}.");
        }
        // Ordinal, as the published library sorts.
        int[] order = [.. Enumerable.Range(0, names.Length).OrderBy(i => names[i], StringComparer.Ordinal)];
        _encoded = [.. order.Where(i => _declared[i].IsEncoded)];
        _others = [.. order.Where(i => !_declared[i].IsEncoded).OrderBy(i => _declared[i].Kind)];
        _tables = [.. _declared.Select(c => c.Kind == ConditionKind.Embedding
            ? AddParameter(c.Name, [c.Rows, c.Size], Initializer.Normal(), random, ParameterRole.Table)
            : null)];
    }

    /// <summary>The conditions, in the order in which values are given.</summary>
    public IReadOnlyList<Condition> Conditions => _declared;

    /// <summary>How ranges are encoded.</summary>
    public Encoding Encoding { get; }

    /// <inheritdoc/>
    public override int Size
    {
        get
        {
            int encoded = _encoded.Sum(i => _declared[i].Size);
            return (encoded == 0 ? 0 : Encoding.Size(encoded)) + _others.Sum(i => _declared[i].Size);
        }
    }

    /// <summary>The mean square of what <see cref="Forward"/> gives at the start: learned vectors are drawn with 1, raw conditions are taken to have it.</summary>
    internal double MeanSquare
    {
        get
        {
            int encoded = _encoded.Sum(i => _declared[i].Size);
            double sum = encoded == 0 ? 0 : Encoding.Size(encoded) * Encoding.MeanSquare;
            // A one-hot vector has one 1, whatever its length.
            sum += _others.Sum(i => _declared[i].Kind == ConditionKind.Categorical ? 1 : _declared[i].Size);
            return sum / Size;
        }
    }

    /// <summary>Prepares the values of all conditions.</summary>
    /// <param name="values">
    /// One tensor per condition, in declared order: <c>[C, size]</c> floats (<c>[C]</c> where size is 1), or <c>[C]</c> integers for categories
    /// and embeddings.
    /// </param>
    /// <returns><c>[C, Size]</c>, one row per weight set.</returns>
    /// <exception cref="ArgumentException">The number of tensors, a shape or a number of rows does not fit; the message names the condition.</exception>
    /// <remarks>Differentiable in float values and in learned vectors.</remarks>
    public override Tensor Forward(params ReadOnlySpan<Tensor> values)
    {
        if (values.Length != _declared.Length)
        {
            string names = string.Join(", ", _declared.Select(static c => c.Name));
            Throw.Argument($"Conditioning: values of {_declared.Length} conditions are needed ({names}); got {values.Length}.");
        }
        Tensor[] rented = ArrayPool<Tensor>.Shared.Rent(2 * values.Length);
        try
        {
            return Prepare(values, rented.AsSpan(0, values.Length), rented.AsSpan(values.Length, values.Length));
        }
        finally
        {
            ArrayPool<Tensor>.Shared.Return(rented, clearArray: true);
        }
    }

    /// <inheritdoc/>
    public override Tensor[] FromNumbers(ReadOnlySpan<float> numbers)
    {
        int wanted = _declared.Sum(static c => c.TakesIndices ? 1 : c.Size);
        if (numbers.Length != wanted)
        {
            string names = string.Join(", ", _declared.Select(static c => c.Name));
            Throw.Argument($"HyperNetwork: {wanted} numbers are needed for the conditions {names}; got {numbers.Length}.");
        }
        Tensor[] values = new Tensor[_declared.Length];
        for (int i = 0; i < values.Length; i++)
        {
            Condition condition = _declared[i];
            int count = condition.TakesIndices ? 1 : condition.Size;
            foreach (float number in numbers[..count])
            {
                condition.CheckValue(number);
            }
            values[i] = condition.TakesIndices ? Tensor.From([(int)numbers[0]], [1]) : Tensor.From(numbers[..count], [1, count]);
            numbers = numbers[count..];
        }
        return values;
    }

    private Tensor Prepare(ReadOnlySpan<Tensor> values, Span<Tensor> rows, Span<Tensor> parts)
    {
        for (int i = 0; i < rows.Length; i++)
        {
            rows[i] = _declared[i].CheckRows(values[i]);
            if (rows[i].Shape[0] != rows[0].Shape[0])
            {
                Throw.Argument(
                    $"Conditioning: all conditions need the same number of rows; \"{_declared[0].Name}\" has {rows[0].Shape[0]}, "
                    + $"\"{_declared[i].Name}\" has {rows[i].Shape[0]}.");
            }
        }
        int count = 0;
        foreach (int i in _encoded)
        {
            parts[count++] = _declared[i].Normalize(rows[i]);
        }
        if (count > 0)
        {
            parts[0] = Encoding.Encode(Join(parts[..count]));
            count = 1;
        }
        foreach (int i in _others)
        {
            parts[count++] = _declared[i].Kind switch
            {
                ConditionKind.Categorical => Ops.OneHot(rows[i], _declared[i].Size),
                ConditionKind.Embedding => Ops.GatherRows(_tables[i]!.Value, rows[i]),
                _ => rows[i],
            };
        }
        return Join(parts[..count]);
    }

    private static Tensor Join(ReadOnlySpan<Tensor> parts) => parts.Length == 1 ? parts[0] : Ops.Concatenate(1, parts);

    static string IStoredLayer<DeclaredConditioning>.TypeName => "DeclaredConditioning";

    static DeclaredConditioning IStoredLayer<DeclaredConditioning>.Read(LayerSettings settings) => ReadFrom(settings);

    void IStoredLayer<DeclaredConditioning>.WriteSettings(LayerSettings settings) => settings
        .Set("encoding", Encoding.Name)
        .SetGroups("conditions", _declared, static (condition, group) => condition.Write(group));

    /// <summary>Makes the conditioning of encoding and conditions in settings.</summary>
    internal static DeclaredConditioning ReadFrom(LayerSettings settings) =>
        new(settings.Groups("conditions", Condition.Read), Encoding.Find(settings.Text("encoding")));
}
