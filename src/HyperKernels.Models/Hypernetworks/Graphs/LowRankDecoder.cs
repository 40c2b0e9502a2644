using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// Makes weights of low rank from nodes' embeddings, so that wide tensors need no tiling: <c>u = L relu(MLP(h)) + l</c>, <c>[2 r, K]</c>, read again row
/// by row as <c>[2 K, r]</c>; A is its first K rows, B the other K transposed; <c>W = A[:out KH] B[:, :in KW]</c>, whose rows are outputs and kernel
/// rows, its columns inputs and kernel columns.
/// </summary>
/// <remarks>
/// The second reading is of the same memory, no transposition, so that one row of A is pieces of what belongs together in u. Source: Zhou, Knyazev,
/// Jolicoeur-Martineau, Fu, LoGAH (arXiv 2405.16287), section 3, and the authors' code, Blackzxy/LoGAH, whose layer <c>l1</c> is never used and left out.
/// </remarks>
public sealed class LowRankDecoder : Layer, IStoredLayer<LowRankDecoder>
{
    private readonly Mlp _mlp;
    private readonly Linear _last;
    private readonly int[] _hidden;

    static LowRankDecoder() => LayerTypes.Register<LowRankDecoder>();

    /// <summary>Makes the layers with PyTorch's first values.</summary>
    /// <param name="features">The numbers F per node.</param>
    /// <param name="rank">r.</param>
    /// <param name="length">K: the largest product of channels and kernel size that is made, <c>max(out KH, in KW)</c>.</param>
    /// <param name="hidden">The widths of the MLP's hidden layers; null means 4 F and 8 F.</param>
    /// <param name="random">Where first values come from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">A size is less than 1.</exception>
    public LowRankDecoder(int features, int rank = 32, int length = 2048, IReadOnlyList<int>? hidden = null, RandomStream? random = null)
    {
        _hidden = [.. hidden ?? [4 * features, 8 * features]];
        if (features < 1 || rank < 1 || length < 1 || _hidden.Any(static width => width < 1))
        {
            throw new ArgumentException(
                $"LowRankDecoder: all sizes must be at least 1; got features {features}, rank {rank}, length {length}, hidden {string.Join(", ", _hidden)}.");
        }
        Features = features;
        Rank = rank;
        Length = length;
        _mlp = Add("mlp", new Mlp([features, .. _hidden, 2 * rank * rank], random: random));
        _last = Add("l2", new Linear(rank, length, random: random));
    }

    /// <summary>The numbers per node.</summary>
    public int Features { get; }

    /// <summary>r: the rank of matrices.</summary>
    public int Rank { get; }

    /// <summary>K: the largest product of channels and kernel size that is made.</summary>
    public int Length { get; }

    /// <summary>Makes the factors of all nodes, from which tensors of any size are cut.</summary>
    /// <param name="nodes"><c>[n, F]</c>.</param>
    /// <returns><c>[n, 2 K, r]</c>: A, then B transposed.</returns>
    /// <exception cref="ArgumentException">The nodes have another number of features.</exception>
    public Tensor Factors(Tensor nodes)
    {
        if (nodes.Rank != 2 || nodes.Shape[1] != Features)
        {
            throw new ArgumentException($"LowRankDecoder: nodes must be [n, {Features}]; got {nodes.Shape}.", nameof(nodes));
        }
        int count = nodes.Shape[0];
        Tensor t = Ops.Reshape(Ops.Relu(_mlp.Forward(nodes)), [count, 2 * Rank, Rank]);
        return Ops.Reshape(_last.Forward(t), [count, 2 * Length, Rank]);
    }

    /// <summary>Makes tensors of one size.</summary>
    /// <param name="nodes"><c>[n, F]</c>.</param>
    /// <param name="asked">Outputs, inputs, height and width; the products of channels and kernel size are at most <see cref="Length"/>.</param>
    /// <returns><c>[n, out, in, KH, KW]</c></returns>
    /// <exception cref="ArgumentException">A shape has not its number of axes, or more is asked than is made.</exception>
    public Tensor Forward(Tensor nodes, Shape asked)
    {
        CheckAsked(asked);
        Tensor factors = Factors(nodes);
        Tensor a = Ops.Slice(factors, 1, 0, asked[0] * asked[2]);
        Tensor b = Ops.Slice(factors, 1, Length, asked[1] * asked[3]);
        return Kernels(Ops.Matmul(a, b, transposeB: true), asked);
    }

    /// <summary>Cuts one node's weight, a matrix or kernels, out of its factors. A matrix stays factored.</summary>
    /// <param name="factors">The node's part of <see cref="Factors"/>, <c>[2 K, r]</c>.</param>
    /// <param name="shape">The axes of the weight: <c>[O, I]</c>, or <c>[O, I, KH, KW]</c>.</param>
    /// <param name="scale">A factor.</param>
    /// <exception cref="ArgumentException">More is asked than is made.</exception>
    public Weight Cut(Tensor factors, Shape shape, float scale = 1)
    {
        Shape asked = shape.Rank == 2 ? new Shape(shape[0], shape[1], 1, 1) : shape;
        CheckAsked(asked);
        Tensor a = Ops.Slice(factors, 0, 0, asked[0] * asked[2]);
        Tensor b = Ops.Slice(factors, 0, Length, asked[1] * asked[3]);
        if (asked[2] == 1 && asked[3] == 1)
        {
            Tensor thin = Ops.Transpose(b);
            thin = shape.Rank == 2 ? thin : Ops.Reshape(thin, [Rank, asked[1], 1, 1]);
            return Weight.LowRank(thin, a, scale, shape: shape);
        }
        Tensor kernels = Kernels(Ops.Reshape(Ops.Matmul(a, b, transposeB: true), [1, a.Shape[0], b.Shape[0]]), asked);
        return Ops.MultiplyScalar(Ops.Reshape(kernels, shape), scale);
    }

    private static Tensor Kernels(Tensor products, Shape asked) => Ops.Permute(
        Ops.Reshape(products, [products.Shape[0], asked[0], asked[2], asked[1], asked[3]]), 0, 1, 3, 2, 4);

    private void CheckAsked(Shape asked)
    {
        if (asked.Rank != 4 || asked.Count < 1 || (long)asked[0] * asked[2] > Length || (long)asked[1] * asked[3] > Length)
        {
            throw new ArgumentException(
                $"LowRankDecoder: outputs times height, and inputs times width, must be between 1 and {Length}; got {asked}. Raise length.", nameof(asked));
        }
    }

    /// <inheritdoc/>
    protected override string Describe() => $"LowRankDecoder({Features}, rank: {Rank}, length: {Length})";

    static string IStoredLayer<LowRankDecoder>.TypeName => "LowRankDecoder";

    static LowRankDecoder IStoredLayer<LowRankDecoder>.Read(LayerSettings settings) => new(
        settings.Int("features"), settings.Int("rank"), settings.Int("length"), settings.Ints("hidden"));

    void IStoredLayer<LowRankDecoder>.WriteSettings(LayerSettings settings) => settings
        .Set("features", Features).Set("rank", Rank).Set("length", Length).Set("hidden", _hidden);
}
