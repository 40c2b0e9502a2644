using System.Reflection;
using System.Runtime.InteropServices;

namespace HyperKernels.Cli;

/// <summary>The words that reports use for the engine and the machine.</summary>
internal static class Machine
{
    private const string ProcessorFile = "/proc/cpuinfo";

    public static string Version { get; } =
        typeof(Device).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";

    public static string Runtime => RuntimeInformation.FrameworkDescription;

    public static string OperatingSystem => $"{RuntimeInformation.OSDescription} {RuntimeInformation.ProcessArchitecture}";

    public static string Processor { get; } = FindProcessor();

    private static string FindProcessor()
    {
        try
        {
            if (File.Exists(ProcessorFile))
            {
                string? line = File.ReadLines(ProcessorFile).FirstOrDefault(l => l.StartsWith("model name", StringComparison.Ordinal));
                if (line is not null)
                {
                    return line[(line.IndexOf(':') + 1)..].Trim();
                }
            }
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // The architecture has to do then.
        }
        return Environment.GetEnvironmentVariable("PROCESSOR_IDENTIFIER") ?? RuntimeInformation.ProcessArchitecture.ToString();
    }
}
