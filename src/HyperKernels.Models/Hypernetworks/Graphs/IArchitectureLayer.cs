namespace HyperKernels.Models;

/// <summary>A layer of your own that says which operations it is made of, for <see cref="ArchitectureGraph.Of"/>.</summary>
public interface IArchitectureLayer
{
    /// <summary>Adds the layer's operations.</summary>
    /// <param name="builder">Takes them; <see cref="ArchitectureBuilder.Add(Layers.Layer, int)"/> adds an inner layer.</param>
    /// <param name="input">The node that the layer reads.</param>
    /// <returns>The node whose result is the layer's; the input if it adds none.</returns>
    int AddTo(ArchitectureBuilder builder, int input);
}
