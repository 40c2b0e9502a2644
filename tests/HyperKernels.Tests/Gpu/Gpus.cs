namespace HyperKernels.Tests.Gpu;

/// <summary>The devices with kernels of their own that this machine has.</summary>
internal static class Gpus
{
    /// <summary>OpenCL, or the test is skipped with the reason of its absence.</summary>
    internal static Device OpenCL => Find("opencl");

    private static Device Find(string name)
    {
        DeviceStatus status = Device.All.First(known => known.Name == name);
        if (!status.IsAvailable)
        {
            Assert.Ignore($"{name} is not available: {status.Reason}");
        }
        return Device.Get(name);
    }
}
