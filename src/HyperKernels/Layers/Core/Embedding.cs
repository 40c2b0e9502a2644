namespace HyperKernels.Layers;

/// <summary>A table of learned rows, looked up by index.</summary>
/// <remarks>The table may be one for all, or one per sample or group of samples; see <see cref="Ops.Embedding(Weight, Tensor)"/>.</remarks>
public sealed class Embedding : TensorLayer, IStoredLayer<Embedding>
{
    /// <summary>Makes the layer with PyTorch's first values: Gaussian with deviation 1.</summary>
    /// <param name="rows">The number of rows.</param>
    /// <param name="size">The length of a row.</param>
    /// <param name="random">Where first values come from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">A size is less than 1.</exception>
    public Embedding(int rows, int size, RandomStream? random = null)
    {
        Checks.Positive("Embedding", "rows", rows);
        Checks.Positive("Embedding", "size", size);
        RowCount = rows;
        RowSize = size;
        Weight = AddParameter("weight", [rows, size], Initializer.Normal(), random, ParameterRole.Table);
    }

    /// <summary>The number of rows.</summary>
    public int RowCount { get; }

    /// <summary>The length of a row.</summary>
    public int RowSize { get; }

    /// <summary>The rows, <c>[rows, size]</c>.</summary>
    public Parameter Weight { get; }

    /// <summary>Looks rows up.</summary>
    /// <param name="input">Integers from 0 to rows - 1, <c>[B, ...]</c>.</param>
    /// <returns><c>[B, ..., size]</c></returns>
    /// <exception cref="ArgumentException">The input holds floats, or an index is out of range.</exception>
    public override Tensor Forward(Tensor input) => Ops.Embedding(Weight, input);

    /// <inheritdoc/>
    protected override string Describe() => $"Embedding({RowCount}, {RowSize})";

    static string IStoredLayer<Embedding>.TypeName => "Embedding";

    static Embedding IStoredLayer<Embedding>.Read(LayerSettings settings) => new(settings.Int("rows"), settings.Int("size"));

    void IStoredLayer<Embedding>.WriteSettings(LayerSettings settings) => settings.Set("rows", RowCount).Set("size", RowSize);
}
