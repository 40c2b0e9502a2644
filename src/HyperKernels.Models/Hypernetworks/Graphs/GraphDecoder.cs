using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>The part of a graph hypernetwork that makes tensors from nodes' embeddings.</summary>
public abstract class GraphDecoder : Layer
{
    /// <summary>Starts a decoder.</summary>
    /// <param name="features">The numbers per node.</param>
    protected GraphDecoder(int features) => Features = features;

    /// <summary>F: the numbers per node.</summary>
    public int Features { get; }

    /// <summary>Makes tensors, in the shape of what is wanted. What can stay factored does.</summary>
    /// <param name="nodes">A row per node, <c>[N, F]</c>.</param>
    /// <param name="wanted">What for, and from which rows.</param>
    /// <param name="normalise">Whether they get the magnitudes of <see cref="PredictedTensors"/>.</param>
    /// <param name="weights">Written: a weight for each that is wanted.</param>
    public abstract void Decode(Tensor nodes, ReadOnlySpan<WantedTensor> wanted, bool normalise, Span<Weight> weights);

    /// <summary>Brings one tensor <c>[out, in, height, width]</c> into its place's shape and magnitude.</summary>
    internal static Tensor Fit(Tensor kernel, in WantedTensor wanted, bool normalise)
    {
        Tensor x = normalise ? Ops.MultiplyScalar(kernel, wanted.Scale) : kernel;
        if (wanted.Operation == GraphOperation.PositionEncoding && wanted.Shape.Rank == 3)
        {
            // [1, F, side, side] to a row per position.
            return PredictedTensors.Tile(Ops.Transpose(Ops.Reshape(x, [1, x.Shape[1], x.Shape[2] * x.Shape[3]])), wanted.Shape);
        }
        return Ops.Reshape(PredictedTensors.Tile(x, wanted.Kernel), wanted.Shape);
    }

    /// <summary>Brings one vector into its place's length and shape.</summary>
    internal static Tensor FitVector(Tensor vector, in WantedTensor wanted) =>
        Ops.Reshape(PredictedTensors.Tile(vector, [(int)wanted.Shape.Count]), wanted.Shape);

    /// <summary>The different rows that some of the tensors need, and for every tensor which of them.</summary>
    internal static (Tensor Rows, int[]? RowOf) Rows(Tensor nodes, ReadOnlySpan<WantedTensor> wanted, Func<WantedTensor, bool> needs)
    {
        List<int> rows = [];
        Dictionary<int, int> known = [];
        int[] rowOf = new int[wanted.Length];
        for (int i = 0; i < wanted.Length; i++)
        {
            if (needs(wanted[i]) && !known.TryGetValue(wanted[i].Node, out rowOf[i]))
            {
                rowOf[i] = rows.Count;
                known.Add(wanted[i].Node, rowOf[i]);
                rows.Add(wanted[i].Node);
            }
        }
        return rows.Count == 0 ? default : (Ops.GatherRows(nodes, Tensor.From([.. rows], [rows.Count], nodes.Device)), rowOf);
    }
}
