using HyperKernels.Backends;

namespace HyperKernels.Gpu;

internal sealed partial class GpuBackend
{
    // So many places or squares are sorted together: the lists take some sixty megabytes.
    private const int PlacesTogether = 1 << 21;

    public void GridSample(GridPart part, bool adjoint, in GridSizes sizes, BufferRef image, BufferRef grid, BufferRef y)
    {
        GridArguments arguments = Arguments(sizes, image, grid, y);
        arguments.Part = (int)part;
        if (!adjoint)
        {
            ForEach(GridKernels.Sample, (long)sizes.Images * sizes.Channels * sizes.Samples, arguments);
        }
        else if (sizes.Channels > 0)
        {
            Spread(sizes, arguments);
        }
    }

    public void GridGradient(in GridSizes sizes, BufferRef image, BufferRef grid, BufferRef y, BufferRef gradient)
    {
        GridArguments arguments = Arguments(sizes, image, grid, y);
        arguments.Gradient = Floats(gradient);
        ForEach(GridKernels.Gradient, (long)sizes.Images * sizes.Samples, arguments);
    }

    private void Spread(in GridSizes sizes, GridArguments arguments)
    {
        int together = Math.Max(1, PlacesTogether / Math.Max(sizes.Samples, arguments.Squares));
        lock (_scratchGate)
        {
            for (int first = 0; first < sizes.Images; first += together)
            {
                int images = Math.Min(together, sizes.Images - first);
                int places = checked(images * sizes.Samples);
                int squares = checked(images * arguments.Squares);
                long sortRoom = (4L * places) + (GatherSortKernels.Digits * Pieces(places, GatherSortKernels.BlockItems));
                BufferRef room = Scratch(places + sortRoom + (2L * squares));
                BufferRef begins = room.Skip(places + sortRoom);
                arguments.FirstImage = first;
                arguments.Images = images;
                arguments.Begins = Ints(begins);
                arguments.Ends = Ints(begins.Skip(squares));
                Fill(begins, 2L * squares, 0);
                if (places > 0)
                {
                    arguments.Keys = Ints(room);
                    ForEach(GridKernels.Squares, places, arguments);
                    (BufferRef keys, BufferRef positions) = Sort(room, places, squares, room.Skip(places));
                    arguments.Keys = Ints(keys);
                    arguments.Positions = Ints(positions);
                    ForEach(GridKernels.Runs, places, arguments);
                }
                ForEach(GridKernels.Spread, (long)images * sizes.Channels * sizes.Pixels, arguments);
            }
        }
    }

    private static GridArguments Arguments(in GridSizes s, BufferRef image, BufferRef grid, BufferRef y) => new()
    {
        Across = new GridAxis(s.Width, s.IsBorder, s.KeepsCorners),
        Down = new GridAxis(s.Height, s.IsBorder, s.KeepsCorners),
        Images = s.Images,
        Channels = s.Channels,
        Pixels = s.Pixels,
        Samples = s.Samples,
        Squares = checked(((s.Height + 1) * (s.Width + 1)) + 1),
        ByChannels = s.Channels,
        ByPixels = s.Pixels,
        BySamples = s.Samples,
        Image = Floats(image),
        Grid = Floats(grid),
        Y = Floats(y),
    };
}
