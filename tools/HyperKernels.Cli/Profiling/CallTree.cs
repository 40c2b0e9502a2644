namespace HyperKernels.Cli.Profiling;

/// <summary>Where the time of a profile went: calls inside calls, the op innermost.</summary>
internal sealed class CallTree(string name)
{
    // What calls steps is the same for all of them.
    private static readonly HashSet<string> s_loop = ["TrainingLoop.Run", "TrainingLoop.Told"];

    // The tape's own calls say nothing of the network.
    private static readonly HashSet<string> s_between = ["Tape.Run", "Gradients.Run", "TapeRecord`1.Run"];

    private readonly Dictionary<string, CallTree> _calls = [];

    public string Name => name;

    /// <summary>Of this and of all it calls.</summary>
    public double Seconds { get; private set; }

    public IReadOnlyCollection<CallTree> Calls => _calls.Values;

    public int Depth => 1 + _calls.Values.Select(static call => call.Depth).DefaultIfEmpty(0).Max();

    /// <summary>Puts ops under their callers.</summary>
    /// <param name="root">What all of them are part of.</param>
    /// <param name="ops">With their callers.</param>
    /// <param name="unaccounted">The time that no op took.</param>
    public static CallTree Of(string root, IEnumerable<OpRecord> ops, double unaccounted)
    {
        CallTree tree = new(root);
        foreach (OpRecord op in ops)
        {
            tree.Add(Path(op), op.Seconds);
        }
        tree.Add(["outside ops"], Math.Max(0, unaccounted));
        return tree;
    }

    /// <summary>An op's callers from the step on, and the op.</summary>
    public static IReadOnlyList<string> Path(OpRecord op)
    {
        int loop = op.Callers.ToList().FindLastIndex(s_loop.Contains);
        List<string> path = [.. op.Callers.Skip(loop + 1).Where(static call => !s_between.Contains(call))];
        // A method's own parts, and loops written as calls of themselves, stand once.
        for (int i = path.Count - 1; i > 0; i--)
        {
            if (path[i] == path[i - 1])
            {
                path.RemoveAt(i);
            }
        }
        return [.. path, op.Name];
    }

    private void Add(IReadOnlyList<string> path, double seconds)
    {
        CallTree at = this;
        at.Seconds += seconds;
        foreach (string call in path)
        {
            if (!at._calls.TryGetValue(call, out CallTree? next))
            {
                at._calls[call] = next = new CallTree(call);
            }
            at = next;
            at.Seconds += seconds;
        }
    }
}
