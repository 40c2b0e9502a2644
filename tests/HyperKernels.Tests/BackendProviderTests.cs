using HyperKernels.Backends;

namespace HyperKernels.Tests;

/// <summary>Backends come from providers: an assembly that brings one registers it, and what it lacks is a reason.</summary>
public sealed class BackendProviderTests
{
    private const string Name = "for-tests";

    [Test]
    public void Register_AbsentAndThenThere_IsAReasonAndThenADevice()
    {
        int before = Device.All.Count(status => status.Name != Name);
        BackendRegistry.Register(new Provider("no such chip on this machine."));
        Assert.That(Device.All.Single(status => status.Name == Name), Is.EqualTo(new DeviceStatus(Name, false, "", "no such chip on this machine.")));
        Assert.That(() => Device.Get(Name), Throws.TypeOf<BackendUnavailableException>().With.Message.Contains($"{Name}: not available: no such chip"));

        BackendRegistry.Register(new Provider(null));
        Assert.That(Device.All.Single(status => status.Name == Name).IsAvailable);
        Device device = Device.Get(Name);
        Assert.That(device, Is.SameAs(Device.Get(Name)));
        using MemoryScope scope = device.Scope();
        Assert.That(Ops.Add(Tensor.From([1f, 2f], [2], device), Tensor.From([3f, 4f], [2], device)).ToArray(), Is.EqualTo(new float[] { 4, 6 }));

        BackendRegistry.Register(new Provider("gone again."));
        Assert.That(Device.All, Has.Count.EqualTo(before + 1), "a name is listed once");
    }

    [Test]
    public void ContractsThatAreOptional_OnTheProcessor_AreAbsentAndSaidSo()
    {
        using MemoryScope scope = new();
        Tensor tensor = Tensor.From([1f, 2f], [2], Device.Cpu);
        Assert.Multiple(() =>
        {
            Assert.That(() => Device.Cpu.Capture(() => { }), Throws.InvalidOperationException.With.Message.Contains("cpu runs ops directly"));
            Assert.That(() => Tensor.FromDevice(64, [2], Device.Cpu), Throws.InvalidOperationException.With.Message.Contains("Use Tensor.From"));
            Assert.That(() => tensor.DeviceHandle(out _), Throws.InvalidOperationException.With.Message.Contains("on OpenCL or CUDA"));
            Assert.That(tensor.AsSpan().ToArray(), Is.EqualTo(new float[] { 1, 2 }));
        });
    }

    private sealed class Provider(string? absence) : IBackendProvider
    {
        public string Name => BackendProviderTests.Name;

        public string? Absence => absence;

        public bool IsGpu => false;

        public IBackend Open() => BackendRegistry.Find("cpu")!.Open();

        public IEnumerable<IBackend> OpenVariants() => [];
    }
}
