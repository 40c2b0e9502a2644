namespace HyperKernels.Layers;

/// <summary>Makes one axis of all axes from one on.</summary>
public sealed class Flatten : TensorLayer, IStoredLayer<Flatten>
{
    /// <summary>Makes the layer.</summary>
    /// <param name="startAxis">The first axis that is merged; the batch axis before it stays.</param>
    /// <exception cref="ArgumentException">A negative axis.</exception>
    public Flatten(int startAxis = 1)
    {
        if (startAxis < 0)
        {
            Throw.Argument($"Flatten: startAxis must not be negative; got {startAxis}.");
        }
        StartAxis = startAxis;
    }

    /// <summary>The first axis that is merged.</summary>
    public int StartAxis { get; }

    /// <summary>Merges axes.</summary>
    /// <param name="input"><c>[B, ...]</c></param>
    /// <returns><c>[B, product of the others]</c>; a view where the memory allows it.</returns>
    public override Tensor Forward(Tensor input) => Ops.Flatten(input, StartAxis);

    static string IStoredLayer<Flatten>.TypeName => "Flatten";

    static Flatten IStoredLayer<Flatten>.Read(LayerSettings settings) => new(settings.Int("startAxis"));

    void IStoredLayer<Flatten>.WriteSettings(LayerSettings settings) => settings.Set("startAxis", StartAxis);
}
