using NUnit.Framework;

namespace HyperKernels.Tests;

/// <summary>Finds the files that tests read: those of the repository, and larger data beside it that may be absent.</summary>
internal static class TestData
{
    /// <summary>The folder of HyperKernels.sln.</summary>
    internal static string Repository { get; } = FindRepository();

    /// <summary>The reference cases that are part of the repository.</summary>
    internal static string Reference => Path.Combine(Repository, "tests", "reference");

    private static string DataRoot =>
        Environment.GetEnvironmentVariable("HYPERKERNELS_DATA") is { Length: > 0 } given
            ? given
            : Path.GetFullPath(Path.Combine(Repository, "..", "shared", "data"));

    /// <summary>
    /// A folder of data, for example <c>mnist</c>, under HYPERKERNELS_DATA or <c>../shared/data</c>. Where it is absent the test is skipped
    /// with that reason, or fails where HYPERKERNELS_REQUIRE names <c>data</c>.
    /// </summary>
    internal static string Folder(string name) => Existing(Path.Combine(DataRoot, name));

    /// <summary>The reference cases of every system, beside the data; skipped or failed as <see cref="Folder"/> says.</summary>
    internal static string AllReferences() => Existing(Path.GetFullPath(Path.Combine(DataRoot, "..", "reference")));

    /// <summary>A new empty folder for one test to write in.</summary>
    internal static TemporaryFolder Temporary() => new();

    private static string Existing(string folder)
    {
        if (Directory.Exists(folder))
        {
            return folder;
        }
        string reason = $"{folder} does not exist; set HYPERKERNELS_DATA to the folder that holds the data sets.";
        throw Missing("data", reason);
    }

    /// <summary>What ends a test that needs something which is not here: it is skipped, or fails where HYPERKERNELS_REQUIRE names the thing.</summary>
    internal static Exception Missing(string what, string reason)
    {
        string required = Environment.GetEnvironmentVariable("HYPERKERNELS_REQUIRE") ?? string.Empty;
        return required.Split(',', StringSplitOptions.TrimEntries).Contains(what) ? new AssertionException(reason) : new IgnoreException(reason);
    }

    private static string FindRepository()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "HyperKernels.sln")))
            {
                return folder.FullName;
            }
        }
        throw new DirectoryNotFoundException($"HyperKernels.sln must lie above {AppContext.BaseDirectory}.");
    }

    internal sealed class TemporaryFolder : IDisposable
    {
        private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("hyperkernels-");

        internal string Root => _folder.FullName;

        internal string File(string name) => Path.Combine(_folder.FullName, name);

        internal string File(string name, ReadOnlySpan<byte> content)
        {
            string path = File(name);
            System.IO.File.WriteAllBytes(path, content);
            return path;
        }

        public void Dispose() => _folder.Delete(recursive: true);
    }
}
