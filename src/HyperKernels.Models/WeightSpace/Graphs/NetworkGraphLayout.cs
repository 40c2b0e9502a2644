namespace HyperKernels.Models;

/// <summary>Gives nodes their numbers and values their places among the features, and knows the way back.</summary>
internal sealed class NetworkGraphLayout
{
    // The norm of a channel and that of its shortcut, as gain, bias, mean and variance.
    private const int NormFeatures = 4;
    private const int StandardFeatures = 2 * NormFeatures;

    private readonly NetworkGraphBuilder _built;
    private readonly int[] _offsets;
    private readonly int[] _places;

    public NetworkGraphLayout(NetworkGraphBuilder built, NetworkGraphForm form)
    {
        if (form == NetworkGraphForm.Channels && built.Edges.Count == 0)
        {
            throw new ArgumentException("NetworkGraph: the network needs a layer with a matrix or kernels, whose numbers become edges; it has none.");
        }
        _built = built;
        Tensors = built.Tensors;
        _offsets = new int[Tensors.Count + 1];
        for (int i = 0; i < Tensors.Count; i++)
        {
            _offsets[i + 1] = checked(_offsets[i] + (int)Tensors[i].Shape.Count);
        }
        _places = NumberNodes();
        List<(int Node, int Slot, ValueRun Run)> onNodes = form == NetworkGraphForm.Channels ? PlaceOnNodes() : [];
        List<(int Edge, int Slot, int Stride, ValueRun Run)> onEdges = form == NetworkGraphForm.Channels ? PlaceKernels() : PlaceEveryValue();
        ValueOfFeature = new int[checked((Nodes.Count * NodeFeatures) + (Edges.Count * EdgeFeatures))];
        FeatureOfValue = new int[Tensors.Where(static tensor => !tensor.IsStatistic).Sum(static tensor => (int)tensor.Shape.Count)];
        Fill(onNodes, onEdges);
    }

    public IReadOnlyList<NetworkTensor> Tensors { get; }

    public List<NetworkNode> Nodes { get; } = [];

    public List<NetworkEdge> Edges { get; } = [];

    public int NodeFeatures { get; private set; }

    public int EdgeFeatures { get; private set; } = 1;

    /// <summary>For every feature, nodes first, the number of its value; behind the values stand a zero and a one.</summary>
    public int[] ValueOfFeature { get; }

    /// <summary>For every value of a parameter the number of its feature.</summary>
    public int[] FeatureOfValue { get; }

    private int[] NumberNodes()
    {
        int[] places = new int[_built.Nodes.Count];
        for (int i = 0; i < places.Length; i++)
        {
            if (!_built.Same.ContainsKey(i))
            {
                places[i] = Nodes.Count;
                Nodes.Add(_built.Nodes[i]);
            }
        }
        for (int i = 0; i < places.Length; i++)
        {
            int node = i;
            while (_built.Same.TryGetValue(node, out int other))
            {
                node = other;
            }
            places[i] = places[node];
        }
        return places;
    }

    // The first norm of a channel, or its bias where there is none, has a place of its own; what else it has follows behind.
    private List<(int Node, int Slot, ValueRun Run)> PlaceOnNodes()
    {
        Dictionary<(int, bool), int> norms = [];
        foreach ((int node, NodeRole role, int norm, ValueRun run) in _built.Values)
        {
            if (role == NodeRole.Gain && run.Count == 1)
            {
                norms.TryAdd((_places[node], _built.Same.ContainsKey(node)), norm);
            }
        }
        List<(int, int, ValueRun)> placed = [];
        HashSet<(int, bool)> biased = [];
        int[] used = new int[Nodes.Count];
        foreach ((int node, NodeRole role, int norm, ValueRun run) in _built.Values)
        {
            bool shortcut = _built.Same.ContainsKey(node);
            (int, bool) place = (_places[node], shortcut);
            bool hasNorm = norms.TryGetValue(place, out int first);
            bool standard = role == NodeRole.Bias ? !hasNorm && run.Count == 1 && biased.Add(place) : hasNorm && first == norm;
            if (standard)
            {
                int slot = (int)(role == NodeRole.Bias ? NodeRole.Shift : role);
                placed.Add((_places[node], slot + (shortcut ? NormFeatures : 0), run));
            }
            else if (role is not (NodeRole.Mean or NodeRole.Variance))
            {
                placed.Add((_places[node], StandardFeatures + used[_places[node]], run));
                used[_places[node]] += run.Count;
            }
        }
        NodeFeatures = StandardFeatures + used.Max();
        return placed;
    }

    // All kernels in the middle of one grid, other values in the middle of its cells in order.
    private List<(int Edge, int Slot, int Stride, ValueRun Run)> PlaceKernels()
    {
        int height = _built.Edges.Max(static edge => edge.Run.Height);
        int width = Math.Max(1, _built.Edges.Max(static edge => edge.Run.Width));
        EdgeFeatures = Math.Max(height * width, _built.Edges.Max(static edge => edge.Run.Width == 0 ? edge.Run.Count : 0));
        List<(int, int, int, ValueRun)> placed = [];
        foreach ((NetworkEdge edge, ValueRun run) in _built.Edges)
        {
            int slot = run.Width == 0
                ? (EdgeFeatures - run.Count) / 2
                : ((EdgeFeatures - (height * width)) / 2) + ((height - run.Height) / 2 * width) + ((width - run.Width) / 2);
            placed.Add((Edges.Count, slot, width, run));
            Edges.Add(edge with { From = _places[edge.From], To = _places[edge.To] });
        }
        return placed;
    }

    private List<(int Edge, int Slot, int Stride, ValueRun Run)> PlaceEveryValue()
    {
        List<(int, int, int, ValueRun)> placed = [];
        foreach ((NetworkEdge edge, ValueRun run) in _built.Edges)
        {
            for (int k = 0; k < run.Count; k++)
            {
                placed.Add((Edges.Count, 0, 0, run.Tensor < 0 ? run : new ValueRun(run.Tensor, run.Start + (k * run.Stride))));
                (int y, int x) = run.Width == 0 ? (0, k) : Math.DivRem(k, run.Width);
                Edges.Add(edge with { From = _places[edge.From], To = _places[edge.To], X = x, Y = y });
            }
        }
        return placed;
    }

    private void Fill(List<(int Node, int Slot, ValueRun Run)> onNodes, List<(int Edge, int Slot, int Stride, ValueRun Run)> onEdges)
    {
        int zero = _offsets[^1];
        Array.Fill(ValueOfFeature, zero);
        Array.Fill(FeatureOfValue, -1);
        for (int node = 0; node < Nodes.Count && NodeFeatures > 0; node++)
        {
            for (int norm = 0; norm < StandardFeatures; norm += NormFeatures)
            {
                ValueOfFeature[(node * NodeFeatures) + norm + (int)NodeRole.Gain] = zero + 1;
                ValueOfFeature[(node * NodeFeatures) + norm + (int)NodeRole.Variance] = zero + 1;
            }
        }
        foreach ((int node, int slot, ValueRun run) in onNodes)
        {
            for (int k = 0; k < run.Count; k++)
            {
                Put((node * NodeFeatures) + slot + k, run, k);
            }
        }
        int edges = Nodes.Count * NodeFeatures;
        foreach ((int edge, int slot, int stride, ValueRun run) in onEdges)
        {
            for (int k = 0; k < run.Count; k++)
            {
                int cell = run.Width == 0 ? k : (k / run.Width * stride) + (k % run.Width);
                Put(edges + (edge * EdgeFeatures) + slot + cell, run, k);
            }
        }
        int missing = Array.IndexOf(FeatureOfValue, -1);
        if (missing >= 0)
        {
            int tensor = Array.FindLastIndex(_offsets, offset => offset <= missing);
            throw new ArgumentException($"NetworkGraph: every parameter must have a place in the graph; \"{Tensors[tensor].Name}\" has none.");
        }
    }

    private void Put(int feature, ValueRun run, int k)
    {
        if (run.Tensor < 0)
        {
            ValueOfFeature[feature] = _offsets[^1] + 1;
            return;
        }
        int value = _offsets[run.Tensor] + run.Start + (k * run.Stride);
        ValueOfFeature[feature] = value;
        if (!Tensors[run.Tensor].IsStatistic)
        {
            FeatureOfValue[value] = feature;
        }
    }
}
