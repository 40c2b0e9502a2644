using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// Self-attention into which a condition is injected behind the softmax, through a gate for each head that starts at zero: <c>o_h = softmax(Q K^T / sqrt(d)) V + tanh(g_h) c_h</c>
/// with <c>c_h = (W_v p)_h</c> at every position for a prompt of one token, and <c>softmax(Q (W_k p)^T / sqrt(d)) W_v p</c> for several. A fresh layer ignores the prompt.
/// </summary>
/// <remarks>
/// Q, K, V and the output map have an added change of low rank whose second factor starts at zero; the prompt passes W_k and W_v without it. There is no rotary embedding.
/// Source: Han and others, ImageBind-LLM (arXiv 2309.03905), section 3.2, and the authors' code, OpenGVLab/LLaMA-Adapter.
/// </remarks>
public sealed class InjectedAttention : Layer, IStoredLayer<InjectedAttention>
{
    private readonly Linear _query;
    private readonly Linear _key;
    private readonly Linear _value;
    private readonly Linear _output;
    private readonly Dictionary<Linear, (Linear Down, Linear Up)> _changes = [];

    static InjectedAttention() => LayerTypes.Register<InjectedAttention>();

    /// <summary>Makes the layer.</summary>
    /// <param name="features">D, the size of a token.</param>
    /// <param name="heads">How many attend side by side; they divide D.</param>
    /// <param name="rank">Of the changes; 0 for none.</param>
    /// <param name="bias">Whether Q and the output map have biases, which start at zero.</param>
    /// <param name="causal">Whether a token sees itself and those before it alone.</param>
    /// <param name="random">Where first values come from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">A size is less than 1, the rank is negative, or heads do not divide features.</exception>
    public InjectedAttention(int features, int heads, int rank = 16, bool bias = true, bool causal = true, RandomStream? random = null)
    {
        if (features < 1 || heads < 1 || features % heads != 0 || rank < 0)
        {
            throw new ArgumentException(
                $"InjectedAttention: heads must divide features, both at least 1, and the rank must not be negative; got {features} features, {heads} heads, rank {rank}.");
        }
        (Features, Heads, Rank, HasBias, IsCausal) = (features, heads, rank, bias, causal);
        _query = Map("query", bias, random);
        _key = Map("key", false, random);
        _value = Map("value", false, random);
        _output = Map("output", bias, random);
        Gate = AddParameter("gate", [heads], Initializer.Zeros, random, ParameterRole.Gain);
    }

    /// <summary>D.</summary>
    public int Features { get; }

    /// <summary>How many attend side by side.</summary>
    public int Heads { get; }

    /// <summary>Of the changes.</summary>
    public int Rank { get; }

    /// <summary>Whether Q and the output map have biases.</summary>
    public bool HasBias { get; }

    /// <summary>Whether a token sees itself and those before it alone.</summary>
    public bool IsCausal { get; }

    /// <summary>g, <c>[heads]</c>.</summary>
    public Parameter Gate { get; }

    /// <summary>Attends, and adds what the prompt says.</summary>
    /// <param name="input"><c>[B, T, D]</c></param>
    /// <param name="prompt"><c>[C, M, D]</c>, C dividing B: each serves B / C consecutive sequences.</param>
    /// <returns><c>[B, T, D]</c></returns>
    /// <exception cref="ArgumentException">A shape does not fit.</exception>
    public Tensor Forward(Tensor input, Tensor prompt)
    {
        bool fits = input.Rank == 3 && input.Shape[2] == Features && prompt.Rank == 3 && prompt.Shape[2] == Features && prompt.Shape[1] > 0 && prompt.Shape[0] > 0;
        if (!fits || input.Shape[0] % prompt.Shape[0] != 0)
        {
            throw new ArgumentException(
                $"InjectedAttention: tokens must be [B, T, {Features}] and the prompt [C, M, {Features}] with C dividing B; they are {input.Shape} and {prompt.Shape}.");
        }
        (int batch, int tokens) = (input.Shape[0], input.Shape[1]);
        Tensor query = InHeads(Changed(_query, input));
        Tensor scores = Scores(query, InHeads(Changed(_key, input)));
        if (IsCausal)
        {
            scores = Ops.Add(scores, CausalMask.Of(tokens, input.Device));
        }
        Tensor mixed = Ops.Matmul(Ops.Softmax(scores), InHeads(Changed(_value, input)));
        Tensor gate = Ops.Reshape(Ops.Tanh(Gate.Value), Heads, 1, 1);
        mixed = Ops.Add(mixed, Ops.Multiply(gate, Injected(query, prompt, batch / prompt.Shape[0])));
        return Changed(_output, Ops.Reshape(Ops.Permute(mixed, 0, 2, 1, 3), [batch, tokens, Features]));
    }

    static string IStoredLayer<InjectedAttention>.TypeName => "InjectedAttention";

    static InjectedAttention IStoredLayer<InjectedAttention>.Read(LayerSettings settings) =>
        new(settings.Int("features"), settings.Int("heads"), settings.Int("rank"), settings.Flag("bias"), settings.Flag("causal"));

    void IStoredLayer<InjectedAttention>.WriteSettings(LayerSettings settings) =>
        settings.Set("features", Features).Set("heads", Heads).Set("rank", Rank).Set("bias", HasBias).Set("causal", IsCausal);

    /// <inheritdoc/>
    protected override string Describe() => $"InjectedAttention({Features}, heads: {Heads}, rank: {Rank}{(IsCausal ? ", causal" : "")})";

    private Linear Map(string name, bool bias, RandomStream? random)
    {
        Linear map = Add(name, new Linear(Features, Features, bias, random));
        map.Bias?.Load(new float[Features]);
        if (Rank > 0)
        {
            Linear down = Add($"{name}_down", new Linear(Features, Rank, bias: false, random));
            Linear up = Add($"{name}_up", new Linear(Rank, Features, bias: false, random));
            Initializer.Zeros.Apply(up.Weight);
            _changes.Add(map, (down, up));
        }
        return map;
    }

    private Tensor Changed(Linear map, Tensor x) => _changes.TryGetValue(map, out (Linear Down, Linear Up) change)
        ? Ops.Linear(x, Weight.LowRank(change.Down.Weight.Value, change.Up.Weight.Value, 1, map.Weight.Value), map.Bias?.Value)
        : map.Forward(x);

    // [heads, 1 or T, d] of every sequence.
    private Tensor Injected(Tensor query, Tensor prompt, int each)
    {
        Tensor value = Repeated(InHeads(_value.Forward(prompt)), each);
        return prompt.Shape[1] == 1 ? value : Ops.Matmul(Ops.Softmax(Scores(query, Repeated(InHeads(_key.Forward(prompt)), each))), value);
    }

    private static Tensor Repeated(Tensor x, int each) => each == 1 ? x : Ops.RepeatRows(x, each);

    private Tensor Scores(Tensor query, Tensor key) => Ops.MultiplyScalar(Ops.Matmul(query, key, transposeB: true), 1 / MathF.Sqrt(Features / Heads));

    private Tensor InHeads(Tensor x) => Ops.Permute(Ops.Reshape(x, [x.Shape[0], x.Shape[1], Heads, Features / Heads]), 0, 2, 1, 3);
}
