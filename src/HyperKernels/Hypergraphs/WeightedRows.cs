using System.Runtime.InteropServices;

namespace HyperKernels;

/// <summary>Collects a <see cref="WeightedGraph"/> row by row; what is added to one neighbour several times adds up.</summary>
internal sealed class WeightedRows
{
    private readonly Device _device;
    private readonly int[] _offsets;

    // Sums of the present row, and which of them are in it.
    private readonly double[] _sums;
    private readonly bool[] _met;
    private readonly List<int> _touched = [];
    private readonly List<int> _neighbours = [];
    private readonly List<float> _weights = [];
    private int _rows;

    public WeightedRows(int count, Device device)
    {
        _device = device;
        _offsets = new int[count + 1];
        _sums = new double[count];
        _met = new bool[count];
    }

    public void Add(int neighbour, float weight)
    {
        if (!_met[neighbour])
        {
            _met[neighbour] = true;
            _touched.Add(neighbour);
        }
        _sums[neighbour] += weight;
    }

    public void EndRow()
    {
        Incidence.CheckMemberships((long)_neighbours.Count + _touched.Count);
        _touched.Sort();
        foreach (int neighbour in _touched)
        {
            _neighbours.Add(neighbour);
            _weights.Add((float)_sums[neighbour]);
            (_sums[neighbour], _met[neighbour]) = (0, false);
        }
        _touched.Clear();
        _offsets[++_rows] = _neighbours.Count;
    }

    public WeightedGraph ToGraph() => new(_offsets, [.. CollectionsMarshal.AsSpan(_neighbours)], [.. CollectionsMarshal.AsSpan(_weights)], _device);
}
