using HyperKernels.Layers;
using HyperKernels.Optim;

namespace HyperKernels.Tests.Gpu.Drivers;

/// <summary>
/// All that a device is called for, in one go that always does the same: uploads, training steps, a captured one, memory that is lent, downloads, memory given back.
/// </summary>
internal sealed class DriverWork : IDisposable
{
    private const int Batch = 4;
    private const int Inputs = 8;
    private const int Outputs = 3;

    private readonly Device _device;
    private readonly Mlp _net;
    private readonly float[][] _start;

    public DriverWork(Device device)
    {
        _device = device;
        using DeviceUse use = Device.Use(device);
        _net = new Mlp([Inputs, 4, Outputs]);
        Random random = new(5);
        _start = [.. _net.Parameters.Select(parameter => Draw(random, (int)parameter.Value.Count))];
    }

    public float[] Run()
    {
        using DeviceUse use = Device.Use(_device);
        using MemoryScope scope = _device.Scope();
        foreach ((Parameter parameter, float[] start) in _net.Parameters.Zip(_start))
        {
            parameter.Value.CopyFrom(start);
        }
        using Adam adam = new(_net.Parameters, 1e-2f);
        Random random = new(7);
        Tensor x = Tensor.From(Draw(random, Batch * Inputs), [Batch, Inputs]);
        Tensor target = Tensor.From(Draw(random, Batch * Outputs), [Batch, Outputs]);
        void Step()
        {
            using Tape tape = new();
            Tensor error = Ops.Subtract(_net.Forward(x), target);
            tape.Backward(Ops.Sum(Ops.Multiply(error, error)));
            adam.Step(tape);
        }
        Step();
        Tensor seen = x;
        if (_device.Backend.Capture is null)
        {
            Step();
            Step();
        }
        else
        {
            using (CapturedStep captured = _device.Capture(Step))
            {
                captured.Run();
            }
            seen = Tensor.FromDevice(x.DeviceHandle(out _), [Batch, Inputs], _device);
        }
        float[] result = [.. _net.Parameters.SelectMany(parameter => parameter.Value.ToArray()), .. Ops.Add(seen, Tensor.Zeros([Batch, Inputs])).ToArray()];
        _device.Synchronize();
        _device.Memory.Trim();
        return result;
    }

    public void Dispose() => _net.Dispose();

    private static float[] Draw(Random random, int count) => [.. Enumerable.Range(0, count).Select(_ => (float)((random.NextDouble() * 2) - 1))];
}
