using System.Buffers;
using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// Weights that respond to hyperparameters: every tensor of a target is <c>W(l) = W_elem + (V l) * W_hyper</c>, where a row of V belongs to a
/// unit of the target (an output of a matrix or of kernels, a feature of a table, an element of a bias or a gain) and scales what belongs
/// to that unit: <c>b(l) = b_elem + (C l) * b_hyper</c>. So any target becomes a self-tuning network.
/// </summary>
/// <remarks>
/// <para>
/// Twice the target's parameters and a row per unit, not one per weight. With hyperparameters of its own for every sample no weights are built: a
/// layer multiplies by both shared weights and scales what comes out of one (<see cref="Weight.Scaled"/>).
/// </para>
/// <para>
/// Source: MacKay, Vicol, Lorraine, Duvenaud, Grosse, Self-Tuning Networks, ICLR 2019 (arXiv 1903.03088), section 3.1, with the first values of the
/// authors' code: W_elem as the target's own, W_hyper drawn as the target draws, V normal with deviation 0.01.
/// </para>
/// </remarks>
public sealed class BestResponseEmission : Emission, IStoredLayer<BestResponseEmission>
{
    private const float ResponseDeviation = 0.01f;

    private readonly ManifestTree _elementary;
    private readonly ManifestTree _hyper;
    private readonly Parameter _response;
    private readonly Parameter? _elementScales;
    private readonly int[] _units;

    // For every tensor the place of its layer, whose tensors share a scale.
    private readonly int[] _layers;

    static BestResponseEmission() => LayerTypes.Register<BestResponseEmission>();

    /// <summary>Makes the response of a target.</summary>
    /// <param name="target">Any layer; its values now become those of W_elem.</param>
    /// <param name="hyperparameters">The number n of hyperparameters.</param>
    /// <param name="parameters">Which parameters respond: a pattern over dotted names; the others are trained as they are.</param>
    /// <param name="elementScale">
    /// Whether W_elem and b_elem of a layer are multiplied by a learned number that starts at 1, as in the authors' convolutional networks. It costs a
    /// pass over W_elem and changes what a step does, not what the layer can be.
    /// </param>
    /// <param name="random">Where first values come from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">hyperparameters is below 1, or no parameter matches.</exception>
    public BestResponseEmission(Layer target, int hyperparameters, string parameters = "*", bool elementScale = false, RandomStream? random = null)
        : this(TargetManifest.Of(target, parameters), hyperparameters, elementScale, Initializers(target), random)
    {
        Dictionary<string, Parameter> own = target.NamedParameters().ToDictionary(static named => named.Name, static named => named.Parameter);
        for (int i = 0; i < _units.Length; i++)
        {
            _elementary.InOrder[i].Load(own[Manifest.Entries[i].Name].OwnValue.ToArray());
        }
    }

    private BestResponseEmission(
        TargetManifest manifest, int hyperparameters, bool elementScale, IReadOnlyDictionary<string, Initializer> initializers, RandomStream? random)
        : base(manifest, hyperparameters, hasBase: true)
    {
        _elementary = Add("elementary", new ManifestTree(manifest, static _ => Initializer.Zeros, random));
        _hyper = Add("hyper", new ManifestTree(manifest, i => initializers.GetValueOrDefault(manifest.Entries[i].Name) ?? Initializer.Zeros, random));
        _units = [.. manifest.Entries.Select(static entry => entry.Shape.Rank < 2 ? entry.Count : entry.Shape[UnitAxis(entry)])];
        _response = AddParameter("response", [_units.Sum(), hyperparameters], Initializer.Normal(0, ResponseDeviation), random);
        string[] owners = [.. manifest.Entries.Select(static entry => entry.Name[..(entry.Name.LastIndexOf('.') + 1)])];
        string[] layers = [.. owners.Distinct()];
        _layers = [.. owners.Select(owner => Array.IndexOf(layers, owner))];
        _elementScales = elementScale ? AddParameter("element_scales", [layers.Length], Initializer.Ones, random, ParameterRole.Gain) : null;
    }

    /// <summary>V and C, one below the other in the manifest's order: a row for each unit of every tensor, <c>[units, n]</c>.</summary>
    public Parameter Response => _response;

    /// <summary>Whether elementary weights are multiplied by a learned number for each layer.</summary>
    public bool HasElementScale => _elementScales is not null;

    /// <inheritdoc/>
    public override void Generate(Tensor embedding, TensorLayer generator, Span<Weight> weights)
    {
        int sets = embedding.Shape[0];
        Tensor[] rented = ArrayPool<Tensor>.Shared.Rent(2 * weights.Length);
        try
        {
            Span<Tensor> scales = rented.AsSpan(0, weights.Length);
            Span<Tensor> elementary = rented.AsSpan(weights.Length, weights.Length);
            Ops.Split(Ops.Linear(generator.Forward(embedding), _response.Value), 1, _units, scales);
            FillElementary(elementary);
            for (int i = 0; i < weights.Length; i++)
            {
                ManifestEntry entry = Manifest.Entries[i];
                Tensor hyper = _hyper.InOrder[i].Value;
                if (entry.Shape.Rank >= 2)
                {
                    weights[i] = Weight.Scaled(hyper, Ops.Reshape(scales[i], AlongUnits(entry, sets)), elementary[i]);
                    continue;
                }
                Tensor value = Ops.Add(elementary[i], Ops.Multiply(hyper, Ops.Reshape(scales[i], entry.Shape.Insert(0, sets))));
                weights[i] = sets == 1 ? Ops.Reshape(value, entry.Shape) : value;
            }
        }
        finally
        {
            ArrayPool<Tensor>.Shared.Return(rented, clearArray: true);
        }
    }

    /// <summary>The squared norm of every weight set, from norms and products of the two shared sets: no set is built.</summary>
    /// <param name="embedding">The prepared conditions <c>[C, Z]</c>.</param>
    /// <param name="generator">The layer before the emission.</param>
    /// <returns><c>[C]</c>: what a weight decay as a term of the loss multiplies.</returns>
    public Tensor SquaredNorms(Tensor embedding, TensorLayer generator)
    {
        Tensor scales = Ops.Linear(generator.Forward(embedding), _response.Value);
        Tensor[] elementary = new Tensor[_units.Length];
        FillElementary(elementary);
        Tensor[] products = new Tensor[_units.Length];
        Tensor[] squares = new Tensor[_units.Length];
        Tensor constant = Tensor.Zeros([1], embedding.Device);
        for (int i = 0; i < _units.Length; i++)
        {
            Tensor hyper = _hyper.InOrder[i].Value;
            products[i] = OfUnits(i, Ops.Multiply(elementary[i], hyper));
            squares[i] = OfUnits(i, Ops.Square(hyper));
            constant = Ops.Add(constant, Ops.Sum(Ops.Square(elementary[i])));
        }
        // |e + s h|^2 = |e|^2 + s (2 e h + s |h|^2), summed over units.
        Tensor slope = Ops.MultiplyScalar(Ops.Concatenate(0, products), 2);
        Tensor change = Ops.Multiply(scales, Ops.Add(slope, Ops.Multiply(scales, Ops.Concatenate(0, squares))));
        return Ops.Add(Ops.Sum(change, [1]), constant);
    }

    static string IStoredLayer<BestResponseEmission>.TypeName => "BestResponseEmission";

    static BestResponseEmission IStoredLayer<BestResponseEmission>.Read(LayerSettings settings) => new(
        TargetManifest.Read(settings), settings.Int("hyperparameters"), settings.Flag("elementScale"), new Dictionary<string, Initializer>(), null);

    void IStoredLayer<BestResponseEmission>.WriteSettings(LayerSettings settings)
    {
        Manifest.Write(settings);
        settings.Set("hyperparameters", Width).Set("elementScale", HasElementScale);
    }

    /// <inheritdoc/>
    protected override string Describe() => $"BestResponseEmission({Manifest.Count}, hyperparameters: {Width})";

    // Of a matrix or kernels the outputs, of a table the features.
    private static int UnitAxis(ManifestEntry entry) => entry.Role == ParameterRole.Table ? entry.Shape.Rank - 1 : 0;

    private static Shape AlongUnits(ManifestEntry entry, int sets)
    {
        int axis = UnitAxis(entry);
        Span<int> sizes = stackalloc int[entry.Shape.Rank + 1];
        sizes.Fill(1);
        sizes[0] = sets;
        sizes[1 + axis] = entry.Shape[axis];
        return new Shape(sizes);
    }

    private static Dictionary<string, Initializer> Initializers(Layer target) =>
        target.NamedParameters().ToDictionary(static named => named.Name, static named => named.Initializer);

    private void FillElementary(Span<Tensor> elementary)
    {
        for (int i = 0; i < elementary.Length; i++)
        {
            Tensor own = _elementary.InOrder[i].Value;
            elementary[i] = _elementScales is null ? own : Ops.Multiply(own, Ops.Slice(_elementScales.Value, 0, _layers[i], 1));
        }
    }

    /// <summary>Sums a tensor shaped as an entry over all but its units.</summary>
    private Tensor OfUnits(int i, Tensor values)
    {
        ManifestEntry entry = Manifest.Entries[i];
        if (entry.Shape.Rank < 2)
        {
            return Ops.Reshape(values, _units[i]);
        }
        return UnitAxis(entry) == 0 ? Ops.Sum(Ops.Reshape(values, _units[i], -1), [1]) : Ops.Sum(Ops.Reshape(values, -1, _units[i]), [0]);
    }
}
