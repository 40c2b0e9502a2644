using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// Conditions of a continual learner whose tasks are intervals: the number of a task becomes a row <c>[centre; radius]</c> of centre
/// <c>e_t</c> and radius <c>epsilon softmax(rho_t)</c>; nested, of centre <c>epsilon / (2n) cos(e_t)</c> and radius <c>epsilon / n</c>, so that
/// all tasks' intervals have points in common.
/// </summary>
/// <remarks>Source: Krukowski and others, arXiv 2405.15444, and the authors' code, gmum/HyperInterval.</remarks>
public sealed class IntervalConditioning : Conditioning, IStoredLayer<IntervalConditioning>
{
    private readonly Parameter[] _embeddings;
    private readonly Parameter[] _logits;
    private double _epsilon;

    static IntervalConditioning() => LayerTypes.Register<IntervalConditioning>();

    /// <summary>Draws the tasks' embeddings, N(0, deviation squared); radii start equal.</summary>
    /// <param name="tasks">The number of tasks that can be learned.</param>
    /// <param name="embedding">The length n of an embedding.</param>
    /// <param name="epsilon">The sum of a radius over the embedding.</param>
    /// <param name="isNested">Whether intervals are nested; radii are then not learned.</param>
    /// <param name="deviation">Of the embeddings.</param>
    /// <param name="random">Where they are drawn from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">A size is below 1, or epsilon negative.</exception>
    public IntervalConditioning(int tasks, int embedding, double epsilon, bool isNested = false, float deviation = 1, RandomStream? random = null)
    {
        Check(tasks >= 1, nameof(tasks), "at least 1", tasks);
        Check(embedding >= 1, nameof(embedding), "at least 1", embedding);
        Tasks = tasks;
        Embedding = embedding;
        Epsilon = epsilon;
        IsNested = isNested;
        Initializer vectors = Initializer.Normal(0, deviation);
        _embeddings = [.. Enumerable.Range(0, tasks).Select(task => AddParameter($"task{task}", [embedding], vectors, random, ParameterRole.Table))];
        _logits = isNested
            ? []
            : [.. Enumerable.Range(0, tasks).Select(task => AddParameter($"rho{task}", [embedding], Initializer.Constant(1f / embedding), random, ParameterRole.Table))];
    }

    /// <summary>The number of tasks.</summary>
    public int Tasks { get; }

    /// <summary>The length n of an embedding.</summary>
    public int Embedding { get; }

    /// <summary>Whether intervals are nested.</summary>
    public bool IsNested { get; }

    /// <summary>The sum of a radius over the embedding; a schedule may set it (<see cref="IntervalSchedule"/>).</summary>
    /// <exception cref="ArgumentException">It is negative or not finite.</exception>
    public double Epsilon
    {
        get => _epsilon;
        set
        {
            Check(double.IsFinite(value) && value >= 0, "epsilon", "at least 0", value);
            _epsilon = value;
        }
    }

    /// <inheritdoc/>
    public override int Size => 2 * Embedding;

    /// <summary>What belongs to one task alone: its embedding, and the logits of its radius unless intervals are nested.</summary>
    /// <exception cref="ArgumentException">There is no such task.</exception>
    public IReadOnlyList<Parameter> ParametersOf(int task)
    {
        Check((uint)task < (uint)Tasks, nameof(task), $"from 0 to {Tasks - 1}", task);
        return IsNested ? [_embeddings[task]] : [_embeddings[task], _logits[task]];
    }

    /// <summary>Lets one task's own parameters be learned and freezes those of all others.</summary>
    /// <param name="task">The task.</param>
    /// <param name="fromPrevious">Whether its embedding starts as what the task before it has learned, as the authors' nested runs do.</param>
    /// <exception cref="ArgumentException">There is no such task.</exception>
    public void Learn(int task, bool fromPrevious = false)
    {
        Check((uint)task < (uint)Tasks, nameof(task), $"from 0 to {Tasks - 1}", task);
        if (fromPrevious && task > 0)
        {
            _embeddings[task].Load(_embeddings[task - 1].OwnValue.ToArray());
        }
        for (int other = 0; other < Tasks; other++)
        {
            foreach (Parameter parameter in ParametersOf(other))
            {
                parameter.RequiresGradient = other == task;
            }
        }
    }

    /// <summary>Looks the tasks' intervals up, or takes points of the embedding space as centres.</summary>
    /// <param name="values">One tensor: tasks, integers <c>[C]</c>; centres <c>[C, n]</c>, of radius epsilon / n; or centres and radii <c>[C, 2n]</c>.</param>
    /// <returns><c>[C, 2n]</c>: centre, then radius.</returns>
    /// <exception cref="ArgumentException">The tensor has another shape, or there are several.</exception>
    public override Tensor Forward(params ReadOnlySpan<Tensor> values)
    {
        if (values.Length == 1 && values[0].ElementType == ElementType.Int32 && values[0].Rank <= 1)
        {
            return Rows(values[0], Epsilon);
        }
        if (values.Length == 1 && values[0].ElementType == ElementType.Float32 && values[0].Rank == 2)
        {
            if (values[0].Shape[1] == Size)
            {
                return values[0];
            }
            if (values[0].Shape[1] == Embedding)
            {
                return Ops.Concatenate(1, values[0], Tensor.Full(values[0].Shape, (float)(Epsilon / Embedding), values[0].Device));
            }
        }
        string got = values.Length == 0 ? "none" : string.Join(", ", values.ToArray().Select(static value => value.ToString()));
        throw new ArgumentException(
            $"IntervalConditioning: the values must be task numbers, integers [C], or centres, floats [C, {Embedding}], with radii [C, {Size}]; got {got}.", nameof(values));
    }

    /// <summary>The tasks' intervals at an epsilon of a moment: what may be given as conditions, together with others.</summary>
    /// <param name="tasks">Integers <c>[C]</c>.</param>
    /// <param name="epsilon">The sum of a radius over the embedding.</param>
    /// <returns><c>[C, 2n]</c>: centre, then radius.</returns>
    public Tensor Rows(Tensor tasks, double epsilon)
    {
        Tensor ids = Ops.Reshape(tasks, [(int)tasks.Count]);
        Tensor centre = Look(_embeddings, ids);
        if (IsNested)
        {
            centre = Ops.MultiplyScalar(Ops.Cos(centre), (float)(0.5 * epsilon / Embedding));
            return Ops.Concatenate(1, centre, Tensor.Full(centre.Shape, (float)(epsilon / Embedding), centre.Device));
        }
        return Ops.Concatenate(1, centre, Ops.MultiplyScalar(Ops.Softmax(Look(_logits, ids)), (float)epsilon));
    }

    /// <inheritdoc/>
    public override Tensor[] FromNumbers(ReadOnlySpan<float> numbers)
    {
        if (numbers.Length != 1 || !(numbers[0] >= 0 && numbers[0] < Tasks && numbers[0] == MathF.Floor(numbers[0])))
        {
            string got = string.Join(", ", numbers.ToArray().Select(static number => FormattableString.Invariant($"{number}")));
            throw new ArgumentException($"IntervalConditioning: the number of a task, an integer from 0 to {Tasks - 1}, is needed; got {got}.", nameof(numbers));
        }
        return [Tensor.From([(int)numbers[0]], [1])];
    }

    /// <inheritdoc/>
    protected override string Describe() =>
        FormattableString.Invariant($"IntervalConditioning({Tasks} tasks, embedding: {Embedding}, epsilon: {Epsilon}{(IsNested ? ", nested" : "")})");

    static string IStoredLayer<IntervalConditioning>.TypeName => "IntervalConditioning";

    static IntervalConditioning IStoredLayer<IntervalConditioning>.Read(LayerSettings settings) =>
        new(settings.Int("tasks"), settings.Int("embedding"), settings.Double("epsilon"), settings.Flag("nested"));

    void IStoredLayer<IntervalConditioning>.WriteSettings(LayerSettings settings) => settings
        .Set("tasks", Tasks).Set("embedding", Embedding).Set("epsilon", Epsilon).Set("nested", IsNested);

    // Laid end to end first: the numbers of the tasks need not be known here, so nothing waits for the device.
    private static Tensor Look(Parameter[] perTask, Tensor ids)
    {
        Tensor[] rows = Array.ConvertAll(perTask, static parameter => Ops.Reshape(parameter.Value, [1, (int)parameter.Shape.Count]));
        return Ops.GatherRows(rows.Length == 1 ? rows[0] : Ops.Concatenate(0, rows), ids);
    }

    private static void Check(bool holds, string name, string wanted, double got)
    {
        if (!holds)
        {
            throw new ArgumentException(FormattableString.Invariant($"IntervalConditioning: {name} must be {wanted}; got {got}."), name);
        }
    }
}
