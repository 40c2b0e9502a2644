namespace HyperKernels.Layers;

/// <summary>What is known of a registered class of layers.</summary>
/// <param name="Name">Its name in files.</param>
/// <param name="Class">The class, which may stand for a closed family of classes.</param>
/// <param name="Write">Writes a layer's settings.</param>
/// <param name="Read">Makes a layer from settings.</param>
internal sealed record LayerType(string Name, Type Class, Action<Layer, LayerSettings> Write, Func<LayerSettings, Layer> Read)
{
    public static LayerType Of<TLayer>()
        where TLayer : Layer, IStoredLayer<TLayer> =>
        new(TLayer.TypeName, typeof(TLayer), static (layer, settings) => ((TLayer)layer).WriteSettings(settings), static settings => TLayer.Read(settings));
}
