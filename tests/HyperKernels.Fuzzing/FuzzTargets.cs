using HyperKernels.Cli.Soak;
using HyperKernels.Distributed;
using HyperKernels.Interchange;
using HyperKernels.Layers;
using HyperKernels.Models;
using PureHDF;
using PngFile = HyperKernels.Interchange.PngFile;

namespace HyperKernels.Fuzzing;

/// <summary>Every reader of files there is: those of <c>hyperkernels soak files</c>, and those that this program's packages bring.</summary>
internal static class FuzzTargets
{
    /// <summary>What packed content may become in a fuzzing run whatever its size: more takes time and tells nothing more.</summary>
    public const long PackedContent = 1 << 20;

    /// <summary>What reading it may take.</summary>
    public const long PackedBytes = 16 * PackedContent;

    private const string Byte = ": byte ";
    private const string Line = ": line ";
    private const string Anywhere = ": ";

    // A grey JPEG of 20 by 12 pixels.
    private const string Jpeg =
        "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAIBAQEBAQIBAQECAgICAgQDAgICAgUEBAMEBgUGBgYFBgYGBwkIBgcJBwYGCAsICQoKCgoKBggLDAsKDAkKCgr/2wBDAQICAgICAgUDAwUKBwYHCgoKCgoKCgoKCgoKCgoKCgoKCg"
        + "oKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgr/wAARCAAMABQDASIAAhEBAxEB/8QAFwABAQEBAAAAAAAAAAAAAAAAAAcGCP/EABoQ"
        + "AQABBQAAAAAAAAAAAAAAAAACBQc3g7P/xAAXAQADAQAAAAAAAAAAAAAAAAAEBgcJ/8QA"
        + "GxEAAgEFAAAAAAAAAAAAAAAAAAMECTI3dbT/2gAMAwEAAhEDEQA/AOT1ys7jmnbu00NXKzuOadu7TIL7CxVBcMwNgrnlGmACmPJ//9k=";

    /// <summary>All of them; their valid files are written in a folder, and left there where a reader wants more than one.</summary>
    public static IReadOnlyList<DamagedFiles> All(string folder)
    {
        Directory.CreateDirectory(folder);
        return
        [
            .. DamagedFiles.All(folder).Select(format => format with
            {
                Name = format.Name.Replace(",", "", StringComparison.Ordinal).Replace(' ', '-'), Good = [.. format.Good, .. More(format.Name, folder)],
            }),
            One("layer", "layer.safetensors", Anywhere, path => Layer.Load(path).Dispose(), [.. Layers().Select(layer => Saved(folder, layer))]),
            One("state-dict", "state.safetensors", Anywhere, ReadState, Written(folder, path => StateDictFile.Save(path, Network()))),
            .. Libraries(folder),
            .. Benson(folder),
            .. Cornell(folder),
            One("partition", "x.hgr.part", Line, static path => PartitionFile.Read(path, 4), "0\n1\n1\n0\n"u8.ToArray()),
            .. Store(folder),
            One("arrow", "x.arrow", Byte, static path => ArrowTable.Read(path), Written(folder, static path => ArrowTable.Write(path, Table()))) with { IsForeign = true },
            One("parquet", "x.parquet", Byte, static path => ParquetTable.ReadAsync(path).GetAwaiter().GetResult(),
                Written(folder, static path => ParquetTable.WriteAsync(path, Table()).Wait())) with { IsForeign = true },
            One("hdf5", "x.h5", Byte, ReadHdf5,
                Written(folder, static path => new H5File { ["a"] = new H5Group { ["b"] = new float[6, 5] }, ["c"] = new int[7] }.Write(path)),
                Written(folder, static path => new H5File { ["c"] = new long[3] }.Write(path))) with { IsForeign = true },
            One("png", "x.png", Anywhere, static path => ImageFile.Read(path),
                PngFile.Grey(new byte[20], 4, 5), PngFile.Colour(new byte[60], 4, 5), PngFile.ColourWithAlpha(new byte[80], 4, 5)) with { IsPacked = true },
            One("jpeg", "x.jpg", Byte, static path => ImageFile.Read(path), Convert.FromBase64String(Jpeg)) with { IsForeign = true },
        ];
    }

    private static DamagedFiles One(string name, string fileName, string place, Action<string> read, params byte[][] seeds) => new(name, fileName, seeds, read, place);

    // Further forms of what the soak run damages.
    private static IEnumerable<byte[]> More(string name, string folder) => name switch
    {
        "npy" =>
        [
            .. new[] { "'<f8', 'fortran_order': True, 'shape': (1, 2)", "'>i2', 'fortran_order': False, 'shape': (8,)", "'|b1', 'fortran_order': False, 'shape': ()" }.Select(Npy),
        ],
        "idx" => [[0, 0, 0x0D, 1, 0, 0, 0, 1, 0, 0, 0, 0], [0, 0, 0x0B, 2, 0, 0, 0, 1, 0, 0, 0, 2, 1, 2, 3, 4]],
        "hif.json" =>
        [
            """
            {"network-type":"directed","metadata":{"a":[1,{"b":null}]},"nodes":[{"node":"ada","weight":2.5,"attrs":{"x":1}},{"node":2}],
            "edges":[{"edge":"e","weight":0.5}],"incidences":[{"edge":"e","node":"ada","direction":"tail"},{"edge":"e","node":2,"weight":3,"direction":"head"}]}
            """u8.ToArray(),
        ],
        "hgr" => ["% a remark\n3 4 11\n2 1 2\n3 3 4 1\n1 2\n1\n2\n3\n4\n"u8.ToArray()],
        "onnx" => [Written(folder, path => OnnxFile.Write(path, Mlp(), [4]))],
        _ => [],
    };

    private static byte[] Npy(string descr)
    {
        string header = $"{{'descr': {descr}, }}".PadRight(117) + "\n";
        return [0x93, .. "NUMPY"u8, 1, 0, (byte)header.Length, 0, .. header.Select(letter => (byte)letter), .. new byte[16]];
    }

    private static Sequential Mlp() => new(new Linear(4, 3), new Gelu(), new LayerNorm(3), new Linear(3, 2), new Tanh());

    private static Sequential Network() => new(new Linear(3, 2), new BatchNorm(2), new Relu());

    private static IEnumerable<Layer> Layers() =>
        [Network(), new GruCell(2, 2), new Residual(new Mlp([3, 3])), new Sequential(new Conv1d(1, 2, 3), new GroupNorm(1, 2)), new Embedding(3, 2)];

    private static byte[] Saved(string folder, Layer layer) => Written(folder, path =>
    {
        using (layer)
        {
            layer.Save(path);
        }
    });

    private static void ReadState(string path)
    {
        using Sequential network = Network();
        try
        {
            StateDictFile.Load(path, network);
        }
        catch (ArgumentException failure)
        {
            // A good file that does not fit the layer: refused so, as the reader says it does.
            throw new InvalidDataException(failure.Message, failure);
        }
    }

    private static IEnumerable<DamagedFiles> Libraries(string folder)
    {
        byte[] state = Written(folder, static path => Safetensors.Write(path,
        [
            SafetensorsTensor.From("_internal_params.0", new float[6], 2, 3), SafetensorsTensor.From("_internal_params.1", new float[12], 4, 3),
            SafetensorsTensor.From("_internal_params.2", new float[4], 4), SafetensorsTensor.From("_internal_params.3", new float[32], 8, 4),
            SafetensorsTensor.From("_internal_params.4", new float[8], 8),
        ]));
        yield return One("hypnettorch", "hypnettorch.safetensors", Anywhere, path =>
        {
            using Linear target = new(3, 2);
            HypnettorchFile.Read(path, target).Dispose();
        }, state);
        yield return One("hyper-nn", "hypernn.safetensors", Anywhere, path =>
        {
            using Linear target = new(3, 2);
            HyperNnFile.Read(path, target).Dispose();
        }, state);
    }

    private static HypergraphData Graph() => new(5, 4, [1, 2, 0, 0, 4, 4], [0, 0, 0, 2, 3, 3]) { EdgeTimes = [4, 3, 2, 1], NodeLabels = [0, 1, 1, 0, 2] };

    // Several files, of which one is changed.
    private static IEnumerable<DamagedFiles> Benson(string folder)
    {
        string prefix = Path.Combine(folder, "b");
        BensonFiles.Write(prefix, Graph() with { NodeLabels = null });
        File.WriteAllText($"{prefix}-node-labels.txt", "1 ada\n2 bob\n3 cy\n4 dee\n5 eve\n");
        foreach (string part in new[] { "nverts", "simplices", "times", "node-labels" })
        {
            string name = $"b-{part}.txt";
            yield return One($"benson-{part}", name, Anywhere, _ => BensonFiles.Read(prefix), File.ReadAllBytes(Path.Combine(folder, name))) with { IsOneOfSeveral = true };
        }
    }

    private static IEnumerable<DamagedFiles> Cornell(string folder)
    {
        CornellFiles.Write(folder, "c", Graph() with { EdgeTimes = null, NodeLabelNames = ["red", "green", "blue"] });
        foreach (string part in new[] { "hyperedges", "node-labels", "label-names" })
        {
            string name = $"{part}-c.txt";
            yield return One($"cornell-{part}", name, Anywhere, _ => CornellFiles.Read(folder, "c"), File.ReadAllBytes(Path.Combine(folder, name))) with { IsOneOfSeveral = true };
        }
    }

    private static IEnumerable<DamagedFiles> Store(string folder)
    {
        string store = Path.Combine(folder, "store");
        Directory.CreateDirectory(store);
        using (HypergraphStoreWriter writer = new(store, 4, new StoreWriterOptions { FeatureCount = 2, Classes = 3 }))
        {
            writer.AddEdge([0, 1, 2]);
            writer.AddEdge([2, 3]);
            writer.AddFeatures(new float[8]);
            writer.AddLabels([0, 1, 2, 0]);
            writer.Complete();
        }
        foreach (string file in Directory.GetFiles(store).Order(StringComparer.Ordinal))
        {
            string name = Path.GetFileNameWithoutExtension(file);
            yield return One($"store-{name}", Path.Combine("store", Path.GetFileName(file)), Anywhere, _ => ReadStore(store), File.ReadAllBytes(file))
                with { IsOneOfSeveral = true };
        }
    }

    private static void ReadStore(string folder)
    {
        using HypergraphStore store = HypergraphStore.Open(folder);
        store.Verify();
        store.ToHypergraph();
    }

    private static TensorTable Table() => new TensorTable()
        .Add("f", NumericArray.From(new float[20], 20))
        .Add("i", NumericArray.From(new long[20], 20))
        .Add("t", [.. Enumerable.Range(0, 20).Select(static i => $"word {i % 3}")]);

    private static void ReadHdf5(string path)
    {
        foreach (string name in Hdf5File.Names(path))
        {
            Hdf5File.Read(path, name);
        }
    }

    private static byte[] Written(string folder, Action<string> write)
    {
        string path = Path.Combine(folder, "seed");
        write(path);
        byte[] bytes = File.ReadAllBytes(path);
        File.Delete(path);
        return bytes;
    }
}
