using System.Security.Cryptography;
using System.Text;

namespace HyperKernels.Backends.Gpu;

/// <summary>
/// Compiled kernels on disk, so that a warm start compiles nothing. A file's name is the hash of all that its content depends on; its
/// head is the hash of the content, so that what was cut short or tampered with is compiled again. No failure of the disk is an error.
/// </summary>
internal sealed class KernelCache
{
    /// <summary>A folder to use instead of the user's cache folder; <c>off</c> for none.</summary>
    public const string Variable = "HYPERKERNELS_CACHE";

    private readonly string? _folder;

    /// <param name="folder">Where the files are; null for no cache.</param>
    public KernelCache(string? folder) => _folder = folder;

    /// <summary>The user's cache, or what <see cref="Variable"/> says.</summary>
    public static KernelCache Default => new(DefaultFolder());

    /// <summary>How often a kernel file was found and how often it had to be compiled.</summary>
    public int Hits { get; private set; }

    /// <inheritdoc cref="Hits"/>
    public int Misses { get; private set; }

    /// <summary>Hashes what a compiled file depends on: source, options, device, driver.</summary>
    public static string Key(params ReadOnlySpan<string> parts)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (string part in parts)
        {
            byte[] bytes = Encoding.UTF8.GetBytes(part);
            // With its length, so that no two lists of parts run together to one text.
            hash.AppendData(BitConverter.GetBytes(bytes.Length));
            hash.AppendData(bytes);
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>The compiled kernels of a key, or null.</summary>
    public byte[]? Read(string key)
    {
        byte[]? content = null;
        try
        {
            if (_folder is not null)
            {
                byte[] file = File.ReadAllBytes(PathOf(key));
                ReadOnlySpan<byte> rest = file.AsSpan(Math.Min(file.Length, SHA256.HashSizeInBytes));
                content = file.AsSpan().StartsWith(SHA256.HashData(rest)) ? rest.ToArray() : null;
            }
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // As if it were not there.
        }
        Hits += content is null ? 0 : 1;
        Misses += content is null ? 1 : 0;
        return content;
    }

    /// <summary>Keeps compiled kernels. Another process that does the same at the same time does no harm.</summary>
    public void Write(string key, byte[] content)
    {
        if (_folder is null)
        {
            return;
        }
        try
        {
            CreatePrivateFolder(_folder);
            string path = PathOf(key);
            string unfinished = $"{path}.{Environment.ProcessId}-{Guid.NewGuid():N}";
            File.WriteAllBytes(unfinished, [.. SHA256.HashData(content), .. content]);
            File.Move(unfinished, path, overwrite: true);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // The next start compiles again.
        }
    }

    private string PathOf(string key) => Path.Combine(_folder!, $"{key}.kernels");

    // Kernels run with the user's rights: nobody else may put any there.
    private static void CreatePrivateFolder(string folder)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(folder);
        }
        else
        {
            Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    private static string? DefaultFolder()
    {
        string? own = Environment.GetEnvironmentVariable(Variable);
        if (!string.IsNullOrEmpty(own))
        {
            return own == "off" ? null : own;
        }
        string? cache = OperatingSystem.IsWindows()
            ? Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData)
            : Environment.GetEnvironmentVariable("XDG_CACHE_HOME");
        if (string.IsNullOrEmpty(cache))
        {
            string home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
            cache = home.Length == 0 ? "" : Path.Combine(home, ".cache");
        }
        return cache.Length == 0 ? null : Path.Combine(cache, "hyperkernels", "kernels");
    }
}
