namespace HyperKernels.Models;

/// <summary>
/// The different pairs of an end (a node, or a hyperedge) and a role that occur among memberships, by role. A map for each role is applied to these
/// rows: at most once for a pair, however many memberships share it, and never for one that does not occur.
/// </summary>
internal sealed class RoleRows : IDisposable
{
    // "Hyperedges" are the roles, "nodes" the ends, and each pair is a membership: the gather of rows is an op, and so is its gradient.
    private readonly Incidence _pairs;

    public RoleRows(ReadOnlySpan<int> ends, int endCount, RowGroups roles, Device device)
    {
        long[] keys = new long[ends.Length];
        for (int i = 0; i < keys.Length; i++)
        {
            keys[i] = ((long)roles.GroupOfRow[i] * endCount) + ends[i];
        }
        long[] rows = [.. keys.Distinct().Order()];
        RowOfMembership = Array.ConvertAll(keys, key => Array.BinarySearch(rows, key));
        int[] roleOfRow = Array.ConvertAll(rows, row => (int)(row / endCount));
        _pairs = Incidence.FromPairs(endCount, roles.Groups, Array.ConvertAll(rows, row => (int)(row % endCount)), roleOfRow, device);
        // Rows are in the order of the groups already: of the groups only the offsets are used, not their tensors, which end with this scope.
        using MemoryScope scope = new();
        Groups = RowGroups.Of(roleOfRow, roles.Groups, device);
    }

    /// <summary>The number of rows.</summary>
    public int Count => _pairs.MembershipCount;

    /// <summary>The row of each membership.</summary>
    public int[] RowOfMembership { get; }

    /// <summary>The rows by role.</summary>
    public RowGroups Groups { get; }

    /// <summary>Gives each row what its end has: <c>[ends, F]</c> to <c>[rows, F]</c>, in the order of the groups.</summary>
    public Tensor Gather(Tensor ends) => Ops.NodesToMemberships(ends, _pairs);

    public void Dispose() => _pairs.Dispose();
}
