namespace HyperKernels.Cases.Sized;

/// <summary>Images sampled at places of a grid, at any size.</summary>
internal static class GridSized
{
    // Of a pixel's size: how far places are from the pixels of the same number.
    private const float Moved = 1.5f;

    /// <summary>As many places as pixels, each moved a little.</summary>
    public static SizedOp Sample { get; } = new("grid_sample", [("B", "images"), ("C", "channels"), ("S", "rows and columns")], (sizes, device) =>
    {
        int side = sizes["S"];
        Tensor image = BenchSubject.Normal([sizes["B"], sizes["C"], side, side], device, 1);
        Tensor still = Tensor.From(
            [.. Enumerable.Range(0, side * side).SelectMany(at => (float[])[(((2 * (at % side)) + 1f) / side) - 1, (((2 * (at / side)) + 1f) / side) - 1])],
            [1, side, side, 2], device);
        Tensor grid = Ops.Add(still, Ops.MultiplyScalar(BenchSubject.Normal([sizes["B"], side, side, 2], device, 2), 2 * Moved / side));
        long values = image.Count;
        return BenchSubject.Of(
            "grid_sample", sizes.Text, 10.0 * values, 4.0 * ((2 * values) + grid.Count), [image, grid], [true, true], x => Ops.GridSample(x[0], x[1]));
    });
}
