using HyperKernels.Models;

namespace HyperKernels.Cases;

/// <summary>Sparsely gated mixtures, in the paper's form and in that of a port (whose gate is called <c>w_gate</c>); gates are stored (in, out).</summary>
public sealed class SparseMixtureSystem : IReferenceSystem
{
    /// <inheritdoc/>
    public string Name => "Sparse MoE";

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, Tensor> Run(ReferenceRun run)
    {
        ReferenceCase source = run.Case;
        bool isPort = run.HasParameter("w_gate");
        (int inputs, int experts, int hidden, int outputs) = (source.Int("in"), source.Int("experts"), source.Int("hidden"), source.Int("out"));
        Tensor? noise = run.OptionalInput("noise");
        Gate gate = noise is null ? new LinearGate(inputs, experts) : new NoisyGate(inputs, experts);
        SparseMixture layer = run.Own(new SparseMixture(
            gate, new ExpertMlp(experts, inputs, hidden, outputs), source.Int("k"),
            isPort ? ExpertSelection.KeptOfSoftmax : ExpertSelection.SoftmaxOfKept, softmaxOutputs: isPort));
        Dictionary<Parameter, Tensor> values = ExpertValues(run, layer.Experts, isPort);
        foreach ((string name, Parameter parameter) in gate.NamedParameters())
        {
            string stored = (name, isPort) switch
            {
                ("weight", true) => "w_gate",
                ("noise_weight", true) => "w_noise",
                ("weight", false) => "gate.weight",
                _ => "noise.weight",
            };
            values.Add(parameter, Ops.Transpose(run.Parameter(stored)));
        }
        using IDisposable weights = ParameterOverrides.Use(values);

        Tensor x = run.Input("x");
        GateScores scores = noise is { } drawn ? ((NoisyGate)gate).Forward(x, drawn) : gate.Forward(x);
        Routing routing = Routing.Of(scores, layer.Active, layer.Selection);
        (Tensor importance, Tensor load) = (routing.Importance(), routing.Load());
        double ofImportance = source.Number(isPort ? "loss_coef" : "w_importance", isPort ? 1e-2 : 0);
        double ofLoad = source.Number(isPort ? "loss_coef" : "w_load", isPort ? 1e-2 : 0);
        Tensor aux = Ops.Add(
            Ops.MultiplyScalar(Routing.SquaredVariation(importance, unbiased: isPort), (float)ofImportance),
            Ops.MultiplyScalar(Routing.SquaredVariation(load, unbiased: isPort), (float)ofLoad));
        return new Dictionary<string, Tensor>
        {
            ["y"] = layer.Mix(x, routing),
            ["gates"] = routing.Gates,
            ["logits"] = routing.Logits,
            ["topk"] = routing.Experts,
            ["importance"] = importance,
            ["load"] = load,
            ["aux"] = aux,
        };
    }

    /// <summary>The experts' tensors: one per kind, or one per expert and kind.</summary>
    private static Dictionary<Parameter, Tensor> ExpertValues(ReferenceRun run, ExpertMlp experts, bool apart)
    {
        Tensor Of(string whole, string part) => apart
            ? Ops.Stack(0, [.. Enumerable.Range(0, experts.Experts).Select(expert => run.Parameter($"experts.{expert}.{part}"))])
            : run.Parameter(whole);
        return new Dictionary<Parameter, Tensor>
        {
            [experts.Weight1] = Of("expert.w1", "fc1.weight"),
            [experts.Bias1] = Of("expert.b1", "fc1.bias"),
            [experts.Weight2] = Of("expert.w2", "fc2.weight"),
            [experts.Bias2] = Of("expert.b2", "fc2.bias"),
        };
    }
}
