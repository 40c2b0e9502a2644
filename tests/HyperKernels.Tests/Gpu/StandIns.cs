using System.Diagnostics;
using System.Text.RegularExpressions;

namespace HyperKernels.Tests.Gpu;

/// <summary>Builds small shared libraries that take a driver's place and fail where they are told to.</summary>
internal static partial class StandIns
{
    /// <summary>The environment of a process whose drivers are stand-ins; of several settings of one name the last counts.</summary>
    internal static Dictionary<string, string> Environment(params (string Name, string Value)[] settings)
    {
        Dictionary<string, string> environment = [];
        foreach ((string name, string value) in settings)
        {
            environment[name] = value;
        }
        return environment;
    }

    /// <summary>The driver's functions that a source of this folder offers. ILGPU finds no others there: what passes its tests calls no others.</summary>
    internal static IEnumerable<string> Functions(string source) => Definition().Matches(File.ReadAllText(PathOf(source))).Select(match => match.Groups[1].Value);

    /// <summary>Compiles a source of this folder; skips the test where there is no C compiler.</summary>
    internal static string Build(TestData.TemporaryFolder folder, string source, params string[] options)
    {
        string library = folder.File($"{Path.GetFileNameWithoutExtension(source)}{options.Length}.so");
        ProcessStartInfo start = new("cc", ["-shared", "-fPIC", "-O1", "-Wall", "-Wextra", "-Werror", .. options, "-o", library, PathOf(source), "-ldl"])
        {
            RedirectStandardError = true,
        };
        try
        {
            using Process compiler = Process.Start(start)!;
            string errors = compiler.StandardError.ReadToEnd();
            compiler.WaitForExit();
            Assert.That(compiler.ExitCode, Is.Zero, errors);
        }
        catch (System.ComponentModel.Win32Exception)
        {
            Assert.Ignore("no C compiler (cc) on this machine: stand-in libraries cannot be built.");
        }
        return library;
    }

    private static string PathOf(string source) => Path.Combine(TestData.Repository, "tests", "HyperKernels.Tests", "Gpu", "standins", source);

    [GeneratedRegex(@"^(?:(?:STATUS|OBJECT)\(|int |void \*)(c[lu][A-Z]\w*)[(,]", RegexOptions.Multiline)]
    private static partial Regex Definition();
}
