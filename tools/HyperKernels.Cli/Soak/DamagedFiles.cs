using System.IO.Compression;
using HyperKernels.Interchange;
using HyperKernels.IO;
using HyperKernels.Layers;

namespace HyperKernels.Cli.Soak;

/// <summary>A reader, and valid files that are damaged for it.</summary>
/// <param name="Name">The format.</param>
/// <param name="FileName">Its ending tells readers the format.</param>
/// <param name="Good">Valid files, small, which the program wrote itself.</param>
/// <param name="Read">Reads a file wholly.</param>
/// <param name="Place">What stands before the place in a refusal.</param>
internal sealed record DamagedFiles(string Name, string FileName, IReadOnlyList<byte[]> Good, Action<string> Read, string Place)
{
    /// <summary>Whether content may become larger than its file, as <see cref="FileLimits"/> says.</summary>
    public bool IsPacked { get; init; }

    /// <summary>Whether its reader reads other files too, of which a refusal may name one.</summary>
    public bool IsOneOfSeveral { get; init; }

    /// <summary>Whether it is read with a package of somebody else, which takes memory on the file's word: how much is told, and no finding.</summary>
    public bool IsForeign { get; init; }

    private const string Byte = ": byte ";
    private const string Line = ": line ";
    private const string Anywhere = ": ";

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
        Written("npz, compressed", "y.npz", folder, path => WriteArchive(path, compress: true), path => _ = NumpyArchive.Read(path).Count, Byte) with { IsPacked = true },
        Written("idx", "x.idx", folder, path => File.WriteAllBytes(path, Idx()), path => IdxFile.Read(path).ToFloat32(), Byte),
        Written("idx, compressed", "x.idx.gz", folder, WriteCompressedIdx, path => IdxFile.Read(path).ToFloat32(), Byte) with { IsPacked = true },
        Written("checkpoint", "checkpoint.safetensors", folder, WriteCheckpoint, path => _ = Checkpoint.Load(path).Step, Byte),
        Written("hypernetwork", "hyper.safetensors", folder, WriteHyperNetwork, ReadHyperNetwork, Anywhere),
        Written("onnx", "x.onnx", folder, WriteOnnx, path => OnnxFile.Read(path).Dispose(), Byte),
        .. Hypergraphs(folder, "x.hif.json", "x.xgi.json", "x.csv", "x.hgr", "x.txt"),
        Written("hypergraph tensors", "graph.safetensors", folder, path => HypergraphTensors.Write(path, Graph(named: true)), path => HypergraphTensors.Read(path), Anywhere),
    ];

    private static IEnumerable<DamagedFiles> Hypergraphs(string folder, params string[] names) =>
        names.Select(name => Written(name[2..], name, folder, path => HypergraphFile.Write(path, Graph(named: false)), path => HypergraphFile.Read(path), Line));

    private static DamagedFiles Written(string name, string fileName, string folder, Action<string> write, Action<string> read, string place)
    {
        string path = Path.Combine(folder, fileName);
        write(path);
        return new DamagedFiles(name, fileName, [File.ReadAllBytes(path)], read, place);
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
