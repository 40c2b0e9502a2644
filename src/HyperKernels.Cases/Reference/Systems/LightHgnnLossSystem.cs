using HyperKernels.Models;

namespace HyperKernels.Cases;

/// <summary>The loss of a student of LightHGNN+, as the paper has it and as the released script computes it (<c>_code</c>).</summary>
public sealed class LightHgnnLossSystem : IReferenceSystem
{
    /// <inheritdoc/>
    public string Name => "lighthgnn_loss";

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, Tensor> Run(ReferenceRun run)
    {
        Hypergraph graph = run.Own(new Hypergraph(run.Incidence()));
        (Tensor student, Tensor teacher) = (run.Input("student_logits"), run.Input("teacher_logits"));
        (Tensor labels, Tensor nodes) = (Labels(run), run.Input("train_nodes"));
        Tensor? kept = run.HasInput("edge_selected")
            ? Tensor.From(Array.ConvertAll(run.Ints("edge_selected"), static edge => (float)edge), [graph.EdgeCount], run.Device)
            : null;
        LightHgnnLoss loss = Loss(run, DivergenceForm.KullbackLeibler);
        LightHgnnLoss released = Loss(run, DivergenceForm.Released);
        Tensor total = loss.Loss(student, teacher, nodes, labels, graph, kept);
        return new Dictionary<string, Tensor>
        {
            ["loss"] = total,
            ["total"] = total,
            ["cross_entropy"] = Ops.CrossEntropy(Ops.GatherRows(student, nodes), labels),
            ["soft_target"] = loss.SoftTarget(student, teacher),
            ["high_order"] = loss.HighOrder(student, teacher, graph, kept),
            ["total_code"] = released.Loss(student, teacher, nodes, labels, graph, kept),
            ["soft_target_code"] = released.SoftTarget(student, teacher),
            ["high_order_code"] = released.HighOrder(student, teacher, graph, kept),
        };
    }

    private static LightHgnnLoss Loss(ReferenceRun run, DivergenceForm divergence) =>
        new((float)run.Case.Number("lambda_", 0), (float)run.Case.Number("tau", 1), divergence);

    private static Tensor Labels(ReferenceRun run)
    {
        int[] all = run.Ints("labels");
        int[] labels = Array.ConvertAll(run.Ints("train_nodes"), node => all[node]);
        return Tensor.From(labels, [labels.Length], run.Device);
    }
}
