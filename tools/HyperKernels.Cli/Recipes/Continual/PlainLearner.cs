using HyperKernels.Layers;
using HyperKernels.Optim;

namespace HyperKernels.Cli.Recipes;

/// <summary>A network that learns task after task with nothing that protects the earlier ones.</summary>
/// <param name="name">The run's name.</param>
/// <param name="network">From images to class scores.</param>
/// <param name="rate">Of Adam.</param>
internal sealed class PlainLearner(string name, TensorLayer network, float rate) : ContinualLearner(name, clip: 0)
{
    public override Tensor Logits(Tensor images, int task) => network.Forward(images);

    public override Tensor? LogitsOfAny(Tensor images, int tasks) => network.Forward(images);

    public override void Dispose()
    {
        base.Dispose();
        network.Dispose();
    }

    protected override void Protect(int tasks)
    {
    }

    protected override Optimizer MakeOptimizer(int task) => new Adam(network.Parameters, learningRate: rate);

    protected override (Tensor Own, Tensor Total) Loss(Tensor images, Tensor labels, int task)
    {
        Tensor loss = Ops.CrossEntropy(network.Forward(images), labels);
        return (loss, loss);
    }

    protected override IReadOnlyDictionary<string, HostArray> GetState() => network.GetState();

    protected override void LoadState(IReadOnlyDictionary<string, HostArray> state) => network.LoadState(state);
}
