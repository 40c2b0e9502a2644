using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// Keeps the intervals of weights that were generated for earlier tasks where they were:
/// <c>R = 1 / (3T) sum_t (|lower - lower*|^2 + |middle - middle*|^2 + |upper - upper*|^2)</c> over the T earlier tasks; sums over weights. Add it,
/// times beta, to the loss of the current task.
/// </summary>
/// <remarks>
/// The mean over tasks is in it; the authors' trainer divides by their number once more. Their variant without nesting keeps the middle alone.
/// Epsilon is always the conditioning's own, whatever a schedule says of the current task. Source: Krukowski and others, arXiv 2405.15444, and the authors' code.
/// </remarks>
public sealed class IntervalRegulariser : IDisposable
{
    private readonly HyperNetwork _network;
    private Parameter? _targets;

    /// <summary>Makes a regulariser that protects nothing yet.</summary>
    /// <param name="network">What <see cref="HyperInterval.Create"/> made.</param>
    /// <param name="middleOnly">Whether only the middle is kept.</param>
    /// <exception cref="ArgumentException">The network is another's.</exception>
    public IntervalRegulariser(HyperNetwork network, bool middleOnly = false)
    {
        _ = HyperInterval.ConditioningOf(network);
        _network = network;
        MiddleOnly = middleOnly;
    }

    /// <summary>Whether only the middle is kept.</summary>
    public bool MiddleOnly { get; }

    /// <summary>The number T of earlier tasks that are protected.</summary>
    public int Tasks { get; private set; }

    /// <summary>The regulariser of weights that are at hand: the equation alone.</summary>
    /// <param name="outputs">What is generated now, <c>[T, P]</c>.</param>
    /// <param name="targets">What it should stay, <c>[T, P]</c>.</param>
    /// <returns>A scalar.</returns>
    /// <exception cref="ArgumentException">A shape differs.</exception>
    public static Tensor Loss(IntervalTensor outputs, IntervalTensor targets) => OutputRegulariser.Loss(Stack(outputs), Stack(targets));

    /// <summary>Protects tasks 0 to tasks - 1 as they are now: to be called before a new task is learned. Forgets what was recorded before.</summary>
    /// <param name="tasks">How many tasks have been learned; 0 protects nothing.</param>
    public void Record(int tasks)
    {
        Throw.IfOutside("IntervalRegulariser", tasks, 0);
        Dispose();
        if (tasks == 0)
        {
            return;
        }
        using MemoryScope scope = new();
        Tensor targets = Outputs(tasks);
        Keep(tasks, targets.ToArray(), targets.Shape);
    }

    /// <summary>Computes the regulariser.</summary>
    /// <returns>A scalar; zero while nothing is protected.</returns>
    public Tensor Loss() => _targets is { } targets ? OutputRegulariser.Loss(Outputs(Tasks), targets.OwnValue) : Tensor.Zeros([]);

    /// <summary>Computes the regulariser of what is generated anyway, together with the current task's: the hypernetwork then runs once.</summary>
    /// <param name="outputs">Of tasks 0 to <see cref="Tasks"/> - 1, at the conditioning's own epsilon, <c>[T, P]</c>.</param>
    /// <returns>A scalar; zero while nothing is protected.</returns>
    /// <exception cref="ArgumentException">A shape differs.</exception>
    public Tensor LossOf(IntervalTensor outputs) =>
        _targets is { } targets ? OutputRegulariser.Loss(MiddleOnly ? outputs.Middle : Stack(outputs), targets.OwnValue) : Tensor.Zeros([]);

    /// <summary>Copies out what is protected, for a checkpoint.</summary>
    public IReadOnlyDictionary<string, HostArray> GetState() => _targets is { } targets
        ? new Dictionary<string, HostArray> { ["tasks"] = new([Tasks], [1]), ["targets"] = HostArray.Of(targets.OwnValue) }
        : new Dictionary<string, HostArray> { ["tasks"] = new([0], [1]) };

    /// <summary>Takes up what <see cref="GetState"/> gave.</summary>
    /// <exception cref="ArgumentException">It is of another regulariser, or of another network.</exception>
    public void LoadState(IReadOnlyDictionary<string, HostArray> state)
    {
        ArgumentNullException.ThrowIfNull(state);
        int tasks = state.TryGetValue("tasks", out HostArray? count) && count.Values.Length == 1 ? (int)count.Values[0] : -1;
        HostArray? targets = state.GetValueOrDefault("targets");
        Shape wanted = [(MiddleOnly ? 1 : 3) * Math.Max(tasks, 0), _network.Manifest.Count];
        if (tasks < 0 || (tasks == 0 ? targets is not null : targets?.Shape != wanted))
        {
            throw new ArgumentException(
                $"IntervalRegulariser.LoadState: the state must have \"tasks\", one number, and \"targets\" {wanted} unless that is 0; "
                + $"\"targets\" is {targets?.Shape.ToString() ?? "missing"}.",
                nameof(state));
        }
        Dispose();
        if (targets is not null)
        {
            Keep(tasks, targets.Values, targets.Shape);
        }
    }

    /// <summary>Ends what was recorded; the network stays.</summary>
    public void Dispose()
    {
        _targets?.Dispose();
        _targets = null;
        Tasks = 0;
    }

    private static Tensor Stack(IntervalTensor tasks) => Ops.Concatenate(0, tasks.Lower, tasks.Middle, tasks.Upper);

    private void Keep(int tasks, float[] values, Shape shape)
    {
        _targets = new Parameter("targets", values, shape) { RequiresGradient = false };
        Tasks = tasks;
    }

    private Tensor Outputs(int tasks)
    {
        Tensor ids = Tensor.From([.. Enumerable.Range(0, tasks)], [tasks]);
        return MiddleOnly ? _network.Generate(ids) : Stack(HyperInterval.Generate(_network, ids));
    }
}
