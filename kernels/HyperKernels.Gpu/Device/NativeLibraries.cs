using System.Reflection;
using System.Runtime.InteropServices;
using ILGPU;

namespace HyperKernels.Gpu;

/// <summary>
/// Finds the drivers' libraries at run time, for ILGPU and for the few calls of our own: an environment variable, then the system's search path. A missing
/// one is a state with a reason, not a failure.
/// </summary>
internal static class NativeLibraries
{
    // Import name, environment variable with a file of one's own, and the file names to try in order. Debian's packages have no name without a number.
    private static readonly (string Name, string Variable, string[] Files)[] s_known =
    [
        ("OpenCL", "HYPERKERNELS_OPENCL", ["libOpenCL.so.1", "OpenCL.dll", "/System/Library/Frameworks/OpenCL.framework/OpenCL"]),
        ("cuda", "HYPERKERNELS_CUDA", ["libcuda.so.1", "nvcuda.dll"]),
    ];

    private static readonly Lock s_gate = new();
    private static readonly Dictionary<string, nint> s_loaded = [];

    static NativeLibraries()
    {
        NativeLibrary.SetDllImportResolver(typeof(NativeLibraries).Assembly, (name, _, _) => Find(name));
        try
        {
            NativeLibrary.SetDllImportResolver(typeof(Context).Assembly, (name, _, _) => Find(name == "nvcuda" ? "cuda" : name));
        }
        catch (InvalidOperationException)
        {
            // The application has told ILGPU already where its libraries are.
        }
    }

    /// <summary>Makes this the place where ILGPU looks for them.</summary>
    public static void Register() => System.Runtime.CompilerServices.RuntimeHelpers.RunClassConstructor(typeof(NativeLibraries).TypeHandle);

    /// <summary>Whether a library is there; if not, why.</summary>
    public static bool IsPresent(string name, out string reason)
    {
        (_, string variable, string[] files) = s_known.First(known => known.Name == name);
        string? own = Environment.GetEnvironmentVariable(variable);
        bool present = Find(name) != 0;
        reason = present ? ""
            : string.IsNullOrEmpty(own) ? $"{files[0]} not found"
            : $"{variable} names \"{own}\", which could not be loaded";
        return present;
    }

    /// <summary>The first of some functions that a present library does not have, or null.</summary>
    public static string? FirstMissing(string name, IReadOnlyList<string> functions)
    {
        nint library = Find(name);
        return functions.FirstOrDefault(function => !NativeLibrary.TryGetExport(library, function, out _));
    }

    /// <summary>For tests: from now on this file is the library, for calls that were not made before.</summary>
    internal static void Replace(string name, string file)
    {
        lock (s_gate)
        {
            s_loaded[name] = NativeLibrary.Load(file);
        }
    }

    private static nint Find(string name)
    {
        lock (s_gate)
        {
            if (s_loaded.TryGetValue(name, out nint library))
            {
                return library;
            }
            foreach ((string known, string variable, string[] files) in s_known)
            {
                if (known == name)
                {
                    string? own = Environment.GetEnvironmentVariable(variable);
                    s_loaded[name] = library = Load(string.IsNullOrEmpty(own) ? files : [own]);
                }
            }
            return library;
        }
    }

    private static nint Load(string[] files)
    {
        foreach (string file in files)
        {
            if (NativeLibrary.TryLoad(file, Assembly.GetExecutingAssembly(), DllImportSearchPath.SafeDirectories, out nint library))
            {
                return library;
            }
        }
        return 0;
    }
}
