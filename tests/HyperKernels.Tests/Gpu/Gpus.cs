using HyperKernels.Gpu;
using ILGPU;
using ILGPU.Runtime.OpenCL;

namespace HyperKernels.Tests.Gpu;

/// <summary>The devices with kernels of their own that this machine has.</summary>
internal static class Gpus
{
    /// <summary>OpenCL, or the test is skipped with the reason of its absence.</summary>
    internal static Device OpenCL => Find("opencl");

    /// <summary>OpenCL once more, for a backend with settings of its own.</summary>
    internal static GpuDevice OpenAnotherOpenCL()
    {
        _ = OpenCL;
        CLAccelerator accelerator = Accelerators.OpenCLDevices()[0].CreateCLAccelerator(Context.Create(builder => Accelerators.Prepare(builder)));
        return Accelerators.Open(accelerator, accelerator.DefaultStream, owned: true);
    }

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
