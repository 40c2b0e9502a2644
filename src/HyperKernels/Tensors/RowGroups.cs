namespace HyperKernels;

/// <summary>
/// Rows sorted by the group that each belongs to, such as tokens by the expert that serves them: the order, and where each group begins. Rows of
/// a group keep their order; a group may be empty.
/// </summary>
/// <remarks>Made by a counting sort on the host: the groups are read back from the device, and <see cref="Order"/> and <see cref="Places"/> belong to the current scope.</remarks>
public sealed class RowGroups
{
    private readonly int[] _groupOfRow;
    private readonly int[] _offsets;

    private RowGroups(int[] groupOfRow, int[] offsets, Tensor order, Tensor places, Tensor sources)
    {
        _groupOfRow = groupOfRow;
        _offsets = offsets;
        Order = order;
        Places = places;
        Sources = sources;
    }

    /// <summary>E, the number of groups.</summary>
    public int Groups => _offsets.Length - 1;

    /// <summary>M, the number of rows.</summary>
    public int Rows => _offsets[^1];

    /// <summary>M numbers: the group of each row.</summary>
    public ReadOnlySpan<int> GroupOfRow => _groupOfRow;

    /// <summary>E + 1 numbers: group e holds the places from <c>Offsets[e]</c> to below <c>Offsets[e + 1]</c>.</summary>
    public ReadOnlySpan<int> Offsets => _offsets;

    /// <summary><c>[M]</c> integers: the row that stands in each place. <c>Ops.GatherRows(x, Order)</c> sorts rows.</summary>
    public Tensor Order { get; }

    /// <summary><c>[M]</c> integers: the place of each row. <c>Ops.GatherRows(sorted, Places)</c> puts rows back.</summary>
    public Tensor Places { get; }

    /// <summary>
    /// <c>[M]</c> integers: where the groups were given as <c>[N, k]</c>, k of each of N rows, the one of the N that each place came from; else the same as
    /// <see cref="Order"/>. <c>Ops.GatherRows(x, Sources)</c> gives each group its rows.
    /// </summary>
    public Tensor Sources { get; }

    /// <summary>Sorts.</summary>
    /// <param name="groupOfRow">Integers from 0 to below <paramref name="groups"/>, of any shape; row by row.</param>
    /// <param name="groups">E.</param>
    /// <exception cref="ArgumentException">groupOfRow holds floats or a number that is no group, or groups is below 1.</exception>
    public static RowGroups Of(Tensor groupOfRow, int groups)
    {
        if (groupOfRow.ElementType != ElementType.Int32)
        {
            Throw.Argument($"RowGroups: the group of each row must be an integer; got {groupOfRow.Description}. TopK and ArgMax give integers.");
        }
        int each = groupOfRow.Rank == 0 || groupOfRow.Shape[0] == 0 ? 1 : (int)groupOfRow.Shape.RowCount;
        return Of(groupOfRow.ToIntArray(), groups, each, groupOfRow.Device);
    }

    /// <summary>Sorts.</summary>
    /// <param name="groupOfRow">Numbers from 0 to below <paramref name="groups"/>.</param>
    /// <param name="groups">E.</param>
    /// <param name="device">Where <see cref="Order"/> and <see cref="Places"/> are wanted; null means <see cref="Device.Default"/>.</param>
    /// <exception cref="ArgumentException">A number is no group, or groups is below 1 or more than an array holds.</exception>
    public static RowGroups Of(ReadOnlySpan<int> groupOfRow, int groups, Device? device = null) => Of(groupOfRow.ToArray(), groups, 1, device);

    private static RowGroups Of(int[] groupOfRow, int groups, int each, Device? device)
    {
        if (groups < 1)
        {
            Throw.Argument($"RowGroups: there must be at least one group; got {groups}.");
        }
        Throw.IfOutside("RowGroups", groups, 1, Array.MaxLength - 1);
        int[] offsets = new int[groups + 1];
        foreach (int group in groupOfRow)
        {
            if ((uint)group >= (uint)groups)
            {
                Throw.Argument($"RowGroups: groups must be numbers from 0 to {groups - 1}; got {group}.");
            }
            offsets[group + 1]++;
        }
        for (int group = 0; group < groups; group++)
        {
            offsets[group + 1] += offsets[group];
        }
        int[] next = offsets.AsSpan(0, groups).ToArray();
        int[] order = new int[groupOfRow.Length];
        int[] places = new int[groupOfRow.Length];
        for (int row = 0; row < order.Length; row++)
        {
            int place = next[groupOfRow[row]]++;
            order[place] = row;
            places[row] = place;
        }
        Tensor sorted = Tensor.From(order, [order.Length], device);
        Tensor sources = each == 1 ? sorted : Tensor.From(Array.ConvertAll(order, row => row / each), [order.Length], device);
        return new RowGroups(groupOfRow, offsets, sorted, Tensor.From(places, [places.Length], device), sources);
    }
}
