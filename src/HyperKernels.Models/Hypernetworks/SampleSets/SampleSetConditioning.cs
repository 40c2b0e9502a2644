using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// A conditioning that reads sets of samples: trained prefix rows, one for each layer of the target, attend to the rows of a set, and what they learn is the prepared
/// condition. Of several sets the mean is taken.
/// </summary>
/// <remarks>
/// Rows narrower than the width are padded with zeros. Positions add <c>sin(p 10000^(-2i / d)) / sqrt d</c> and the cosine likewise. In a single attention the prefix rows
/// alone ask, which gives the same. Source: Ince and others, SEMI (arXiv 2509.04606), and the authors' code, ospanbatyr/sample-efficient-multimodality.
/// </remarks>
public sealed class SampleSetConditioning : Conditioning, IStoredLayer<SampleSetConditioning>
{
    private const double Wavelength = 10000;

    private readonly int _heads;
    private readonly float _dropout;
    private readonly int _encoderLayers;
    private readonly bool _positions;
    private readonly PlainAttention? _attention;
    private readonly Sequential? _transformer;

    static SampleSetConditioning() => LayerTypes.Register<SampleSetConditioning>();

    /// <summary>Makes the conditioning.</summary>
    /// <param name="layers">The number of prefix rows: the target's layers.</param>
    /// <param name="features">The width d of a row.</param>
    /// <param name="heads">The heads of the attention; they divide d.</param>
    /// <param name="encoder">What reads the rows.</param>
    /// <param name="encoderLayers">The layers of a transformer.</param>
    /// <param name="positions">Whether rows are told apart by their place.</param>
    /// <param name="dropout">Of the attention's weights; in a transformer, of its sublayers too.</param>
    /// <param name="random">Where first values and dropout come from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">A size is less than 1, or heads do not divide features.</exception>
    public SampleSetConditioning(
        int layers,
        int features,
        int heads = 4,
        SetEncoder encoder = SetEncoder.Attention,
        int encoderLayers = 1,
        bool positions = true,
        float dropout = 0.05f,
        RandomStream? random = null)
    {
        if (layers < 1 || heads < 1 || encoderLayers < 1 || features < 1 || features % heads != 0)
        {
            throw new ArgumentException(
                $"SampleSetConditioning: layers, heads and encoderLayers must be at least 1 and heads divide features; "
                + $"got {layers}, {heads}, {encoderLayers} and {features} features.");
        }
        (Encoder, _heads, _encoderLayers, _positions, _dropout) = (encoder, heads, encoderLayers, positions, dropout);
        Prefix = AddParameter("prefix_tokens", [layers, features], Initializer.XavierUniform(), random, ParameterRole.Table);
        if (encoder == SetEncoder.Transformer)
        {
            _transformer = Add("hypnet", new Sequential([.. Enumerable.Range(0, encoderLayers).Select(_ => new PostNormBlock(features, heads, dropout, random))]));
        }
        else
        {
            _attention = Add("hypnet", new PlainAttention(features, heads, dropout, random));
        }
    }

    /// <summary>The prefix rows, <c>[layers, features]</c>.</summary>
    public Parameter Prefix { get; }

    /// <summary>What reads the rows.</summary>
    public SetEncoder Encoder { get; }

    /// <summary>The width of a row.</summary>
    public int Features => Prefix.Shape[1];

    /// <inheritdoc/>
    public override int Size => (int)Prefix.Shape.Count;

    /// <summary>Reads sets of samples.</summary>
    /// <param name="values">One or more sets: <c>[n, w]</c> or, for C weight sets at once, <c>[C, n, w]</c>, w no wider than a row; sets may differ in n.</param>
    /// <returns><c>[C, layers * features]</c>: what the prefix rows learned, averaged over the sets.</returns>
    /// <exception cref="ArgumentException">There is no set, or one has another shape.</exception>
    public override Tensor Forward(params ReadOnlySpan<Tensor> values)
    {
        if (values.Length == 0)
        {
            throw new ArgumentException("SampleSetConditioning: at least one set of samples is needed; got none.", nameof(values));
        }
        Tensor sum = Read(values[0]);
        for (int i = 1; i < values.Length; i++)
        {
            sum = Ops.Add(sum, Read(values[i]));
        }
        return Ops.Reshape(values.Length == 1 ? sum : Ops.MultiplyScalar(sum, 1f / values.Length), sum.Shape[0], Size);
    }

    /// <summary>One set from its numbers, row by row.</summary>
    /// <param name="numbers">The rows one behind the other, each of the full width.</param>
    /// <exception cref="ArgumentException">The numbers do not fill rows.</exception>
    public override Tensor[] FromNumbers(ReadOnlySpan<float> numbers) => numbers.Length > 0 && numbers.Length % Features == 0
        ? [Tensor.From(numbers, [1, numbers.Length / Features, Features])]
        : throw new ArgumentException($"SampleSetConditioning: numbers must fill rows of {Features}; got {numbers.Length}.", nameof(numbers));

    static string IStoredLayer<SampleSetConditioning>.TypeName => "SampleSetConditioning";

    static SampleSetConditioning IStoredLayer<SampleSetConditioning>.Read(LayerSettings settings) => new(
        settings.Int("layers"), settings.Int("features"), settings.Int("heads"), settings.Choice<SetEncoder>("encoder"), settings.Int("encoderLayers"),
        settings.Flag("positions"), settings.Number("dropout"));

    void IStoredLayer<SampleSetConditioning>.WriteSettings(LayerSettings settings) => settings
        .Set("layers", Prefix.Shape[0]).Set("features", Features).Set("heads", _heads).Set("encoder", Encoder).Set("encoderLayers", _encoderLayers)
        .Set("positions", _positions).Set("dropout", _dropout);

    /// <inheritdoc/>
    protected override string Describe() => $"SampleSetConditioning({Prefix.Shape[0]}, {Features}, {Encoder})";

    private Tensor Read(Tensor set)
    {
        if (set.Rank is not (2 or 3) || set.Shape[-2] == 0 || set.Shape[-1] > Features)
        {
            throw new ArgumentException($"SampleSetConditioning: a set must be [n, w] or [C, n, w] with n > 0 and w up to {Features}; it is {set.Shape}.", nameof(set));
        }
        Tensor rows = set.Rank == 3 ? set : Ops.Reshape(set, 1, set.Shape[0], set.Shape[1]);
        rows = rows.Shape[2] == Features ? rows : Ops.Pad(rows, [(0, 0), (0, 0), (0, Features - rows.Shape[2])]);
        (int sets, int layers) = (rows.Shape[0], Prefix.Shape[0]);
        Tensor prefix = Ops.BroadcastTo(Prefix.Value, [sets, layers, Features]);
        Tensor tokens = Ops.Concatenate(1, prefix, rows);
        tokens = _positions ? Ops.Add(tokens, Positions(tokens.Shape[1], rows.Device)) : tokens;
        if (_transformer is not null)
        {
            return Ops.Slice(_transformer.Forward(tokens), 1, 0, layers);
        }
        Tensor answers = _attention!.Forward(tokens, layers);
        return Encoder == SetEncoder.AttentionGelu ? Ops.Gelu(answers) : answers;
    }

    private Tensor Positions(int count, Device device)
    {
        float[] table = new float[count * Features];
        double scale = 1 / Math.Sqrt(Features);
        for (int i = 0; i < Features; i++)
        {
            double frequency = Math.Pow(Wavelength, -(double)(i - (i % 2)) / Features);
            for (int place = 0; place < count; place++)
            {
                double angle = place * frequency;
                table[(place * Features) + i] = (float)(scale * (i % 2 == 0 ? Math.Sin(angle) : Math.Cos(angle)));
            }
        }
        return Tensor.From(table, [count, Features], device);
    }
}
