using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>Layers under their numbers, as PyTorch's <c>nn.ModuleList</c> names them: <c>lins.0</c>, <c>lins.1</c>.</summary>
internal sealed class LayerList<TLayer> : Layer
    where TLayer : Layer
{
    private readonly List<TLayer> _layers = [];

    public int Length => _layers.Count;

    public TLayer this[Index index] => _layers[index];

    public LayerList<TLayer> With(TLayer layer)
    {
        _layers.Add(Add($"{_layers.Count}", layer));
        return this;
    }
}
