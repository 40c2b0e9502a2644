using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// An autoregressive transformer over codes: a prefix, then the codes so far, each with a vector that tells what comes next, give the scores of the next
/// code.
/// </summary>
public sealed class CodeTransformer : Layer, IStoredLayer<CodeTransformer>
{
    private const float FirstDeviation = 0.02f;

    private readonly Parameter _codes;
    private readonly Parameter _positions;
    private readonly Sequential _blocks;
    private readonly LayerNorm _norm;
    private readonly Linear _head;

    static CodeTransformer() => LayerTypes.Register<CodeTransformer>();

    /// <summary>Makes the transformer.</summary>
    /// <param name="codes">K, the number of codes.</param>
    /// <param name="length">The most codes of a sequence.</param>
    /// <param name="embedding">E, the width.</param>
    /// <param name="heads">The attention heads; they divide the width.</param>
    /// <param name="blocks">The transformer blocks.</param>
    /// <param name="dropout">The probability with which attention weights and activations are dropped while training.</param>
    /// <param name="random">Where first values come from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">A size is below 1, or heads do not divide the width.</exception>
    public CodeTransformer(int codes, int length, int embedding = 128, int heads = 4, int blocks = 4, float dropout = 0, RandomStream? random = null)
    {
        if (Math.Min(Math.Min(codes, length), Math.Min(heads, blocks)) < 1 || embedding < 1 || embedding % heads != 0)
        {
            throw new ArgumentException(
                $"CodeTransformer: codes, length, blocks and heads must be at least 1, and heads divide the width; got {codes}, {length}, {blocks}, {heads} and {embedding}.");
        }
        Length = length;
        Heads = heads;
        Dropout = dropout;
        _codes = AddParameter("codes", [codes, embedding], Initializer.Normal(0, FirstDeviation), random, ParameterRole.Table);
        _positions = AddParameter("positions", [length, embedding], Initializer.Normal(0, FirstDeviation), random, ParameterRole.Table);
        _blocks = Add("blocks", new Sequential(
            [.. Enumerable.Range(0, blocks).Select(_ => new PreNormBlock(embedding, heads, causal: true, dropout, epsilon: 1e-5f, random))]));
        _norm = Add("norm", new LayerNorm(embedding));
        _head = Add("head", PreNormBlock.NewLinear(embedding, codes, random, bias: false));
    }

    /// <summary>K: the number of codes.</summary>
    public int Codes => _codes.Shape[0];

    /// <summary>The most codes of a sequence.</summary>
    public int Length { get; }

    /// <summary>E: the width.</summary>
    public int Embedding => _codes.Shape[1];

    /// <summary>The attention heads.</summary>
    public int Heads { get; }

    /// <summary>The probability with which attention weights and activations are dropped while training.</summary>
    public float Dropout { get; }

    /// <summary>The scores of every code after the prefix and the codes before it.</summary>
    /// <param name="prefix"><c>[B, E]</c></param>
    /// <param name="codes">The codes known, integers <c>[B, n]</c>; null if there are none.</param>
    /// <param name="places"><c>[n + 1, E]</c>: what is told about each code to be scored.</param>
    /// <returns><c>[B, n + 1, K]</c></returns>
    /// <exception cref="ArgumentException">A shape differs, or there are too many codes.</exception>
    public Tensor Forward(Tensor prefix, Tensor? codes, Tensor places)
    {
        int known = codes is { } given ? given.Shape[-1] : 0;
        int batch = prefix.Shape[0];
        if (prefix.Rank != 2 || prefix.Shape[1] != Embedding || places.Rank != 2 || places.Shape[0] != known + 1 || places.Shape[1] != Embedding || known >= Length)
        {
            throw new ArgumentException(
                $"CodeTransformer: a prefix [B, {Embedding}], codes [B, n] and places [n + 1, {Embedding}] are needed, n below {Length}; "
                + $"got {prefix.Shape}, {codes?.Shape} and {places.Shape}.");
        }
        Tensor first = Ops.Reshape(prefix, [batch, 1, Embedding]);
        Tensor tokens = codes is { } some ? Ops.Concatenate(1, first, Ops.GatherRows(_codes.Value, some)) : first;
        Tensor told = Ops.Add(places, Ops.Slice(_positions.Value, 0, 0, known + 1));
        return _head.Forward(_norm.Forward(_blocks.Forward(Ops.Add(tokens, told))));
    }

    /// <summary>Makes sequences, code after code.</summary>
    /// <param name="prefix"><c>[B, E]</c></param>
    /// <param name="places"><c>[T, E]</c></param>
    /// <param name="random">Where draws come from.</param>
    /// <param name="temperature">What scores are divided by; 0 takes the highest.</param>
    /// <returns>Integers, B rows of T.</returns>
    public int[] Generate(Tensor prefix, Tensor places, RandomStream random, float temperature = 1)
    {
        ArgumentNullException.ThrowIfNull(random);
        (int batch, int length) = (prefix.Shape[0], places.Shape[0]);
        int[] result = new int[batch * length];
        float[] draws = new float[batch];
        for (int at = 0; at < length; at++)
        {
            using MemoryScope scope = new();
            Tensor? known = at == 0
                ? null
                : Tensor.From([.. Enumerable.Range(0, batch).SelectMany(row => result[(row * length)..((row * length) + at)])], [batch, at], prefix.Device);
            Tensor scores = Forward(prefix, known, Ops.Slice(places, 0, 0, at + 1));
            float[] last = Ops.Reshape(Ops.Slice(scores, 1, at, 1), [batch, Codes]).ToArray();
            random.FillUniform(draws);
            for (int row = 0; row < batch; row++)
            {
                result[(row * length) + at] = Choose(last.AsSpan(row * Codes, Codes), draws[row], temperature);
            }
        }
        return result;
    }

    private static int Choose(ReadOnlySpan<float> scores, float draw, float temperature)
    {
        int best = 0;
        for (int i = 1; i < scores.Length; i++)
        {
            best = scores[i] > scores[best] ? i : best;
        }
        if (temperature <= 0)
        {
            return best;
        }
        double[] shares = new double[scores.Length];
        for (int i = 0; i < scores.Length; i++)
        {
            shares[i] = Math.Exp((scores[i] - scores[best]) / temperature);
        }
        double left = draw * shares.Sum();
        int chosen = 0;
        while (chosen < shares.Length - 1 && left >= shares[chosen])
        {
            left -= shares[chosen++];
        }
        return chosen;
    }

    static string IStoredLayer<CodeTransformer>.TypeName => "CodeTransformer";

    static CodeTransformer IStoredLayer<CodeTransformer>.Read(LayerSettings settings) => new(
        settings.Int("codes"), settings.Int("length"), settings.Int("embedding"), settings.Int("heads"), settings.Int("blocks"), settings.Number("dropout"));

    void IStoredLayer<CodeTransformer>.WriteSettings(LayerSettings settings) => settings
        .Set("codes", Codes).Set("length", Length).Set("embedding", Embedding).Set("heads", Heads).Set("blocks", _blocks.Length).Set("dropout", Dropout);

    /// <inheritdoc/>
    protected override string Describe() => $"CodeTransformer({Codes} codes, {Length} long, {_blocks.Length} blocks of {Embedding})";
}
