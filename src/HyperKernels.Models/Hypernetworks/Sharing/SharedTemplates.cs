using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// One layer's view of a bank that several layers share: a block of flat values becomes K templates of the layer's shape, and
/// <c>W = sum_j a_j T_j</c> with the layer's coefficients a. Where the block is too small for K templates, they are upsampled.
/// </summary>
/// <remarks>
/// Bilinear upsampling flattens all axes but the first before it resizes, so it mixes kernel positions with input channels, as the authors'
/// code does. Source: Plummer, Dryden, Frost, Hoefler, Saenko, Neural Parameter Allocation Search, ICLR 2022 (arXiv 2006.10598), section 3,
/// and the authors' code, BryanPlummer/SSN.
/// </remarks>
public sealed class SharedTemplates : Layer, IStoredLayer<SharedTemplates>
{
    private const int Pair = 2;
    private const int KernelWindow = 9;

    private readonly int _bankSize;
    private readonly int _repeats;
    private readonly Parameter? _upsampling;

    static SharedTemplates() => LayerTypes.Register<SharedTemplates>();

    /// <summary>Lays out a layer's templates in a bank.</summary>
    /// <param name="shape">The axes of the layer's weight, outputs first.</param>
    /// <param name="templates">K, the number of templates.</param>
    /// <param name="bankSize">The values that the bank has.</param>
    /// <param name="upsampling">What happens if they are fewer than K weights.</param>
    /// <param name="window">For masks, the number of 3x3 kernels that one mask spans.</param>
    /// <param name="learnsGroups">
    /// Whether the layer reads the whole bank as K matrices of its own ratio of inputs to outputs and mixes them by a softmax: how layers of all
    /// shapes are made comparable while their groups are learned.
    /// </param>
    /// <param name="random">Where first values come from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">The shape has less than two axes, a number is below 1, or the bank is too small even for upsampling.</exception>
    public SharedTemplates(
        Shape shape,
        int templates,
        int bankSize,
        TemplateUpsampling upsampling = TemplateUpsampling.Bilinear,
        int window = 1,
        bool learnsGroups = false,
        RandomStream? random = null)
    {
        if (shape.Rank < 2 || shape.Count < 1 || templates < 1 || bankSize < 1 || window < 1)
        {
            throw new ArgumentException(
                "SharedTemplates: a weight with at least two axes, and templates, bankSize and window of at least 1 are needed; "
                + $"got {shape}, {templates}, {bankSize} and {window}.");
        }
        _bankSize = bankSize;
        WeightShape = shape;
        Templates = templates;
        Upsampling = upsampling;
        Window = window;
        LearnsGroups = learnsGroups;
        long needed = shape.Count * templates;
        IsUpsampled = needed > bankSize || learnsGroups;
        BlockSize = (int)Math.Min(needed, bankSize);
        if (!IsUpsampled)
        {
            return;
        }
        if (learnsGroups || upsampling == TemplateUpsampling.Bilinear)
        {
            TemplateShape = learnsGroups ? EvenShape(bankSize) : ShrunkShape(bankSize);
            needed = TemplateShape.Count * templates;
            BlockSize = needed <= int.MaxValue
                ? (int)needed
                : throw new ArgumentException($"SharedTemplates: {templates} templates of {TemplateShape} are more than {int.MaxValue:N0} numbers.", nameof(templates));
            return;
        }
        int span = upsampling == TemplateUpsampling.WeightedPairs ? Pair : KernelWindow * window;
        int whole = bankSize - (bankSize % span);
        if (whole == 0)
        {
            throw new ArgumentException($"SharedTemplates: {upsampling} needs a bank of at least {span} values; it has {bankSize}.", nameof(bankSize));
        }
        BlockSize = whole;
        _repeats = (int)((needed + whole - 1) / whole);
        _upsampling = upsampling switch
        {
            TemplateUpsampling.WeightedPairs => AddParameter("weights", [_repeats * Pair, Pair, 1], Initializer.Orthogonal(), random),
            TemplateUpsampling.Mask when _repeats > 1 =>
                AddParameter("weights", [_repeats - 1, 1, span], Initializer.Constant(1f / (span * (_repeats - 1))), random),
            _ => null,
        };
    }

    /// <summary>The axes of the layer's weight.</summary>
    public Shape WeightShape { get; }

    /// <summary>K, the number of templates.</summary>
    public int Templates { get; }

    /// <summary>Whether the bank holds less than K weights.</summary>
    public bool IsUpsampled { get; }

    /// <summary>What happens then.</summary>
    public TemplateUpsampling Upsampling { get; }

    /// <summary>Whether the layer takes part in learning groups.</summary>
    public bool LearnsGroups { get; }

    /// <summary>The axes of a template before it is resized: <c>[out', in', k, k]</c>; without axes if none is.</summary>
    public Shape TemplateShape { get; }

    /// <summary>For masks, the number of 3x3 kernels that one mask spans.</summary>
    public int Window { get; }

    /// <summary>The values of the bank that the layer reads.</summary>
    public int BlockSize { get; }

    /// <summary>Makes the layer's templates of its block.</summary>
    /// <param name="block">Flat; the first <see cref="BlockSize"/> values are read.</param>
    /// <returns><c>[K, ...]</c> with the axes of the weight.</returns>
    /// <exception cref="ArgumentException">The block is not flat or too short.</exception>
    public Tensor Expand(Tensor block)
    {
        if (block.Rank != 1 || block.Count < BlockSize)
        {
            throw new ArgumentException($"SharedTemplates: the block must be flat with at least {BlockSize} values; got {block.Shape}.", nameof(block));
        }
        Tensor values = block.Count == BlockSize ? block : Ops.Slice(block, 0, 0, BlockSize);
        Shape result = WeightShape.Insert(0, Templates);
        if (!IsUpsampled)
        {
            return Ops.Reshape(values, result);
        }
        if (TemplateShape.Rank > 0)
        {
            int rows = WeightShape[0];
            Tensor images = Ops.Reshape(values, [1, Templates, TemplateShape[0], (int)TemplateShape.RowCount]);
            return Ops.Reshape(Ops.ResizeBilinear(images, rows, (int)WeightShape.RowCount), result);
        }
        Tensor longer = Upsampling switch
        {
            TemplateUpsampling.WeightedPairs => Ops.Matmul(Ops.Reshape(_upsampling!.Value, [_repeats * Pair, Pair]), Ops.Reshape(values, [Pair, BlockSize / Pair])),
            TemplateUpsampling.Mask when _upsampling is not null => Masked(values, _upsampling.Value),
            _ => Ops.Tile(values, _repeats),
        };
        int needed = checked((int)result.Count);
        return Ops.Reshape(Ops.Slice(Ops.Reshape(longer, [(int)longer.Count]), 0, 0, needed), result);
    }

    /// <summary>Mixes the templates of a block.</summary>
    /// <param name="block">Flat, as for <see cref="Expand"/>.</param>
    /// <param name="coefficients"><c>[C, K]</c>: one weight for each row; null means the mean of the templates.</param>
    /// <returns>The mixture, left unmixed where layers can read it so.</returns>
    /// <exception cref="ArgumentException">The coefficients have another shape.</exception>
    public Weight Combine(Tensor block, Tensor? coefficients)
    {
        if (coefficients is { } given && (given.Rank != 2 || given.Shape[1] != Templates))
        {
            throw new ArgumentException($"SharedTemplates: the coefficients must be [sets, {Templates}]; got {given.Shape}.", nameof(coefficients));
        }
        Tensor templates = Expand(block);
        return coefficients is not { } mixed ? Templates == 1 ? Ops.Reshape(templates, WeightShape) : Ops.Mean(templates, [0])
            : Weight.Mixture(LearnsGroups ? Ops.Softmax(mixed) : mixed, templates);
    }

    static string IStoredLayer<SharedTemplates>.TypeName => "SharedTemplates";

    static SharedTemplates IStoredLayer<SharedTemplates>.Read(LayerSettings settings) => new(
        new Shape(settings.Ints("shape")),
        settings.Int("templates"),
        settings.Int("bankSize"),
        settings.Choice<TemplateUpsampling>("upsampling"),
        settings.Int("window"),
        settings.Flag("learnsGroups"));

    void IStoredLayer<SharedTemplates>.WriteSettings(LayerSettings settings) => settings
        .Set("shape", WeightShape.AsSpan()).Set("templates", Templates).Set("bankSize", _bankSize)
        .Set("upsampling", Upsampling).Set("window", Window).Set("learnsGroups", LearnsGroups);

    private Tensor Masked(Tensor values, Tensor masks)
    {
        int span = masks.Shape[2];
        Tensor windows = Ops.Reshape(values, [1, BlockSize / span, span]);
        return Ops.Concatenate(0, windows, Ops.Multiply(windows, masks));
    }

    // The largest of 0.95, 0.90, ... times outputs and inputs that fits. The step is subtracted, not multiplied, and halves go to the even
    // number, so that sizes equal those of the authors' code.
    private Shape ShrunkShape(int bankSize)
    {
        long kernel = WeightShape.RowCount / WeightShape[1];
        for (double part = 0.95; part > 0; part -= 0.05)
        {
            long rows = (long)Math.Round(WeightShape[0] * part);
            long columns = (long)Math.Round(WeightShape[1] * part);
            if (rows * columns * kernel * Templates <= bankSize && rows > 0 && columns > 0)
            {
                return WeightShape.With(0, (int)rows).With(1, (int)columns);
            }
        }
        throw TooSmall(bankSize);
    }

    // A matrix of the layer's own ratio of inputs to outputs that takes a K-th of the bank.
    private Shape EvenShape(int bankSize)
    {
        double ratio = WeightShape.RowCount / (double)WeightShape[0];
        int rows = (int)Math.Sqrt(Math.Floor(bankSize / Templates / ratio));
        int columns = rows == 0 ? 0 : bankSize / (rows * Templates);
        return columns == 0 ? throw TooSmall(bankSize) : [rows, columns];
    }

    private ArgumentException TooSmall(int bankSize) =>
        new($"SharedTemplates: a bank of {bankSize} values is too small for {Templates} templates of a weight {WeightShape}; give the group a larger budget.", nameof(bankSize));
}
