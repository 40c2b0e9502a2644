namespace HyperKernels.Tests;

public sealed class DeviceTests
{
    [Test]
    public async Task Use_Nests_AndFlowsWithTheTask()
    {
        Device before = Device.Default;
        using Device one = new(Device.Cpu.Backend, shared: true);
        using Device two = new(Device.Cpu.Backend, shared: true);
        using (Device.Use(one))
        {
            using (Device.Use(two))
            {
                Assert.That(Device.Default, Is.SameAs(two));
                Assert.That(await Task.Run(() => Device.Default), Is.SameAs(two));
                using Parameter parameter = new("weight", [3]);
                Assert.That(parameter.Device, Is.SameAs(two));
            }
            Assert.That(Device.Default, Is.SameAs(one));
            await Task.Run(() =>
            {
                // What a task does with its own flow is not seen outside.
                _ = Device.Use(two);
            });
            Assert.That(Device.Default, Is.SameAs(one));
        }
        Assert.That(Device.Default, Is.SameAs(before));
    }

    [Test]
    public async Task Scope_OnADevice_IsItsDefaultUntilDisposed()
    {
        Device before = Device.Default;
        using Device one = new(Device.Cpu.Backend, shared: true);
        using Device two = new(Device.Cpu.Backend, shared: true);
        using (one.Scope())
        {
            Assert.That(Tensor.From([1f, 2f]).Device, Is.SameAs(one));
            using (two.Scope())
            {
                Assert.That(Tensor.Zeros([2]).Device, Is.SameAs(two));
                Assert.That(await Task.Run(() => Device.Default), Is.SameAs(two));
                using (new MemoryScope())
                {
                    Assert.That(Device.Default, Is.SameAs(two), "a scope without a device changes none");
                }
            }
            Assert.That(Device.Default, Is.SameAs(one));
        }
        Assert.That(Device.Default, Is.SameAs(before));
    }

    [Test]
    public void Scope_DisposedBeforeAnInnerOne_GivesTheDeviceBackWithIt()
    {
        Device before = Device.Default;
        using Device one = new(Device.Cpu.Backend, shared: true);
        using Device two = new(Device.Cpu.Backend, shared: true);
        MemoryScope outer = one.Scope();
        MemoryScope inner = two.Scope();
        outer.Dispose();
        Assert.That(Device.Default, Is.SameAs(two));
        inner.Dispose();
        Assert.That(Device.Default, Is.SameAs(before));
    }

    [Test]
    public void Dispose_OfASharedDevice_HarmsNobodyWhoUsesIt()
    {
        using MemoryScope scope = new();
        Tensor kept = Tensor.From([1f, 2f], [2], Device.Cpu);
        using (Device device = Device.Cpu)
        {
            Ops.Add(kept, kept).Dispose();
        }
        Device.Cpu.Dispose();
        Assert.That(Ops.Add(kept, Tensor.From([3f, 4f], [2], Device.Cpu)).ToArray(), Is.EqualTo(new float[] { 4, 6 }));
        Assert.That(Device.Get("cpu"), Is.SameAs(Device.Cpu));
    }

    [Test]
    public void OutOfMemory_NamesTheRequestAndTheLargestTensors()
    {
        using Device device = new(Device.Cpu.Backend, shared: true);
        using MemoryScope scope = device.Scope();
        Tensor.From(new float[5000], [50, 100], device);
        Tensor.From(new float[70_000], [70_000], device);
        Tensor.From([1f], [1], device);
        Tensor.From([2f], [1], device);
        DeviceException failure = Assert.Throws<DeviceException>(() => Tensor.New(device, [int.MaxValue, 1 << 20], ElementType.Float32))!;
        Assert.That(
            failure.Message,
            Does.StartWith("cpu: out of memory: asked for").And.Contain("live in 4 tensors (the largest: [70000] of 327,680 bytes, [50, 100] of 20,480 bytes, [1] of 256 bytes)"));
        // What was there is there still.
        Assert.That(device.Memory.LiveTensors, Is.EqualTo(4));
    }
}
