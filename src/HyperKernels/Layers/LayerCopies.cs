namespace HyperKernels.Layers;

/// <summary>Copies of layers.</summary>
public static class LayerCopies
{
    /// <summary>Makes another layer of the same class, settings, values and modes, which shares nothing with this one.</summary>
    /// <param name="layer">Stays as it is. A layer that stands in several places of it is one layer in the copy too.</param>
    /// <returns>A layer on the same device.</returns>
    /// <exception cref="InvalidOperationException">A layer's class is not registered (<see cref="LayerTypes"/>); the message names it.</exception>
    /// <remarks>Layers that draw (dropout) draw from <see cref="Initializer.Random"/> in the copy.</remarks>
    public static TLayer Copy<TLayer>(this TLayer layer)
        where TLayer : Layer
    {
        ArgumentNullException.ThrowIfNull(layer);
        using DeviceUse use = Device.Use(layer.Parameters is [Parameter first, ..] ? first.OwnValue.Device : Device.Default);
        Layer copy = Layer.Remake(layer, $"{layer.GetType().Name}.Copy");
        copy.LoadState(layer.GetState());
        return (TLayer)copy;
    }
}
