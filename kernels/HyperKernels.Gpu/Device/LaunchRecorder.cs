using HyperKernels.Backends;

namespace HyperKernels.Gpu;

/// <summary>A list of launches with their arguments, to be made again without the work that led to them.</summary>
internal sealed class LaunchRecorder(GpuDevice device) : ILaunchRecorder
{
    private readonly List<Entry> _entries = [];
    private readonly List<Part> _parts = [];

    public int Launches => _entries.Count(entry => entry is not HostWork);

    /// <summary>What was launched, by name, in order.</summary>
    public IEnumerable<string> Kernels => _entries.Select(entry => entry.Kernel).OfType<string>();

    public bool Paused { get; set; }

    public void Launch<TArguments>(LoadedKernel<TArguments> kernel, int groups, in TArguments arguments)
        where TArguments : struct
    {
        if (!Paused)
        {
            _entries.Add(new Start<TArguments>(kernel, groups, arguments));
        }
    }

    public void Fill(BufferRef destination, long count, int bits)
    {
        if (!Paused)
        {
            _entries.Add(new Filling(destination, count, bits));
        }
    }

    public void Again(Action work) => _entries.Add(new HostWork(work));

    /// <summary>Joins what lies between the host's work, where the device can start several launches together.</summary>
    public void Prepare()
    {
        for (int first = 0; first < _entries.Count;)
        {
            int end = first;
            while (end < _entries.Count && _entries[end] is not HostWork)
            {
                end++;
            }
            if (end == first)
            {
                _parts.Add(new Part(first, ++end, null));
            }
            else
            {
                (int from, int to) = (first, end);
                _parts.Add(new Part(first, end, device.Capture(() => Run(from, to))));
            }
            first = end;
        }
    }

    /// <summary>Does everything again, in order.</summary>
    public void Replay()
    {
        foreach (Part part in _parts)
        {
            if (part.Graph is not null)
            {
                part.Graph.Launch();
            }
            else
            {
                Run(part.First, part.End);
            }
        }
    }

    public void Dispose()
    {
        _entries.Clear();
        _parts.ForEach(part => part.Graph?.Dispose());
        _parts.Clear();
    }

    private void Run(int first, int end)
    {
        for (int i = first; i < end; i++)
        {
            _entries[i].Run(device);
        }
    }

    /// <summary>Entries from First to before End, and what starts them together, if anything does.</summary>
    private readonly record struct Part(int First, int End, IGpuGraph? Graph);

    private abstract class Entry
    {
        public virtual string? Kernel => null;

        public abstract void Run(GpuDevice device);
    }

    private sealed class Start<TArguments>(LoadedKernel<TArguments> kernel, int groups, TArguments arguments) : Entry
        where TArguments : struct
    {
        public override string? Kernel => kernel.Name;

        public override void Run(GpuDevice device) => device.Start(kernel, groups, arguments);
    }

    private sealed class Filling(BufferRef destination, long count, int bits) : Entry
    {
        public override void Run(GpuDevice device) => device.Fill(destination, count, bits);
    }

    private sealed class HostWork(Action work) : Entry
    {
        public override void Run(GpuDevice device) => work();
    }
}
