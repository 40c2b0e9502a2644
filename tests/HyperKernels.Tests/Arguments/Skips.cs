using System.Reflection;
using HyperKernels.Distributed;

namespace HyperKernels.Tests.Arguments;

/// <summary>What is not called, and why.</summary>
internal static class Skips
{
    private static readonly Dictionary<string, string> s_reasons = new()
    {
        [$"{nameof(SoloCommunicator)}.{nameof(SoloCommunicator.Abort)}"] = "ends the process, as it says",
        [$"{nameof(MpiCommunicator)}."] = "waits for other processes; DistributedTests start them",
        [$"{nameof(Device)}."] = "devices are shared with other tests: threads and checks of one would change under them; DeviceTests try them",
        [$"{nameof(DeviceMemory)}."] = "the limit of the walk itself",
    };

    public static bool IsSkipped(MethodBase member)
    {
        string name = $"{PublicMembers.Short(member.DeclaringType!)}.{member.Name}";
        return s_reasons.Keys.Any(known => known.EndsWith('.') ? name.StartsWith(known, StringComparison.Ordinal) : name == known);
    }
}
