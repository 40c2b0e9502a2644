using HyperKernels.Layers;

namespace HyperKernels.Cli.Recipes;

/// <summary>The filters of a target's first convolution, as a hypernetwork generates them.</summary>
internal sealed class FirstFilters
{
    private readonly HyperNetwork _network;
    private readonly ManifestEntry _entry;

    private FirstFilters(HyperNetwork network, ManifestEntry entry)
    {
        _network = network;
        _entry = entry;
    }

    /// <summary>Rows and columns of a filter.</summary>
    public int Side => _entry.Shape[3];

    /// <summary>How many there are.</summary>
    public int Count => _entry.Shape[0];

    /// <summary>Finds them; null if the target does not begin with filters of one channel and as many rows as columns.</summary>
    public static FirstFilters? Of(HyperNetwork network)
    {
        ManifestEntry? entry = network.Manifest.Entries.FirstOrDefault(static entry => entry.Shape.Rank == 4);
        return entry is not null && entry.Shape[1] == 1 && entry.Shape[2] == entry.Shape[3] ? new FirstFilters(network, entry) : null;
    }

    /// <summary>The filters for one value of the condition, <c>[Count, Side, Side]</c>, and the norm of all weights.</summary>
    public (float[] Weights, double Norm) At(float value)
    {
        using MemoryScope scope = new();
        float[] all = _network.Generate(Tensor.From([value])).ToArray();
        return (all[_entry.Offset..(_entry.Offset + _entry.Count)], Math.Sqrt(all.Sum(static weight => (double)weight * weight)));
    }
}
