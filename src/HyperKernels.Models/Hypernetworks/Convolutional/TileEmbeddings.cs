using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// A conditioning without conditions: one learned embedding for each tile of a network's kernels, N(0, 1) at first. The weights then
/// depend on nothing but what is trained.
/// </summary>
public sealed class TileEmbeddings : Conditioning, IStoredLayer<TileEmbeddings>
{
    static TileEmbeddings() => LayerTypes.Register<TileEmbeddings>();

    /// <summary>Makes the table.</summary>
    /// <param name="tiles">How many tiles; <see cref="StaticKernelEmission.Tiles"/>.</param>
    /// <param name="embedding">The size of an embedding.</param>
    /// <param name="random">Where first values come from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">A size is less than 1.</exception>
    public TileEmbeddings(int tiles, int embedding, RandomStream? random = null)
    {
        if (tiles < 1 || embedding < 1)
        {
            throw new ArgumentException($"TileEmbeddings: tiles and embedding must be at least 1; got {tiles} and {embedding}.");
        }
        Table = AddParameter("table", [tiles, embedding], Initializer.Normal(), random, ParameterRole.Table);
    }

    /// <summary>The embeddings, <c>[tiles, embedding]</c>: kernel by kernel, of each kernel its rows of tiles.</summary>
    public Parameter Table { get; }

    /// <inheritdoc/>
    public override int Size => (int)Table.Shape.Count;

    /// <summary>All embeddings end to end.</summary>
    /// <param name="values">Nothing.</param>
    /// <returns><c>[1, tiles embedding]</c></returns>
    /// <exception cref="ArgumentException">There are values.</exception>
    public override Tensor Forward(params ReadOnlySpan<Tensor> values) => values.Length == 0
        ? Ops.Reshape(Table.Value, 1, Size)
        : throw new ArgumentException($"TileEmbeddings: there are no conditions, so there must be no values; got {values.Length}.", nameof(values));

    /// <inheritdoc/>
    public override Tensor[] FromNumbers(ReadOnlySpan<float> numbers) => numbers.Length == 0
        ? []
        : throw new ArgumentException($"TileEmbeddings: there are no conditions, so there must be no numbers; got {numbers.Length}.", nameof(numbers));

    static string IStoredLayer<TileEmbeddings>.TypeName => "TileEmbeddings";

    static TileEmbeddings IStoredLayer<TileEmbeddings>.Read(LayerSettings settings) => new(settings.Int("tiles"), settings.Int("embedding"));

    void IStoredLayer<TileEmbeddings>.WriteSettings(LayerSettings settings) =>
        settings.Set("tiles", Table.Shape[0]).Set("embedding", Table.Shape[1]);
}
