using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// Conditions of a continual learner: the number of a task becomes its learned vector, behind inputs from outside if there are any. With chunk
/// embeddings of every task's own, those follow. Everything of a task is a parameter of its own, so that what an earlier task has learned can be
/// left as it is.
/// </summary>
/// <remarks>
/// Rows are <c>[external; e_t; c_t0; c_t1; ...]</c>. Source: von Oswald, Henning, Grewe, Sacramento, ICLR 2020 (arXiv 1906.00695); the authors'
/// library, chrhenning/hypnettorch (HMLP, ChunkedHMLP).
/// </remarks>
public sealed class TaskConditioning : Conditioning, IStoredLayer<TaskConditioning>
{
    private readonly Parameter?[] _embeddings;
    private readonly Parameter?[] _chunks;

    static TaskConditioning() => LayerTypes.Register<TaskConditioning>();

    /// <summary>Draws the vectors of all tasks, N(0, deviation squared).</summary>
    /// <param name="tasks">The number of tasks that can be learned.</param>
    /// <param name="embedding">The length of a task's vector; 0 leaves it to the chunk embeddings to tell tasks apart.</param>
    /// <param name="external">Numbers per row that come from outside, before the vector.</param>
    /// <param name="chunks">The number of chunks for which every task has embeddings of its own; 0 if it has none.</param>
    /// <param name="chunkEmbedding">The length of such an embedding.</param>
    /// <param name="deviation">Of the tasks' vectors.</param>
    /// <param name="chunkDeviation">Of the chunk embeddings.</param>
    /// <param name="random">Where they are drawn from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">A size is too small, or nothing would tell one task from another.</exception>
    public TaskConditioning(
        int tasks,
        int embedding,
        int external = 0,
        int chunks = 0,
        int chunkEmbedding = 0,
        float deviation = 1,
        float chunkDeviation = 1,
        RandomStream? random = null)
    {
        Check(tasks >= 1, nameof(tasks), "at least 1", tasks);
        Check(embedding >= 0, nameof(embedding), "at least 0", embedding);
        Check(external >= 0, nameof(external), "at least 0", external);
        Check(chunks >= 0, nameof(chunks), "at least 0", chunks);
        Check(chunks == 0 ? chunkEmbedding == 0 : chunkEmbedding >= 1, nameof(chunkEmbedding), chunks == 0 ? "0 without chunks" : "at least 1", chunkEmbedding);
        Check(embedding + chunks > 0, nameof(embedding), "at least 1 where no chunks belong to the tasks, or all tasks would have the same weights", embedding);
        Tasks = tasks;
        Embedding = embedding;
        External = external;
        Chunks = chunks;
        ChunkEmbedding = chunkEmbedding;
        _embeddings = new Parameter?[tasks];
        _chunks = new Parameter?[tasks];
        Initializer vectors = Initializer.Normal(0, deviation);
        Initializer places = Initializer.Normal(0, chunkDeviation);
        for (int task = 0; task < tasks && embedding > 0; task++)
        {
            _embeddings[task] = AddParameter($"task{task}", [embedding], vectors, random, ParameterRole.Table);
        }
        for (int task = 0; task < tasks && chunks > 0; task++)
        {
            _chunks[task] = AddParameter($"chunks{task}", [chunks, chunkEmbedding], places, random, ParameterRole.Table);
        }
    }

    /// <summary>The number of tasks.</summary>
    public int Tasks { get; }

    /// <summary>The length of a task's vector.</summary>
    public int Embedding { get; }

    /// <summary>Numbers per row that come from outside.</summary>
    public int External { get; }

    /// <summary>The number of chunks with embeddings of every task's own; 0 if there are none.</summary>
    public int Chunks { get; }

    /// <summary>The length of such an embedding.</summary>
    public int ChunkEmbedding { get; }

    /// <inheritdoc/>
    public override int Size => External + Embedding + (Chunks * ChunkEmbedding);

    /// <summary>What belongs to one task alone: its vector, and its chunk embeddings if it has some.</summary>
    /// <exception cref="ArgumentException">There is no such task.</exception>
    public IReadOnlyList<Parameter> ParametersOf(int task)
    {
        Check((uint)task < (uint)Tasks, nameof(task), $"from 0 to {Tasks - 1}", task);
        return [.. new[] { _embeddings[task], _chunks[task] }.OfType<Parameter>()];
    }

    /// <summary>Lets one task's own parameters be learned and freezes those of all others: optimisers leave them, state included.</summary>
    /// <exception cref="ArgumentException">There is no such task.</exception>
    public void Learn(int task)
    {
        Check((uint)task < (uint)Tasks, nameof(task), $"from 0 to {Tasks - 1}", task);
        for (int other = 0; other < Tasks; other++)
        {
            foreach (Parameter parameter in ParametersOf(other))
            {
                parameter.RequiresGradient = other == task;
            }
        }
    }

    /// <summary>Looks the tasks up.</summary>
    /// <param name="values">
    /// The tasks' numbers, integers <c>[C]</c>; before them, where there are external inputs, <c>[C, External]</c>. One row of either serves all
    /// rows of the other.
    /// </param>
    /// <returns><c>[C, Size]</c></returns>
    /// <exception cref="ArgumentException">A tensor is missing, or has another shape or type.</exception>
    public override Tensor Forward(params ReadOnlySpan<Tensor> values)
    {
        bool isRow = values.Length > 0 && values[^1].ElementType == ElementType.Int32 && values[^1].Rank <= 1;
        if (values.Length != (External > 0 ? 2 : 1) || !isRow)
        {
            string wanted = External > 0 ? $"external inputs [C, {External}] and task numbers, integers [C]" : "task numbers, integers [C]";
            throw new ArgumentException($"TaskConditioning: the values must be {wanted}; got {Describe(values)}.", nameof(values));
        }
        Tensor ids = Ops.Reshape(values[^1], [(int)values[^1].Count]);
        List<Tensor> parts = [];
        if (Embedding > 0)
        {
            parts.Add(Rows(_embeddings, ids));
        }
        if (Chunks > 0)
        {
            parts.Add(Rows(_chunks, ids));
        }
        Tensor own = parts.Count == 1 ? parts[0] : Ops.Concatenate(1, [.. parts]);
        return External == 0 ? own : Before(values[0], own);
    }

    /// <inheritdoc/>
    public override Tensor[] FromNumbers(ReadOnlySpan<float> numbers)
    {
        if (numbers.Length != External + 1)
        {
            throw new ArgumentException($"TaskConditioning: {External} external inputs and a task's number are needed; got {numbers.Length} numbers.", nameof(numbers));
        }
        float task = numbers[^1];
        if (!(task >= 0 && task < Tasks && task == MathF.Floor(task)))
        {
            throw new ArgumentException(
                FormattableString.Invariant($"TaskConditioning: the task's number must be an integer from 0 to {Tasks - 1}; got {task}."), nameof(numbers));
        }
        Tensor id = Tensor.From([(int)task], [1]);
        return External == 0 ? [id] : [Tensor.From(numbers[..External], [1, External]), id];
    }

    /// <inheritdoc/>
    protected override string Describe() => $"TaskConditioning({Tasks} tasks, embedding: {Embedding}{(Chunks > 0 ? $", {Chunks} chunks of their own" : "")})";

    static string IStoredLayer<TaskConditioning>.TypeName => "TaskConditioning";

    static TaskConditioning IStoredLayer<TaskConditioning>.Read(LayerSettings settings) => new(
        settings.Int("tasks"), settings.Int("embedding"), settings.Int("external"), settings.Int("chunks"), settings.Int("chunkEmbedding"));

    void IStoredLayer<TaskConditioning>.WriteSettings(LayerSettings settings) => settings
        .Set("tasks", Tasks).Set("embedding", Embedding).Set("external", External).Set("chunks", Chunks).Set("chunkEmbedding", ChunkEmbedding);

    // Laid end to end first: the numbers of the tasks need not be known here, so nothing waits for the device.
    private Tensor Rows(Parameter?[] perTask, Tensor ids)
    {
        Tensor[] rows = Array.ConvertAll(perTask, static parameter => Ops.Reshape(parameter!.Value, [1, (int)parameter.Shape.Count]));
        return Ops.GatherRows(rows.Length == 1 ? rows[0] : Ops.Concatenate(0, rows), ids);
    }

    private Tensor Before(Tensor external, Tensor own)
    {
        int rows = external.Rank == 2 ? external.Shape[0] : 0;
        int tasks = own.Shape[0];
        if (rows == 0 || external.Shape[1] != External || (rows != tasks && rows != 1 && tasks != 1))
        {
            throw new ArgumentException(
                $"TaskConditioning: the external inputs must be [C, {External}] with a row for every one of the {tasks} task numbers, or one for all; got {external.Shape}.",
                nameof(external));
        }
        int sets = Math.Max(rows, tasks);
        return Ops.Concatenate(1, Ops.BroadcastTo(external, [sets, External]), Ops.BroadcastTo(own, [sets, own.Shape[1]]));
    }

    private static string Describe(ReadOnlySpan<Tensor> values) => values.Length == 0 ? "none" : string.Join(", ", values.ToArray().Select(static v => v.ToString()));

    private static void Check(bool holds, string name, string wanted, int got)
    {
        if (!holds)
        {
            throw new ArgumentException($"TaskConditioning: {name} must be {wanted}; got {got}.", name);
        }
    }
}
