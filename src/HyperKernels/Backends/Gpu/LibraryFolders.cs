namespace HyperKernels.Backends.Gpu;

/// <summary>Where CUDA's libraries lie when no system path leads there: toolkits, conda, and the <c>nvidia</c> wheels of Python.</summary>
internal static class LibraryFolders
{
    // Relative to a site-packages folder: wheels for CUDA 12, then 13.
    private static readonly string[] s_wheels = ["nvidia/cuda_nvrtc/lib", "nvidia/cu13/lib", "nvidia/cuda_nvrtc/bin", "nvidia/cu13/bin/x86_64"];

    /// <summary>The files that exist, in the order in which to try them.</summary>
    public static IEnumerable<string> Candidates(string[] files) =>
        Toolkits().Concat(Wheels()).SelectMany(folder => files.Select(file => Path.Combine(folder, file))).Where(File.Exists);

    private static IEnumerable<string> Toolkits()
    {
        foreach (string root in new[] { Variable("CUDA_PATH"), Variable("CUDA_HOME"), "/usr/local/cuda", Variable("CONDA_PREFIX") })
        {
            if (root.Length > 0)
            {
                yield return Path.Combine(root, "lib64");
                yield return Path.Combine(root, "lib");
                yield return Path.Combine(root, "bin");
                yield return Path.Combine(root, "bin", "x64");
            }
        }
    }

    private static IEnumerable<string> Wheels()
    {
        string home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        foreach (string root in new[] { Variable("VIRTUAL_ENV"), Variable("CONDA_PREFIX"), home.Length > 0 ? Path.Combine(home, ".local") : "", "/usr/local", "/usr" })
        {
            foreach (string python in Pythons(root))
            {
                foreach (string wheel in s_wheels)
                {
                    yield return Path.Combine(python, "site-packages", wheel);
                    yield return Path.Combine(python, "dist-packages", wheel);
                }
            }
        }
    }

    // lib/python3.12 and its like; on Windows the packages lie in Lib itself.
    private static IEnumerable<string> Pythons(string root)
    {
        string library = Path.Combine(root, "lib");
        return root.Length > 0 && Directory.Exists(library) ? Directory.EnumerateDirectories(library, "python3*", new EnumerationOptions()).Append(library) : [];
    }

    private static string Variable(string name) => Environment.GetEnvironmentVariable(name) ?? "";
}
