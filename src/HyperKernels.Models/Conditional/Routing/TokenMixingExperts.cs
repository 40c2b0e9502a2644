using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// Experts in the token dimension: the features are cut into E chunks, and each chunk is mixed over the tokens up to its own by a lower-triangular matrix,
/// <c>y_t = sum_(s up to t) W_e[t, s] x_s</c>. Chunk e goes to expert e; or, behind a prefix, to the expert that a router reads off the chunk's mean over the prefix.
/// </summary>
/// <remarks>
/// Experts in the feature dimension beside it are <see cref="SparseMixture"/>. Tokens of the prefix go by number, so that none sees the future; those behind it count the
/// router's probability. Source: Yu and others, Efficient Language Modeling with Sparse all-MLP, 2022 (arXiv 2203.06850), with its deterministic and partial-prediction
/// routing; the equations are a reading of its description, not verified against the authors' code.
/// </remarks>
public sealed class TokenMixingExperts : TensorLayer, IStoredLayer<TokenMixingExperts>
{
    static TokenMixingExperts() => LayerTypes.Register<TokenMixingExperts>();

    /// <summary>Makes the experts.</summary>
    /// <param name="features">H, which the number of experts divides.</param>
    /// <param name="length">The largest number of tokens.</param>
    /// <param name="experts">E.</param>
    /// <param name="prefix">How many first tokens the router reads; 0 for no router: every chunk goes to the expert of its number.</param>
    /// <param name="random">Where first values come from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">A size is less than 1, experts do not divide features, or the prefix is negative or longer than the sequence.</exception>
    public TokenMixingExperts(int features, int length, int experts, int prefix = 0, RandomStream? random = null)
    {
        if (features < 1 || length < 1 || experts < 1 || features % experts != 0 || prefix < 0 || prefix > length)
        {
            throw new ArgumentException(
                "TokenMixingExperts: sizes must be at least 1, experts divide features and the prefix be from 0 to the length; "
                + $"got {features} features, {length} tokens, {experts} experts and a prefix of {prefix}.");
        }
        (Features, Length, Experts, Prefix) = (features, length, experts, prefix);
        Weight = AddParameter("weight", [experts, length, length], Initializer.DefaultFor(length), random);
        Router = prefix > 0 ? Add("router", new Linear(features / experts, experts, bias: false, random)) : null;
    }

    /// <summary>What was published.</summary>
    public static PublishedSystem Published { get; } = new()
    {
        Name = "sparse-all-mlp",
        Title = "Sparse all-MLP: experts in the token dimension",
        Kind = SystemKind.Conditional,
        Paper = new Paper("Yu and others", "Efficient Language Modeling with Sparse all-MLP", "arXiv", 2022) { Arxiv = "2203.06850" },
        Equation = "y_t = sum_(s <= t) W_e[t, s] x_s for each chunk of features, e its number or argmax R mean of the first tokens",
        Source = "the paper's description; not verified against the authors' code",
        Layers = [typeof(TokenMixingExperts), typeof(SparseMixture)],
    };

    /// <summary>H.</summary>
    public int Features { get; }

    /// <summary>The largest number of tokens.</summary>
    public int Length { get; }

    /// <summary>E.</summary>
    public int Experts { get; }

    /// <summary>How many first tokens the router reads; 0 without one.</summary>
    public int Prefix { get; }

    /// <summary><c>[E, length, length]</c>, of which what is above the diagonal is never used.</summary>
    public Parameter Weight { get; }

    /// <summary>Reads a chunk's mean, or null.</summary>
    public Linear? Router { get; }

    /// <summary>Mixes tokens.</summary>
    /// <param name="input"><c>[B, S, H]</c> with S up to the length.</param>
    /// <returns><c>[B, S, H]</c></returns>
    /// <exception cref="ArgumentException">The input has another shape.</exception>
    public override Tensor Forward(Tensor input)
    {
        if (input.Rank != 3 || input.Shape[2] != Features || input.Shape[1] < 1 || input.Shape[1] > Length)
        {
            throw new ArgumentException($"TokenMixingExperts: the input must be [B, 1 to {Length}, {Features}]; got {input.Shape}.", nameof(input));
        }
        (int batch, int tokens) = (input.Shape[0], input.Shape[1]);
        Tensor chunks = Ops.Permute(Ops.Reshape(input, batch, tokens, Experts, Features / Experts), 0, 2, 3, 1);
        int[] numbers = [.. Enumerable.Range(0, batch * Experts).Select(chunk => chunk % Experts)];
        int byNumber = Router is null ? tokens : Math.Min(Prefix, tokens);
        Tensor mixed = Mix(chunks, numbers, 0, byNumber);
        if (byNumber < tokens)
        {
            (int[] chosen, Tensor shares) = Choose(Ops.Slice(chunks, 3, 0, Prefix));
            mixed = Ops.Concatenate(3, mixed, Ops.Multiply(Mix(chunks, chosen, byNumber, tokens), shares));
        }
        return Ops.Reshape(Ops.Permute(mixed, 0, 3, 1, 2), input.Shape);
    }

    static string IStoredLayer<TokenMixingExperts>.TypeName => "TokenMixingExperts";

    static TokenMixingExperts IStoredLayer<TokenMixingExperts>.Read(LayerSettings settings) =>
        new(settings.Int("features"), settings.Int("length"), settings.Int("experts"), settings.Int("prefix"));

    void IStoredLayer<TokenMixingExperts>.WriteSettings(LayerSettings settings) => settings
        .Set("features", Features).Set("length", Length).Set("experts", Experts).Set("prefix", Prefix);

    /// <inheritdoc/>
    protected override string Describe() => $"TokenMixingExperts({Features}, {Length}, {Experts}{(Prefix > 0 ? $", prefix: {Prefix}" : "")})";

    // An expert for each chunk of each sample, and what it counts, [B, C, 1, 1].
    private (int[] Experts, Tensor Shares) Choose(Tensor prefix)
    {
        Tensor probabilities = Ops.Reshape(Ops.Softmax(Router!.Forward(Ops.Mean(prefix, [3]))), -1, Experts);
        (Tensor largest, Tensor places) = Ops.TopK(probabilities, 1);
        return (places.ToIntArray(), Ops.Reshape(largest, -1, Experts, 1, 1));
    }

    // Tokens from first to below end of [B, C, H / C, S]: every feature of a chunk is a row of its expert's group.
    private Tensor Mix(Tensor chunks, int[] expertOfChunk, int first, int end)
    {
        int width = Features / Experts;
        float[] mask = new float[(end - first) * end];
        for (int token = first; token < end; token++)
        {
            mask.AsSpan((token - first) * end, token + 1).Fill(1);
        }
        Tensor past = Ops.Slice(Ops.Slice(Weight.Value, 1, first, end - first), 2, 0, end);
        Tensor causal = Ops.Multiply(past, Tensor.From(mask, [end - first, end], chunks.Device));
        Tensor rows = Ops.Reshape(Ops.Slice(chunks, 3, 0, end), -1, end);
        RowGroups groups = RowGroups.Of([.. expertOfChunk.SelectMany(expert => Enumerable.Repeat(expert, width))], Experts, chunks.Device);
        return Ops.Reshape(Ops.LinearTyped(rows, causal, groups), chunks.Shape.With(3, end - first));
    }
}
