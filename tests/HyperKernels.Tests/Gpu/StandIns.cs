using System.Diagnostics;

namespace HyperKernels.Tests.Gpu;

/// <summary>Builds small shared libraries that take a driver's place and fail where they are told to.</summary>
internal static class StandIns
{
    /// <summary>Compiles a source of this folder; skips the test where there is no C compiler.</summary>
    internal static string Build(TestData.TemporaryFolder folder, string source, params string[] options)
    {
        string library = folder.File($"{Path.GetFileNameWithoutExtension(source)}{options.Length}.so");
        string path = Path.Combine(TestData.Repository, "tests", "HyperKernels.Tests", "Gpu", "standins", source);
        ProcessStartInfo start = new("cc", ["-shared", "-fPIC", "-O1", "-Wall", "-Wextra", "-Werror", .. options, "-o", library, path, "-ldl"])
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
}
