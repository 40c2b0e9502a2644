using HyperKernels.Layers;
using HyperKernels.Models;
using HyperKernels.Optim;

namespace HyperKernels.Cli.Recipes;

/// <summary>A task-conditioned hypernetwork in training, with its output regulariser or without.</summary>
/// <param name="name">The run's name.</param>
/// <param name="network">Generates the weights of each task.</param>
/// <param name="rate">Of Adam.</param>
/// <param name="beta">How much the regulariser counts; 0 protects nothing.</param>
/// <param name="clip">The most that gradients together may be long; 0 for no bound.</param>
/// <param name="subset">How many earlier tasks a step looks at; null for all.</param>
/// <param name="seed">Of the subsets.</param>
internal sealed class HyperLearner(string name, HyperNetwork network, float rate, float beta, float clip, int? subset, int seed) : ContinualLearner(name, clip)
{
    private readonly RandomStream _random = new((ulong)seed);
    private OutputRegulariser? _regulariser;

    public override HyperNetwork Network => network;

    protected override RandomStream[] Streams => [_random];

    private OutputRegulariser Regulariser => _regulariser ??= new OutputRegulariser(network, new OutputRegulariserOptions { Subset = subset, Random = _random });

    public override Tensor Logits(Tensor images, int task) => network.Forward(images, Tensor.From([task], [1]));

    public override void Dispose()
    {
        base.Dispose();
        _regulariser?.Dispose();
        network.Dispose();
    }

    protected override void Protect(int tasks) => Regulariser.Record(beta > 0 ? tasks : 0);

    protected override Optimizer MakeOptimizer(int task)
    {
        ((TaskConditioning)network.Conditioning).Learn(task);
        return new Adam(network.Parameters, learningRate: rate);
    }

    protected override (Tensor Own, Tensor Total) Loss(Tensor images, Tensor labels, int task)
    {
        Tensor own = Ops.CrossEntropy(Logits(images, task), labels);
        return (own, Regulariser.Tasks == 0 ? own : Ops.Add(own, Ops.MultiplyScalar(Regulariser.Loss(), beta)));
    }

    protected override IReadOnlyDictionary<string, HostArray> GetState()
    {
        Dictionary<string, HostArray> state = new(network.GetState());
        foreach ((string key, HostArray values) in Regulariser.GetState())
        {
            state.Add($"regulariser.{key}", values);
        }
        return state;
    }

    protected override void LoadState(IReadOnlyDictionary<string, HostArray> state)
    {
        const string Prefix = "regulariser.";
        ILookup<bool, KeyValuePair<string, HostArray>> parts = state.ToLookup(static pair => pair.Key.StartsWith(Prefix, StringComparison.Ordinal));
        network.LoadState(parts[false].ToDictionary());
        Regulariser.LoadState(parts[true].ToDictionary(static pair => pair.Key[Prefix.Length..], static pair => pair.Value));
    }
}
