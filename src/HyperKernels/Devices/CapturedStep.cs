using HyperKernels.Backends;

namespace HyperKernels;

/// <summary>
/// The launches of a step of fixed shapes, ready to be made again at little cost: no checks, no tape, no allocation; with CUDA those
/// between two optimiser steps start together, as a graph. Made by <see cref="Device.Capture"/>.
/// </summary>
/// <remarks>
/// A run does what the step did, on the same memory: it reads the tensors that the step read, as they are now, and writes those that it
/// made. New data goes in by <see cref="Tensor.CopyFrom(ReadOnlySpan{float})"/>. Optimisers go on counting their steps, and take the learning rate as it is now.
/// </remarks>
public sealed class CapturedStep : IDisposable
{
    private readonly Device _device;
    private readonly ICaptureBackend _backend;
    private readonly ILaunchRecorder _launches;
    private readonly CapturePool _pool;
    private bool _disposed;

    internal CapturedStep(Device device, ICaptureBackend backend, Action step)
    {
        _device = device;
        _backend = backend;
        _launches = backend.BeginRecording();
        _pool = device.Memory.BeginCapture();
        try
        {
            step();
            backend.EndRecording();
            backend.Prepare(_launches);
        }
        catch
        {
            Dispose();
            throw;
        }
        finally
        {
            backend.EndRecording();
            device.Memory.EndCapture();
        }
    }

    /// <summary>How many launches one run makes, those of optimisers apart.</summary>
    public int Launches => _launches.Launches;

    /// <summary>Does the step once more; returns before it is done.</summary>
    /// <exception cref="ObjectDisposedException">The step was disposed.</exception>
    public void Run()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        _backend.Replay(_launches);
    }

    /// <summary>Gives the step's memory back to the pool. Tensors that it made and that still live stay as they are.</summary>
    public void Dispose()
    {
        if (!_disposed)
        {
            _disposed = true;
            _launches.Dispose();
            _device.Memory.Release(_pool);
        }
    }
}
