namespace HyperKernels;

/// <summary>Whether a backend can be used on this machine, and if not, why.</summary>
/// <param name="Name">Short name: <c>cpu</c>, <c>opencl</c>, <c>cuda</c>.</param>
/// <param name="IsAvailable">Whether <see cref="Device.Get"/> gives a device.</param>
/// <param name="Description">The device in words; empty if it is absent.</param>
/// <param name="Reason">Why it is absent and what would help; empty if it is there.</param>
public sealed record DeviceStatus(string Name, bool IsAvailable, string Description, string Reason);
