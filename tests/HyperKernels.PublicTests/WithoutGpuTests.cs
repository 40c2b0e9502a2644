namespace HyperKernels.PublicTests;

/// <summary>This project references the engine alone: what its devices say where HyperKernels.Gpu is not there.</summary>
public sealed class WithoutGpuTests
{
    [Test]
    public void All_NamesThePackageThatBringsADevice([Values("opencl", "cuda")] string name)
    {
        DeviceStatus status = Device.All.Single(known => known.Name == name);

        Assert.Multiple(() =>
        {
            Assert.That(status.IsAvailable, Is.False);
            Assert.That(status.Reason, Does.Contain("the package HyperKernels.Gpu").And.Contain("add a reference to it"));
            Assert.That(() => Device.Get(name), Throws.TypeOf<BackendUnavailableException>().With.Message.StartsWith($"{name}: not available: it is in the package"));
        });
    }

    [Test]
    public void Default_IsTheProcessor() => Assert.That(Device.Default, Is.SameAs(Device.Cpu));
}
