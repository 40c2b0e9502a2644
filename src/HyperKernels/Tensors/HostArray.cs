namespace HyperKernels;

/// <summary>Values in ordinary memory with their shape: how weights and optimiser state are handed to and from files.</summary>
public sealed class HostArray
{
    /// <summary>Takes an array; nothing is copied.</summary>
    /// <param name="values">One value per element, row-major.</param>
    /// <param name="shape">The axes; their product must be the number of values.</param>
    /// <exception cref="ArgumentException">The number of values is not that of the shape.</exception>
    public HostArray(float[] values, Shape shape)
    {
        ArgumentNullException.ThrowIfNull(values);
        if (values.Length != shape.Count)
        {
            Throw.Argument($"HostArray: {shape} needs {shape.Count} values; got {values.Length}.");
        }
        Values = values;
        Shape = shape;
    }

    /// <summary>The values, row-major.</summary>
    public float[] Values { get; }

    /// <summary>The axes.</summary>
    public Shape Shape { get; }

    /// <summary>Copies a tensor's values out of its device. Waits for it.</summary>
    /// <exception cref="ArgumentException">The tensor holds integers.</exception>
    public static HostArray Of(Tensor tensor) => new(tensor.ToArray(), tensor.Shape);

    /// <summary>Copies the values to a device.</summary>
    /// <param name="device">Where to; null means <see cref="Device.Default"/>.</param>
    public Tensor ToTensor(Device? device = null) => Tensor.From(Values, Shape, device);

    /// <summary>The shape: <c>float32 [10, 1, 5, 5]</c>.</summary>
    public override string ToString() => $"float32 {Shape}";
}
