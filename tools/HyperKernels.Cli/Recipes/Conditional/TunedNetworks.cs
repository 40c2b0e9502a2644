using HyperKernels.Layers;

namespace HyperKernels.Cli.Recipes;

/// <summary>A whole network for every task, each tuned from the same one.</summary>
internal sealed class TunedNetworks : TaskNetwork
{
    private readonly ResidualNet[] _networks;

    public TunedNetworks(int tasks, Func<ResidualNet> make) => _networks = [.. Enumerable.Range(0, tasks).Select(task => Add($"task{task}", make()))];

    /// <summary>Lets all start as a trained network is.</summary>
    public void StartFrom(ResidualNet trained)
    {
        foreach (ResidualNet network in _networks)
        {
            network.LoadState(trained.GetState());
        }
    }

    public override Tensor Logits(Tensor images, int first, int tasks)
    {
        int count = images.Shape[0] / tasks;
        Tensor[] parts = [.. Enumerable.Range(0, tasks).Select(part => _networks[first + part].Forward(Ops.Slice(images, 0, part * count, count)))];
        return tasks == 1 ? parts[0] : Ops.Concatenate(0, parts);
    }
}
