namespace HyperKernels.Models;

/// <summary>Tells whether some set holds three nodes; quick where one pair is asked about with many thirds.</summary>
internal sealed class TriangleClosure(int nodes, int[][] sets)
{
    private readonly int[][] _edgesOf = MemberSets.EdgesOfNodes(nodes, sets);
    private readonly int[] _marks = new int[nodes];
    private (int U, int V) _pair = (-1, -1);
    private int _mark;

    public bool Holds(int u, int v, int w)
    {
        if (_pair != (u, v))
        {
            _pair = (u, v);
            _mark++;
            foreach (int edge in MemberSets.Intersect(_edgesOf[u], _edgesOf[v]))
            {
                foreach (int member in sets[edge])
                {
                    _marks[member] = _mark;
                }
            }
        }
        return _marks[w] == _mark;
    }
}
