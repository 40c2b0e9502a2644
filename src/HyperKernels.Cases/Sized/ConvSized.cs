namespace HyperKernels.Cases.Sized;

/// <summary>Convolutions at any size.</summary>
internal static class ConvSized
{
    /// <summary>A batch of images, each with kernels of its own, without padding.</summary>
    public static SizedOp PerSample { get; } = new(
        "conv2d_per_sample",
        [("B", "samples"), ("I", "input channels"), ("O", "output channels"), ("S", "height and width"), ("K", "kernel height and width")],
        (sizes, device) =>
        {
            (int batch, int inputs, int outputs, int side, int kernel) = (sizes["B"], sizes["I"], sizes["O"], sizes["S"], sizes["K"]);
            Tensor x = BenchSubject.Normal([batch, inputs, side, side], device, 1);
            Tensor weight = BenchSubject.Normal([batch, outputs, inputs, kernel, kernel], device, 2, 1 / MathF.Sqrt(inputs * kernel * kernel));
            double outSide = side - kernel + 1;
            double values = batch * outputs * outSide * outSide;
            return BenchSubject.Of(
                "conv2d_per_sample",
                sizes.Text,
                2 * values * inputs * kernel * kernel,
                4 * (values + x.Count + weight.Count),
                [x, weight],
                [true, true],
                t => Ops.Conv2d(t[0], t[1]));
        });
}
