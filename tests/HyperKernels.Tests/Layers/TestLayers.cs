using HyperKernels.Layers;

namespace HyperKernels.Tests.Layers;

/// <summary>Small layers for tests of what every layer can do.</summary>
internal static class TestLayers
{
    /// <summary>A weight and a bias, a running statistic, and perhaps something inside.</summary>
    internal sealed class Block : Layer
    {
        internal Block(int size, Layer? inner = null, string innerName = "inner")
        {
            // Declared before the layer's own parameters on purpose: names come out in PyTorch's order all the same.
            if (inner is not null)
            {
                Add(innerName, inner);
            }
            Weight = AddParameter("weight", [size, 2], Initializer.Default);
            AddParameter("bias", [size], Initializer.DefaultFor(2), null, ParameterRole.Bias, Weight);
            Statistic = AddBuffer("running_mean", [size], 0);
        }

        internal Parameter Weight { get; }

        internal Tensor Statistic { get; }
    }

    /// <summary>Layers under given names.</summary>
    internal sealed class Tree : Layer
    {
        internal Tree(params ReadOnlySpan<(string Name, Layer Layer)> children)
        {
            foreach ((string name, Layer layer) in children)
            {
                Add(name, layer);
            }
        }

        internal void AddLater(string name, Layer layer) => Add(name, layer);
    }

    /// <summary>A parameter that belongs to another layer too.</summary>
    internal sealed class Tied : Layer
    {
        internal Tied(Parameter shared) => AddParameter("weight", shared);
    }
}
