using HyperKernels.Layers;

namespace HyperKernels.Cases;

/// <summary>Task-conditioned hypernetworks, full and chunked, for one task or a list of tasks.</summary>
/// <param name="name">The name that cases have for the form.</param>
public sealed class TaskHyperSystem(string name) : IReferenceSystem
{
    /// <inheritdoc/>
    public string Name { get; } = name;

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, Tensor> Run(ReferenceRun run)
    {
        HyperNetwork network = TaskHyperCases.Network(run);
        using IDisposable weights = TaskHyperCases.Use(run, network);
        int[] tasks = run.HasInput("ids") ? run.Ints("ids") : TaskHyperCases.Ints(run.Case, "ids");
        tasks = tasks.Length > 0 ? tasks : [run.Case.Int("task", 0)];
        Tensor ids = Tensor.From(tasks, [tasks.Length], run.Device);
        Tensor[] conditions = run.OptionalInput("external") is { } external ? [Rows(external), ids] : [ids];
        Dictionary<string, Tensor> outputs = new() { ["theta"] = TaskHyperCases.As(run, "theta", network.Generate(conditions)) };
        if (run.OptionalInput("x") is { } x)
        {
            outputs.Add("y", Outputs(run, network, x, conditions));
        }
        return outputs;
    }

    private static Tensor Rows(Tensor values) => values.Rank == 2 ? values : Ops.Reshape(values, [1, (int)values.Count]);

    // Every weight set answers the whole of x, unless the answers have no axis of sets.
    private static Tensor Outputs(ReferenceRun run, HyperNetwork network, Tensor x, Tensor[] conditions)
    {
        int sets = conditions[^1].Shape[0];
        bool perSet = run.Case.Tensor("out.y").Shape.Rank > x.Rank;
        if (!perSet)
        {
            return network.Forward(x, conditions);
        }
        Tensor[] answers = [.. Enumerable.Range(0, sets).Select(set => network.Forward(
            x, Array.ConvertAll(conditions, condition => condition.Shape[0] == 1 ? condition : Ops.Slice(condition, 0, set, 1))))];
        return Ops.Stack(0, answers);
    }
}
