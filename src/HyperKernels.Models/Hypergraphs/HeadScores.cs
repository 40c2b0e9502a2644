namespace HyperKernels.Models;

/// <summary>Scores of rows that several heads share: <c>s[r, h] = attention[h] . row[r, h]</c>.</summary>
internal static class HeadScores
{
    /// <summary>The attention of H heads as one matrix that is applied to whole rows: block h of row h holds the attention of head h.</summary>
    /// <param name="attention"><c>[1, H, C]</c></param>
    /// <returns><c>[H, H C]</c>, zeros elsewhere; a product with it makes no tensor of the size of the rows.</returns>
    public static Tensor Matrix(Tensor attention)
    {
        (int heads, int features) = (attention.Shape[1], attention.Shape[2]);
        // Rows that are longer by one block move each head's block one further to the right once they are read with the right length.
        Tensor padded = Ops.Pad(Ops.Reshape(attention, heads, features), [(0, 0), (0, heads * features)]);
        Tensor shifted = Ops.Slice(Ops.Reshape(padded, heads * (heads + 1) * features), 0, 0, heads * heads * features);
        return Ops.Reshape(shifted, heads, heads * features);
    }

    /// <summary>First values of attention: uniform within <c>±sqrt(6 / (heads + features))</c>, as the authors' codes have them.</summary>
    public static Layers.Initializer Initial(int heads, int features)
    {
        float bound = MathF.Sqrt(6f / (heads + features));
        return Layers.Initializer.Uniform(-bound, bound);
    }
}
