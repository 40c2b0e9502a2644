using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// The decoder of LoGAH: every tensor is cut from a product of two factors that a <see cref="LowRankDecoder"/> makes, so that wide ones need no
/// tiling. Matrices and kernels of one place stay factored. Of a norm or a bias with c channels the first 2 c rows and one column are gain and bias.
/// </summary>
/// <remarks>
/// What is beyond the decoder's length is tiled as by GHN-2. Source: Zhou, Knyazev, Jolicoeur-Martineau, Fu, LoGAH (arXiv 2405.16287), and the authors'
/// code, Blackzxy/LoGAH, where gains and biases may come from an MLP instead (<c>use_1d_decoder</c>).
/// </remarks>
public sealed class LowRankGraphDecoder : GraphDecoder, IStoredLayer<LowRankGraphDecoder>
{
    static LowRankGraphDecoder() => LayerTypes.Register<LowRankGraphDecoder>();

    /// <summary>Joins the parts.</summary>
    /// <param name="factors">Makes the factors.</param>
    /// <param name="vectors">Makes gains and biases; null for the factors too.</param>
    /// <exception cref="ArgumentException">They are for nodes of different sizes.</exception>
    public LowRankGraphDecoder(LowRankDecoder factors, VectorDecoder? vectors = null)
        : base(factors?.Features ?? 0)
    {
        ArgumentNullException.ThrowIfNull(factors);
        if (vectors is not null && factors.Features != vectors.Features)
        {
            throw new ArgumentException($"LowRankGraphDecoder: both parts must read nodes of one size; got {factors.Features} and {vectors.Features} features.");
        }
        Factors = Add("factors", factors);
        Vectors = vectors is null ? null : Add("vectors", vectors);
    }

    /// <summary>Makes the factors.</summary>
    public LowRankDecoder Factors { get; }

    /// <summary>Makes gains and biases, or null.</summary>
    public VectorDecoder? Vectors { get; }

    /// <inheritdoc/>
    public override void Decode(Tensor nodes, ReadOnlySpan<WantedTensor> wanted, bool normalise, Span<Weight> weights)
    {
        bool all = Vectors is null;
        Vectors?.Decode(nodes, wanted, normalise, weights);
        (Tensor rows, int[]? rowOf) = Rows(nodes, wanted, tensor => all || !tensor.IsVector);
        if (rowOf is null)
        {
            return;
        }
        Tensor factors = Factors.Factors(rows);
        Tensor[] each = Ops.Split(factors, 0, [.. Enumerable.Repeat(1, rows.Shape[0])]);
        each = Array.ConvertAll(each, piece => Ops.Reshape(piece, factors.Shape.Remove(0)));
        for (int i = 0; i < wanted.Length; i++)
        {
            if (!wanted[i].IsVector)
            {
                weights[i] = Matrix(each[rowOf[i]], wanted[i], normalise);
            }
            else if (all)
            {
                weights[i] = FitVector(Vector(each[rowOf[i]], wanted[i], normalise), wanted[i]);
            }
        }
    }

    private Weight Matrix(Tensor factors, in WantedTensor wanted, bool normalise)
    {
        Shape kernel = wanted.Kernel;
        Shape made = kernel.With(0, Math.Min(kernel[0], Factors.Length / kernel[2])).With(1, Math.Min(kernel[1], Factors.Length / kernel[3]));
        if (made == kernel && wanted.Operation != GraphOperation.PositionEncoding && wanted.Shape.Rank is 2 or 4)
        {
            return Factors.Cut(factors, wanted.Shape, normalise ? wanted.Scale : 1);
        }
        return Fit(Factors.Cut(factors, made).Materialize(), wanted, normalise);
    }

    private Tensor Vector(Tensor factors, in WantedTensor wanted, bool normalise)
    {
        int channels = Math.Min((int)wanted.Shape.Count, Factors.Length / 2);
        Tensor both = Ops.Reshape(Factors.Cut(factors, [2 * channels, 1]).Materialize(), [2, channels]);
        Tensor vector = Ops.Reshape(Ops.Slice(both, 0, wanted.Kind == WantedKind.Gain ? 0 : 1, 1), [channels]);
        return !normalise ? vector : wanted.Kind == WantedKind.Gain ? PredictedTensors.Gain(vector) : PredictedTensors.Bias(vector);
    }

    static string IStoredLayer<LowRankGraphDecoder>.TypeName => "LowRankGraphDecoder";

    static LowRankGraphDecoder IStoredLayer<LowRankGraphDecoder>.Read(LayerSettings settings) => new(
        settings.Layer<LowRankDecoder>("factors"), settings.Has("vectors") ? settings.Layer<VectorDecoder>("vectors") : null);

    void IStoredLayer<LowRankGraphDecoder>.WriteSettings(LayerSettings settings) => settings.SetLayer("factors", Factors).SetLayer("vectors", Vectors);
}
