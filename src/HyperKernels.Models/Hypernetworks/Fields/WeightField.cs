using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// Weights as a field over coordinates <c>(layer, out, in, layers, out size, in size)</c>. The first three are divided by the last three, the last
/// three by a norm, all six are encoded as <c>[v, sin(2^i pi v), cos(2^i pi v), ...]</c>, and the layer's own residual MLP reads them:
/// <c>h = relu(A f + a); h = s_k relu(B_k h + b_k) + h; w = (C h + c) / in size</c>, the values of one kernel.
/// </summary>
/// <remarks>
/// One field serves networks of any width. Sines of high frequencies are taken of rounded products, as in the authors' code; coordinates get no
/// gradient. Source: Yang, Wang, Neural Metamorphosis, ECCV 2024 (arXiv 2410.11878), section 3, and the authors' code, Adamdad/neumeta.
/// </remarks>
public sealed class WeightField : TensorLayer, IStoredLayer<WeightField>
{
    /// <summary>The coordinates of a kernel.</summary>
    public const int Coordinates = 6;

    private const int Relative = 3;
    private readonly FieldMlp[] _networks;

    static WeightField() => LayerTypes.Register<WeightField>();

    /// <summary>Makes a field.</summary>
    /// <param name="networks">The number of tensors that a target has: each has a network of its own.</param>
    /// <param name="outputs">The values of the largest kernel: 9 for 3x3.</param>
    /// <param name="hiddenFeatures">The width of the networks.</param>
    /// <param name="layers">The hidden layers of a network: the first, and one less residual ones.</param>
    /// <param name="frequencies">How many powers of two coordinates are encoded with.</param>
    /// <param name="norm">What coordinates are divided by; the authors take the largest width.</param>
    /// <param name="scale">The residuals' factors s_k at first.</param>
    /// <param name="conditionFeatures">Further numbers per row that the networks read as they are; none in the published system.</param>
    /// <param name="random">Where first values come from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">A size is below 1 (frequencies and conditionFeatures: below 0), or norm is not positive.</exception>
    public WeightField(
        int networks,
        int outputs = 9,
        int hiddenFeatures = 512,
        int layers = 8,
        int frequencies = 16,
        float norm = 64,
        float scale = 0.1f,
        int conditionFeatures = 0,
        RandomStream? random = null)
    {
        if (Math.Min(Math.Min(networks, outputs), Math.Min(hiddenFeatures, layers)) < 1 || frequencies < 0 || conditionFeatures < 0 || !(norm > 0))
        {
            throw new ArgumentException(
                $"WeightField: networks, outputs, hiddenFeatures and layers must be at least 1, norm positive; got {networks}, {outputs}, {hiddenFeatures}, {layers} "
                + $"and {norm}, with {frequencies} frequencies and {conditionFeatures} features of conditions.");
        }
        Outputs = outputs;
        HiddenFeatures = hiddenFeatures;
        Layers = layers;
        Frequencies = frequencies;
        Norm = norm;
        ConditionFeatures = conditionFeatures;
        int inputs = Coordinates + (2 * Coordinates * frequencies) + conditionFeatures;
        _networks = [.. Enumerable.Range(0, networks).Select(_ => new FieldMlp(inputs, hiddenFeatures, outputs, layers, scale, random))];
        Add("model", new Sequential(_networks));
    }

    /// <summary>The number of networks.</summary>
    public int Networks => _networks.Length;

    /// <summary>The values of a row of the result.</summary>
    public int Outputs { get; }

    /// <summary>The width of the networks.</summary>
    public int HiddenFeatures { get; }

    /// <summary>The hidden layers of a network.</summary>
    public int Layers { get; }

    /// <summary>How many powers of two coordinates are encoded with.</summary>
    public int Frequencies { get; }

    /// <summary>What coordinates are divided by.</summary>
    public float Norm { get; }

    /// <summary>Further numbers per row.</summary>
    public int ConditionFeatures { get; }

    /// <summary>Where the field computes.</summary>
    public Device Device => _networks[0].First.Weight.Device;

    /// <summary>Reads the field at places of one layer.</summary>
    /// <param name="network">The layer's number, from 0.</param>
    /// <param name="rows"><c>[N, 6 + conditionFeatures]</c>: coordinates, then what else there is.</param>
    /// <returns><c>[N, outputs]</c></returns>
    /// <exception cref="ArgumentException">There is no such network, or rows have another size.</exception>
    public Tensor Forward(int network, Tensor rows)
    {
        if (network < 0 || network >= _networks.Length)
        {
            throw new ArgumentException($"WeightField: there are networks 0 to {_networks.Length - 1}; got {network}.", nameof(network));
        }
        CheckRows(rows);
        return Ops.Divide(_networks[network].Forward(Encode(rows)), Ops.Slice(rows, 1, Coordinates - 1, 1));
    }

    /// <summary>Reads the field at places of several layers.</summary>
    /// <param name="rows"><c>[N, 6 + conditionFeatures]</c></param>
    /// <param name="networks">For every row its layer.</param>
    /// <returns><c>[N, outputs]</c></returns>
    /// <exception cref="ArgumentException">There is no such network, or the sizes do not go together.</exception>
    public Tensor Forward(Tensor rows, ReadOnlySpan<int> networks)
    {
        CheckRows(rows);
        if (networks.Length != rows.Shape[0])
        {
            throw new ArgumentException($"WeightField: a network for each of {rows.Shape[0]} rows is needed; got {networks.Length}.", nameof(networks));
        }
        // The rows of one network lie together while they are computed.
        int[] owners = networks.ToArray();
        int[] order = [.. Enumerable.Range(0, owners.Length).OrderBy(i => owners[i])];
        List<Tensor> parts = [];
        foreach (IGrouping<int, int> own in order.GroupBy(i => owners[i]))
        {
            parts.Add(Forward(own.Key, Ops.GatherRows(rows, Tensor.From([.. own], [own.Count()], rows.Device))));
        }
        int[] back = new int[order.Length];
        for (int i = 0; i < order.Length; i++)
        {
            back[order[i]] = i;
        }
        return Ops.GatherRows(Ops.Concatenate(0, [.. parts]), Tensor.From(back, [back.Length], rows.Device));
    }

    /// <summary>Reads the field; the first coordinate tells the layer. Waits for the device.</summary>
    /// <param name="input"><c>[N, 6 + conditionFeatures]</c></param>
    /// <returns><c>[N, outputs]</c></returns>
    public override Tensor Forward(Tensor input)
    {
        CheckRows(input);
        float[] layers = Ops.Slice(input, 1, 0, 1).ToArray();
        return Forward(input, Array.ConvertAll(layers, layer => (int)MathF.Round(layer)));
    }

    /// <summary>Multiplies what a layer's network gives, by scaling its last linear layer.</summary>
    internal void Scale(int network, float factor)
    {
        foreach (Parameter parameter in _networks[network].Last.Parameters)
        {
            parameter.Load(Array.ConvertAll(parameter.OwnValue.ToArray(), value => factor * value));
        }
    }

    private Tensor Encode(Tensor rows)
    {
        int count = rows.Shape[0];
        Tensor sizes = Ops.Slice(rows, 1, Relative, Relative);
        Tensor relative = Ops.Divide(Ops.Slice(rows, 1, 0, Relative), sizes);
        Tensor places = Ops.Detach(Ops.Concatenate(1, relative, Ops.MultiplyScalar(sizes, 1 / Norm)));
        List<Tensor> parts = [places];
        if (Frequencies > 0)
        {
            float[] powers = [.. Enumerable.Range(0, Frequencies).Select(static i => (float)(Math.Pow(2, i) * Math.PI))];
            Tensor angles = Ops.Multiply(Ops.Reshape(places, [count, 1, Coordinates]), Tensor.From(powers, [Frequencies, 1], rows.Device));
            parts.Add(Ops.Reshape(Ops.Stack(3, Ops.Sin(angles), Ops.Cos(angles)), [count, 2 * Coordinates * Frequencies]));
        }
        if (ConditionFeatures > 0)
        {
            parts.Add(Ops.Slice(rows, 1, Coordinates, ConditionFeatures));
        }
        return parts.Count == 1 ? places : Ops.Concatenate(1, [.. parts]);
    }

    private void CheckRows(Tensor rows)
    {
        if (rows.Rank != 2 || rows.Shape[1] != Coordinates + ConditionFeatures)
        {
            throw new ArgumentException($"WeightField: rows must be [N, {Coordinates + ConditionFeatures}]; got {rows.Shape}.", nameof(rows));
        }
    }

    static string IStoredLayer<WeightField>.TypeName => "WeightField";

    static WeightField IStoredLayer<WeightField>.Read(LayerSettings settings) => new(
        settings.Int("networks"),
        settings.Int("outputs"),
        settings.Int("hiddenFeatures"),
        settings.Int("layers"),
        settings.Int("frequencies"),
        settings.Number("norm"),
        conditionFeatures: settings.Int("conditionFeatures"));

    void IStoredLayer<WeightField>.WriteSettings(LayerSettings settings) => settings
        .Set("networks", Networks).Set("outputs", Outputs).Set("hiddenFeatures", HiddenFeatures).Set("layers", Layers)
        .Set("frequencies", Frequencies).Set("norm", Norm).Set("conditionFeatures", ConditionFeatures);

    /// <inheritdoc/>
    protected override string Describe() =>
        $"WeightField({Networks} networks of {Layers} layers of {HiddenFeatures}, {Outputs} outputs, {Frequencies} frequencies)";
}
