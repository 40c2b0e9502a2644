using HyperKernels.Cases;

namespace HyperKernels.Tests;

/// <summary>A backend that is absent is skipped with its reason; one that HYPERKERNELS_REQUIRE names may not be absent.</summary>
public sealed class BackendTests
{
    public static IEnumerable<TestCaseData> Known => Device.All.Select(status => new TestCaseData(status).SetArgDisplayNames(status.Name));

    private static string[] Required =>
        (Environment.GetEnvironmentVariable("HYPERKERNELS_REQUIRE") ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    [TestCaseSource(nameof(Known))]
    public void Get_WhereTheBackendIsThere_GivesADeviceThatComputes(DeviceStatus status)
    {
        if (!status.IsAvailable)
        {
            string reason = $"{status.Name} is not available: {status.Reason}";
            Assert.That(Required, Has.No.Member(status.Name), $"HYPERKERNELS_REQUIRE names {status.Name}, but {reason}");
            throw new IgnoreException(reason);
        }
        Device device = Device.Get(status.Name);
        using MemoryScope scope = device.Scope();
        Tensor sum = Ops.Add(Tensor.From([1f, 2f, 3f], [3], device), Tensor.From([10f, 20f, 30f], [3], device));
        Assert.That(sum.ToArray(), Is.EqualTo(new float[] { 11, 22, 33 }));
    }

    [TestCaseSource(nameof(Known))]
    public void Get_WhereTheBackendIsAbsent_SaysWhy(DeviceStatus status)
    {
        if (status.IsAvailable)
        {
            Assert.That(() => Device.Get(status.Name), Throws.Nothing);
            return;
        }
        Assert.That(() => Device.Get(status.Name), Throws.InstanceOf<BackendUnavailableException>().With.Message.Contains(status.Reason));
    }

    [Test]
    public void Require_NamesOnlyWhatTestsKnow() =>
        Assert.That(Required, Is.SubsetOf(Device.All.Select(status => status.Name).Concat(["data", "mpi", "chromium", "hdf5"])),
            "HYPERKERNELS_REQUIRE names something that no test looks for; a misspelt name would require nothing.");

    [Test]
    public void Processors_OfTheCatalogue_AreEveryWidthOfThisMachine() =>
        Assert.That(Conformance.Processors.Select(device => device.VectorWidth),
            Is.EqualTo(new[] { 512, 256, 128, 32 }.Where(width => width <= Device.Cpu.VectorWidth)));
}
