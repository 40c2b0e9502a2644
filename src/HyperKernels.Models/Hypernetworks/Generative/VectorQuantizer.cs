using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// Replaces vectors by codes of a learned codebook. Nearest: <c>k = argmin ||z - e_k||</c>, loss <c>||sg(z) - e_k||^2 + beta ||z - sg(e_k)||^2</c> (means).
/// Gumbel: <c>k</c> drawn from <c>softmax(P z + p)</c>, loss the divergence of that from an even choice.
/// </summary>
/// <remarks>
/// Sources: van den Oord, Vinyals, Kavukcuoglu, NeurIPS 2017 (VQ-VAE), equation 3; Jang, Gu, Poole, ICLR 2017 (Gumbel softmax). The weight beta stands where
/// the paper has it, not where the code of sorobedio/igpg has it.
/// </remarks>
public sealed class VectorQuantizer : Layer, IStoredLayer<VectorQuantizer>
{
    private const float SmallestDraw = 1e-6f;
    private const float SmallestShare = 1e-10f;

    private readonly Linear? _scores;

    static VectorQuantizer() => LayerTypes.Register<VectorQuantizer>();

    /// <summary>Makes a codebook.</summary>
    /// <param name="codes">K, the number of codes.</param>
    /// <param name="features">D, the size of a code.</param>
    /// <param name="kind">How codes are chosen.</param>
    /// <param name="commitment">beta; for Gumbel the weight of the divergence, 5e-4 in its code.</param>
    /// <param name="random">Where first values and draws come from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">A size is below 1.</exception>
    public VectorQuantizer(int codes, int features, QuantizerKind kind = QuantizerKind.Nearest, float commitment = 0.25f, RandomStream? random = null)
    {
        if (codes < 1 || features < 1)
        {
            throw new ArgumentException($"VectorQuantizer: codes and features must be at least 1; got {codes} and {features}.");
        }
        Kind = kind;
        Commitment = commitment;
        Random = random ?? Initializer.Random;
        Initializer first = kind == QuantizerKind.Gumbel ? Initializer.Normal() : Initializer.Uniform(-1f / codes, 1f / codes);
        Codebook = AddParameter("embedding", [codes, features], first, random, ParameterRole.Table);
        _scores = kind == QuantizerKind.Gumbel ? Add("proj", new Linear(features, codes, random: random)) : null;
    }

    /// <summary>The codes, <c>[K, D]</c>.</summary>
    public Parameter Codebook { get; }

    /// <summary>How codes are chosen.</summary>
    public QuantizerKind Kind { get; }

    /// <summary>beta.</summary>
    public float Commitment { get; }

    /// <summary>For Gumbel, how even draws are: lowered during training.</summary>
    public float Temperature { get; set; } = 1;

    /// <summary>The stream that draws come from: a checkpoint keeps its state.</summary>
    public RandomStream Random { get; }

    /// <summary>Chooses a code for each vector.</summary>
    /// <param name="input"><c>[N, D]</c></param>
    /// <returns>The codes' vectors <c>[N, D]</c>, through which gradients pass; their numbers, integers <c>[N]</c>; the loss, a scalar.</returns>
    /// <exception cref="ArgumentException">The input has another shape.</exception>
    public (Tensor Quantised, Tensor Codes, Tensor Loss) Forward(Tensor input)
    {
        if (input.Rank != 2 || input.Shape[1] != Codebook.Shape[1])
        {
            throw new ArgumentException($"VectorQuantizer: the input must be [N, {Codebook.Shape[1]}]; got {input.Shape}.", nameof(input));
        }
        return _scores is null ? Nearest(input) : Draw(input, _scores);
    }

    /// <summary>Reads codes.</summary>
    /// <param name="codes">Integers.</param>
    /// <returns>Their vectors, with an axis of D behind.</returns>
    public Tensor Lookup(Tensor codes) => Ops.GatherRows(Codebook.Value, codes);

    private (Tensor Quantised, Tensor Codes, Tensor Loss) Nearest(Tensor input)
    {
        Tensor table = Codebook.Value;
        // The vector's own square is the same for all codes.
        Tensor distances = Ops.Subtract(
            Ops.Reshape(Ops.Sum(Ops.Square(table), [1]), [1, table.Shape[0]]), Ops.MultiplyScalar(Ops.Matmul(input, table, transposeB: true), 2));
        Tensor codes = Ops.ArgMin(Ops.Detach(distances), 1);
        Tensor chosen = Lookup(codes);
        Tensor loss = Ops.Add(
            Ops.MeanSquaredError(chosen, Ops.Detach(input)), Ops.MultiplyScalar(Ops.MeanSquaredError(input, Ops.Detach(chosen)), Commitment));
        return (Ops.Add(input, Ops.Detach(Ops.Subtract(chosen, input))), codes, loss);
    }

    private (Tensor Quantised, Tensor Codes, Tensor Loss) Draw(Tensor input, Linear scores)
    {
        Tensor logits = scores.Forward(input);
        int count = Codebook.Shape[0];
        Tensor soft = Ops.Softmax(logits);
        Tensor loss = Ops.MultiplyScalar(
            Ops.Mean(Ops.Sum(Ops.Multiply(soft, Ops.Log(Ops.AddScalar(Ops.MultiplyScalar(soft, count), SmallestShare))), [1])), Commitment);
        if (!Training)
        {
            Tensor best = Ops.ArgMax(logits, 1);
            return (Lookup(best), best, loss);
        }
        Tensor even = Ops.RandomUniform(logits.Shape, Random, SmallestDraw, 1 - SmallestDraw, logits.Device);
        Tensor noise = Ops.Neg(Ops.Log(Ops.Neg(Ops.Log(even))));
        Tensor drawn = Ops.Softmax(Ops.MultiplyScalar(Ops.Add(logits, noise), 1 / Temperature));
        Tensor codes = Ops.ArgMax(Ops.Detach(drawn), 1);
        Tensor hard = Ops.Add(drawn, Ops.Detach(Ops.Subtract(Ops.OneHot(codes, count), drawn)));
        return (Ops.Matmul(hard, Codebook.Value), codes, loss);
    }

    static string IStoredLayer<VectorQuantizer>.TypeName => "VectorQuantizer";

    static VectorQuantizer IStoredLayer<VectorQuantizer>.Read(LayerSettings settings) =>
        new(settings.Int("codes"), settings.Int("features"), settings.Choice<QuantizerKind>("kind"), settings.Number("commitment"))
        {
            Temperature = settings.Number("temperature"),
        };

    void IStoredLayer<VectorQuantizer>.WriteSettings(LayerSettings settings) => settings
        .Set("codes", Codebook.Shape[0]).Set("features", Codebook.Shape[1]).Set("kind", Kind).Set("commitment", Commitment).Set("temperature", Temperature);

    /// <inheritdoc/>
    protected override string Describe() => $"VectorQuantizer({Codebook.Shape[0]} codes of {Codebook.Shape[1]}, {Kind})";
}
