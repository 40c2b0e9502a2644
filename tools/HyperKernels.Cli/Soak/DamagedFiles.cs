using System.IO.Compression;
using HyperKernels.Interchange;
using HyperKernels.IO;
using HyperKernels.Layers;

namespace HyperKernels.Cli.Soak;

/// <summary>A reader, a valid file for it, and how to damage it.</summary>
/// <param name="Name">The format.</param>
/// <param name="FileName">Its ending tells readers the format.</param>
/// <param name="Good">The valid file.</param>
/// <param name="Read">Reads a file wholly.</param>
/// <param name="Place">What stands before the place in a refusal.</param>
internal sealed record DamagedFiles(string Name, string FileName, byte[] Good, Action<string> Read, string Place)
{
    private const string Byte = ": byte ";
    private const string Line = ": line ";
    private const string Anywhere = ": ";

    // Fragments that move a parser further than random bytes do.
    private static readonly string[] s_fragments =
        ["\"", "{", "}", "[", "]", ":", ",", "-1", "0", "99999999999", "1e9", "null", "\\u", "\\ude00", "\"shape\"", "(", ")", "'", "L", "\n", "F64"];

    /// <summary>Every format that is read, over files that are written in a folder first.</summary>
    public static IReadOnlyList<DamagedFiles> All(string folder) =>
    [
        Written("safetensors", "x.safetensors", folder, path => Safetensors.Write(
            path,
            [
                SafetensorsTensor.From("layer.weight", new float[12], 4, 3),
                SafetensorsTensor.From("layer.bias", new double[4], 4),
                SafetensorsTensor.From("count", new long[] { 7 }),
                SafetensorsTensor.From("mask", new bool[] { true, false, true }, 3),
            ],
            new Dictionary<string, string> { ["system"] = "mip", ["config"] = "{\"a\": 1}" }), ReadSafetensors, Byte),
        Written("npy", "x.npy", folder, path => NumpyFile.Write(path, NumericArray.From(new int[6], 2, 3)), path => NumpyFile.Read(path).ToFloat64(), Byte),
        Written("npz", "x.npz", folder, path => WriteArchive(path, compress: false), path => _ = NumpyArchive.Read(path).Count, Byte),
        Written("npz, compressed", "y.npz", folder, path => WriteArchive(path, compress: true), path => _ = NumpyArchive.Read(path).Count, Byte),
        Written("idx", "x.idx", folder, path => File.WriteAllBytes(path, Idx()), path => IdxFile.Read(path).ToFloat32(), Byte),
        Written("idx, compressed", "x.idx.gz", folder, WriteCompressedIdx, path => IdxFile.Read(path).ToFloat32(), Byte),
        Written("checkpoint", "checkpoint.safetensors", folder, WriteCheckpoint, path => _ = Checkpoint.Load(path).Step, Byte),
        Written("hypernetwork", "hyper.safetensors", folder, WriteHyperNetwork, ReadHyperNetwork, Anywhere),
        Written("onnx", "x.onnx", folder, WriteOnnx, path => OnnxFile.Read(path).Dispose(), Byte),
        .. Hypergraphs(folder, "x.hif.json", "x.xgi.json", "x.csv", "x.hgr", "x.txt"),
        Written("hypergraph tensors", "graph.safetensors", folder, path => HypergraphTensors.Write(path, Graph(named: true)), path => HypergraphTensors.Read(path), Anywhere),
    ];

    /// <summary>The valid file with one to three changes: a byte, a bit, a piece less, twice or between, or an end too early.</summary>
    public byte[] Damage(Random random)
    {
        List<byte> bytes = [.. Good];
        for (int changes = random.Next(1, 4); changes > 0 && bytes.Count > 0; changes--)
        {
            int at = random.Next(bytes.Count);
            switch (random.Next(6))
            {
                case 0:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 1:
                    bytes[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 2:
                    bytes.RemoveRange(at, Math.Min(random.Next(1, 9), bytes.Count - at));
                    break;
                case 3:
                    bytes.InsertRange(at, bytes.GetRange(at, Math.Min(random.Next(1, 40), bytes.Count - at)));
                    break;
                case 4:
                    bytes.InsertRange(at, s_fragments[random.Next(s_fragments.Length)].Select(letter => (byte)letter));
                    break;
                default:
                    bytes.RemoveRange(at, bytes.Count - at);
                    break;
            }
        }
        return [.. bytes];
    }

    private static IEnumerable<DamagedFiles> Hypergraphs(string folder, params string[] names) =>
        names.Select(name => Written(name[2..], name, folder, path => HypergraphFile.Write(path, Graph(named: false)), path => HypergraphFile.Read(path), Line));

    private static DamagedFiles Written(string name, string fileName, string folder, Action<string> write, Action<string> read, string place)
    {
        string path = Path.Combine(folder, fileName);
        write(path);
        return new DamagedFiles(name, fileName, File.ReadAllBytes(path), read, place);
    }

    private static void ReadSafetensors(string path)
    {
        using SafetensorsFile file = SafetensorsFile.Open(path);
        foreach (SafetensorsEntry entry in file.Entries.Values)
        {
            _ = file.ReadFloat64(entry.Name);
            _ = file.Bytes(entry.Name).Length;
        }
    }

    private static void WriteArchive(string path, bool compress) => NumpyArchive.Write(
        path, [new("a", NumericArray.From(new float[300], 300)), new("b", NumericArray.From(new long[] { 1, 2 }, 2))], compress);

    private static byte[] Idx() => [0, 0, 8, 2, 0, 0, 0, 10, 0, 0, 0, 5, .. Enumerable.Range(0, 50).Select(i => (byte)(i * 7))];

    private static void WriteCompressedIdx(string path)
    {
        using GZipStream stream = new(File.Create(path), CompressionLevel.Optimal);
        stream.Write(Idx());
    }

    private static void WriteCheckpoint(string path)
    {
        using Linear layer = new(3, 2);
        new Checkpoint { Weights = layer.GetState(), Step = 3, Random = new Dictionary<string, RandomState> { ["a"] = new(1, 2) } }.Save(path);
    }

    private static void WriteHyperNetwork(string path)
    {
        using HyperNetwork network = HyperNetwork.For(new Sequential(new Linear(3, 2), new Relu()), Condition.Range("a", 0, 1), hidden: [4]);
        network.Save(path);
    }

    private static void WriteOnnx(string path)
    {
        using Sequential network = [new Conv2d(1, 2, kernelSize: 3), new BatchNorm(2), new MaxPool2d(2), new Relu(), new Flatten(), new Linear(8, 3)];
        OnnxFile.Write(path, network, [1, 6, 6]);
    }

    private static void ReadHyperNetwork(string path)
    {
        using HyperNetwork network = HyperNetwork.Load(path);
    }

    private static HypergraphData Graph(bool named)
    {
        HypergraphData data = new(5, 4, [1, 2, 0, 0, 4, 4], [0, 0, 0, 2, 3, 3]);
        return named ? data with { NodeNames = new ElementNames(["ada", "bob", "cy", "dee", "eve"]), NodeFeatures = new SparseRows(2, [0, 1, 2, 2, 2, 2], [0, 1], [1, 2]) } : data;
    }
}
