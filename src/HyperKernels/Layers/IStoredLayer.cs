namespace HyperKernels.Layers;

/// <summary>
/// A layer that files can hold: it says under which name, what it was made from, and how it is made again. With that it can be saved, loaded,
/// copied, and be a hypernetwork's target or generator that is saved along.
/// </summary>
/// <typeparam name="TSelf">The class itself.</typeparam>
/// <remarks>
/// <para>
/// A class of your own is registered once, before it is first saved or loaded: <see cref="LayerTypes.Register{TLayer}"/>. What it holds in
/// parameters, buffers and inner layers comes with its state; settings tell what its constructor needs.
/// </para>
/// <code>
/// public sealed class Scale : TensorLayer, IStoredLayer&lt;Scale&gt;
/// {
///     private readonly Parameter _factor;
///
///     public Scale(int features) => _factor = AddParameter("factor", [features], Initializer.Ones);
///
///     public static string TypeName => "Scale";
///     public static Scale Read(LayerSettings settings) => new(settings.Int("features"));
///     public void WriteSettings(LayerSettings settings) => settings.Set("features", _factor.Shape[0]);
///
///     public override Tensor Forward(Tensor input) => Ops.Multiply(input, _factor.Value);
/// }
/// </code>
/// </remarks>
public interface IStoredLayer<TSelf>
    where TSelf : Layer, IStoredLayer<TSelf>
{
    /// <summary>The class's name in files, which outlives the class's own: unique among registered layers.</summary>
    static abstract string TypeName { get; }

    /// <summary>Makes a layer from settings.</summary>
    /// <param name="settings">What <see cref="WriteSettings"/> wrote.</param>
    /// <returns>A layer whose parameters and buffers are to be overwritten by those of the file.</returns>
    /// <exception cref="FormatException">A setting is missing or has no sense.</exception>
    /// <remarks>
    /// While it runs, initialisers draw nothing and parameters are zeros: what is read takes their place. Parameters and buffers that are
    /// larger than the file's weights are refused.
    /// </remarks>
    static abstract TSelf Read(LayerSettings settings);

    /// <summary>Writes what <see cref="Read"/> needs: the constructor's arguments, inner layers that were given to it included.</summary>
    /// <param name="settings">Takes them.</param>
    void WriteSettings(LayerSettings settings);
}
