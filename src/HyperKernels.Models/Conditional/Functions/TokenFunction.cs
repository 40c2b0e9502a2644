using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// A function of coordinates whose layers are modulated by weight tokens: of each layer g tokens become columns, <c>M = Linear(LN(tokens))^T</c> tiled along the outputs,
/// and <c>W = base * M</c> with every output's weights divided by their length. Biases are shared.
/// </summary>
/// <remarks>
/// Coordinates come as <c>[x, sin(2^k pi x), cos(2^k pi x)]</c>, coordinate by coordinate. The tokens are what a transformer gives for an image. Source: Chen, Wang,
/// Transformers as Meta-Learners for Implicit Neural Representations, ECCV 2022 (arXiv 2208.02801), section 3.
/// </remarks>
public sealed class TokenFunction : Layer, IStoredLayer<TokenFunction>
{
    private const float Epsilon = 1e-5f;

    private readonly int[] _hidden;
    private readonly int[] _groups;
    private readonly int[] _sizes;
    private readonly Linear[] _base;
    private readonly Linear[] _post;
    private readonly LayerNorm[] _norms;

    static TokenFunction() => LayerTypes.Register<TokenFunction>();

    /// <summary>Makes the function.</summary>
    /// <param name="coordinates">D.</param>
    /// <param name="hidden">The widths of the hidden layers, with ReLU behind each.</param>
    /// <param name="outFeatures">Values at a point.</param>
    /// <param name="groups">How many tokens each layer has; divides its outputs.</param>
    /// <param name="token">The size of a token.</param>
    /// <param name="frequencies">How many waves a coordinate has.</param>
    /// <param name="random">Where first values come from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">A size is less than 1, or a layer's tokens do not divide its outputs.</exception>
    public TokenFunction(
        int coordinates, IReadOnlyList<int> hidden, int outFeatures, IReadOnlyList<int> groups, int token, int frequencies, RandomStream? random = null)
    {
        ArgumentNullException.ThrowIfNull(hidden);
        ArgumentNullException.ThrowIfNull(groups);
        (Coordinates, OutFeatures, TokenSize, Frequencies) = (coordinates, outFeatures, token, frequencies);
        _hidden = [.. hidden];
        _groups = [.. groups];
        _sizes = [coordinates * (1 + (2 * frequencies)), .. hidden, outFeatures];
        int layers = _sizes.Length - 1;
        if (_sizes.Min() < 1 || token < 1 || frequencies < 0 || groups.Count != layers || Enumerable.Range(0, layers).Any(i => groups[i] < 1 || _sizes[i + 1] % groups[i] != 0))
        {
            throw new ArgumentException(
                $"TokenFunction: each of the {layers} layers needs a number of tokens that divides its outputs [{string.Join(", ", _sizes.Skip(1))}]; got "
                + $"[{string.Join(", ", groups)}], tokens of {token} and {frequencies} frequencies.");
        }
        (_base, _post, _norms) = (new Linear[layers], new Linear[layers], new LayerNorm[layers]);
        for (int i = 0; i < layers; i++)
        {
            _base[i] = Add($"base{i}", new Linear(_sizes[i], _sizes[i + 1], random: random));
            _norms[i] = Add($"norm{i}", new LayerNorm(token, Epsilon));
            _post[i] = Add($"post{i}", new Linear(token, _sizes[i], random: random));
        }
    }

    /// <summary>What was published.</summary>
    public static PublishedSystem Published { get; } = new()
    {
        Name = "weight-tokens",
        Title = "Weight tokens for coordinate functions (TransINR)",
        Kind = SystemKind.Conditional,
        Paper = new Paper("Chen, Wang", "Transformers as Meta-Learners for Implicit Neural Representations", "ECCV", 2022) { Arxiv = "2208.02801" },
        Equation = "W = normalise(base * tile(Linear(LN(tokens))')), y = relu(x W' + b)",
        Source = "section 3.2",
        Layers = [typeof(TokenFunction)],
        Cases = ["Weight tokens for INR"],
    };

    /// <summary>D.</summary>
    public int Coordinates { get; }

    /// <summary>Values at a point.</summary>
    public int OutFeatures { get; }

    /// <summary>The size of a token.</summary>
    public int TokenSize { get; }

    /// <summary>How many waves a coordinate has.</summary>
    public int Frequencies { get; }

    /// <summary>Makes the weights of a layer.</summary>
    /// <param name="layer">Its number.</param>
    /// <param name="tokens"><c>[B, groups, token]</c></param>
    /// <returns><c>[B, outputs, inputs]</c>; each output's weights have length one.</returns>
    /// <exception cref="ArgumentException">The shape differs.</exception>
    public Tensor Generate(int layer, Tensor tokens)
    {
        (int inputs, int outputs, int groups) = (_sizes[layer], _sizes[layer + 1], _groups[layer]);
        if (tokens.Rank != 3 || tokens.Shape[1] != groups || tokens.Shape[2] != TokenSize)
        {
            throw new ArgumentException($"TokenFunction: the tokens of layer {layer} must be [batch, {groups}, {TokenSize}]; got {tokens.Shape}.", nameof(tokens));
        }
        // Output o is modulated by token o mod groups.
        Tensor rows = Ops.Reshape(_post[layer].Forward(_norms[layer].Forward(tokens)), tokens.Shape[0], 1, groups, inputs);
        Tensor modulated = Ops.Multiply(Ops.Reshape(_base[layer].Weight.Value, 1, outputs / groups, groups, inputs), rows);
        return Ops.L2Normalize(Ops.Reshape(modulated, tokens.Shape[0], outputs, inputs));
    }

    /// <summary>Evaluates the functions of a batch.</summary>
    /// <param name="coordinates"><c>[N, D]</c>, the same for all.</param>
    /// <param name="tokens"><c>[B, groups, token]</c> of each layer.</param>
    /// <returns><c>[B, N, outFeatures]</c></returns>
    /// <exception cref="ArgumentException">A shape differs, or there are not tokens for every layer.</exception>
    public Tensor Forward(Tensor coordinates, params IReadOnlyList<Tensor> tokens)
    {
        ArgumentNullException.ThrowIfNull(tokens);
        if (coordinates.Rank != 2 || coordinates.Shape[1] != Coordinates || tokens.Count != _base.Length)
        {
            throw new ArgumentException(
                $"TokenFunction: coordinates must be [points, {Coordinates}] with tokens for {_base.Length} layers; got {coordinates.Shape} and {tokens.Count}.");
        }
        Tensor features = Waves(coordinates);
        Tensor h = Ops.BroadcastTo(Ops.Reshape(features, features.Shape.Insert(0, 1)), features.Shape.Insert(0, tokens[0].Shape[0]));
        for (int i = 0; i < _base.Length; i++)
        {
            Tensor sums = Ops.Add(Ops.Linear(h, Generate(i, tokens[i])), _base[i].Bias!.Value);
            h = i < _base.Length - 1 ? Ops.Relu(sums) : sums;
        }
        return h;
    }

    static string IStoredLayer<TokenFunction>.TypeName => "TokenFunction";

    static TokenFunction IStoredLayer<TokenFunction>.Read(LayerSettings settings) => new(
        settings.Int("coordinates"), settings.Ints("hidden"), settings.Int("outFeatures"), settings.Ints("groups"), settings.Int("token"), settings.Int("frequencies"));

    void IStoredLayer<TokenFunction>.WriteSettings(LayerSettings settings) => settings
        .Set("coordinates", Coordinates).Set("hidden", _hidden).Set("outFeatures", OutFeatures).Set("groups", _groups).Set("token", TokenSize)
        .Set("frequencies", Frequencies);

    // [x, all sines, all cosines], each coordinate by coordinate.
    private Tensor Waves(Tensor coordinates)
    {
        if (Frequencies == 0)
        {
            return coordinates;
        }
        float[] frequencies = [.. Enumerable.Range(0, Frequencies).Select(static k => (float)((1 << k) * Math.PI))];
        Tensor angles = Ops.Multiply(Ops.Reshape(coordinates, coordinates.Shape[0], Coordinates, 1), Tensor.From(frequencies, [Frequencies], coordinates.Device));
        angles = Ops.Reshape(angles, coordinates.Shape[0], -1);
        return Ops.Concatenate(1, coordinates, Ops.Sin(angles), Ops.Cos(angles));
    }
}
