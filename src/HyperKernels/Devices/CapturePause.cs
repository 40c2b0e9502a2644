using HyperKernels.Backends;

namespace HyperKernels;

/// <summary>Goes on with a device's capture when it is disposed: see <see cref="Device.PauseCapture"/>. Where none is running, or it is paused already, it is nothing.</summary>
internal readonly ref struct CapturePause : IDisposable
{
    private readonly Device _device;
    private readonly ILaunchRecorder? _recorder;
    private readonly CapturePool? _pool;

    public CapturePause(Device device)
    {
        _device = device;
        if (device.Recorder is { Paused: false } recorder)
        {
            _recorder = recorder;
            recorder.Paused = true;
            // A run of the step writes to the step's own memory again; nothing kept may stand there.
            _pool = device.Memory.EndCapture();
        }
    }

    public void Dispose()
    {
        if (_recorder is not null)
        {
            _device.Memory.ResumeCapture(_pool);
            _recorder.Paused = false;
        }
    }
}
