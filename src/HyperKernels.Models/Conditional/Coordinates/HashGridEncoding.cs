using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// Coordinates as features of several grids of growing resolution: each level mixes the trained rows at the corners of the cell that a place lies in. Levels with more
/// corners than rows find theirs by hashing.
/// </summary>
/// <remarks>
/// Corners are found on the host, in float32; gradients reach rows and coordinates. Source: Mueller, Evans, Schied, Keller, Instant Neural Graphics Primitives, ACM TOG 41(4)
/// 2022 (arXiv 2201.05989), section 3, with the placement and the hash of ashawkey/torch-ngp, which the authors of Neural Modulation Fields use.
/// </remarks>
public sealed class HashGridEncoding : TensorLayer, IStoredLayer<HashGridEncoding>
{
    private const int MostCoordinates = 4;
    private const float FirstValues = 1e-4f;

    // Of torch-ngp.
    private static readonly uint[] s_primes = [1, 19349663, 83492791, 25165843];

    private readonly int[] _offsets;

    static HashGridEncoding() => LayerTypes.Register<HashGridEncoding>();

    /// <summary>Makes the grids.</summary>
    /// <param name="coordinates">D, from 1 to 4.</param>
    /// <param name="levels">L.</param>
    /// <param name="features">The numbers F of a row.</param>
    /// <param name="baseResolution">Cells along an axis of the first level.</param>
    /// <param name="logPlaces">The logarithm to base two of the most rows of a level.</param>
    /// <param name="random">Where first values come from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">A number is out of range.</exception>
    public HashGridEncoding(int coordinates, int levels = 12, int features = 2, int baseResolution = 16, int logPlaces = 19, RandomStream? random = null)
    {
        const int MostLog = 28;
        const int MostLevels = 20;
        if (coordinates is < 1 or > MostCoordinates || levels is < 1 or > MostLevels || features < 1 || baseResolution < 2 || logPlaces is < 1 or > MostLog)
        {
            throw new ArgumentException(
                $"HashGridEncoding: 1 to {MostCoordinates} coordinates, 1 to {MostLevels} levels, features, a resolution of 2 or more and at most 2^{MostLog} places are needed; "
                + $"got {coordinates}, {levels}, {features}, {baseResolution} and 2^{logPlaces}.");
        }
        (Coordinates, Levels, Features, BaseResolution, LogPlaces) = (coordinates, levels, features, baseResolution, logPlaces);
        _offsets = new int[levels + 1];
        for (int level = 0; level < levels; level++)
        {
            double corners = Math.Pow(((double)baseResolution * (1 << level)) + 1, coordinates);
            _offsets[level + 1] = checked(_offsets[level] + (int)Math.Min(1 << logPlaces, corners));
        }
        Table = AddParameter("table", [_offsets[levels], features], Initializer.Uniform(-FirstValues, FirstValues), random, ParameterRole.Table);
    }

    /// <summary>D.</summary>
    public int Coordinates { get; }

    /// <summary>L.</summary>
    public int Levels { get; }

    /// <summary>The numbers of a row.</summary>
    public int Features { get; }

    /// <summary>Cells along an axis of the first level.</summary>
    public int BaseResolution { get; }

    /// <summary>The logarithm to base two of the most rows of a level.</summary>
    public int LogPlaces { get; }

    /// <summary>The rows of all levels.</summary>
    public Parameter Table { get; }

    /// <summary>Looks places up.</summary>
    /// <param name="input"><c>[N, D]</c> within -1 and 1.</param>
    /// <returns><c>[N, L F]</c></returns>
    /// <exception cref="ArgumentException">The shape differs, or a coordinate lies outside.</exception>
    public override Tensor Forward(Tensor input)
    {
        if (input.Rank != 2 || input.Shape[1] != Coordinates)
        {
            throw new ArgumentException($"HashGridEncoding: coordinates must be [N, {Coordinates}]; got {input.Shape}.", nameof(input));
        }
        int points = input.Shape[0];
        int corners = 1 << Coordinates;
        (int[] rows, float[] floors, float[] scales) = Locate(input.ToArray(), points);
        // Where in its cell a place lies, [N, L, D].
        Tensor unit = Ops.Reshape(Ops.AddScalar(Ops.MultiplyScalar(input, 0.5f), 0.5f), [points, 1, Coordinates]);
        Tensor place = Ops.AddScalar(Ops.Multiply(unit, Tensor.From(scales, [Levels, 1], input.Device)), 0.5f);
        Tensor inside = Ops.Subtract(place, Tensor.From(floors, [points, Levels, Coordinates], input.Device));
        Tensor weights = Ops.Slice(Sides(inside), 2, 0, 1);
        weights = Ops.Reshape(weights, [points, Levels, 2]);
        for (int axis = 1; axis < Coordinates; axis++)
        {
            // Later axes vary slower.
            Tensor next = Ops.Reshape(Ops.Slice(Sides(inside), 2, axis, 1), [points, Levels, 2, 1]);
            weights = Ops.Reshape(Ops.Multiply(next, Ops.Reshape(weights, [points, Levels, 1, -1])), [points, Levels, -1]);
        }
        Tensor found = Ops.GatherRows(Table.Value, Tensor.From(rows, [points, Levels, corners], input.Device));
        return Ops.Reshape(Ops.Sum(Ops.Multiply(found, Ops.Reshape(weights, [points, Levels, corners, 1])), [2]), [points, Levels * Features]);
    }

    static string IStoredLayer<HashGridEncoding>.TypeName => "HashGridEncoding";

    static HashGridEncoding IStoredLayer<HashGridEncoding>.Read(LayerSettings settings) => new(
        settings.Int("coordinates"), settings.Int("levels"), settings.Int("features"), settings.Int("baseResolution"), settings.Int("logPlaces"));

    void IStoredLayer<HashGridEncoding>.WriteSettings(LayerSettings settings) => settings
        .Set("coordinates", Coordinates).Set("levels", Levels).Set("features", Features).Set("baseResolution", BaseResolution).Set("logPlaces", LogPlaces);

    /// <inheritdoc/>
    protected override string Describe() => $"HashGridEncoding({Coordinates}, levels: {Levels}, features: {Features})";

    // The shares of the lower and the upper side, [N, L, D, 2].
    private static Tensor Sides(Tensor inside) => Ops.Stack(3, Ops.AddScalar(Ops.Neg(inside), 1), inside);

    private (int[] Rows, float[] Floors, float[] Scales) Locate(float[] input, int points)
    {
        int corners = 1 << Coordinates;
        int[] rows = new int[points * Levels * corners];
        float[] floors = new float[points * Levels * Coordinates];
        float[] scales = [.. Enumerable.Range(0, Levels).Select(level => (float)((BaseResolution * (1 << level)) - 1))];
        Span<uint> cell = stackalloc uint[MostCoordinates];
        for (int point = 0; point < points; point++)
        {
            for (int level = 0; level < Levels; level++)
            {
                int at = (point * Levels) + level;
                for (int axis = 0; axis < Coordinates; axis++)
                {
                    float x = input[(point * Coordinates) + axis];
                    if (!(x >= -1 && x <= 1))
                    {
                        throw new ArgumentException($"HashGridEncoding: coordinates must lie within -1 and 1; got {x}.", nameof(input));
                    }
                    float floor = MathF.Floor((((x * 0.5f) + 0.5f) * scales[level]) + 0.5f);
                    floors[(at * Coordinates) + axis] = floor;
                    cell[axis] = (uint)floor;
                }
                for (int corner = 0; corner < corners; corner++)
                {
                    rows[(at * corners) + corner] = _offsets[level] + Row(level, cell, corner);
                }
            }
        }
        return (rows, floors, scales);
    }

    private int Row(int level, ReadOnlySpan<uint> cell, int corner)
    {
        uint places = (uint)(_offsets[level + 1] - _offsets[level]);
        uint side = (uint)(BaseResolution * (1 << level)) + 1;
        ulong stride = 1;
        ulong row = 0;
        uint hash = 0;
        for (int axis = 0; axis < Coordinates; axis++)
        {
            uint place = cell[axis] + (uint)((corner >> axis) & 1);
            row += place * stride;
            stride *= side;
            hash ^= place * s_primes[axis];
        }
        return (int)(stride > places ? hash % places : row % places);
    }
}
