namespace HyperKernels;

/// <summary>
/// What a layer multiplies by: a tensor, or a rule over smaller tensors that gives one, shared by a batch or of its own for every sample
/// or group of samples. <see cref="Ops.Linear"/> and the convolutions apply it without
/// writing it out where that is faster.
/// </summary>
/// <remarks>
/// A small value over tensors; making one computes nothing and allocates nothing. A tensor converts to a dense weight, a
/// <see cref="Parameter"/> to what the running flow sees in its place. Results of every plan agree to rounding; gradients reach every part,
/// any number of times.
/// </remarks>
public readonly partial struct Weight
{
    private Weight(WeightKind kind, Shape shape, int sets, Tensor first, Tensor second = default, Tensor baseWeight = default)
    {
        Kind = kind;
        Shape = shape;
        Sets = sets;
        First = first;
        Second = second;
        Base = baseWeight;
        Scale = 1;
    }

    /// <summary>What it is made of.</summary>
    public WeightKind Kind { get; }

    /// <summary>The axes of one weight set, outputs first: <c>[O, I]</c>, <c>[O, I / groups, KH, KW]</c>. Of a dense weight those of its tensor.</summary>
    public Shape Shape { get; private init; }

    /// <summary>C, the number of weight sets; 0 for one that serves all samples. Of a dense weight 0: the op tells sets by the tensor's rank.</summary>
    public int Sets { get; private init; }

    /// <summary>How it is applied where there is a choice; <see cref="GeneratePlan.Auto"/> unless set with <see cref="Using"/>.</summary>
    public GeneratePlan Plan { get; private init; }

    /// <summary>The dense tensor; z, r, A, the left Kronecker factors, or the weight that is modulated or scaled.</summary>
    internal Tensor First { get; private init; }

    /// <summary>G, the bank, B, the right Kronecker factors, delta, or the scale.</summary>
    internal Tensor Second { get; private init; }

    /// <summary>What is added, or an empty handle.</summary>
    internal Tensor Base { get; private init; }

    /// <summary>For every set its row of z or r, or an empty handle.</summary>
    internal Tensor Rows { get; private init; }

    /// <summary>Factor of a change of low rank; of a demodulated weight what is added under the root.</summary>
    internal float Scale { get; private init; }

    internal bool IsDemodulated { get; private init; }

    /// <summary>Where the weight stands in a parameter's place: what its uses share.</summary>
    internal WeightUse? Use { get; init; }

    internal bool HasBase => !Base.IsNone;

    /// <summary>A tensor as a weight.</summary>
    public static implicit operator Weight(Tensor tensor) => new(WeightKind.Dense, tensor.Shape, 0, tensor);

    /// <summary>What the running flow sees as the parameter: its own values, or the weight that stands in its place.</summary>
    public static implicit operator Weight(Parameter parameter)
    {
        ArgumentNullException.ThrowIfNull(parameter);
        return parameter.Current;
    }

    /// <summary>A tensor as a weight.</summary>
    /// <param name="tensor">One set, or several along a further leading axis.</param>
    public static Weight Dense(Tensor tensor) => tensor;

    /// <summary>A hypernetwork's last layer: <c>W_b = W_0 + sum_h z_bh G_h</c>.</summary>
    /// <param name="z">The contexts' embeddings <c>[C, H]</c>; with C = 1 the one set serves all samples.</param>
    /// <param name="generator">What each number of an embedding adds: the weight's axes, then H; or <c>[elements, H]</c> with <paramref name="shape"/> given.</param>
    /// <param name="baseWeight">W_0, shaped as the weight or flat; null for zeros.</param>
    /// <param name="shape">The weight's axes; null for the generator's without the last.</param>
    /// <exception cref="ArgumentException">A shape does not fit the others.</exception>
    /// <remarks>Source: Ha, Dai, Le, arXiv 1609.09106, section 3.</remarks>
    public static Weight Generated(Tensor z, Tensor generator, Tensor? baseWeight = null, Shape? shape = null)
    {
        Shape axes = shape ?? WithoutLast("Weight.Generated: the generator", generator);
        if (z.Rank != 2 || z.Shape[0] == 0)
        {
            Throw.Argument($"Weight.Generated: z must be [C, H] with at least one row; it is {z.Shape}.");
        }
        if (generator.Rank < 2 || generator.Shape[-1] != z.Shape[1] || generator.Count != axes.Count * z.Shape[1])
        {
            Throw.Argument($"Weight.Generated: the generator must have the axes {axes} and then H = {z.Shape[1]} to match z {z.Shape}; it is {generator.Shape}.");
        }
        CheckBase("Weight.Generated", baseWeight, axes);
        return new Weight(WeightKind.Generated, axes, SetsOf(z.Shape[0]), z, generator, baseWeight ?? default);
    }

    /// <summary>A mixture of experts' weights: <c>W_b = W_0 + sum_e r_be W_e</c>. The arithmetic of <see cref="Generated"/> with the experts first.</summary>
    /// <param name="routing">The weights r of the experts <c>[C, E]</c>; with C = 1 the one mixture serves all samples.</param>
    /// <param name="bank">The experts' weights: E, then the weight's axes.</param>
    /// <param name="baseWeight">W_0, shaped as the weight or flat; null for zeros.</param>
    /// <exception cref="ArgumentException">A shape does not fit the others.</exception>
    /// <remarks>Source: Yang, Bender, Le, Ngiam, NeurIPS 2019 (CondConv), equation 1.</remarks>
    public static Weight Mixture(Tensor routing, Tensor bank, Tensor? baseWeight = null)
    {
        if (routing.Rank != 2 || routing.Shape[0] == 0)
        {
            Throw.Argument($"Weight.Mixture: routing must be [C, E] with at least one row; it is {routing.Shape}.");
        }
        if (bank.Rank < 2 || bank.Shape[0] != routing.Shape[1])
        {
            Throw.Argument($"Weight.Mixture: the bank must have E = {routing.Shape[1]} experts along its first axis to match routing {routing.Shape}; it is {bank.Shape}.");
        }
        Shape axes = bank.Shape.Remove(0);
        CheckBase("Weight.Mixture", baseWeight, axes);
        return new Weight(WeightKind.Mixture, axes, SetsOf(routing.Shape[0]), routing, bank, baseWeight ?? default);
    }

    /// <summary>A change of low rank: <c>W_b = W_0 + scale B_b A_b</c>, applied as two thin products.</summary>
    /// <param name="a">
    /// <c>[r, I]</c>, or for convolutions <c>[r, I / groups, KH, KW]</c> (<c>[r, I / groups, K]</c>); with a leading axis of C sets if there
    /// is one per context.
    /// </param>
    /// <param name="b"><c>[O, r]</c>, or <c>[C, O, r]</c>.</param>
    /// <param name="scale">The factor, usually alpha / r.</param>
    /// <param name="baseWeight">W_0, shaped as the weight; null for zeros.</param>
    /// <param name="shape">The weight's axes; null for those of W_0, or else <c>[O, I]</c>.</param>
    /// <exception cref="ArgumentException">A shape does not fit the others.</exception>
    /// <remarks>Source: Hu et al., ICLR 2022 (LoRA), equation 3.</remarks>
    public static Weight LowRank(Tensor a, Tensor b, float scale = 1, Tensor? baseWeight = null, Shape? shape = null)
    {
        if (b.Rank is not (2 or 3) || a.Rank < 2)
        {
            Throw.Argument($"Weight.LowRank: a must be [r, I] and b [O, r], either with a leading axis of sets; a is {a.Shape}, b is {b.Shape}.");
        }
        Shape axes = shape ?? baseWeight?.Shape ?? new Shape(b.Shape[-2], a.Shape[-1]);
        bool isPerSet = a.Rank == axes.Rank + 1;
        Shape wanted = axes.With(0, b.Shape[-1]);
        if (axes.Rank < 2 || axes[0] != b.Shape[-2] || (isPerSet ? a.Shape.Remove(0) : a.Shape) != wanted)
        {
            Throw.Argument($"Weight.LowRank: for a weight {axes} and b {b.Shape} a must be {wanted}, with a leading axis of sets or without; it is {a.Shape}.");
        }
        int setsA = isPerSet ? a.Shape[0] : 1;
        int setsB = b.Rank == 3 ? b.Shape[0] : 1;
        if (setsA != setsB && setsA != 1 && setsB != 1)
        {
            Throw.Argument($"Weight.LowRank: a and b must have one number of sets; a {a.Shape} has {setsA}, b {b.Shape} has {setsB}.");
        }
        CheckBase("Weight.LowRank", baseWeight, axes);
        return new Weight(WeightKind.LowRank, axes, SetsOf(Math.Max(setsA, setsB)), a, b, baseWeight ?? default) { Scale = scale };
    }

    /// <summary>A sum of Kronecker products: <c>W = sum_i A_i (x) S_i</c>, built where it is used.</summary>
    /// <param name="a"><c>[n, p, q]</c>, or <c>[C, n, p, q]</c>.</param>
    /// <param name="s"><c>[n, u, v]</c>, or <c>[n, u, v, KH, KW]</c> (<c>[n, u, v, K]</c>) for convolutions.</param>
    /// <returns>A weight <c>[p u, q v]</c>, or <c>[p u, q v, KH, KW]</c>.</returns>
    /// <exception cref="ArgumentException">A shape does not fit the other.</exception>
    /// <remarks>Source: Zhang et al., ICLR 2021 (PHM layers), equation 3.</remarks>
    public static Weight Kronecker(Tensor a, Tensor s)
    {
        if (a.Rank is not (3 or 4) || s.Rank is < 3 or > 5 || a.Shape[-3] != s.Shape[0])
        {
            Throw.Argument($"Weight.Kronecker: a must be [n, p, q] or [C, n, p, q] and s [n, u, v] or [n, u, v, KH, KW]; a is {a.Shape}, s is {s.Shape}.");
        }
        Shape axes = s.Shape.Remove(0);
        axes = axes.With(0, Size.Of((long)a.Shape[-2] * axes[0])).With(1, Size.Of((long)a.Shape[-1] * axes[1]));
        return new Weight(WeightKind.Kronecker, axes, SetsOf(a.Rank == 4 ? a.Shape[0] : 1), a, s);
    }

    /// <summary>
    /// Scaled weights: <c>W_b = W (1 + delta_b)</c>. Where delta varies along the outputs or the inputs alone, the shared weight is applied
    /// once and what goes in or comes out is scaled.
    /// </summary>
    /// <param name="weight">W, the axes of one set.</param>
    /// <param name="delta">Broadcasts against W, with as many axes; with a leading axis of C sets if there is one per context.</param>
    /// <param name="demodulate">Whether the weights of every output are then divided by their norm (StyleGAN2).</param>
    /// <param name="epsilon">Added to the squared norm.</param>
    /// <exception cref="ArgumentException">delta does not broadcast against the weight.</exception>
    /// <remarks>Sources: Alaluf et al., CVPR 2022 (HyperStyle), equation 3; Karras et al., CVPR 2020 (StyleGAN2), equations 1 and 3.</remarks>
    public static Weight Modulated(Tensor weight, Tensor delta, bool demodulate = false, float epsilon = 1e-8f)
    {
        int sets = SetsOfFactor("Weight.Modulated: delta", delta, weight.Shape);
        return new Weight(WeightKind.Modulated, weight.Shape, sets, weight, delta) { IsDemodulated = demodulate, Scale = epsilon };
    }

    /// <summary>
    /// A base and a scaled weight: <c>W_b = W_0 + s_b W</c>. Where s varies along the outputs or the inputs alone, both shared weights are
    /// applied once and what goes in or comes out of W is scaled; where many rows share a set, it is written out.
    /// </summary>
    /// <param name="weight">W, the axes of one set.</param>
    /// <param name="scale">Broadcasts against W, with as many axes; with a leading axis of C sets if there is one per context.</param>
    /// <param name="baseWeight">W_0, shaped as the weight; null for zeros.</param>
    /// <exception cref="ArgumentException">scale does not broadcast against the weight, or the base has another shape.</exception>
    /// <remarks>Source: MacKay, Vicol, Lorraine, Duvenaud, Grosse, ICLR 2019 (Self-Tuning Networks), section 3.1.</remarks>
    public static Weight Scaled(Tensor weight, Tensor scale, Tensor? baseWeight = null)
    {
        int sets = SetsOfFactor("Weight.Scaled: the scale", scale, weight.Shape);
        CheckBase("Weight.Scaled", baseWeight, weight.Shape);
        return new Weight(WeightKind.Scaled, weight.Shape, sets, weight, scale, baseWeight ?? default);
    }

    /// <summary>The same weight applied by a plan of the caller's choice; every plan gives the same result, to rounding.</summary>
    /// <param name="plan">
    /// <see cref="GeneratePlan.Materialise"/> writes the weight out first; <see cref="GeneratePlan.Reassociate"/> applies the parts (two thin
    /// products, experts before they are mixed); <see cref="GeneratePlan.Tile"/> is for generated weights, others take it as Reassociate.
    /// Convolutions write generated and mixed kernels out under every plan.
    /// </param>
    public Weight Using(GeneratePlan plan) => this with { Plan = plan };

    /// <summary>Kind, shape and sets: <c>Generated [10, 50] of 64 sets</c>.</summary>
    public override string ToString() => Kind == WeightKind.Dense ? Shape.ToString() : Sets == 0 ? $"{Kind} {Shape}" : $"{Kind} {Shape} of {Sets} sets";

    private static int SetsOf(int sets) => sets == 1 ? 0 : sets;

    /// <summary>The sets of a factor that broadcasts against a weight.</summary>
    private static int SetsOfFactor(string what, Tensor factor, in Shape axes)
    {
        bool isPerSet = factor.Rank == axes.Rank + 1;
        bool fits = axes.Rank >= 2 && (isPerSet || factor.Rank == axes.Rank);
        for (int axis = 1; fits && axis <= axes.Rank; axis++)
        {
            fits = factor.Shape[-axis] == axes[-axis] || factor.Shape[-axis] == 1;
        }
        if (!fits)
        {
            Throw.Argument($"{what} must have the axes of the weight {axes}, each of its size or 1, with a leading axis of sets or without; it is {factor.Shape}.");
        }
        return SetsOf(isPerSet ? factor.Shape[0] : 1);
    }

    private static Shape WithoutLast(string what, Tensor tensor)
    {
        if (tensor.Rank < 2)
        {
            Throw.Argument($"{what} must have the weight's axes and then H; it is {tensor.Shape}.");
        }
        return tensor.Shape.Remove(tensor.Rank - 1);
    }

    private static void CheckBase(string where, Tensor? baseWeight, in Shape axes)
    {
        if (baseWeight is { } given && given.Shape != axes && !(given.Rank == 1 && given.Count == axes.Count))
        {
            Throw.Argument($"{where}: the base weight must be {axes}, or its {axes.Count} elements; it is {given.Shape}.");
        }
    }
}
