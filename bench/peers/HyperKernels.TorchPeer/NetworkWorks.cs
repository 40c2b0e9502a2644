using TorchSharp;
using TorchSharp.Modules;

namespace HyperKernels.TorchPeer;

/// <summary>Plain networks and their optimiser.</summary>
internal static class NetworkWorks
{
    public static IEnumerable<Variant> Adam(Letters s)
    {
        Parameter parameter = torch.nn.Parameter(Works.Normal([s["P"]]));
        parameter.grad = Works.Normal([s["P"]]);
        torch.optim.Optimizer adam = torch.optim.Adam([parameter], lr: 1e-3);
        yield return new Variant("libtorch Adam", () => adam.step()!, null);
    }

    public static IEnumerable<Variant> Mlp(Letters s)
    {
        Sequential net = torch.nn.Sequential(torch.nn.Linear(s["I"], s["H"]), torch.nn.ReLU(), torch.nn.Linear(s["H"], 10));
        torch.Tensor x = Works.Normal([s["B"], s["I"]]);
        yield return Works.Training("libtorch", () => net.forward(x), Works.Labels(s["B"]), net.parameters());
    }

    public static IEnumerable<Variant> LeNet(Letters s)
    {
        Sequential net = torch.nn.Sequential(
            torch.nn.Conv2d(1, 10, 5), torch.nn.MaxPool2d(2), torch.nn.ReLU(), torch.nn.Conv2d(10, 20, 5), torch.nn.MaxPool2d(2), torch.nn.ReLU(),
            torch.nn.Flatten(), torch.nn.Linear(320, 50), torch.nn.ReLU(), torch.nn.Linear(50, 10));
        torch.Tensor x = Works.Normal([s["B"], 1, 28, 28]);
        yield return Works.Training("libtorch", () => net.forward(x), Works.Labels(s["B"]), net.parameters());
    }
}
