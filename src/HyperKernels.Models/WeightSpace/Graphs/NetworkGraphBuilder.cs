using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>Turns the operations of an architecture into neurons and connections.</summary>
internal sealed class NetworkGraphBuilder
{
    private readonly ArchitectureGraph _graph;
    private readonly NetworkGraphForm _form;
    private readonly Dictionary<string, (int Tensor, Layer Owner)> _named = [];
    private readonly int[]?[] _groups;
    private int _layer;
    private int _norms;

    private NetworkGraphBuilder(Layer network, NetworkGraphForm form)
    {
        _graph = ArchitectureGraph.Of(network);
        _form = form;
        _groups = new int[_graph.Nodes.Count][];
        foreach (NamedParameter named in network.NamedParameters())
        {
            _named.Add(named.Name, (Tensors.Count, named.Owner));
            Tensors.Add(new NetworkTensor(named.Name, named.Parameter.Shape, IsStatistic: false));
        }
    }

    /// <summary>All parameters in order, then the running statistics that have a place.</summary>
    public List<NetworkTensor> Tensors { get; } = [];

    /// <summary>The nodes, those that <see cref="Same"/> says to be others included.</summary>
    public List<NetworkNode> Nodes { get; } = [];

    /// <summary>For a node that is another, that one.</summary>
    public Dictionary<int, int> Same { get; } = [];

    /// <summary>The connections with what they carry.</summary>
    public List<(NetworkEdge Edge, ValueRun Run)> Edges { get; } = [];

    /// <summary>What nodes carry; Norm tells values of one norm from those of another.</summary>
    public List<(int Node, NodeRole Role, int Norm, ValueRun Run)> Values { get; } = [];

    /// <summary>Reads a network.</summary>
    public static NetworkGraphBuilder Build(Layer network, NetworkGraphForm form)
    {
        NetworkGraphBuilder builder = new(network, form);
        for (int i = 0; i < builder._groups.Length; i++)
        {
            builder._groups[i] = builder.Add(i);
        }
        for (int i = 0; i < builder._groups.Length; i++)
        {
            if (builder._graph.Successors(i).IsEmpty)
            {
                builder.Number(builder._groups[i] ?? []);
            }
        }
        return builder;
    }

    // The nodes whose values are an operation's result; null for inputs of which nobody has said yet how many there are.
    private int[]? Add(int place)
    {
        ArchitectureNode node = _graph.Nodes[place];
        ReadOnlySpan<int> from = _graph.Predecessors(place);
        switch (node.Operation)
        {
            case GraphOperation.Input:
                return null;
            case GraphOperation.Conv or GraphOperation.GroupedConv or GraphOperation.DilatedConv when node.Parameter is not null:
                return _named[node.Parameter].Owner is RecurrentCell cell ? Recur(node, cell, from[0]) : Connect(node, from[0]);
            case GraphOperation.Bias when node.Parameter is not null:
                int[] biased = From(from[0], (int)node.Shape!.Value.Count, NetworkNodeKind.Neuron);
                bool channel = Nodes[biased[0]].Kind == NetworkNodeKind.Channel;
                Carry(
                    biased, NodeRole.Bias, node.Parameter, channel ? NetworkNodeKind.ChannelBias : NetworkNodeKind.Bias,
                    channel ? NetworkEdgeKind.ConvBias : NetworkEdgeKind.LinearBias);
                return biased;
            case GraphOperation.BatchNorm or GraphOperation.LayerNorm or GraphOperation.GroupNorm or GraphOperation.RmsNorm:
                return Normalise(node, from[0]);
            case GraphOperation.MaxPool or GraphOperation.AveragePool or GraphOperation.GlobalAverage:
                return _groups[from[0]];
            case GraphOperation.Sum:
                return Sum(place, from);
            case GraphOperation.Concatenation:
                return [.. from.ToArray().SelectMany(Known)];
            default:
                throw new ArgumentException(
                    $"NetworkGraph: {node} has no place in a graph of neurons: operations must be linear, convolutions, norms, sums, pools or recurrent cells, "
                    + "each with parameters of its own.");
        }
    }

    private int[] Connect(ArchitectureNode node, int from)
    {
        Shape shape = node.Shape!.Value;
        (int tensor, Layer owner) = _named[node.Parameter!];
        bool kernel = shape.Rank > 2;
        int parts = owner switch { Conv2d conv => conv.Options.Groups, Conv1d conv => conv.Groups, _ => 1 };
        int[] inputs = From(from, parts * shape[1], kernel ? NetworkNodeKind.Channel : NetworkNodeKind.Neuron, flat: !kernel);
        int perPart = inputs.Length / parts;
        int area = (int)(shape.Count / shape[0] / perPart);
        int width = kernel ? shape[-1] : 0;
        int[] outputs = NewNodes(shape[0], kernel ? NetworkNodeKind.Channel : NetworkNodeKind.Neuron, ++_layer);
        NetworkEdgeKind kind = kernel ? NetworkEdgeKind.ConvWeight : NetworkEdgeKind.LinearWeight;
        for (int o = 0; o < outputs.Length; o++)
        {
            int first = o / (outputs.Length / parts) * perPart;
            for (int c = 0; c < perPart; c++)
            {
                Edges.Add((new NetworkEdge(inputs[first + c], outputs[o], kind, _layer - 1), new ValueRun(tensor, ((o * perPart) + c) * area, area, 1, width)));
            }
        }
        return outputs;
    }

    // One node per hidden unit; an edge carries a value per gate.
    private int[] Recur(ArchitectureNode node, RecurrentCell cell, int from)
    {
        int hidden = cell.HiddenFeatures;
        (Shape shape, int tensor) = (node.Shape!.Value, _named[node.Parameter!].Tensor);
        bool state = node.Parameter!.EndsWith("weight_hh", StringComparison.Ordinal);
        int[] inputs = From(from, shape[1], NetworkNodeKind.Neuron);
        int[] outputs = state ? inputs : NewNodes(hidden, NetworkNodeKind.Neuron, ++_layer);
        for (int h = 0; h < hidden; h++)
        {
            for (int i = 0; i < inputs.Length; i++)
            {
                ValueRun gates = new(tensor, (h * inputs.Length) + i, shape[0] / hidden, hidden * inputs.Length);
                Edges.Add((new NetworkEdge(inputs[i], outputs[h], NetworkEdgeKind.LinearWeight, _layer - 1), gates));
            }
        }
        return outputs;
    }

    private int[]? Normalise(ArchitectureNode node, int from)
    {
        if (node.Parameter is null)
        {
            return _groups[from];
        }
        Layer owner = _named[node.Parameter].Owner;
        (NetworkNodeKind gain, NetworkEdgeKind gainEdge) = node.Operation switch
        {
            GraphOperation.BatchNorm => (NetworkNodeKind.BatchNormGain, NetworkEdgeKind.BatchNormGain),
            GraphOperation.GroupNorm => (NetworkNodeKind.GroupNormGain, NetworkEdgeKind.GroupNormGain),
            _ => (NetworkNodeKind.LayerNormGain, NetworkEdgeKind.LayerNormGain),
        };
        int[] nodes = From(from, (int)node.Shape!.Value.Count, NetworkNodeKind.Neuron, flat: owner is LayerNorm or RmsNorm);
        _norms++;
        Carry(nodes, NodeRole.Gain, node.Parameter, gain, gainEdge);
        if (node.Shift is not null)
        {
            Carry(nodes, NodeRole.Shift, node.Shift, gain + 1, gainEdge + 1);
        }
        if (owner is BatchNorm && _form == NetworkGraphForm.Channels)
        {
            string path = node.Parameter[..(node.Parameter.LastIndexOf('.') + 1)];
            Track(nodes, NodeRole.Mean, path + NetworkTensor.Mean);
            Track(nodes, NodeRole.Variance, path + NetworkTensor.Variance);
        }
        return nodes;
    }

    private void Track(int[] nodes, NodeRole role, string name)
    {
        Tensors.Add(new NetworkTensor(name, [nodes.Length], IsStatistic: true));
        for (int j = 0; j < nodes.Length; j++)
        {
            Values.Add((nodes[j], role, _norms, new ValueRun(Tensors.Count - 1, j)));
        }
    }

    // A vector of values for nodes: on them, or on edges from a node of its own.
    private void Carry(int[] nodes, NodeRole role, string name, NetworkNodeKind sourceKind, NetworkEdgeKind kind)
    {
        (int tensor, Layer owner) = _named[name];
        int each = (int)(Tensors[tensor].Shape.Count / nodes.Length);
        bool gates = owner is RecurrentCell;
        int layer = Nodes[nodes[0]].Layer;
        int source = _form == NetworkGraphForm.Values ? NewNodes(1, sourceKind, layer)[0] : -1;
        for (int j = 0; j < nodes.Length; j++)
        {
            ValueRun run = gates ? new ValueRun(tensor, j, each, nodes.Length) : new ValueRun(tensor, j * each, each);
            if (source >= 0)
            {
                Edges.Add((new NetworkEdge(source, nodes[j], kind, Math.Max(0, layer - 1)), run));
            }
            else
            {
                Values.Add((nodes[j], role, _norms, run));
            }
        }
    }

    private int[] Sum(int place, ReadOnlySpan<int> from)
    {
        int[] main = Known(from[^1]);
        foreach (int other in from[..^1])
        {
            int[] nodes = Known(other);
            if (ReferenceEquals(nodes, main))
            {
                continue;
            }
            if (nodes.Length != main.Length)
            {
                throw new ArgumentException($"NetworkGraph: what is added must have the same channels; got {nodes.Length} and {main.Length} at operation {place}.");
            }
            // A shortcut with weights that nobody else reads ends at the very nodes that it is added to.
            bool shortcut = _form == NetworkGraphForm.Channels && Nodes[nodes[0]].Layer > 0 && _graph.Successors(other).Length == 1;
            for (int j = 0; j < main.Length; j++)
            {
                if (shortcut)
                {
                    Same.Add(nodes[j], main[j]);
                }
                else
                {
                    Pass(nodes, main, j);
                }
            }
        }
        return main;
    }

    // A connection without a weight: as channels, a kernel from every channel to every other, which is zero but for a one from each to itself.
    private void Pass(int[] from, int[] to, int output)
    {
        int layer = Nodes[to[output]].Layer - 1;
        for (int i = 0; i < from.Length; i++)
        {
            if (i == output || _form == NetworkGraphForm.Channels)
            {
                Edges.Add((new NetworkEdge(from[i], to[output], NetworkEdgeKind.Residual, layer), i == output ? ValueRun.One : ValueRun.None));
            }
        }
    }

    private int[] NewNodes(int count, NetworkNodeKind kind, int layer)
    {
        int first = Nodes.Count;
        Nodes.AddRange(Enumerable.Repeat(new NetworkNode(kind, layer, -1), count));
        return [.. Enumerable.Range(first, count)];
    }

    private int[] Known(int place) => _groups[place]
        ?? throw new ArgumentException("NetworkGraph: the first operations must tell how many inputs there are: a layer with weights; there is none before a sum.");

    // The nodes that an operation reads; inputs come to be when the first operation says how many it takes.
    private int[] From(int place, int count, NetworkNodeKind kind, bool flat = false)
    {
        if (_groups[place] is null)
        {
            _groups[place] = NewNodes(count, kind, 0);
            Number(_groups[place]!);
        }
        int[] nodes = _groups[place]!;
        bool gates = !flat && count % nodes.Length == 0 && _graph.Nodes[place].Parameter is { } name && _named[name].Owner is RecurrentCell;
        if (nodes.Length != count && !gates && !(flat && count % nodes.Length == 0))
        {
            throw new ArgumentException(
                $"NetworkGraph: operation {place} gives {nodes.Length} channels, the next takes {count}: these must be equal, or a multiple where an image is flattened.");
        }
        return nodes;
    }

    private void Number(int[] nodes)
    {
        for (int j = 0; j < nodes.Length; j++)
        {
            Nodes[nodes[j]] = Nodes[nodes[j]] with { Index = j };
        }
    }
}
