using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// The decoder of GHN-1 to GHN-3: kernels and matrices of a largest size by a <see cref="ConvDecoder"/>, gains and biases by a
/// <see cref="VectorDecoder"/>, cut and repeated to the sizes of the network.
/// </summary>
/// <remarks>Tensors of one size are made at once. Source: Knyazev and others, NeurIPS 2021 (arXiv 2110.13100).</remarks>
public sealed class TiledGraphDecoder : GraphDecoder, IStoredLayer<TiledGraphDecoder>
{
    static TiledGraphDecoder() => LayerTypes.Register<TiledGraphDecoder>();

    /// <summary>Joins the parts.</summary>
    /// <param name="kernels">Makes matrices and kernels.</param>
    /// <param name="vectors">Makes gains and biases.</param>
    /// <exception cref="ArgumentException">They are for nodes of different sizes.</exception>
    public TiledGraphDecoder(ConvDecoder kernels, VectorDecoder vectors)
        : base(kernels?.Features ?? 0)
    {
        ArgumentNullException.ThrowIfNull(kernels);
        ArgumentNullException.ThrowIfNull(vectors);
        if (kernels.Features != vectors.Features)
        {
            throw new ArgumentException($"TiledGraphDecoder: both parts must read nodes of one size; got {kernels.Features} and {vectors.Features} features.");
        }
        Kernels = Add("kernels", kernels);
        Vectors = Add("vectors", vectors);
    }

    /// <summary>Makes matrices and kernels.</summary>
    public ConvDecoder Kernels { get; }

    /// <summary>Makes gains and biases.</summary>
    public VectorDecoder Vectors { get; }

    /// <inheritdoc/>
    public override void Decode(Tensor nodes, ReadOnlySpan<WantedTensor> wanted, bool normalise, Span<Weight> weights)
    {
        Vectors.Decode(nodes, wanted, normalise, weights);
        Dictionary<(bool Classes, Shape Kernel), List<int>> groups = [];
        for (int i = 0; i < wanted.Length; i++)
        {
            if (!wanted[i].IsVector)
            {
                Shape kernel = wanted[i].Kernel;
                kernel = kernel.With(0, Math.Min(kernel[0], Kernels.OutShape[0])).With(1, Math.Min(kernel[1], Kernels.OutShape[1]));
                (bool, Shape) key = (wanted[i].Kind == WantedKind.ClassWeight, kernel);
                if (!groups.TryGetValue(key, out List<int>? group))
                {
                    groups.Add(key, group = []);
                }
                group.Add(i);
            }
        }
        foreach (((bool classes, Shape kernel), List<int> group) in groups)
        {
            int[] rows = new int[group.Count];
            for (int i = 0; i < rows.Length; i++)
            {
                rows[i] = wanted[group[i]].Node;
            }
            Tensor made = Kernels.Forward(Ops.GatherRows(nodes, Tensor.From(rows, [rows.Length], nodes.Device)), kernel, classes);
            made = classes ? Ops.Reshape(made, [rows.Length, made.Shape[1], made.Shape[2], 1, 1]) : made;
            Tensor[] each = rows.Length == 1 ? [made] : Ops.Split(made, 0, [.. Enumerable.Repeat(1, rows.Length)]);
            for (int i = 0; i < rows.Length; i++)
            {
                weights[group[i]] = Fit(Ops.Reshape(each[i], made.Shape.Remove(0)), wanted[group[i]], normalise);
            }
        }
    }

    static string IStoredLayer<TiledGraphDecoder>.TypeName => "TiledGraphDecoder";

    static TiledGraphDecoder IStoredLayer<TiledGraphDecoder>.Read(LayerSettings settings) => new(
        settings.Layer<ConvDecoder>("kernels"), settings.Layer<VectorDecoder>("vectors"));

    void IStoredLayer<TiledGraphDecoder>.WriteSettings(LayerSettings settings) => settings.SetLayer("kernels", Kernels).SetLayer("vectors", Vectors);
}
