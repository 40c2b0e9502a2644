namespace HyperKernels.Cases.Sized;

/// <summary>Elementwise ops at any size.</summary>
internal static class ElementwiseSized
{
    /// <summary>Two tensors added: what memory alone allows.</summary>
    public static SizedOp Add { get; } = new("add", [("P", "elements")], (sizes, device) =>
    {
        Shape shape = [sizes["P"]];
        Tensor[] inputs = [BenchSubject.Normal(shape, device, 1), BenchSubject.Normal(shape, device, 2)];
        return BenchSubject.Of("add", sizes.Text, shape.Count, 12.0 * shape.Count, inputs, [true, true], x => Ops.Add(x[0], x[1]));
    });
}
