using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// Adapters, prefixes and changes of low rank made of an instruction: a learned query for every row of a generated tensor attends over the encoded instruction, and an MLP
/// of each kind of tensor turns what it saw into the row, <c>row = W2 gelu(W1 attended) / sqrt(D)</c>. The head stays as small as D x D for each kind, however many rows
/// there are.
/// </summary>
/// <remarks>
/// The instruction is read once for all layers and tokens; few-shot examples can be its tokens too (HyperTuning, arXiv 2211.12485). Adapters are held against the
/// authors' code; prefixes and low-rank factors follow the same rule, with a kind each for keys, values, A and B.
/// Source: Ivison, Bhagia, Wang, Hajishirzi, Peters, HINT: Hypernetwork Instruction Tuning for Efficient Zero- and Few-Shot Generalisation, ACL 2023 (arXiv 2212.10315),
/// section 3.
/// </remarks>
public sealed class HintGenerator : Layer, IStoredLayer<HintGenerator>
{
    private static readonly string[] s_prefix = ["prefix_key", "prefix_value"];
    private static readonly string[] s_lowRank = ["low_rank_a", "low_rank_b"];

    private readonly Parameter _query;
    private readonly Parameter _key;
    private readonly Parameter _value;
    private readonly Parameter[] _first;
    private readonly Parameter[] _second;
    private readonly float _scale;

    static HintGenerator() => LayerTypes.Register<HintGenerator>();

    /// <summary>Makes queries, attention and MLPs.</summary>
    /// <param name="features">D, the model's width.</param>
    /// <param name="bottleneck">The width r of an adapter; 64 is the authors' default.</param>
    /// <param name="prefix">P, the tokens of a prefix; the authors have 30. 0 for none.</param>
    /// <param name="rank">The rank of a change of a D x D matrix; 0 for none.</param>
    /// <param name="random">Where first values come from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">features or bottleneck is less than 1, or prefix or rank is negative.</exception>
    public HintGenerator(int features, int bottleneck = 64, int prefix = 0, int rank = 0, RandomStream? random = null)
    {
        if (features < 1 || bottleneck < 1 || prefix < 0 || rank < 0)
        {
            throw new ArgumentException(
                $"HintGenerator: features and bottleneck must be at least 1, prefix and rank at least 0; got {features}, {bottleneck}, {prefix} and {rank}.");
        }
        (Features, Bottleneck, Prefix, Rank, _scale) = (features, bottleneck, prefix, rank, 1 / MathF.Sqrt(features));
        // r rows of each matrix and one of each bias, then those of keys and values, then those of both factors.
        Components = AddParameter("components", [OfAdapter + (2 * prefix) + (2 * rank), features], Initializer.Normal(), random, ParameterRole.Table);
        _query = AddParameter("query", [features, features], Initializer.Default, random);
        _key = AddParameter("key", [features, features], Initializer.Default, random);
        _value = AddParameter("value", [features, features], Initializer.Default, random);
        string[] kinds = ["down", "up", "down_bias", "up_bias", .. prefix > 0 ? s_prefix : [], .. rank > 0 ? s_lowRank : []];
        _first = [.. kinds.Select(kind => AddParameter($"{kind}_first", [features, features], Initializer.Default, random))];
        _second = [.. kinds.Select(kind => AddParameter($"{kind}_second", [kind == "down_bias" ? bottleneck : features, features], Initializer.Default, random))];
    }

    /// <summary>What was published.</summary>
    public static PublishedSystem Published { get; } = new()
    {
        Name = "hint",
        Title = "Hypernetwork instruction tuning (HINT)",
        Kind = SystemKind.Conditional,
        Paper = new Paper(
            "Ivison, Bhagia, Wang, Hajishirzi, Peters", "HINT: Hypernetwork Instruction Tuning for Efficient Zero- and Few-Shot Generalisation", "ACL", 2023)
        {
            Arxiv = "2212.10315",
        },
        Equation = "row = W2 gelu(W1 attention(component, instruction)) / sqrt(D), y = x + relu(x D' + d) U + u",
        Source = "section 3",
        Layers = [typeof(HintGenerator)],
        Cases = ["HINT"],
    };

    /// <summary>D.</summary>
    public int Features { get; }

    /// <summary>r.</summary>
    public int Bottleneck { get; }

    /// <summary>P, the tokens of a prefix; 0 if none is made.</summary>
    public int Prefix { get; }

    /// <summary>The rank of a change of a matrix; 0 if none is made.</summary>
    public int Rank { get; }

    /// <summary>The queries of all rows: those of D, of U, of the two biases, of a prefix's keys and values, and of the factors A and B.</summary>
    public Parameter Components { get; }

    private int OfAdapter => (2 * Bottleneck) + 2;

    /// <summary>Makes the adapters of instructions.</summary>
    /// <param name="instruction">Encoded instructions, <c>[C, S, D]</c>.</param>
    /// <returns>C sets.</returns>
    /// <exception cref="ArgumentException">The shape differs.</exception>
    public Adapter Generate(Tensor instruction)
    {
        Tensor down = Rows(instruction, 0, 0, Bottleneck);
        Tensor up = Rows(instruction, 1, Bottleneck, Bottleneck);
        Tensor downBias = Rows(instruction, 2, 2 * Bottleneck, 1);
        Tensor upBias = Rows(instruction, 3, (2 * Bottleneck) + 1, 1);
        int sets = instruction.Shape[0];
        return new Adapter(down, Ops.Reshape(downBias, sets, Bottleneck), Ops.Permute(up, 0, 2, 1), Ops.Reshape(upBias, sets, Features));
    }

    /// <summary>Makes what an attention layer reads before its own keys and values.</summary>
    /// <param name="instruction">Encoded instructions, <c>[C, S, D]</c>.</param>
    /// <returns>Keys and values, <c>[C, P, D]</c> each.</returns>
    /// <exception cref="ArgumentException">The shape differs.</exception>
    /// <exception cref="InvalidOperationException">The generator was made without a prefix.</exception>
    public (Tensor Keys, Tensor Values) GeneratePrefix(Tensor instruction)
    {
        if (Prefix == 0)
        {
            throw new InvalidOperationException("HintGenerator: it was made without a prefix; give prefix, 30 in the paper.");
        }
        return (Rows(instruction, 4, OfAdapter, Prefix), Rows(instruction, 5, OfAdapter + Prefix, Prefix));
    }

    /// <summary>Makes changes of a matrix, <c>W_0 + (alpha / rank) B A</c>, which are applied as two thin products.</summary>
    /// <param name="instruction">Encoded instructions, <c>[C, S, D]</c>.</param>
    /// <param name="baseWeight">W_0, <c>[D, D]</c>.</param>
    /// <param name="alpha">The change is scaled by alpha / rank.</param>
    /// <returns>C sets.</returns>
    /// <exception cref="ArgumentException">A shape differs.</exception>
    /// <exception cref="InvalidOperationException">The generator was made without a rank.</exception>
    public Weight GenerateLowRank(Tensor instruction, Tensor baseWeight, float alpha)
    {
        if (Rank == 0)
        {
            throw new InvalidOperationException("HintGenerator: it was made without changes of low rank; give rank.");
        }
        int kind = Prefix > 0 ? 6 : 4;
        int first = OfAdapter + (2 * Prefix);
        Tensor a = Rows(instruction, kind, first, Rank);
        Tensor b = Rows(instruction, kind + 1, first + Rank, Rank);
        return Weight.LowRank(a, Ops.Permute(b, 0, 2, 1), alpha / Rank, baseWeight);
    }

    /// <summary>Makes rows of a kind of tensor.</summary>
    /// <param name="instruction">Encoded instructions, <c>[C, S, D]</c>.</param>
    /// <param name="kind">0 for D, 1 for U, 2 and 3 for their biases; then keys and values of a prefix, then A and B, as far as they are made.</param>
    /// <param name="first">The first of the components that ask for them.</param>
    /// <param name="count">How many rows.</param>
    /// <returns><c>[C, count, D]</c>, or r values a row for the bias inside the bottleneck.</returns>
    /// <exception cref="ArgumentException">The instructions have another shape, or there are no such components.</exception>
    public Tensor Rows(Tensor instruction, int kind, int first, int count)
    {
        if (instruction.Rank != 3 || instruction.Shape[2] != Features || kind < 0 || kind >= _first.Length)
        {
            throw new ArgumentException(
                $"HintGenerator: instructions must be [sets, tokens, {Features}], for a kind from 0 to {_first.Length - 1}; got {instruction.Shape} and {kind}.");
        }
        Tensor queries = Ops.Linear(Ops.Slice(Components.Value, 0, first, count), _query);
        Tensor scores = Ops.MultiplyScalar(Ops.Matmul(queries, Ops.Linear(instruction, _key), transposeB: true), _scale);
        Tensor attended = Ops.Matmul(Ops.Softmax(scores), Ops.Linear(instruction, _value));
        return Ops.MultiplyScalar(Ops.Linear(Ops.Linear(attended, _first[kind], activation: Activation.Gelu), _second[kind]), _scale);
    }

    /// <summary>Adds what the instructions' adapters give.</summary>
    /// <param name="input"><c>[B, ..., D]</c></param>
    /// <param name="instruction">Encoded instructions, <c>[C, S, D]</c>, C dividing B.</param>
    /// <returns>The shape of the input.</returns>
    /// <exception cref="ArgumentException">A shape does not fit.</exception>
    public Tensor Forward(Tensor input, Tensor instruction) => Generate(instruction).Apply(input, Activation.Relu);

    static string IStoredLayer<HintGenerator>.TypeName => "HintGenerator";

    static HintGenerator IStoredLayer<HintGenerator>.Read(LayerSettings settings) => new(
        settings.Int("features"), settings.Int("bottleneck"), settings.Has("prefix") ? settings.Int("prefix") : 0, settings.Has("rank") ? settings.Int("rank") : 0);

    void IStoredLayer<HintGenerator>.WriteSettings(LayerSettings settings) => settings
        .Set("features", Features).Set("bottleneck", Bottleneck).Set("prefix", Prefix).Set("rank", Rank);
}
