namespace HyperKernels.IO;

/// <summary>Reads a file of the Hypergraph Interchange Format and checks it against the standard's schema.</summary>
internal sealed class HifReader
{
    private readonly Elements _nodes = new("node");
    private readonly Elements _edges = new("edge");
    private readonly List<int> _nodeIds = [];
    private readonly List<int> _edgeIds = [];
    private readonly SparseList<float> _weights = new();
    private readonly SparseList<MembershipRole> _roles = new();
    private readonly SparseList<string?> _attributes = new();
    private readonly HashSet<string> _seen = [];

    public static HypergraphData Read(string path)
    {
        JsonFileReader json = JsonFileReader.Open(path);
        return new HifReader().Read(ref json);
    }

    private HypergraphData Read(ref JsonFileReader json)
    {
        NetworkKind kind = NetworkKind.Undirected;
        string? metadata = null;
        while (json.NextProperty(out string name))
        {
            if (!_seen.Add(name))
            {
                throw json.Fail($"{BadFile.Quote(name)} stands twice.");
            }
            switch (name)
            {
                case "network-type": kind = KindOf(json.String("network-type"), ref json); break;
                case "metadata": metadata = json.Object("metadata"); break;
                case "nodes": ReadElements(ref json, "nodes", _nodes); break;
                case "edges": ReadElements(ref json, "edges", _edges); break;
                case "incidences": ReadIncidences(ref json); break;
                default:
                    throw json.Fail($"{BadFile.Quote(name)} is no field of the format; it knows network-type, metadata, nodes, edges and incidences.");
            }
        }
        if (!_seen.Contains("incidences"))
        {
            throw json.Fail("\"incidences\" is missing.");
        }
        json.ExpectEnd();
        int pairs = _nodeIds.Count;
        return new HypergraphData(_nodes.Names.Count, _edges.Names.Count, [.. _nodeIds], [.. _edgeIds])
        {
            Kind = kind,
            Metadata = metadata,
            NodeNames = _nodes.Names.ToNames(),
            EdgeNames = _edges.Names.ToNames(),
            NodeWeights = _nodes.Weights.ToArray(_nodes.Names.Count, 1),
            EdgeWeights = _edges.Weights.ToArray(_edges.Names.Count, 1),
            MembershipWeights = _weights.ToArray(pairs, 1),
            Roles = _roles.ToArray(pairs, MembershipRole.None),
            NodeAttributes = _nodes.Attributes.ToArray(_nodes.Names.Count, null),
            EdgeAttributes = _edges.Attributes.ToArray(_edges.Names.Count, null),
            MembershipAttributes = _attributes.ToArray(pairs, null),
        };
    }

    private static NetworkKind KindOf(string text, ref JsonFileReader json) => NetworkKinds.TryParse(text, out NetworkKind kind)
        ? kind
        : throw json.Fail($"network-type must be undirected, directed or asc; it is {BadFile.Quote(text)}.");

    private static void ReadElements(ref JsonFileReader json, string list, Elements elements)
    {
        json.ExpectArray(list);
        for (int i = 0; json.NextItem(); i++)
        {
            json.At(list, i);
            json.ExpectObject("a record");
            (string Text, bool IsNumber)? id = null;
            float? weight = null;
            string? attributes = null;
            while (json.NextProperty(out string name))
            {
                bool again;
                switch (name)
                {
                    case "weight": (again, weight) = (weight is not null, json.Number("weight")); break;
                    case "attrs": (again, attributes) = (attributes is not null, json.Object("attrs")); break;
                    case var own when own == elements.Kind: (again, id) = (id is not null, json.Name(own)); break;
                    default: throw json.Fail($"{BadFile.Quote(name)} is no field of it; there may be {elements.Kind}, weight and attrs.");
                }
                ThrowIf(again, name, ref json);
            }
            (string text, bool isNumber) = id ?? throw json.Fail($"\"{elements.Kind}\" is missing.");
            int place = elements.Names.Add(text, isNumber);
            elements.Weights.Set(place, weight);
            elements.Attributes.Set(place, attributes, attributes is not null);
        }
        json.At("");
    }

    private void ReadIncidences(ref JsonFileReader json)
    {
        json.ExpectArray("incidences");
        while (json.NextItem())
        {
            int pair = _nodeIds.Count;
            json.At("incidences", pair);
            json.ExpectObject("a record");
            int? node = null;
            int? edge = null;
            float? weight = null;
            MembershipRole? role = null;
            string? attributes = null;
            while (json.NextProperty(out string name))
            {
                bool again;
                switch (name)
                {
                    case "node": (again, node) = (node is not null, _nodes.Add(json.Name("node"))); break;
                    case "edge": (again, edge) = (edge is not null, _edges.Add(json.Name("edge"))); break;
                    case "weight": (again, weight) = (weight is not null, json.Number("weight")); break;
                    case "direction": (again, role) = (role is not null, RoleOf(json.String("direction"), ref json)); break;
                    case "attrs": (again, attributes) = (attributes is not null, json.Object("attrs")); break;
                    default:
                        throw json.Fail($"{BadFile.Quote(name)} is no field of it; there may be node, edge, weight, direction and attrs.");
                }
                ThrowIf(again, name, ref json);
            }
            _nodeIds.Add(node ?? throw json.Fail($"\"node\" is missing."));
            _edgeIds.Add(edge ?? throw json.Fail($"\"edge\" is missing."));
            _weights.Set(pair, weight);
            _roles.Set(pair, role);
            _attributes.Set(pair, attributes, attributes is not null);
        }
        json.At("");
    }

    private static MembershipRole RoleOf(string text, ref JsonFileReader json) => text switch
    {
        "head" => MembershipRole.Head,
        "tail" => MembershipRole.Tail,
        _ => throw json.Fail($"direction must be head or tail; it is {BadFile.Quote(text)}."),
    };

    private static void ThrowIf(bool again, string name, ref JsonFileReader json)
    {
        if (again)
        {
            throw json.Fail($"\"{name}\" stands twice.");
        }
    }

    private sealed class Elements(string kind)
    {
        public string Kind { get; } = kind;

        public NameTable Names { get; } = new();

        public SparseList<float> Weights { get; } = new();

        public SparseList<string?> Attributes { get; } = new();

        public int Add((string Text, bool IsNumber) name) => Names.Add(name.Text, name.IsNumber);
    }
}
