namespace HyperKernels.Cases.Sized;

/// <summary>Matrix products at any size.</summary>
internal static class MatmulSized
{
    /// <summary>A batch of products; one product where B is 1.</summary>
    public static SizedOp Matmul { get; } = new(
        "matmul",
        [("B", "products"), ("M", "rows"), ("K", "summed"), ("N", "columns")],
        (sizes, device) =>
        {
            (int batch, int m, int k, int n) = (sizes["B"], sizes["M"], sizes["K"], sizes["N"]);
            Tensor a = BenchSubject.Normal(batch == 1 ? [m, k] : [batch, m, k], device, 1);
            Tensor b = BenchSubject.Normal(batch == 1 ? [k, n] : [batch, k, n], device, 2);
            double flops = 2.0 * batch * m * k * n;
            double bytes = 4.0 * batch * (((double)m * k) + ((double)k * n) + ((double)m * n));
            return BenchSubject.Of("matmul", sizes.Text, flops, bytes, [a, b], [true, true], t => Ops.Matmul(t[0], t[1]));
        });

    /// <summary>A linear layer whose samples have weights and biases of their own, already generated.</summary>
    public static SizedOp LinearPerSample { get; } = new(
        "linear_per_sample",
        [("B", "samples"), ("T", "rows a sample"), ("I", "inputs"), ("O", "outputs")],
        (sizes, device) =>
        {
            (int batch, int rows, int inputs, int outputs) = (sizes["B"], sizes["T"], sizes["I"], sizes["O"]);
            Tensor x = BenchSubject.Normal([batch, rows, inputs], device, 1);
            Tensor weight = BenchSubject.Normal([batch, outputs, inputs], device, 2, 1 / MathF.Sqrt(inputs));
            Tensor bias = BenchSubject.Normal([batch, outputs], device, 3);
            double flops = 2.0 * batch * rows * inputs * outputs;
            double bytes = 4.0 * (x.Count + weight.Count + bias.Count + ((double)batch * rows * outputs));
            return BenchSubject.Of("linear_per_sample", sizes.Text, flops, bytes, [x, weight, bias], [true, true, true], t => Ops.Linear(t[0], t[1], t[2]));
        });
}
