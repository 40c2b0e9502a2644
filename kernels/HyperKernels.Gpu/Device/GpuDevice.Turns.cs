using HyperKernels.Backends;

namespace HyperKernels.Gpu;

/// <summary>One thread at a time calls the device; and its end.</summary>
internal abstract partial class GpuDevice
{
    /// <summary>Whether the accelerator, and what it holds, is gone or may be.</summary>
    protected bool IsDisposed { get; private set; }

    public void Dispose()
    {
        lock (Gate)
        {
            if (IsDisposed)
            {
                return;
            }
            IsDisposed = true;
            nint? before = null;
            try
            {
                before = Occupant();
                Enter();
            }
            catch (DeviceException)
            {
                // It was lost before; what is left is to let go.
            }
            Accelerators.Attempt(Stream.Synchronize);
            Release();
            foreach (IDisposable kernel in _kernels.Values)
            {
                Accelerators.Attempt(kernel.Dispose);
            }
            if (IsOwned)
            {
                // One by one: the accelerator gives up at the first that the driver refuses to take back.
                Accelerators.Attempt(Stream.Dispose);
                Accelerators.Attempt(Accelerator.DefaultStream.Dispose);
                Accelerators.Close(Accelerator.Context, Accelerator);
            }
            if (before is { } occupant)
            {
                Leave(occupant);
            }
        }
    }

    /// <summary>What the calling thread's calls go to now, where that is the thread's affair.</summary>
    /// <exception cref="DeviceException">The driver does not say.</exception>
    protected virtual nint Occupant() => 0;

    /// <summary>Directs them to this device.</summary>
    /// <exception cref="DeviceException">It was lost.</exception>
    protected virtual void Enter()
    {
    }

    /// <summary>Leaves the calling thread as it was. Silent.</summary>
    protected virtual void Leave(nint before)
    {
    }

    /// <summary>Lets go of what the derived class holds; silent.</summary>
    protected virtual void Release()
    {
    }

    /// <summary>Until the end of the block no other thread calls the device, and the calling thread's calls go to it.</summary>
    protected readonly ref struct Turn
    {
        private readonly GpuDevice _device;
        private readonly nint _before;

        /// <exception cref="DeviceLostException">It was lost.</exception>
        /// <exception cref="ObjectDisposedException">It was disposed.</exception>
        public Turn(GpuDevice device)
        {
            _device = device;
            device.Gate.Enter();
            try
            {
                device.Health.ThrowIfLost();
                ObjectDisposedException.ThrowIf(device.IsDisposed, device);
                _before = device.Occupant();
                device.Enter();
            }
            catch
            {
                device.Gate.Exit();
                throw;
            }
        }

        public void Dispose()
        {
            _device.Leave(_before);
            _device.Gate.Exit();
        }
    }
}
