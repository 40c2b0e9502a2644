namespace HyperKernels.IO;

/// <summary>Reads and writes hypergraphs in the format that a file's name and content tell.</summary>
/// <remarks>
/// <list type="table">
/// <listheader><term>name</term><description>format</description></listheader>
/// <item><term><c>*.safetensors</c></term><description><see cref="HypergraphTensors"/></description></item>
/// <item><term><c>*.json</c></term><description>
/// <see cref="HifFile"/>, or <see cref="XgiFile"/> where the file has an <c>edge-dict</c>; written as XGI where the name ends in <c>.xgi.json</c>
/// </description></item>
/// <item><term><c>*.csv</c>, <c>*.tsv</c></term><description><see cref="PairsFile"/></description></item>
/// <item><term><c>*.hgr</c></term><description><see cref="HmetisFile"/></description></item>
/// <item><term><c>*-nverts.txt</c>, <c>*-simplices.txt</c></term><description><see cref="BensonFiles"/></description></item>
/// <item><term><c>hyperedges-*.txt</c></term><description><see cref="CornellFiles"/></description></item>
/// <item><term>others</term><description><see cref="HyperedgeListFile"/></description></item>
/// </list>
/// Ids of lists and pairs are numbers from 0 here; for others call the format. Pickles are never read: they run code.
/// </remarks>
public static class HypergraphFile
{
    /// <summary>Reads a file.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="InvalidDataException">The file breaks a rule of its format.</exception>
    /// <exception cref="IOException">The file is missing or cannot be read.</exception>
    public static HypergraphData Read(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return Path.GetExtension(path).ToLowerInvariant() switch
        {
            ".safetensors" => HypergraphTensors.Read(path),
            ".json" => IsXgi(path) ? XgiFile.Read(path) : HifFile.Read(path),
            ".csv" or ".tsv" => PairsFile.Read(path),
            ".hgr" => HmetisFile.Read(path),
            ".pkl" or ".pickle" => throw Pickle(path),
            _ when BensonPrefix(path) is { } prefix => BensonFiles.Read(prefix),
            _ when CornellName(path) is { } name => CornellFiles.Read(FolderOf(path), name),
            _ => HyperedgeListFile.Read(path),
        };
    }

    /// <summary>Writes a file.</summary>
    /// <param name="path">The file to make or replace.</param>
    /// <param name="data">What to write.</param>
    /// <exception cref="ArgumentException">The data has more than the format holds.</exception>
    /// <exception cref="IOException">The folder is missing or cannot be written, or the disk is full.</exception>
    public static void Write(string path, HypergraphData data)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        Action write = Path.GetExtension(path).ToLowerInvariant() switch
        {
            ".safetensors" => () => HypergraphTensors.Write(path, data),
            ".json" => path.EndsWith(".xgi.json", StringComparison.OrdinalIgnoreCase) ? () => XgiFile.Write(path, data) : () => HifFile.Write(path, data),
            ".csv" or ".tsv" => () => PairsFile.Write(path, data),
            ".hgr" => () => HmetisFile.Write(path, data),
            ".pkl" or ".pickle" => throw Pickle(path),
            _ when BensonPrefix(path) is { } prefix => () => BensonFiles.Write(prefix, data),
            _ when CornellName(path) is { } name => () => CornellFiles.Write(FolderOf(path), name, data),
            _ => () => HyperedgeListFile.Write(path, data),
        };
        write();
    }

    private static NotSupportedException Pickle(string path) =>
        new($"{path}: a pickle runs code when it is read and is not touched; convert it where it was made, to HIF or safetensors.");

    private static bool IsXgi(string path)
    {
        JsonFileReader json = JsonFileReader.Open(path);
        while (json.NextProperty(out string name))
        {
            if (name is "incidences" or "edge-dict")
            {
                return name == "edge-dict";
            }
            json.Skip();
        }
        return false;
    }

    private static string FolderOf(string path) => Path.GetDirectoryName(Path.GetFullPath(path))!;

    private static string? BensonPrefix(string path)
    {
        string? ending = new[] { "-nverts.txt", "-simplices.txt" }.FirstOrDefault(ending => path.EndsWith(ending, StringComparison.Ordinal));
        return ending is null ? null : path[..^ending.Length];
    }

    private static string? CornellName(string path)
    {
        const string Start = "hyperedges-";
        string name = Path.GetFileName(path);
        return name.StartsWith(Start, StringComparison.Ordinal) && name.EndsWith(".txt", StringComparison.Ordinal) ? name[Start.Length..^".txt".Length] : null;
    }
}
