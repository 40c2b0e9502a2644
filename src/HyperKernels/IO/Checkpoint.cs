using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace HyperKernels.IO;

/// <summary>
/// Everything that a training run needs to go on where it was, in one safetensors file: weights, optimiser state, random streams, step
/// and position in the data. Going on from it gives the same bits as never having stopped.
/// </summary>
/// <remarks>
/// A file is written beside the old one, flushed to the disk and renamed, and the old one kept as <c>path.previous</c>: a crash at any
/// moment leaves one that is whole. A checksum tells damage that the format itself would not show.
/// </remarks>
public sealed class Checkpoint
{
    private const string Format = "hyperkernels checkpoint 1";
    private const string WeightPrefix = "weights.";
    private const string OptimizerPrefix = "optimizer.";
    private const string RandomPrefix = "random.";
    private const string UserPrefix = "user.";
    private const string ChecksumKey = "checksum";

    /// <summary>The model's state by name: <c>layer.GetState()</c>.</summary>
    public IReadOnlyDictionary<string, HostArray> Weights { get; init; } = new Dictionary<string, HostArray>();

    /// <summary>The optimiser's state by name.</summary>
    public IReadOnlyDictionary<string, HostArray> Optimizer { get; init; } = new Dictionary<string, HostArray>();

    /// <summary>The states of random streams by name.</summary>
    public IReadOnlyDictionary<string, RandomState> Random { get; init; } = new Dictionary<string, RandomState>();

    /// <summary>How many training steps are done.</summary>
    public long Step { get; init; }

    /// <summary>The epoch that the run is in.</summary>
    public long Epoch { get; init; }

    /// <summary>How many samples of the epoch are used up.</summary>
    public long DataPosition { get; init; }

    /// <summary>Anything else, as text.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; init; } = new Dictionary<string, string>();

    /// <summary>For a loaded checkpoint: why it is the one before the newest, in a sentence; else null.</summary>
    public string? Warning { get; private init; }

    /// <summary>Writes the file, keeping what was there as <c>path.previous</c>.</summary>
    /// <param name="path">The file to make or replace.</param>
    /// <exception cref="ArgumentException">A name is not valid Unicode.</exception>
    /// <exception cref="IOException">The folder is missing or cannot be written, or the disk is full.</exception>
    public void Save(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        SortedDictionary<string, HostArray> arrays = new(StringComparer.Ordinal);
        foreach ((string name, HostArray array) in Weights)
        {
            arrays.Add(WeightPrefix + name, array);
        }
        foreach ((string name, HostArray array) in Optimizer)
        {
            arrays.Add(OptimizerPrefix + name, array);
        }
        Dictionary<string, string> metadata = new()
        {
            ["format"] = Format,
            ["step"] = Step.ToString(CultureInfo.InvariantCulture),
            ["epoch"] = Epoch.ToString(CultureInfo.InvariantCulture),
            ["data_position"] = DataPosition.ToString(CultureInfo.InvariantCulture),
        };
        foreach ((string name, RandomState state) in Random)
        {
            metadata.Add(RandomPrefix + name, string.Create(CultureInfo.InvariantCulture, $"{state.Seed} {state.Position}"));
        }
        foreach ((string name, string value) in Metadata)
        {
            metadata.Add(UserPrefix + name, value);
        }
        metadata.Add(ChecksumKey, Checksum(metadata, arrays));

        // A file cut off by another program must not push out the good one before it.
        Safetensors.Write(path, arrays.Select(static named => StateFile.ToTensor(named.Key, named.Value)), metadata, keepPrevious: Opens(path));
    }

    /// <summary>Reads a checkpoint, or the one before it if the newest is missing or damaged.</summary>
    /// <param name="path">The file that <see cref="Save"/> was given.</param>
    /// <returns>The checkpoint; <see cref="Warning"/> says so if it is the one before the newest.</returns>
    /// <exception cref="FileNotFoundException">There is neither.</exception>
    /// <exception cref="InvalidDataException">Neither can be used; the message says why.</exception>
    public static Checkpoint Load(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        string previous = path + AtomicFile.PreviousSuffix;
        if (!File.Exists(path) && !File.Exists(previous))
        {
            throw new FileNotFoundException($"Checkpoint.Load: there is no '{path}' and no '{previous}'.", path);
        }
        if (TryRead(path, null, out Checkpoint? newest, out string reason))
        {
            return newest;
        }
        string warning = $"{reason} Went back to '{previous}'.";
        if (TryRead(previous, warning, out Checkpoint? older, out string olderReason))
        {
            return older;
        }
        throw new InvalidDataException($"Checkpoint.Load: neither the checkpoint nor the one before it can be used. {reason} {olderReason}");
    }

    private static bool TryRead(
        string path, string? warning, [NotNullWhen(true)] out Checkpoint? checkpoint, out string reason)
    {
        checkpoint = null;
        reason = string.Empty;
        try
        {
            checkpoint = Read(path, warning);
            return true;
        }
        catch (FileNotFoundException)
        {
            reason = $"{path} does not exist.";
        }
        catch (InvalidDataException failure)
        {
            reason = failure.Message;
        }
        return false;
    }

    private static Checkpoint Read(string path, string? warning)
    {
        using SafetensorsFile file = SafetensorsFile.Open(path);
        if (file.Metadata.GetValueOrDefault("format") != Format)
        {
            throw BadFile.At(path, 0, $"the file is no checkpoint: its metadata has not \"format\": \"{Format}\".");
        }
        SortedDictionary<string, HostArray> arrays = new(StringComparer.Ordinal);
        foreach (SafetensorsEntry entry in file.Entries.Values)
        {
            arrays.Add(entry.Name, StateFile.ToArray(file, entry));
        }
        string sum = Checksum(file.Metadata, arrays);
        string claimed = file.Metadata.GetValueOrDefault(ChecksumKey, "nothing");
        if (sum != claimed)
        {
            throw BadFile.At(path, 0, $"the content has the checksum {sum}, the file says {claimed}: it was damaged after it was written.");
        }
        return new Checkpoint
        {
            Weights = Under(arrays, WeightPrefix),
            Optimizer = Under(arrays, OptimizerPrefix),
            Random = Under(file.Metadata, RandomPrefix).ToDictionary(static pair => pair.Key, pair => ParseRandom(path, pair.Value)),
            Metadata = Under(file.Metadata, UserPrefix),
            Step = Number(file, "step"),
            Epoch = Number(file, "epoch"),
            DataPosition = Number(file, "data_position"),
            Warning = warning,
        };
    }

    private static bool Opens(string path)
    {
        try
        {
            using SafetensorsFile file = SafetensorsFile.Open(path);
            return true;
        }
        catch (Exception failure) when (failure is InvalidDataException or FileNotFoundException or DirectoryNotFoundException)
        {
            return false;
        }
    }

    private static Dictionary<string, TValue> Under<TValue>(IEnumerable<KeyValuePair<string, TValue>> named, string prefix) =>
        named.Where(pair => pair.Key.StartsWith(prefix, StringComparison.Ordinal))
            .ToDictionary(pair => pair.Key[prefix.Length..], static pair => pair.Value);

    private static long Number(SafetensorsFile file, string key) =>
        long.TryParse(file.Metadata.GetValueOrDefault(key), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long value)
            ? value
            : throw BadFile.At(file.Path, 0, $"the metadata of a checkpoint must have a whole number under \"{key}\".");

    private static RandomState ParseRandom(string path, string text)
    {
        string[] words = text.Split(' ');
        return words.Length == 2
            && ulong.TryParse(words[0], NumberStyles.None, CultureInfo.InvariantCulture, out ulong seed)
            && ulong.TryParse(words[1], NumberStyles.None, CultureInfo.InvariantCulture, out ulong position)
                ? new RandomState(seed, position)
                : throw BadFile.At(path, 0, $"a random state must be seed and position; got {BadFile.Quote(text)}.");
    }

    // Over names, shapes, values and metadata, in the order of the bytes of names.
    private static string Checksum(IEnumerable<KeyValuePair<string, string>> metadata, SortedDictionary<string, HostArray> arrays)
    {
        uint sum = 0;
        foreach ((string key, string value) in metadata.Where(static pair => pair.Key != ChecksumKey).OrderBy(static pair => pair.Key, StringComparer.Ordinal))
        {
            sum = Crc32.Append(sum, Encoding.UTF8.GetBytes($"{key}={value}\n"));
        }
        foreach ((string name, HostArray array) in arrays)
        {
            sum = Crc32.Append(sum, Encoding.UTF8.GetBytes($"{name} {array.Shape}\n"));
            sum = Crc32.Append(sum, MemoryMarshal.AsBytes<float>(array.Values));
        }
        return sum.ToString("x8", CultureInfo.InvariantCulture);
    }
}
