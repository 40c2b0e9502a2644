using HyperKernels.Cases;

namespace HyperKernels.Cli;

/// <summary>Finds the device that a name on the command line means.</summary>
internal static class Devices
{
    /// <summary>A device by its backend's name, or the processor at a narrower vector width.</summary>
    /// <exception cref="BackendUnavailableException">There is no such backend, or not on this machine.</exception>
    public static Device Find(string name)
    {
        Device? processor = Conformance.Processors.FirstOrDefault(device => name == device.Name || name == $"cpu-{device.VectorWidth}");
        if (processor is not null)
        {
            return processor;
        }
        if (Device.All.Any(status => status.Name == name))
        {
            return Device.Get(name);
        }
        IEnumerable<string> known = Conformance.Processors.Select(device => device.Name).Concat(Device.All.Select(status => status.Name)).Distinct();
        string reason = name.StartsWith("cpu-", StringComparison.Ordinal)
            ? $"this processor's vectors have {Device.Cpu.VectorWidth} bits"
            : "no backend has that name";
        throw new BackendUnavailableException($"{name}: not available: {reason}. Known: {string.Join(", ", known)}.");
    }
}
