using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// Keeps what a hypernetwork generates for earlier tasks where it was: <c>R = (1 / T) sum_t s_t sum_i F_ti (theta*_ti - h(e_t; omega + d)_i)^2</c>
/// over the T earlier tasks; a sum over weights, a mean over tasks. <c>theta*</c> was recorded before the current task, <c>d</c> is the step that
/// the optimiser is about to take (<see cref="LookAhead"/>), F are importances of single weights, s factors of tasks. Add it, times beta, to the
/// loss of the current task.
/// </summary>
/// <remarks>
/// <para>
/// It works for any <see cref="HyperNetwork"/> whose only condition is the number of a task: integers. Nothing flows into what was recorded, which is
/// recorded in evaluation mode. Because weights are summed up, beta depends on their number.
/// </para>
/// <para>
/// Source: von Oswald, Henning, Grewe, Sacramento, ICLR 2020 (arXiv 1906.00695), equation 2; options as in the authors' library,
/// chrhenning/hypnettorch (calc_fix_target_reg). Their later code leaves the look-ahead out, as having little effect.
/// </para>
/// </remarks>
public sealed partial class OutputRegulariser : IDisposable
{
    private readonly HyperNetwork _network;
    private readonly OutputRegulariserOptions _options;
    private readonly Dictionary<int, Parameter> _importances = [];
    private readonly Dictionary<Parameter, Parameter> _former = [];
    private Parameter? _targets;

    /// <summary>Makes a regulariser that protects nothing yet.</summary>
    /// <param name="network">The hypernetwork.</param>
    /// <param name="options">The choices; null means the defaults.</param>
    /// <exception cref="ArgumentException">The subset is less than 1.</exception>
    public OutputRegulariser(HyperNetwork network, OutputRegulariserOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(network);
        _network = network;
        _options = options ?? new OutputRegulariserOptions();
        if (_options.Subset < 1)
        {
            throw new ArgumentException($"OutputRegulariser: a subset must have at least 1 task; got {_options.Subset}.", nameof(options));
        }
    }

    // Before the entry that holds it: initialisers run in order.
    internal static Paper Paper { get; } = new("von Oswald, Henning, Grewe, Sacramento", "Continual learning with hypernetworks", "ICLR", 2020) { Arxiv = "1906.00695" };

    /// <summary>What was published.</summary>
    public static PublishedSystem Published { get; } = new()
    {
        Name = "output-regulariser",
        Title = "Output regulariser of continual hypernetworks",
        Kind = SystemKind.Hypernetworks,
        Paper = Paper,
        Equation = "R = (1 / T) sum_t s_t sum_i F_ti (theta*_ti - h(e_t; omega + d omega)_i)^2",
        Source = "equation 2, and the authors' library, chrhenning/hypnettorch",
        Layers = [typeof(OutputRegulariser), typeof(LookAhead), typeof(FisherInformation), typeof(OutputHead)],
        Design = new HypernetworkDesign(HyperInput.Task, HyperOutput.Once | HyperOutput.Chunks, HyperArchitecture.Mlp),
        Cases = ["output regulariser"],
        Recipe = "permuted-mnist",
    };

    /// <summary>The number T of earlier tasks that are protected.</summary>
    public int Tasks { get; private set; }

    /// <summary>The regulariser of weights that are at hand: the equation alone.</summary>
    /// <param name="outputs">What is generated now, <c>[T, P]</c>.</param>
    /// <param name="targets">What it should stay, <c>[T, P]</c>. Gradients flow here too, if the tape watches it.</param>
    /// <param name="importances">F, <c>[T, P]</c>; null for ones.</param>
    /// <param name="scaling">s, one factor per task; empty for ones.</param>
    /// <returns>A scalar.</returns>
    /// <exception cref="ArgumentException">A shape differs, or there are not as many factors as tasks.</exception>
    public static Tensor Loss(Tensor outputs, Tensor targets, Tensor? importances = null, params ReadOnlySpan<double> scaling)
    {
        if (outputs.Rank != 2 || outputs.Shape != targets.Shape || (importances is { } f && f.Shape != outputs.Shape))
        {
            throw new ArgumentException(
                $"OutputRegulariser: outputs, targets and importances must all be [tasks, weights]; got {outputs.Shape}, {targets.Shape} "
                + $"and {importances?.Shape.ToString() ?? "none"}.",
                nameof(outputs));
        }
        int tasks = outputs.Shape[0];
        Tensor squares = Ops.Square(Ops.Subtract(targets, outputs));
        squares = importances is null ? squares : Ops.Multiply(importances.Value, squares);
        if (scaling.Length > 0)
        {
            if (scaling.Length != tasks)
            {
                throw new ArgumentException($"OutputRegulariser: {tasks} factors are needed, one per task; got {scaling.Length}.", nameof(scaling));
            }
            float[] factors = new float[tasks];
            for (int task = 0; task < tasks; task++)
            {
                factors[task] = (float)scaling[task];
            }
            squares = Ops.Multiply(squares, Tensor.From(factors, [tasks, 1], outputs.Device));
        }
        return Ops.MultiplyScalar(Ops.Sum(squares), 1f / tasks);
    }

    /// <summary>Protects tasks 0 to tasks - 1 as they are now: to be called before a new task is learned. Forgets what was recorded before.</summary>
    /// <param name="tasks">How many tasks have been learned; 0 protects nothing.</param>
    /// <exception cref="ArgumentException">There are fewer factors than tasks, or the network does not take task numbers alone.</exception>
    public void Record(int tasks)
    {
        Throw.IfOutside("OutputRegulariser", tasks, 0);
        if (_options.Scaling is { } scaling && scaling.Count < tasks)
        {
            throw new ArgumentException($"OutputRegulariser: {tasks} factors are needed, one per task; got {scaling.Count}.", nameof(tasks));
        }
        Forget();
        Tasks = tasks;
        if (tasks == 0)
        {
            return;
        }
        if (_options.Recompute)
        {
            foreach (Parameter parameter in Own())
            {
                _former.Add(parameter, Constant(parameter.OwnValue.ToArray(), parameter.Shape));
            }
            return;
        }
        using MemoryScope scope = new();
        Tensor targets = InEvaluation(() => _network.Generate(Ids(All())));
        _targets = Constant(targets.ToArray(), targets.Shape);
    }

    /// <summary>Says how much every weight of a task counts: <see cref="FisherInformation"/>, or <see cref="OutputHead"/>.</summary>
    /// <param name="task">The task.</param>
    /// <param name="importances">P values; empty for ones.</param>
    /// <exception cref="ArgumentException">There are not P values.</exception>
    public void SetImportances(int task, ReadOnlySpan<float> importances)
    {
        Throw.IfOutside("OutputRegulariser", task, 0);
        int count = _network.Manifest.Count;
        if (importances.Length != 0 && importances.Length != count)
        {
            throw new ArgumentException($"OutputRegulariser: {count} importances are needed, one per generated weight; got {importances.Length}.", nameof(importances));
        }
        if (_importances.Remove(task, out Parameter? former))
        {
            former.Dispose();
        }
        if (importances.Length > 0)
        {
            _importances.Add(task, Constant(importances, [1, count]));
        }
    }

    /// <summary>Computes the regulariser.</summary>
    /// <param name="change">What is added to parameters first: the step about to be taken, from <see cref="LookAhead.Of"/>. Null for nothing.</param>
    /// <returns>A scalar; zero while nothing is protected.</returns>
    public Tensor Loss(IReadOnlyDictionary<Parameter, Tensor>? change = null)
    {
        if (Tasks == 0)
        {
            return Tensor.Zeros([]);
        }
        int[] tasks = Chosen();
        Tensor ids = Ids(tasks);
        Tensor targets = Targets(ids, tasks.Length);
        using IDisposable? ahead = change is null
            ? null
            : ParameterOverrides.Use(change.ToDictionary(static pair => pair.Key, static pair => Ops.Add(pair.Key.Value, pair.Value)));
        double[] scaling = _options.Scaling is { } factors ? [.. tasks.Select(task => factors[task])] : [];
        return Loss(_network.Generate(ids), targets, Importances(tasks), scaling);
    }

    /// <summary>Ends what was recorded; the network stays.</summary>
    public void Dispose()
    {
        Forget();
        foreach (Parameter importances in _importances.Values)
        {
            importances.Dispose();
        }
        _importances.Clear();
    }

    private static Parameter Constant(ReadOnlySpan<float> values, Shape shape) => new("constant", values, shape) { RequiresGradient = false };

    private static Tensor Ids(int[] tasks) => Tensor.From(tasks, [tasks.Length]);

    private void Forget()
    {
        _targets?.Dispose();
        _targets = null;
        foreach (Parameter former in _former.Values)
        {
            former.Dispose();
        }
        _former.Clear();
        Tasks = 0;
    }

    private int[] All() => [.. Enumerable.Range(0, Tasks)];

    private int[] Chosen()
    {
        if (_options.Subset is not { } count || count >= Tasks)
        {
            return All();
        }
        int[] order = new int[Tasks];
        (_options.Random ?? Initializer.Random).FillPermutation(order);
        return order[..count];
    }

    private Tensor Targets(Tensor ids, int count)
    {
        if (_targets is { } recorded)
        {
            return count == Tasks ? recorded.OwnValue : Ops.GatherRows(recorded.OwnValue, ids);
        }
        using IDisposable former = ParameterOverrides.Use(_former.ToDictionary(static pair => pair.Key, static pair => pair.Value.OwnValue));
        return InEvaluation(() => _network.Generate(ids));
    }

    private Tensor? Importances(int[] tasks)
    {
        if (!tasks.Any(_importances.ContainsKey))
        {
            return null;
        }
        Tensor ones = Tensor.Full([1, _network.Manifest.Count], 1);
        return Ops.Concatenate(0, [.. tasks.Select(task => _importances.TryGetValue(task, out Parameter? own) ? own.OwnValue : ones)]);
    }

    // What weights are generated with, the target's own parameters not among it.
    private IEnumerable<Parameter> Own() => new Layer[] { _network.Conditioning, _network.Generator, _network.Emission }.SelectMany(static part => part.Parameters);

    private Tensor InEvaluation(Func<Tensor> generate)
    {
        (Layer Layer, bool Training)[] modes = [.. _network.NamedLayers().Select(static named => (named.Layer, named.Layer.Training))];
        _network.Eval();
        try
        {
            return generate();
        }
        finally
        {
            // Outer layers come first, so that inner ones end as they were.
            foreach ((Layer layer, bool training) in modes)
            {
                layer.Train(training);
            }
        }
    }
}
