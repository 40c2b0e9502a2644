namespace HyperKernels.Cases;

/// <summary>Images sampled at places of a grid.</summary>
public static class PoolGridCases
{
    /// <summary>The rows.</summary>
    public static IEnumerable<OpCase> All
    {
        get
        {
            foreach ((Shape image, int height, int width) in new (Shape, int, int)[]
            {
                ([2, 3, 4, 5], 3, 4), ([1, 2, 5, 1], 2, 7), ([3, 1, 7, 6], 20, 8), ([2, 9, 3, 3], 4, 4), ([1, 1, 1, 1], 3, 3), ([0, 1, 2, 2], 3, 3), ([2, 0, 2, 2], 3, 3),
            })
            {
                foreach (GridPadding padding in (GridPadding[])[GridPadding.Zeros, GridPadding.Border])
                {
                    foreach (bool corners in (bool[])[false, true])
                    {
                        yield return Row(image, height, width, padding, corners);
                    }
                }
            }
        }
    }

    private static OpCase Row(Shape image, int height, int width, GridPadding padding, bool corners) => new()
    {
        Op = "grid_sample",
        Sizes = $"X={image} at {height}x{width} {padding.ToString().ToLowerInvariant()}{(corners ? " corners" : "")}",
        Inputs =
        [
            CaseInput.Normal("image", image),
            new CaseInput(
                "grid", [image[0], height, width, 2], ElementType.Float32, (random, i) => Place(random, image[3 - (i % 2)], corners), Differentiable: true),
        ],
        Run = v => Ops.GridSample(v[0], v[1], padding, corners),
        Oracle = v => Sample(v[0], v[1], padding, corners),
        TwiceDifferentiable = true,
        Flops = 16.0 * image[0] * image[1] * height * width,
        Bytes = 4.0 * (image.Count + ((image[1] + 2.0) * image[0] * height * width)),
    };

    // Inside, at the border and beyond it; away from the centres of pixels, where the derivative jumps.
    private static double Place(Random random, int size, bool corners)
    {
        double at = random.Next(-3, size + 2) + 0.2 + (0.6 * random.NextDouble());
        return corners ? size == 1 ? at : (2 * at / (size - 1)) - 1 : (((2 * at) + 1) / size) - 1;
    }

    /// <summary>The definition: every pixel counts by how near it is, up to a distance of one.</summary>
    private static Plain Sample(Plain image, Plain grid, GridPadding padding, bool corners)
    {
        Plain y = new(image.Shape[0], image.Shape[1], grid.Shape[1], grid.Shape[2]);
        (int height, int width) = (image.Shape[2], image.Shape[3]);
        for (int n = 0; n < y.Shape[0]; n++)
        {
            for (int p = 0; p < y.Shape[2]; p++)
            {
                for (int q = 0; q < y.Shape[3]; q++)
                {
                    double column = Position(grid[n, p, q, 0], width, padding, corners);
                    double row = Position(grid[n, p, q, 1], height, padding, corners);
                    for (int c = 0; c < y.Shape[1]; c++)
                    {
                        for (int r = 0; r < height; r++)
                        {
                            for (int s = 0; s < width; s++)
                            {
                                y[n, c, p, q] += image[n, c, r, s] * Math.Max(0, 1 - Math.Abs(row - r)) * Math.Max(0, 1 - Math.Abs(column - s));
                            }
                        }
                    }
                }
            }
        }
        return y;
    }

    private static double Position(double place, int size, GridPadding padding, bool corners)
    {
        double at = corners ? (place + 1) / 2 * (size - 1) : (((place + 1) * size) - 1) / 2;
        return padding == GridPadding.Border ? Math.Clamp(at, 0, size - 1) : at;
    }
}
