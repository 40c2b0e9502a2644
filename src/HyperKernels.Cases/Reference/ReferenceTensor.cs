namespace HyperKernels.Cases;

/// <summary>A tensor of a reference case.</summary>
/// <param name="Shape">Its axes.</param>
/// <param name="Values">Row-major; whole numbers are held exactly.</param>
/// <param name="IsInteger">Whether the file stores whole numbers.</param>
public sealed record ReferenceTensor(Shape Shape, double[] Values, bool IsInteger)
{
    /// <summary>The largest magnitude.</summary>
    public double Largest => Values.Length == 0 ? 0 : Values.Max(Math.Abs);

    /// <summary>The values as whole numbers.</summary>
    public int[] ToInts() => Array.ConvertAll(Values, value => checked((int)value));

    /// <summary>Copies the values to a device, as the integers or float32 numbers they are.</summary>
    public Tensor To(Device device) =>
        IsInteger ? Tensor.From(ToInts(), Shape, device) : Tensor.From(Array.ConvertAll(Values, value => (float)value), Shape, device);
}
