using HyperKernels.Backends.OpenCL;
using static HyperKernels.Backends.OpenCL.OpenCLApi;

namespace HyperKernels.Tests.Gpu;

/// <summary>Devices on a context and queue that an application made itself, and tensors over its memory: here OpenCL's, through its own calls.</summary>
public sealed unsafe class ForeignDeviceTests
{
    private const ulong ReadWriteCopy = 1 | 32;
    private const ulong OutOfOrder = 1;

    private nint _device;
    private nint _context;
    private nint _queue;

    [OneTimeSetUp]
    public void MakeContextAndQueue()
    {
        _ = Gpus.OpenCL;
        _device = OpenCLChoice.Find(out _)!.Device;
        _context = Context();
        _queue = Queue(_context, 0);
    }

    [OneTimeTearDown]
    public void Release()
    {
        if (_context != 0)
        {
            _ = clReleaseCommandQueue(_queue);
            _ = clReleaseContext(_context);
        }
    }

    [Test]
    public void FromDevice_ComputesFromMemoryOfAnother_AndLeavesIt()
    {
        nint lent = Memory([1, 2, 3, 4, 5, 6]);
        using (Device device = Device.FromOpenCL(_context, _queue, _device))
        {
            using MemoryScope scope = device.Scope();
            Tensor x = Tensor.FromDevice(lent, [2, 3], device);
            Tensor y = Ops.Add(x, Tensor.From([10f, 20f, 30f], [3], device));
            Assert.That(y.ToArray(), Is.EqualTo(new float[] { 11, 22, 33, 14, 25, 36 }));
            // The other way: what was computed here, read by the application.
            nint memory = y.DeviceHandle(out long offset);
            Assert.That(Read(memory, offset, 6), Is.EqualTo(y.ToArray()));
            // The memory is the same, not a copy.
            Write(lent, [-1, -2, -3, -4, -5, -6]);
            Assert.That(x.ToArray(), Is.EqualTo(new float[] { -1, -2, -3, -4, -5, -6 }));
            x.CopyFrom([7f, 8f, 9f, 10f, 11f, 12f]);
        }
        // The device and its tensors are gone; context, queue and memory still work.
        Assert.That(Read(lent, 0, 6), Is.EqualTo(new float[] { 7, 8, 9, 10, 11, 12 }));
        Assert.That(clReleaseMemObject(lent), Is.Zero);
    }

    [Test]
    public void FromDevice_OfATensorThatEnded_GivesNothingToThePool()
    {
        nint lent = Memory([1, 2]);
        using Device device = Device.FromOpenCL(_context, _queue, _device);
        Tensor.FromDevice(lent, [2], device).Dispose();
        Assert.That((device.Memory.LiveTensors, device.Memory.LiveBytes, device.Memory.PooledBytes), Is.EqualTo((0L, 0L, 0L)));
        using Tensor own = Tensor.From([5f, 6f], [2], device);
        Assert.That(Read(lent, 0, 2), Is.EqualTo(new float[] { 1, 2 }));
        _ = clReleaseMemObject(lent);
    }

    [Test]
    public void FromDevice_OfIntegers_KnowsTheirBounds()
    {
        nint lent = Memory([BitConverter.Int32BitsToSingle(0), BitConverter.Int32BitsToSingle(5)]);
        using Device device = Device.FromOpenCL(_context, _queue, _device);
        using MemoryScope scope = device.Scope();
        Tensor rows = Tensor.FromDevice(lent, [2], device, ElementType.Int32);
        Tensor table = Tensor.From([1f, 2f, 3f], [3, 1], device);
        Assert.That(() => Ops.GatherRows(table, rows), Throws.InstanceOf<ArgumentException>().With.Message.Contains("5"));
        _ = clReleaseMemObject(lent);
    }

    [Test]
    public void FromDevice_WhereTheMemoryIsTooSmall_SaysHowSmall()
    {
        nint lent = Memory([1, 2]);
        using Device device = Device.FromOpenCL(_context, _queue, _device);
        Assert.That(
            () => Tensor.FromDevice(lent, [3], device),
            Throws.ArgumentException.With.Message.EqualTo("Tensor.FromDevice: the shape needs 12 bytes; the memory object has 8."));
        _ = clReleaseMemObject(lent);
    }

    [Test]
    public void FromDevice_OnTheProcessor_IsRefused()
    {
        Assert.That(() => Tensor.FromDevice(64, [1], Device.Cpu), Throws.InvalidOperationException.With.Message.Contains("Use Tensor.From."));
        Assert.That(() => Tensor.From([1f], [1], Device.Cpu).DeviceHandle(out _), Throws.InvalidOperationException.With.Message.StartsWith("DeviceHandle: the tensor must"));
    }

    [Test]
    public void FromOpenCL_WithAQueueOutOfOrder_IsRefused()
    {
        nint queue = Queue(_context, OutOfOrder);
        Assert.That(() => Device.FromOpenCL(_context, queue, _device), Throws.ArgumentException.With.Message.Contains("must run its work in order"));
        _ = clReleaseCommandQueue(queue);
    }

    [Test]
    public void FromOpenCL_WithAQueueOfAnotherContext_IsRefused()
    {
        nint other = Context();
        nint queue = Queue(other, 0);
        Assert.That(() => Device.FromOpenCL(_context, queue, _device), Throws.ArgumentException.With.Message.Contains("must belong to the context"));
        _ = clReleaseCommandQueue(queue);
        _ = clReleaseContext(other);
    }

    private nint Context()
    {
        nint device = _device;
        int status;
        nint context = clCreateContext(null, 1, &device, 0, 0, &status);
        Assert.That(status, Is.Zero);
        return context;
    }

    private nint Queue(nint context, ulong properties)
    {
        int status;
        nint queue = clCreateCommandQueue(context, _device, properties, &status);
        Assert.That(status, Is.Zero);
        return queue;
    }

    private nint Memory(ReadOnlySpan<float> values)
    {
        int status;
        nint memory;
        fixed (float* start = values)
        {
            memory = clCreateBuffer(_context, ReadWriteCopy, (nuint)(values.Length * 4), start, &status);
        }
        Assert.That(status, Is.Zero);
        return memory;
    }

    private void Write(nint memory, ReadOnlySpan<float> values)
    {
        fixed (float* start = values)
        {
            Assert.That(clEnqueueWriteBuffer(_queue, memory, 1, 0, (nuint)(values.Length * 4), start, 0, null, null), Is.Zero);
        }
    }

    private float[] Read(nint memory, long offset, int count)
    {
        float[] values = new float[count];
        fixed (float* start = values)
        {
            Assert.That(clEnqueueReadBuffer(_queue, memory, 1, (nuint)offset, (nuint)(count * 4), start, 0, null, null), Is.Zero);
        }
        return values;
    }
}
