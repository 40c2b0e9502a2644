namespace HyperKernels;

// Products with a matrix of random numbers that is drawn tile by tile, each time it is needed, and never stored.
public static partial class Ops
{
    // A tile of the matrix is about a megabyte.
    private const int ProjectionTile = 1 << 18;

    /// <summary>
    /// Projects by a random matrix that does not exist in memory: <c>y = z P^T</c> with <c>P [outputs, M]</c> of standard normal numbers, the same at every call for one
    /// place in a stream.
    /// </summary>
    /// <param name="z"><c>[C, M]</c>.</param>
    /// <param name="outputs">The rows of P.</param>
    /// <param name="projection">Where P begins, row by row: the numbers that <see cref="RandomNormal"/> or <see cref="RandomUniform"/> would give from there.</param>
    /// <param name="uniform">Whether P is uniform within the square root of 3 on both sides instead: of variance 1 too, and drawn in about half the time.</param>
    /// <returns><c>[C, outputs]</c>.</returns>
    /// <exception cref="ArgumentException">z has not two axes, or outputs is negative.</exception>
    /// <remarks>
    /// Differentiable in z, any number of times: the gradient draws P again. P is cut into tiles by its sizes alone. Source: Aghajanyan and others and Li and others draw such
    /// matrices from a seed; Philox4x32-10 (Salmon et al., SC 2011) gives any of their tiles by itself.
    /// </remarks>
    public static Tensor RandomProject(Tensor z, int outputs, RandomState projection, bool uniform = false)
    {
        CheckProjection("RandomProject", z, outputs, "outputs");
        Tensor y;
        using (MemoryScope scope = new())
        {
            List<Tensor> parts = [];
            int inputs = z.Shape[1];
            foreach ((int first, int count) in ProjectionTiles(outputs, inputs))
            {
                using MemoryScope tile = new();
                parts.Add(tile.Keep(Matmul(z, ProjectionRows(projection, uniform, first, count, inputs, z.Device), transposeB: true)));
            }
            Tensor all = parts.Count switch
            {
                0 => Tensor.Zeros([z.Shape[0], 0], z.Device),
                1 => parts[0],
                _ => Concatenate(1, [.. parts]),
            };
            y = scope.Keep(all);
        }
        return Record(y, [z], (Inputs: z.Shape[1], Projection: projection, Uniform: uniform), static (g, s) =>
            g[0] = RandomProjectBack(g.Output, s.Inputs, s.Projection, s.Uniform));
    }

    /// <summary>The adjoint of <see cref="RandomProject"/>: <c>z = y P</c>.</summary>
    /// <param name="y"><c>[C, N]</c>, N the rows of P.</param>
    /// <param name="inputs">M, the columns of P.</param>
    /// <param name="projection">Where P begins.</param>
    /// <param name="uniform">Whether P is uniform instead of normal.</param>
    /// <returns><c>[C, M]</c>.</returns>
    /// <exception cref="ArgumentException">y has not two axes, or inputs is negative.</exception>
    /// <remarks>Differentiable in y, any number of times. Tiles are added in their order.</remarks>
    public static Tensor RandomProjectBack(Tensor y, int inputs, RandomState projection, bool uniform = false)
    {
        CheckProjection("RandomProjectBack", y, inputs, "inputs");
        Tensor z;
        using (MemoryScope scope = new())
        {
            Tensor sum = Tensor.Zeros([y.Shape[0], inputs], y.Device);
            foreach ((int first, int count) in ProjectionTiles(y.Shape[1], inputs))
            {
                using MemoryScope tile = new();
                sum = tile.Keep(Add(sum, Matmul(Slice(y, 1, first, count), ProjectionRows(projection, uniform, first, count, inputs, y.Device))));
            }
            z = scope.Keep(sum);
        }
        return Record(z, [y], (Outputs: y.Shape[1], Projection: projection, Uniform: uniform), static (g, s) =>
            g[0] = RandomProject(g.Output, s.Outputs, s.Projection, s.Uniform));
    }

    // A tile begins at a multiple of four rows, and so with a block of four numbers of the stream.
    private static IEnumerable<(int First, int Count)> ProjectionTiles(int rows, int inputs)
    {
        int most = inputs == 0 ? rows : Math.Max(4, ProjectionTile / inputs / 4 * 4);
        for (int first = 0; first < rows; first += most)
        {
            yield return (first, Math.Min(most, rows - first));
        }
    }

    private static Tensor ProjectionRows(RandomState projection, bool uniform, int first, int count, int inputs, Device device)
    {
        ulong skipped = (ulong)first / 4 * (ulong)inputs;
        RandomStream stream = new(projection with { Position = projection.Position + skipped });
        return uniform
            ? RandomUniform([count, inputs], stream, -MathF.Sqrt(3), MathF.Sqrt(3), device)
            : RandomNormal([count, inputs], stream, device: device);
    }

    private static void CheckProjection(string name, Tensor x, int size, string what)
    {
        CheckFloat(name, x);
        if (x.Rank != 2)
        {
            Throw.Argument($"{name}: the rows must be a matrix; they are {x.Shape}.");
        }
        if (size < 0)
        {
            Throw.Argument($"{name}: {what} must not be negative; got {size}.");
        }
    }
}
