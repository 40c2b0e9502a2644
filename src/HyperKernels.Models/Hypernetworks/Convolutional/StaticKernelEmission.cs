using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// The emission of a static hypernetwork: kernels of any size that is a multiple of a basic unit, tile by tile, all by one generator. An
/// embedding z of a tile gives a row of d numbers for each channel of the unit, <c>a_i = W_i z + B_i</c> (the hypernetwork's generator), and
/// every row the kernels of that channel, <c>K_i = W_out a_i + B_out</c> (this layer). Tiles are joined along the input channels, then along
/// the output channels.
/// </summary>
/// <remarks>
/// <para>
/// The embedding that comes in holds those of all tiles end to end: kernel by kernel in the manifest's order, of each kernel its tiles row by
/// row, rows of tiles being those of one set of output channels. <see cref="TileEmbeddings"/> gives learned ones; any other conditioning of
/// <c>Tiles Z</c> numbers makes kernels that depend on a task or on the sample.
/// </para>
/// <para>
/// With rows of output channels, a kernel of one tile along its inputs is a product of its rows and of <c>[W_out; B_out]</c>: it is emitted
/// as that (<see cref="Weight.LowRank"/>) and need not exist. All others are written out, which costs far less than to convolve with them.
/// </para>
/// <para>Source: Ha, Dai, Le, HyperNetworks, ICLR 2017 (arXiv 1609.09106), section 3.1; rows of output channels as in g1910/HyperNetworks.</para>
/// </remarks>
public sealed class StaticKernelEmission : Emission, IStoredLayer<StaticKernelEmission>
{
    private readonly (int Rows, int Columns)[] _grids;

    static StaticKernelEmission()
    {
        LayerTypes.Register<StaticKernelEmission>();
        LayerTypes.Register<TileEmbeddings>();
    }

    /// <summary>Makes the shared output layer.</summary>
    /// <param name="manifest">Kernels <c>[O, I, height, width]</c> of one height and width, O and I multiples of the unit's channels.</param>
    /// <param name="unitOutputs">Output channels of the basic unit.</param>
    /// <param name="unitInputs">Input channels of the basic unit.</param>
    /// <param name="hiddenFeatures">The size d of a row.</param>
    /// <param name="rows">What a row of the hidden matrix makes.</param>
    /// <param name="random">Where first values come from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">A size is less than 1, or a tensor of the manifest is not made of whole units.</exception>
    /// <remarks>
    /// The paper gives no first values. These make kernels of variance <c>2 / fan in</c> of the unit from embeddings and rows of variance 1
    /// (<see cref="Hyperfan"/>).
    /// </remarks>
    public StaticKernelEmission(
        TargetManifest manifest, int unitOutputs, int unitInputs, int hiddenFeatures, KernelRows rows = KernelRows.InputChannels, RandomStream? random = null)
        : base(manifest, RowWidth(unitOutputs, unitInputs, hiddenFeatures, rows), hasBase: false)
    {
        ArgumentNullException.ThrowIfNull(manifest);
        UnitOutputs = unitOutputs;
        UnitInputs = unitInputs;
        HiddenFeatures = hiddenFeatures;
        Rows = rows;
        Shape first = manifest.Entries[0].Shape;
        _grids = [.. manifest.Entries.Select(entry => GridOf(entry, first))];
        Tiles = _grids.Sum(static grid => grid.Rows * grid.Columns);
        KernelSize = (first[2], first[3]);
        int values = (rows == KernelRows.InputChannels ? unitOutputs : unitInputs) * first[2] * first[3];
        double variance = Hyperfan.HeadVariance(
            Hyperfan.WeightVariance(FanMode.In, [unitOutputs, unitInputs, first[2], first[3]], hasBias: false), hiddenFeatures, inputVariance: 1);
        Weight = AddParameter("weight", [values, hiddenFeatures], Initializer.Normal(0, (float)Math.Sqrt(variance)), random);
        Bias = AddParameter("bias", [values], Initializer.Zeros, random, ParameterRole.Bias, Weight);
    }

    /// <summary>Output channels of the basic unit.</summary>
    public int UnitOutputs { get; }

    /// <summary>Input channels of the basic unit.</summary>
    public int UnitInputs { get; }

    /// <summary>Height and width of all kernels.</summary>
    public (int Height, int Width) KernelSize { get; }

    /// <summary>The size d of a row.</summary>
    public int HiddenFeatures { get; }

    /// <summary>What a row of the hidden matrix makes.</summary>
    public KernelRows Rows { get; }

    /// <summary>How many tiles all kernels have: as many embeddings are needed.</summary>
    public int Tiles { get; }

    /// <summary>
    /// W_out, <c>[values, d]</c>: for each kernel value of a row, by output channel, height and width, or by input channel, height and width.
    /// </summary>
    public Parameter Weight { get; }

    /// <summary>B_out, <c>[values]</c>.</summary>
    public Parameter Bias { get; }

    private int Channels => Rows == KernelRows.InputChannels ? UnitInputs : UnitOutputs;

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">The embedding is not one of equal size for each tile, or the generator gives other rows.</exception>
    public override void Generate(Tensor embedding, TensorLayer generator, Span<Weight> weights)
    {
        ArgumentNullException.ThrowIfNull(generator);
        int sets = embedding.Shape[0];
        if (embedding.Rank != 2 || embedding.Shape[1] % Tiles != 0)
        {
            throw new ArgumentException(
                $"StaticKernelEmission: the conditioning must give [sets, {Tiles} Z], an embedding for each of {Tiles} tiles; got {embedding.Shape}.", nameof(embedding));
        }
        Tensor rows = generator.Forward(Ops.Reshape(embedding, sets * Tiles, embedding.Shape[1] / Tiles));
        if (rows.Shape != new Shape(sets * Tiles, Width))
        {
            throw new ArgumentException(
                $"StaticKernelEmission: the generator must give [{sets * Tiles}, {Width}], {Channels} rows of {HiddenFeatures} for each tile; it gave {rows.Shape}.",
                nameof(generator));
        }
        Tensor[] ofEntry = Ops.Split(Ops.Reshape(rows, sets, Tiles * Channels, HiddenFeatures), 1, [.. _grids.Select(grid => grid.Rows * grid.Columns * Channels)]);
        Tensor? factor = null;
        for (int i = 0; i < weights.Length; i++)
        {
            bool factors = Rows == KernelRows.OutputChannels && _grids[i].Columns == 1;
            weights[i] = factors ? Factored(ofEntry[i], factor ??= Factor(), Manifest.Entries[i].Shape) : WrittenOut(ofEntry[i], _grids[i], Manifest.Entries[i].Shape);
        }
    }

    /// <summary><c>[W_out; B_out]</c> as d + 1 filters: what all factored kernels share.</summary>
    private Tensor Factor()
    {
        Tensor rows = Ops.Concatenate(0, Ops.Transpose(Weight.Value), Ops.Reshape(Bias.Value, 1, (int)Bias.Shape.Count));
        return Ops.Reshape(rows, HiddenFeatures + 1, UnitInputs, KernelSize.Height, KernelSize.Width);
    }

    private static Weight Factored(Tensor rows, Tensor factor, Shape shape)
    {
        (int sets, int outputs) = (rows.Shape[0], rows.Shape[1]);
        // The bias is the filter whose share in every output is one.
        Tensor shares = Ops.Concatenate(2, rows, Tensor.Ones([sets, outputs, 1], rows.Device));
        shares = sets == 1 ? Ops.Reshape(shares, outputs, shares.Shape[2]) : shares;
        return HyperKernels.Weight.LowRank(factor, shares, shape: shape);
    }

    private Tensor WrittenOut(Tensor rows, (int Rows, int Columns) grid, Shape shape)
    {
        int sets = rows.Shape[0];
        int area = KernelSize.Height * KernelSize.Width;
        Tensor values = Ops.Linear(Ops.Reshape(rows, sets * rows.Shape[1], HiddenFeatures), Weight, Bias.Value);
        bool byInputs = Rows == KernelRows.InputChannels;
        (int outer, int inner) = byInputs ? (UnitInputs, UnitOutputs) : (UnitOutputs, UnitInputs);
        // [tile row, tile column, channel of the row, other channel, area] to [output channels, input channels, area], all sets' rows alike.
        Tensor tiles = Ops.Reshape(values, sets * grid.Rows, grid.Columns, outer, inner, area);
        Tensor kernel = byInputs ? Ops.Permute(tiles, 0, 3, 1, 2, 4) : Ops.Permute(tiles, 0, 2, 1, 3, 4);
        return Ops.Reshape(kernel, sets == 1 ? shape : shape.Insert(0, sets));
    }

    private (int Rows, int Columns) GridOf(ManifestEntry entry, Shape first)
    {
        Shape shape = entry.Shape;
        bool fits = shape.Rank == 4 && shape[0] % UnitOutputs == 0 && shape[1] % UnitInputs == 0 && shape[2] == first[2] && shape[3] == first[3];
        return fits
            ? (shape[0] / UnitOutputs, shape[1] / UnitInputs)
            : throw new ArgumentException(
                $"StaticKernelEmission: every tensor must be kernels [multiple of {UnitOutputs}, multiple of {UnitInputs}, height, width] of one height and width; "
                + $"\"{entry.Name}\" is {shape}. Leave it out of the manifest, or choose another unit.");
    }

    private static int RowWidth(int unitOutputs, int unitInputs, int hiddenFeatures, KernelRows rows)
    {
        if (unitOutputs < 1 || unitInputs < 1 || hiddenFeatures < 1)
        {
            throw new ArgumentException(
                $"StaticKernelEmission: unitOutputs, unitInputs and hiddenFeatures must be at least 1; got {unitOutputs}, {unitInputs} and {hiddenFeatures}.");
        }
        return (rows == KernelRows.InputChannels ? unitInputs : unitOutputs) * hiddenFeatures;
    }

    static string IStoredLayer<StaticKernelEmission>.TypeName => "StaticKernelEmission";

    static StaticKernelEmission IStoredLayer<StaticKernelEmission>.Read(LayerSettings settings) => new(
        TargetManifest.Read(settings),
        settings.Int("unitOutputs"),
        settings.Int("unitInputs"),
        settings.Int("hiddenFeatures"),
        settings.Choice<KernelRows>("rows"));

    void IStoredLayer<StaticKernelEmission>.WriteSettings(LayerSettings settings)
    {
        Manifest.Write(settings);
        settings.Set("unitOutputs", UnitOutputs).Set("unitInputs", UnitInputs).Set("hiddenFeatures", HiddenFeatures).Set("rows", Rows);
    }
}
