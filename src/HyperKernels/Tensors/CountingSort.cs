using System.Threading.Tasks;

namespace HyperKernels;

/// <summary>
/// A stable counting sort of pairs by segment on several threads, linear in pairs and segments. The order depends on the keys alone: every thread counts one
/// stretch of the pairs, and stretch after stretch is given its slots.
/// </summary>
internal sealed class CountingSort
{
    // Below this a stretch costs more to hand out than to sort.
    private const int LeastStretch = 1 << 16;

    private readonly int[] _keys;

    // For each stretch, the slot that its next pair of each segment goes to.
    private readonly int[][] _next;

    /// <param name="keys">The segment of each pair.</param>
    /// <param name="segments">The number of segments.</param>
    public CountingSort(int[] keys, int segments)
    {
        _keys = keys;
        _next = new int[Stretches(keys.Length, segments)][];
        bool[] sorted = new bool[_next.Length];
        InParallel(stretch => (_next[stretch], sorted[stretch]) = Count(stretch, segments));
        IsSorted = !sorted.Contains(false);
        Offsets = new int[checked(segments + 1)];
        int slot = 0;
        for (int segment = 0; segment < segments; segment++)
        {
            Offsets[segment] = slot;
            foreach (int[] next in _next)
            {
                (next[segment], slot) = (slot, slot + next[segment]);
            }
        }
        Offsets[segments] = slot;
    }

    /// <summary><c>[S + 1]</c>: where the slots of each segment begin.</summary>
    public int[] Offsets { get; }

    /// <summary>Whether the pairs are in the order of the segments already.</summary>
    public bool IsSorted { get; }

    /// <summary>Gives every pair its slot. To be called once.</summary>
    /// <param name="other">What each pair joins to its segment.</param>
    /// <returns>For each slot the pair that stands in it, and what that pair joins.</returns>
    public (int[] Positions, int[] Others) Sort(int[] other)
    {
        int[] positions = new int[_keys.Length];
        int[] others = new int[_keys.Length];
        InParallel(stretch =>
        {
            int[] next = _next[stretch];
            (int first, int end) = Stretch(stretch);
            for (int pair = first; pair < end; pair++)
            {
                int slot = next[_keys[pair]]++;
                positions[slot] = pair;
                others[slot] = other[pair];
            }
        });
        return (positions, others);
    }

    // Tables of all stretches together stay within twice the pairs.
    private static int Stretches(int pairs, int segments) =>
        (int)Math.Clamp(Math.Min(pairs / LeastStretch, 2L * pairs / Math.Max(segments, 1)), 1, Device.Cpu.Threads);

    private (int[] Counts, bool Sorted) Count(int stretch, int segments)
    {
        int[] counts = new int[segments];
        bool sorted = true;
        (int first, int end) = Stretch(stretch);
        int before = first == 0 ? 0 : _keys[first - 1];
        for (int pair = first; pair < end; pair++)
        {
            int key = _keys[pair];
            counts[key]++;
            sorted &= before <= key;
            before = key;
        }
        return (counts, sorted);
    }

    private (int First, int End) Stretch(int stretch) =>
        ((int)((long)_keys.Length * stretch / _next.Length), (int)((long)_keys.Length * (stretch + 1) / _next.Length));

    private void InParallel(Action<int> work)
    {
        if (_next.Length == 1)
        {
            work(0);
            return;
        }
        Parallel.For(0, _next.Length, new ParallelOptions { MaxDegreeOfParallelism = _next.Length }, work);
    }
}
