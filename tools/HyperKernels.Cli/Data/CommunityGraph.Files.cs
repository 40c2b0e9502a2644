using HyperKernels.IO;

namespace HyperKernels.Cli.Data;

// Reading: structure, classes, words and splits of a set, from one file.
internal sealed partial record CommunityGraph
{
    /// <summary>Reads a set of papers with co-citations or co-authorships as hyperedges.</summary>
    /// <param name="data">The folder of all data sets.</param>
    /// <param name="set">The set: <c>cora-cocitation</c>.</param>
    /// <param name="protocol">Which of its splits.</param>
    /// <exception cref="FileNotFoundException">It is not there.</exception>
    /// <exception cref="InvalidDataException">The file is damaged, or has other content.</exception>
    public static CommunityGraph Load(string data, string set, NodeProtocol protocol)
    {
        string path = Path.Combine(data, "hypergraph", set, $"{set}.safetensors");
        if (!File.Exists(path))
        {
            throw new FileNotFoundException($"{path} does not exist; --data must name the folder that holds hypergraph/{set}.");
        }
        using SafetensorsFile file = SafetensorsFile.Open(path);
        bool isWords = file.Entries.ContainsKey("features.shape");
        string split = protocol == NodeProtocol.Half ? "roles50" : "train";
        string[] wanted = ["node", "edge", "counts", "labels", split, .. isWords ? (string[])["features.indptr", "features.indices", "features.values"] : []];
        string? missing = wanted.FirstOrDefault(name => !file.Entries.ContainsKey(name));
        if (missing is not null)
        {
            throw new InvalidDataException($"{path}: there is no tensor \"{missing}\".");
        }
        int[] counts = file.ReadInt32("counts");
        int[] labels = file.ReadInt32("labels");
        if (counts.Length != 2 || labels.Length != counts[0])
        {
            throw new InvalidDataException($"{path}: counts must be the numbers of nodes and hyperedges, and labels one for each node; got {labels.Length} labels.");
        }
        (int[] nodes, int[] edges) = (file.ReadInt32("node"), file.ReadInt32("edge"));
        float[] features = isWords ? Dense(path, file, counts[0]) : StructuralFeatures.Of(counts[0], counts[1], nodes, edges);
        byte[][] splits = protocol == NodeProtocol.Half ? Roles(path, file, counts[0]) : Published(path, file, counts[0]);
        return new CommunityGraph(set, counts[0], counts[1], nodes, edges, features, features.Length / counts[0], labels, splits, isWords);
    }

    // The role of every node, split after split.
    private static byte[][] Roles(string path, SafetensorsFile file, int nodes)
    {
        int[] roles = file.ReadInt32("roles50");
        return roles.Length > 0 && roles.Length % nodes == 0 && roles.All(role => role is >= TrainingRole and <= TestRole)
            ? [.. roles.Chunk(nodes).Select(split => Array.ConvertAll(split, role => (byte)role))]
            : throw new InvalidDataException($"{path}: roles50 must have a role from 0 to 2 for each of {nodes} nodes in every split; it has {roles.Length} entries.");
    }

    // The training nodes, split after split; every other one is for the test.
    private static byte[][] Published(string path, SafetensorsFile file, int nodes)
    {
        int[] training = file.ReadInt32("train");
        long[] shape = [.. file.Entries["train"].Shape];
        if (shape.Length != 2 || shape[1] < 1 || training.Any(node => (uint)node >= (uint)nodes))
        {
            throw new InvalidDataException($"{path}: train must be [splits, nodes of each], below {nodes}; it has {training.Length} entries.");
        }
        return
        [
            .. training.Chunk((int)shape[1]).Select(split =>
            {
                byte[] roles = new byte[nodes];
                Array.Fill(roles, TestRole);
                foreach (int node in split)
                {
                    roles[node] = TrainingRole;
                }
                return roles;
            }),
        ];
    }

    // Compressed rows, a bag of words a node: written out, because a dense product of this size is fast enough.
    private static float[] Dense(string path, SafetensorsFile file, int nodes)
    {
        int[] shape = file.ReadInt32("features.shape");
        if (shape.Length != 2 || shape[0] != nodes)
        {
            throw new InvalidDataException($"{path}: features.shape must be [{nodes}, words]; got [{string.Join(", ", shape)}].");
        }
        int words = shape[1];
        int[] starts = file.ReadInt32("features.indptr");
        int[] columns = file.ReadInt32("features.indices");
        float[] values = file.ReadFloat32("features.values");
        float[] features = new float[(long)nodes * words];
        if (starts.Length != nodes + 1 || starts[^1] != columns.Length || columns.Length != values.Length)
        {
            throw new InvalidDataException($"{path}: features.indptr must have {nodes + 1} entries and end with the number of values, {values.Length}.");
        }
        for (int node = 0; node < nodes; node++)
        {
            if (starts[node] < 0 || starts[node] > starts[node + 1])
            {
                throw new InvalidDataException($"{path}: features.indptr must not fall; it does behind entry {node}.");
            }
            for (int i = starts[node]; i < starts[node + 1]; i++)
            {
                if ((uint)columns[i] >= (uint)words)
                {
                    throw new InvalidDataException($"{path}: features.indices must be below {words}; entry {i} is {columns[i]}.");
                }
                features[((long)node * words) + columns[i]] = values[i];
            }
        }
        return features;
    }
}
