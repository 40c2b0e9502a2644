using System.Text.Json;
using HyperKernels.Layers;
using HyperKernels.Models;

namespace HyperKernels.Cases;

/// <summary>The output regulariser of a task-conditioned hypernetwork, with the options of the authors' code.</summary>
public sealed class OutputRegulariserSystem : IReferenceSystem
{
    private const string Change = "dtheta.";

    /// <inheritdoc/>
    public string Name => "output regulariser";

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, Tensor> Run(ReferenceRun run)
    {
        HyperNetwork network = TaskHyperCases.Network(run);
        using IDisposable weights = TaskHyperCases.Use(run, network);
        Tensor targets = run.Input("target");
        int tasks = run.Case.Int("protected", targets.Shape[0]);
        bool looksAhead = run.Case.Flag("lookahead", run.Case.All("in." + Change).Any());
        using IDisposable? ahead = looksAhead ? LookAhead(run, network) : null;
        Tensor outputs = network.Generate(Tensor.From([.. Enumerable.Range(0, tasks)], [tasks], run.Device));
        return new Dictionary<string, Tensor> { ["reg"] = OutputRegulariser.Loss(outputs, targets, Importances(run, network, tasks), Scaling(run)) };
    }

    private static IDisposable LookAhead(ReferenceRun run, HyperNetwork network)
    {
        Func<string, string> nameOf = TaskHyperCases.NameOf(network);
        return ParameterOverrides.Use(network.NamedParameters()
            .Where(named => run.HasInput(Change + nameOf(named.Name)))
            .ToDictionary(static named => named.Parameter, named => Ops.Add(named.Parameter.Value, run.Input(Change + nameOf(named.Name)))));
    }

    private static double[] Scaling(ReferenceRun run) =>
        run.Case.Config.TryGetProperty("scaling", out JsonElement list) && list.ValueKind == JsonValueKind.Array
            ? [.. list.EnumerateArray().Select(static factor => factor.GetDouble())]
            : [];

    // Fisher information, and only the head of each task where the authors' option says which outputs that are.
    private static Tensor? Importances(ReferenceRun run, HyperNetwork network, int tasks)
    {
        Tensor? fisher = run.Case.Flag("fisher", run.HasInput("fisher")) ? run.Input("fisher") : null;
        if (!run.Case.Config.TryGetProperty("inds_of_out_heads", out JsonElement heads) || heads.ValueKind != JsonValueKind.Array)
        {
            return fisher;
        }
        float[] active = [.. heads.EnumerateArray().Take(tasks).SelectMany(head =>
            OutputHead.Importances(network.Manifest, [.. head.EnumerateArray().Select(static output => output.GetInt32())]))];
        Tensor mask = Tensor.From(active, [tasks, network.Manifest.Count], run.Device);
        return fisher is null ? mask : Ops.Multiply(fisher.Value, mask);
    }
}
