namespace HyperKernels.Tests.Architecture;

/// <summary>
/// The dependency rule as tables: a folder may use itself and what is listed for it, and nothing else. Who adds a folder adds a line, under the floor
/// it belongs to.
/// </summary>
internal static class Floors
{
    private const string Cpu = "Backends/Cpu";

    // Devices open backends, and backends throw and allocate as devices ask: they need each other and are one floor. Nobody reaches a backend but
    // through the checks before it.
    private static readonly string[] s_floor0 = ["Devices", "Backends", "Backends/Checked", "Backends/Watched"];

    // The families of the processor share its threads, vectors, rows and buffers, and sit beside each other.
    private static readonly string[] s_cpu = [.. s_floor0, Cpu, $"{Cpu}/Threads", $"{Cpu}/Vectors"];

    // Several families form products.
    private static readonly string[] s_products = [.. s_cpu, $"{Cpu}/Matmul"];

    private static readonly string[] s_floor1 = [.. s_floor0, "Tensors"];

    // Ops record on the tape, and the tape's rules are written in ops: they need each other and are one floor.
    private static readonly string[] s_floor2 = [.. s_floor1, "Ops", "Ops/Autograd"];
    private static readonly string[] s_floor3 = [.. s_floor2, "Hypergraphs"];

    // Layers may read and write files; their own folders need each other: a layer's start is an initialiser, and the format knows every layer.
    private static readonly string[] s_layers =
        [.. s_floor3, "IO", "Layers", "Layers/Core", "Layers/Hypergraphs", "Layers/Hypernetworks", "Layers/Initializers"];

    private static readonly string[] s_engine = [.. s_layers, "Optim", "Hypergraphs/Files"];

    /// <summary>Folders of <c>src/HyperKernels</c>, and which others of it they may use.</summary>
    private static readonly Dictionary<string, string[]> s_rooms = new()
    {
        // Floor 0.
        ["Devices"] = s_floor0,
        ["Backends"] = s_floor0,
        ["Backends/Checked"] = s_floor0,
        ["Backends/Watched"] = s_floor0,
        // The backend is the sum of its families: it tells two of their sizes.
        [Cpu] = [.. s_cpu, $"{Cpu}/Generate", $"{Cpu}/Segment"],
        [$"{Cpu}/Vectors"] = s_floor0,
        [$"{Cpu}/Threads"] = [.. s_floor0, $"{Cpu}/Vectors"],
        [$"{Cpu}/Conv"] = s_products,
        [$"{Cpu}/Elementwise"] = s_cpu,
        [$"{Cpu}/Gather"] = s_cpu,
        [$"{Cpu}/Generate"] = s_products,
        [$"{Cpu}/Matmul"] = s_cpu,
        [$"{Cpu}/Gates"] = s_cpu,
        [$"{Cpu}/Normalize"] = s_cpu,
        [$"{Cpu}/Optimizer"] = s_products,
        [$"{Cpu}/Pool"] = s_cpu,
        [$"{Cpu}/Random"] = s_cpu,
        [$"{Cpu}/Reduce"] = s_cpu,
        // Sums of one row each are gathered rows.
        [$"{Cpu}/Segment"] = [.. s_cpu, $"{Cpu}/Gather"],
        [$"{Cpu}/Shape"] = s_cpu,
        [$"{Cpu}/Softmax"] = s_cpu,
        // Floor 1.
        ["Tensors"] = s_floor0,
        // Floor 2.
        ["Ops"] = s_floor2,
        ["Ops/Autograd"] = s_floor2,
        // Floor 3.
        ["Hypergraphs"] = s_floor2,
        // Floor 4.
        ["IO"] = s_floor2,
        ["Optim"] = s_floor2,
        // Floor 5: files of hypergraphs, written with what reads and writes other files.
        ["Hypergraphs/Files"] = [.. s_floor3, "IO"],
        ["Layers"] = s_layers,
        ["Layers/Core"] = s_layers,
        ["Layers/Hypergraphs"] = s_layers,
        ["Layers/Hypernetworks"] = s_layers,
        ["Layers/Initializers"] = s_layers,
    };

    /// <summary>Projects above the engine: their folders are their own business, what they use of others is not.</summary>
    private static readonly Dictionary<string, string[]> s_projects = new()
    {
        // A backend: buffers and integers. What an application hands over becomes a tensor.
        ["kernels/HyperKernels.Gpu"] = Engine(s_floor1),
        ["src/HyperKernels.Models"] = Engine(s_engine),
        // Looks at the code of users, and uses none of ours.
        ["src/HyperKernels.Analyzers"] = [],
        ["src/HyperKernels.Distributed"] = Engine(s_engine),
        ["src/HyperKernels.Interchange"] = Engine(s_engine),
        ["src/HyperKernels.Cases"] = [.. Engine(s_engine), "src/HyperKernels.Models/**"],
        // What applications are: the engine's public types alone.
        ["samples/HyperKernels.Serving"] = Engine(s_engine),
        ["samples/scripts"] = [.. Engine(s_engine), "src/HyperKernels.Models/**"],
        ["tools/HyperKernels.Cli"] =
        [
            .. Engine(s_engine), "src/HyperKernels.Models/**", "src/HyperKernels.Cases/**", "src/HyperKernels.Distributed/**", "src/HyperKernels.Interchange/**",
        ],
    };

    /// <summary>Files that may use more than their folder, and why.</summary>
    public static IReadOnlyDictionary<string, (string[] Uses, string Why)> Exceptions { get; } = new Dictionary<string, (string[], string)>
    {
        ["src/HyperKernels/Backends/BackendRegistry.cs"] =
            (Engine([Cpu]), "somebody has to name the provider that is built in"),
        ["src/HyperKernels/Tensors/WeightUse.cs"] =
            (Engine(["Ops"]), "a parameter's value is a tensor: a weight that stands in its place is written out where it is asked for, by ops"),
    };

    /// <summary>Types whose parts stand in several folders: where the type itself belongs, where else parts may be, and why.</summary>
    public static IReadOnlyDictionary<string, (string Home, string[] Parts, string Why)> SpreadTypes { get; } = new Dictionary<string, (string, string[], string)>
    {
        ["CpuBackend"] = (
            $"src/HyperKernels/{Cpu}", [.. s_rooms.Keys.Where(room => room.StartsWith($"{Cpu}/", StringComparison.Ordinal)).Select(room => $"src/HyperKernels/{room}")],
            "one class, a file per family"),
        ["Tensor"] = ("src/HyperKernels/Tensors", ["src/HyperKernels/Ops"], "its operators call ops"),
        ["Weight"] = ("src/HyperKernels/Tensors", ["src/HyperKernels/Ops"], "writing one out calls ops"),
        ["Ops"] = ("src/HyperKernels/Ops", ["src/HyperKernels/Hypergraphs"], "the forms that take a graph stand with graphs"),
    };

    /// <summary>Whether code in a folder may use code in another; null if the folder is not in the tables.</summary>
    public static bool? Allows(string folder, string used)
    {
        if (Project(folder) is { } project)
        {
            return used == project || used.StartsWith($"{project}/", StringComparison.Ordinal) || Lists(s_projects[project], used);
        }
        return folder.StartsWith("src/HyperKernels/", StringComparison.Ordinal) && s_rooms.TryGetValue(folder["src/HyperKernels/".Length..], out string[]? uses)
            ? used == folder || Lists(Engine(uses), used)
            : null;
    }

    /// <summary>All folders and projects of the tables.</summary>
    public static IEnumerable<string> Folders => Engine(s_rooms.Keys).Concat(s_projects.Keys);

    /// <summary>Whether a list of folders names one; <c>/**</c> stands for all below.</summary>
    public static bool Lists(string[] folders, string folder) =>
        Array.Exists(folders, listed => listed == folder || (listed.EndsWith("/**", StringComparison.Ordinal) && $"{folder}/".StartsWith(listed[..^2], StringComparison.Ordinal)));

    private static string? Project(string folder) =>
        s_projects.Keys.FirstOrDefault(project => folder == project || folder.StartsWith($"{project}/", StringComparison.Ordinal));

    private static string[] Engine(IEnumerable<string> rooms) => [.. rooms.Select(room => $"src/HyperKernels/{room}")];
}
