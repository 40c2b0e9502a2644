using HyperKernels.Layers;
using HyperKernels.Models;
using HyperKernels.Optim;

namespace HyperKernels.Cli.Recipes;

/// <summary>A hypernetwork with intervals in training.</summary>
/// <param name="name">The run's name.</param>
/// <param name="network">Generates intervals of weights for each task.</param>
/// <param name="schedule">Of a task.</param>
/// <param name="rate">Of Adam.</param>
/// <param name="beta">How much the regulariser counts.</param>
internal sealed class IntervalLearner(string name, HyperNetwork network, IntervalSchedule schedule, float rate, float beta) : ContinualLearner(name, clip: 0)
{
    private const string Prefix = "regulariser.";
    private const string StepName = "step";

    private readonly bool _isNested = HyperInterval.ConditioningOf(network).IsNested;

    // As in the authors' code: where intervals are not nested, the middle alone is kept.
    private readonly IntervalRegulariser _regulariser = new(network, middleOnly: !HyperInterval.ConditioningOf(network).IsNested);
    private int _step;

    public override HyperNetwork Network => network;

    public override Tensor Logits(Tensor images, int task) => network.Forward(images, Tensor.From([task], [1]));

    public override Tensor? LogitsOfAny(Tensor images, int tasks) =>
        _isNested ? network.Forward(images, HyperInterval.Universal(network, tasks).Middle) : null;

    public override void Dispose()
    {
        base.Dispose();
        _regulariser.Dispose();
        network.Dispose();
    }

    protected override void Protect(int tasks)
    {
        _step = 0;
        _regulariser.Record(tasks);
    }

    protected override Optimizer MakeOptimizer(int task)
    {
        // The authors' embeddings start where the last task's ended: in as few steps as here they would stay there.
        HyperInterval.ConditioningOf(network).Learn(task);
        return new Adam(network.Parameters, learningRate: rate);
    }

    protected override (Tensor Own, Tensor Total) Loss(Tensor images, Tensor labels, int task)
    {
        // The task being learned and those before it go through the hypernetwork together.
        IntervalConditioning conditioning = HyperInterval.ConditioningOf(network);
        Tensor rows = conditioning.Rows(Tensor.From([task]), schedule.EpsilonAt(_step));
        int[] earlier = [.. Enumerable.Range(0, task)];
        rows = task == 0 ? rows : Ops.Concatenate(0, rows, conditioning.Rows(Tensor.From(earlier), conditioning.Epsilon));
        IntervalTensor weights = HyperInterval.Generate(network, rows);
        IntervalTensor logits = HyperInterval.Run(network, images, Rows(weights, 0, 1));
        Tensor own = IntervalLoss.Loss(logits, labels, schedule.KappaAt(_step));
        _step++;
        return (own, task == 0 ? own : Ops.Add(own, Ops.MultiplyScalar(_regulariser.LossOf(Rows(weights, 1, task)), beta)));
    }

    protected override IReadOnlyDictionary<string, HostArray> GetState()
    {
        Dictionary<string, HostArray> state = new(network.GetState()) { [StepName] = new HostArray([_step], [1]) };
        foreach ((string key, HostArray values) in _regulariser.GetState())
        {
            state.Add($"{Prefix}{key}", values);
        }
        return state;
    }

    protected override void LoadState(IReadOnlyDictionary<string, HostArray> state)
    {
        ILookup<bool, KeyValuePair<string, HostArray>> parts = state.ToLookup(static pair => pair.Key.StartsWith(Prefix, StringComparison.Ordinal));
        network.LoadState(parts[false].Where(static pair => pair.Key != StepName).ToDictionary());
        _regulariser.LoadState(parts[true].ToDictionary(static pair => pair.Key[Prefix.Length..], static pair => pair.Value));
        _step = state.TryGetValue(StepName, out HostArray? step) ? (int)step.Values[0] : throw new ArgumentException($"{Name}: the state must have \"{StepName}\".");
    }

    private static IntervalTensor Rows(IntervalTensor all, int first, int count) =>
        new(Ops.Slice(all.Lower, 0, first, count), Ops.Slice(all.Middle, 0, first, count), Ops.Slice(all.Upper, 0, first, count));
}
