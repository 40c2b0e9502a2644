using System.Runtime.InteropServices;
using HyperKernels.Backends;

namespace HyperKernels;

/// <summary>One compressed form of an <see cref="Incidence"/>: the memberships of each segment one after the other, in the order of the pairs.</summary>
internal sealed class SegmentIndex : IDisposable
{
    private readonly int[] _offsets;
    private readonly int[] _others;
    private readonly Lock _gate = new();
    private Tensor? _inverseCounts;
    private int[]? _pairOfSlot;

    /// <param name="segments">The number of segments.</param>
    /// <param name="own">The segment of each pair.</param>
    /// <param name="other">What each pair joins to it.</param>
    /// <param name="otherOfMembership">The same on the device.</param>
    public SegmentIndex(int segments, int[] own, int[] other, Tensor otherOfMembership)
    {
        Device device = otherOfMembership.Device;
        Segments = segments;
        CountingSort sort = new(own, segments);
        _offsets = sort.Offsets;
        Offsets = Upload(_offsets, device);
        if (sort.IsSorted)
        {
            // The pairs are in this order already: positions need no list, and the list of pairs serves as its compressed form.
            _others = other;
            OtherOfSlot = otherOfMembership;
        }
        else
        {
            (int[] positions, _others) = sort.Sort(other);
            Positions = Upload(positions, device);
            OtherOfSlot = Upload(_others, device);
        }
        Cut(device);
    }

    public int Segments { get; }

    /// <summary><c>[S + 1]</c>: where the slots of each segment begin.</summary>
    public Tensor Offsets { get; }

    /// <summary><c>[M]</c>: the node or edge at the other end of each slot.</summary>
    public Tensor OtherOfSlot { get; }

    /// <summary><c>[M]</c>: the pair that stands in each slot; null if slot i holds pair i.</summary>
    public Tensor? Positions { get; }

    /// <summary>How many pieces the long segments are cut into.</summary>
    public int PieceCount { get; private set; }

    /// <summary><c>[P, 3]</c>: segment, first slot and end of each piece of a long segment.</summary>
    public Tensor? Pieces { get; private set; }

    /// <summary>The number of long segments.</summary>
    public int LongCount { get; private set; }

    /// <summary><c>[L + 1]</c>: the first piece of each long segment.</summary>
    public Tensor? FirstPieces { get; private set; }

    /// <summary>The first slot of a segment; that of the one after the last is M.</summary>
    public int Start(int segment) => _offsets[segment];

    /// <summary>The pair that stands in a slot. The list is read back from the device when first asked for.</summary>
    public int PairAt(int slot) => Positions is null ? slot : (_pairOfSlot ?? PairOfSlot())[slot];

    public ReadOnlySpan<int> Others(int segment)
    {
        Throw.IfNoPlace("Incidence", segment, _offsets.Length - 1);
        return _others.AsSpan(_offsets[segment], _offsets[segment + 1] - _offsets[segment]);
    }

    /// <summary><c>[S]</c>: one over the number of slots, at least 1. Made when first asked for.</summary>
    public Tensor InverseCounts
    {
        get
        {
            lock (_gate)
            {
                if (_inverseCounts is not { } counts)
                {
                    using CapturePause pause = Offsets.Device.PauseCapture();
                    float[] values = new float[Segments];
                    for (int segment = 0; segment < values.Length; segment++)
                    {
                        values[segment] = 1f / Math.Max(1, _offsets[segment + 1] - _offsets[segment]);
                    }
                    counts = Tensor.NewUnowned(Offsets.Device, [Segments], ElementType.Float32);
                    counts.CopyFrom(values);
                    _inverseCounts = counts;
                }
                return counts;
            }
        }
    }

    /// <summary>Integers that live outside scopes.</summary>
    public static Tensor Upload(ReadOnlySpan<int> values, Device device)
    {
        Tensor result = Tensor.NewUnowned(device, [values.Length], ElementType.Int32);
        device.Backend.Upload(MemoryMarshal.AsBytes(values), result.Ref);
        result.Node.NoteBounds(values);
        return result;
    }

    public void Dispose()
    {
        Offsets.Dispose();
        OtherOfSlot.Dispose();
        Positions?.Dispose();
        Pieces?.Dispose();
        FirstPieces?.Dispose();
        _inverseCounts?.Dispose();
    }

    private int[] PairOfSlot()
    {
        lock (_gate)
        {
            return _pairOfSlot ??= Positions!.Value.ToIntArray();
        }
    }

    private void Cut(Device device)
    {
        int most = device.Backend.Traits.PieceSlots;
        List<int> pieces = [];
        List<int> firsts = [0];
        for (int segment = 0; segment < Segments; segment++)
        {
            if (_offsets[segment + 1] - _offsets[segment] <= most)
            {
                continue;
            }
            for (int start = _offsets[segment]; start < _offsets[segment + 1]; start += most)
            {
                pieces.AddRange([segment, start, Math.Min(start + most, _offsets[segment + 1])]);
            }
            firsts.Add(pieces.Count / 3);
        }
        PieceCount = pieces.Count / 3;
        LongCount = firsts.Count - 1;
        if (PieceCount > 0)
        {
            Pieces = Upload(pieces.ToArray(), device);
            FirstPieces = Upload(firsts.ToArray(), device);
        }
    }
}
