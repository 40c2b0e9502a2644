using HyperKernels.Backends;

namespace HyperKernels;

public static partial class Ops
{
    /// <summary>Samples images at places of a grid, each value mixed from the four pixels around its place: warps, turns, crops.</summary>
    /// <param name="image"><c>[N, C, H, W]</c>.</param>
    /// <param name="grid">
    /// <c>[N, P, Q, 2]</c>: for every value of the result its place across and down, from -1 (left, top) to 1 (right, bottom). NaN counts as -1.
    /// </param>
    /// <param name="padding">What places outside give.</param>
    /// <param name="alignCorners">Places -1 and 1 are the centres of the outermost pixels; else the image's edges.</param>
    /// <returns><c>[N, C, P, Q]</c>.</returns>
    /// <exception cref="ArgumentException">A shape does not fit, or the image has no pixels.</exception>
    /// <remarks>
    /// Differentiable in image and grid, any number of times; across the middle of a pixel the derivative by the place jumps, and beyond the border it is
    /// zero. Reruns on the same device give the same bits. Source: Jaderberg et al., Spatial transformer networks, arXiv 1506.02025, equation 5;
    /// conventions as in PyTorch's <c>grid_sample</c>.
    /// </remarks>
    public static Tensor GridSample(Tensor image, Tensor grid, GridPadding padding = GridPadding.Zeros, bool alignCorners = false)
    {
        CheckFloats("GridSample", image, grid);
        if (image.Rank != 4 || image.Shape[2] == 0 || image.Shape[3] == 0)
        {
            Throw.Argument($"GridSample: image must be [N, C, H, W] with at least one pixel; it is {image.Shape}.");
        }
        if (grid.Rank != 4 || grid.Shape[0] != image.Shape[0] || grid.Shape[3] != 2)
        {
            Throw.Argument(
                $"GridSample: grid must be [N, P, Q, 2] with as many images as image {image.Shape}; it is {grid.Shape}. One grid for all: Ops.BroadcastTo.");
        }
        if ((long)image.Shape[2] * image.Shape[3] > int.MaxValue)
        {
            Throw.Argument($"GridSample: an image may have at most 2^31 - 1 pixels; image is {image.Shape}.");
        }
        GridSizes sizes = new()
        {
            Images = image.Shape[0],
            Channels = image.Shape[1],
            Height = image.Shape[2],
            Width = image.Shape[3],
            Samples = Size.Of((long)grid.Shape[1] * grid.Shape[2]),
            IsBorder = padding == GridPadding.Border,
            KeepsCorners = alignCorners,
        };
        return GridPass(GridPart.Value, image, grid, sizes);
    }

    /// <summary>Samples, or their derivative by the places.</summary>
    private static Tensor GridPass(GridPart part, Tensor image, Tensor grid, GridSizes sizes)
    {
        Tensor source = Dense(image);
        Tensor places = Dense(grid);
        Tensor y = New(image, [sizes.Images, sizes.Channels, grid.Shape[1], grid.Shape[2]]);
        image.Device.Backend.GridSample(part, adjoint: false, sizes, source.Ref, places.Ref, y.Ref);
        return Record(y, [image, grid], (part, image, grid, sizes), static (g, s) =>
        {
            if (g.Needs(0))
            {
                g[0] = GridSpread(s.part, g.Output, s.grid, s.sizes);
            }
            if (g.Needs(1))
            {
                g[1] = GridGradient(s.part, s.image, s.grid, g.Output, s.sizes);
            }
        });
    }

    /// <summary>The adjoint of <see cref="GridPass"/> in the image: each is the other's gradient, and both have the same one by the places.</summary>
    private static Tensor GridSpread(GridPart part, Tensor y, Tensor grid, GridSizes sizes)
    {
        Tensor values = Dense(y);
        Tensor places = Dense(grid);
        Tensor image = New(y, [sizes.Images, sizes.Channels, sizes.Height, sizes.Width]);
        y.Device.Backend.GridSample(part, adjoint: true, sizes, image.Ref, places.Ref, values.Ref);
        return Record(image, [y, grid], (part, y, grid, sizes), static (g, s) =>
        {
            if (g.Needs(0))
            {
                g[0] = GridPass(s.part, g.Output, s.grid, s.sizes);
            }
            if (g.Needs(1))
            {
                g[1] = GridGradient(s.part, g.Output, s.grid, s.y, s.sizes);
            }
        });
    }

    /// <summary>By the places: the sum over channels of y times the derivatives of <see cref="GridPass"/>, <c>[N, P, Q, 2]</c>.</summary>
    private static Tensor GridGradient(GridPart part, Tensor image, Tensor grid, Tensor y, GridSizes sizes)
    {
        if (part != GridPart.Value)
        {
            // Between pixels it is linear in each direction: a second derivative in the same one is zero.
            Tensor zero = Tensor.Zeros([sizes.Images, grid.Shape[1], grid.Shape[2]], grid.Device);
            return Stack(3, part == GridPart.Down ? Along(GridPart.Across) : zero, part == GridPart.Across ? Along(GridPart.Down) : zero);
        }
        Tensor source = Dense(image);
        Tensor places = Dense(grid);
        Tensor values = Dense(y);
        Tensor gradient = New(grid, grid.Shape);
        grid.Device.Backend.GridGradient(sizes, source.Ref, places.Ref, values.Ref, gradient.Ref);
        return Record(gradient, [image, grid, y], (image, grid, y, sizes), static (g, s) =>
        {
            (Tensor image, Tensor grid, Tensor y, GridSizes sizes) = s;
            Shape one = [sizes.Images, 1, grid.Shape[1], grid.Shape[2]];
            Tensor across = Reshape(Slice(g.Output, 3, 0, 1), one);
            Tensor down = Reshape(Slice(g.Output, 3, 1, 1), one);
            if (g.Needs(0))
            {
                g[0] = Add(
                    GridSpread(GridPart.Across, Multiply(y, across), grid, sizes), GridSpread(GridPart.Down, Multiply(y, down), grid, sizes));
            }
            if (g.Needs(1))
            {
                Tensor both = Sum(Multiply(y, GridPass(GridPart.Across | GridPart.Down, image, grid, sizes)), [1]);
                Shape each = [sizes.Images, grid.Shape[1], grid.Shape[2]];
                g[1] = Stack(3, Multiply(both, Reshape(down, each)), Multiply(both, Reshape(across, each)));
            }
            if (g.Needs(2))
            {
                g[2] = Add(
                    Multiply(across, GridPass(GridPart.Across, image, grid, sizes)), Multiply(down, GridPass(GridPart.Down, image, grid, sizes)));
            }
        });

        Tensor Along(GridPart other) => Sum(Multiply(y, GridPass(part | other, image, grid, sizes)), [1]);
    }
}
