namespace HyperKernels;

/// <summary>What a debugger shows of a tensor: a line, and behind the plus sign its values. Nothing here waits for more than a thousand of them.</summary>
internal sealed class TensorView(Tensor tensor)
{
    private const int FirstValues = 6;

    public string Shape => tensor.IsAlive ? tensor.Shape.ToString() : "disposed";

    public string Type => tensor.IsAlive ? tensor.ElementType.ToString() : "disposed";

    public string Device => tensor.IsAlive ? tensor.Device.Name : "disposed";

    /// <summary>The values as text, a line each row.</summary>
    public string[] Rows => tensor.ToString().Split('\n');

    /// <summary>Type, shape, device and the first values: <c>float32 [64, 10] on cpu: 0.5, 1, 2, ...</c>.</summary>
    public static string Line(Tensor tensor)
    {
        if (!tensor.IsAlive)
        {
            return tensor.Description;
        }
        long[] places = [.. Enumerable.Range(0, (int)Math.Min(FirstValues, tensor.Count)).Select(static place => (long)place)];
        int[] bits = tensor.BitsAt(places);
        IEnumerable<string> values = tensor.ElementType == ElementType.Int32
            ? bits.Select(static value => $"{value}")
            : bits.Select(static value => TensorText.Scalar(BitConverter.Int32BitsToSingle(value)));
        return $"{tensor.Description}: {string.Join(", ", values)}{(tensor.Count > FirstValues ? ", ..." : "")}";
    }
}
