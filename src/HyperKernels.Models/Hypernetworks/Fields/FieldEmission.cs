using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// Weights read from a <see cref="WeightField"/>: the generator is the field, asked at the coordinates of every kernel, weight and bias of the target.
/// Hypernetworks over targets of different widths may share one field.
/// </summary>
/// <remarks>
/// <para>
/// The i-th of L tensors stands at <c>(i, out, in, L, out size, in size)</c>, a vector at <c>(i, place, 0, L, size, 1)</c>. A kernel smaller than
/// the field's rows takes the middle of a row, a matrix or vector the first value. While it trains, coordinates are moved at random within
/// <see cref="CoordinateNoise"/>; which network reads them is not affected, unlike in the authors' code. Otherwise the mean of
/// <see cref="Draws"/> sets is generated, of which only the first is without noise.
/// </para>
/// <para>Source: Yang, Wang, Neural Metamorphosis, ECCV 2024 (arXiv 2410.11878), section 3, and the authors' code, Adamdad/neumeta.</para>
/// </remarks>
public sealed class FieldEmission : Emission, IStoredLayer<FieldEmission>
{
    private readonly float[][] _coordinates;

    static FieldEmission() => LayerTypes.Register<FieldEmission>();

    /// <summary>Lays a target's tensors out in a field.</summary>
    /// <param name="manifest">What is generated.</param>
    /// <param name="width">The values of a row of the field: at least those of the largest kernel.</param>
    /// <param name="coordinateNoise">The length of the interval that every coordinate is moved in while training; 1 is a neuron's distance to the next.</param>
    /// <param name="random">Where noise comes from; null means what is <see cref="Initializer.Random"/> now.</param>
    /// <exception cref="ArgumentException">A kernel is larger than a row, or the noise is negative.</exception>
    public FieldEmission(TargetManifest manifest, int width, float coordinateNoise = 0, RandomStream? random = null)
        : base(manifest, width, hasBase: false)
    {
        if (!(coordinateNoise >= 0))
        {
            throw new ArgumentException($"FieldEmission: coordinateNoise must not be negative; got {coordinateNoise}.", nameof(coordinateNoise));
        }
        if (manifest.Entries.FirstOrDefault(entry => Kernel(entry.Shape) > width) is { } large)
        {
            throw new ArgumentException(
                $"FieldEmission: rows of the field must hold the largest kernel; \"{large.Name}\" {large.Shape} needs {Kernel(large.Shape)} values, they have {width}.",
                nameof(width));
        }
        CoordinateNoise = coordinateNoise;
        Random = random ?? Initializer.Random;
        _coordinates = [.. manifest.Entries.Select((entry, i) => Places(i, manifest.Entries.Count, entry.Shape))];
    }

    /// <summary>The length of the interval that every coordinate is moved in while training.</summary>
    public float CoordinateNoise { get; set; }

    /// <summary>When the layer does not train, the number of weight sets whose mean is generated; 50 to 100 in the paper.</summary>
    public int Draws { get; set; } = 1;

    /// <summary>The stream that noise comes from: a checkpoint keeps its state.</summary>
    public RandomStream Random { get; }

    /// <inheritdoc/>
    public override void Generate(Tensor embedding, TensorLayer generator, Span<Weight> weights)
    {
        if (generator is not WeightField field || field.Outputs != Width || field.Networks < weights.Length || field.ConditionFeatures != embedding.Shape[1])
        {
            throw new ArgumentException(
                $"FieldEmission: the generator must be a WeightField of at least {weights.Length} networks with {Width} outputs and "
                + $"{embedding.Shape[1]} features of conditions; it is {generator}.",
                nameof(generator));
        }
        for (int i = 0; i < weights.Length; i++)
        {
            Tensor values = Read(i, field, embedding, isNoisy: Training);
            for (int draw = 1; draw < Draws && !Training; draw++)
            {
                values = Ops.Add(values, Read(i, field, embedding, isNoisy: true));
            }
            weights[i] = Training || Draws <= 1 ? values : Ops.MultiplyScalar(values, 1f / Draws);
        }
    }

    static string IStoredLayer<FieldEmission>.TypeName => "FieldEmission";

    static FieldEmission IStoredLayer<FieldEmission>.Read(LayerSettings settings) =>
        new(TargetManifest.Read(settings), settings.Int("width"), settings.Number("coordinateNoise")) { Draws = settings.Int("draws") };

    void IStoredLayer<FieldEmission>.WriteSettings(LayerSettings settings)
    {
        Manifest.Write(settings);
        settings.Set("width", Width).Set("coordinateNoise", CoordinateNoise).Set("draws", Draws);
    }

    /// <inheritdoc/>
    protected override string Describe() => $"FieldEmission({Manifest.Entries.Count} tensors of {Manifest.Count:N0} values)";

    private Tensor Read(int entry, WeightField field, Tensor conditions, bool isNoisy)
    {
        Shape shape = Manifest.Entries[entry].Shape;
        int count = _coordinates[entry].Length / WeightField.Coordinates;
        int sets = conditions.Shape[0];
        Tensor rows = Tensor.From(_coordinates[entry], [count, WeightField.Coordinates], field.Device);
        if (isNoisy && CoordinateNoise > 0)
        {
            rows = Ops.Add(rows, Ops.RandomUniform(rows.Shape, Random, -CoordinateNoise / 2, CoordinateNoise / 2, field.Device));
        }
        if (field.ConditionFeatures > 0)
        {
            Tensor places = Ops.BroadcastTo(Ops.Reshape(rows, [1, count, WeightField.Coordinates]), [sets, count, WeightField.Coordinates]);
            Tensor given = Ops.BroadcastTo(Ops.Reshape(conditions, [sets, 1, field.ConditionFeatures]), [sets, count, field.ConditionFeatures]);
            rows = Ops.Reshape(Ops.Concatenate(2, places, given), [sets * count, WeightField.Coordinates + field.ConditionFeatures]);
        }
        Tensor values = field.Forward(entry, rows);
        int kernel = Kernel(shape);
        int start = shape.Rank > 2 ? (Width / 2) - (kernel / 2) : 0;
        values = kernel == Width ? values : Ops.Slice(values, 1, start, kernel);
        return Ops.Reshape(values, sets == 1 ? shape : shape.Insert(0, sets));
    }

    private static int Kernel(in Shape shape) => shape.Rank < 3 ? 1 : (int)(shape.RowCount / shape[1]);

    private static float[] Places(int layer, int layers, in Shape shape)
    {
        (int rows, int columns) = (shape[0], shape.Rank == 1 ? 1 : shape[1]);
        float[] result = new float[rows * columns * WeightField.Coordinates];
        for (int i = 0; i < rows * columns; i++)
        {
            ReadOnlySpan<float> place = [layer, i / columns, i % columns, layers, rows, columns];
            place.CopyTo(result.AsSpan(i * WeightField.Coordinates));
        }
        return result;
    }
}
