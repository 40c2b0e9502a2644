using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>Flat weight sets and the tensors in them.</summary>
internal static class FlatWeights
{
    /// <summary>Cuts flat weight sets into the tensors of a manifest.</summary>
    /// <param name="flat"><c>[C, P]</c></param>
    /// <param name="manifest">What stands where.</param>
    /// <param name="weights">Written: one per entry, of C sets, or of one for all samples if C is 1.</param>
    public static void Cut(Tensor flat, TargetManifest manifest, Span<Weight> weights)
    {
        Tensor[] pieces = Tensors(flat, manifest);
        for (int i = 0; i < weights.Length; i++)
        {
            weights[i] = pieces[i];
        }
    }

    /// <summary>The tensors of a manifest in flat weight sets.</summary>
    /// <param name="flat"><c>[C, P]</c></param>
    /// <param name="manifest">What stands where.</param>
    /// <returns>One per entry, with an axis of sets before its own unless C is 1.</returns>
    public static Tensor[] Tensors(Tensor flat, TargetManifest manifest)
    {
        int sets = flat.Shape[0];
        Tensor[] pieces = Ops.Split(flat, 1, [.. manifest.Entries.Select(static entry => entry.Count)]);
        for (int i = 0; i < pieces.Length; i++)
        {
            Shape shape = manifest.Entries[i].Shape;
            pieces[i] = Ops.Reshape(pieces[i], sets == 1 ? shape : Stacked(sets, shape));
        }
        return pieces;
    }

    /// <summary>The shape of several sets of a tensor.</summary>
    public static Shape Stacked(int sets, Shape shape) => new([sets, .. shape.AsSpan()]);
}
