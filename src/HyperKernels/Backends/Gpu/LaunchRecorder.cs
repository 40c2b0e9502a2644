using System.Runtime.InteropServices;

namespace HyperKernels.Backends.Gpu;

/// <summary>A list of launches with their arguments, to be made again without the work that led to them.</summary>
internal sealed unsafe class LaunchRecorder : ILaunchRecorder
{
    private readonly List<Entry> _entries = [];
    private readonly List<nint> _structures = [];
    private readonly List<Part> _parts = [];

    public int Launches => _entries.Count(entry => entry.Again is null);

    public bool Paused { get; set; }

    public void Launch(GpuKernel kernel, int groups, ReadOnlySpan<KernelArgument> arguments)
    {
        if (!Paused)
        {
            KernelArgument[] kept = arguments.ToArray();
            for (int i = 0; i < kept.Length; i++)
            {
                if (kept[i].Structure is not null)
                {
                    kept[i] = kept[i].At(Copy(kept[i].Structure, kept[i].Size));
                }
            }
            _entries.Add(new Entry { Kernel = kernel, Groups = groups, Arguments = kept });
        }
    }

    public void Fill(BufferRef destination, long count, int bits)
    {
        if (!Paused)
        {
            _entries.Add(new Entry { Filled = destination, Count = count, Bits = bits });
        }
    }

    public void Again(Action work) => _entries.Add(new Entry { Again = work });

    /// <summary>Joins what lies between the host's work, where the device can start several launches together.</summary>
    public void Prepare(IGpuDevice device)
    {
        for (int first = 0; first < _entries.Count;)
        {
            int end = first;
            while (end < _entries.Count && _entries[end].Again is null)
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
                _parts.Add(new Part(first, end, device.Capture(() => Run(device, from, to))));
            }
            first = end;
        }
    }

    /// <summary>Does everything again, in order.</summary>
    public void Replay(IGpuDevice device)
    {
        foreach (Part part in _parts)
        {
            if (part.Graph is not null)
            {
                part.Graph.Launch();
            }
            else
            {
                Run(device, part.First, part.End);
            }
        }
    }

    public void Dispose()
    {
        foreach (nint structure in _structures)
        {
            NativeMemory.Free((void*)structure);
        }
        _structures.Clear();
        _entries.Clear();
        _parts.ForEach(part => part.Graph?.Dispose());
        _parts.Clear();
    }

    private void Run(IGpuDevice device, int first, int end)
    {
        for (int i = first; i < end; i++)
        {
            Entry entry = _entries[i];
            if (entry.Kernel is not null)
            {
                device.Launch(entry.Kernel, entry.Groups, entry.Arguments);
            }
            else if (entry.Again is not null)
            {
                entry.Again();
            }
            else
            {
                device.Fill(entry.Filled, entry.Count, entry.Bits);
            }
        }
    }

    private void* Copy(void* structure, int bytes)
    {
        void* copy = NativeMemory.Alloc((nuint)bytes);
        _structures.Add((nint)copy);
        NativeMemory.Copy(structure, copy, (nuint)bytes);
        return copy;
    }

    /// <summary>Entries from First to before End, and what starts them together, if anything does.</summary>
    private readonly record struct Part(int First, int End, IGpuGraph? Graph);

    private readonly struct Entry
    {
        public GpuKernel? Kernel { get; init; }

        public int Groups { get; init; }

        public KernelArgument[] Arguments { get; init; }

        public Action? Again { get; init; }

        public BufferRef Filled { get; init; }

        public long Count { get; init; }

        public int Bits { get; init; }
    }
}
