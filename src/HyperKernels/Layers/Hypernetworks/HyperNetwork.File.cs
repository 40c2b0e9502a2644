using HyperKernels.IO;

namespace HyperKernels.Layers;

public sealed partial class HyperNetwork
{
    /// <summary>Reads what <see cref="Layer.Save"/> wrote.</summary>
    /// <param name="path">The file.</param>
    /// <param name="target">
    /// A network of the target's make, needed only if that has layers of classes that are not registered and is to be run; without it such a
    /// hypernetwork still generates (<see cref="Generate"/>, <see cref="MaterializeInto"/>).
    /// </param>
    /// <returns>A hypernetwork that gives the same outputs; where the file describes the target, in the same mode (training or not), part by part.</returns>
    /// <exception cref="InvalidDataException">The file is damaged, or holds no hypernetwork; the message names file and place.</exception>
    /// <exception cref="ArgumentException">target has other names or shapes than the file's manifest.</exception>
    public static HyperNetwork Load(string path, Layer? target = null)
    {
        Layer layer;
        try
        {
            layer = Load(path, target is null ? null : settings => Read(settings, target));
        }
        catch (TargetMismatchException mismatch)
        {
            throw new ArgumentException(mismatch.Message, nameof(target), mismatch);
        }
        if (layer is not HyperNetwork)
        {
            Throw.InvalidData($"{path}: the file must hold a HyperNetwork; it holds a {layer.GetType().Name}.");
        }
        return (HyperNetwork)layer;
    }
}
