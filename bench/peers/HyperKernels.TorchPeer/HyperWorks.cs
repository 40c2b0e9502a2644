using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch.nn;

namespace HyperKernels.TorchPeer;

/// <summary>Hypernetworks for dense and convolutional targets, written as one would with libtorch's ops.</summary>
internal static class HyperWorks
{
    public static IEnumerable<Variant> MipMlp(Letters s)
    {
        const long Hidden = 128, Pixels = 784, Classes = 10;
        (long b, long sets) = (s["B"], s["C"]);
        long[] sizes = [Hidden * Pixels, Hidden, Classes * Hidden, Classes];
        Sequential trunk = Sequential(Linear(32, 64), LeakyReLU(0.01), Linear(64, 128), LeakyReLU(0.01), Linear(128, sizes.Sum()));
        (torch.Tensor gamma, torch.Tensor x) = (torch.rand(sets, 16), Works.Normal([b, Pixels]));
        yield return Works.Training("libtorch", Forward, Works.Labels(b), trunk.parameters());

        torch.Tensor Forward()
        {
            torch.Tensor[] w = trunk.forward(Encoded(gamma)).split(sizes, 1);
            torch.Tensor y = functional.relu(PerSet(x.view(sets, b / sets, Pixels), w[0].view(sets, Hidden, Pixels), w[1]));
            return PerSet(y, w[2].view(sets, Classes, Hidden), w[3]).reshape(b, Classes);
        }
    }

    public static IEnumerable<Variant> MipLeNet(Letters s)
    {
        (long b, long sets, long width) = (s["B"], s["C"], s["H"]);
        long[] sizes = [250, 10, 5000, 20, 16000, 50, 500, 10];
        Sequential trunk = Sequential(Linear(2, 16), LeakyReLU(0.01), Linear(16, width), LeakyReLU(0.01), Linear(width, sizes.Sum()));
        (torch.Tensor gamma, torch.Tensor x) = (torch.rand(sets, 1), Works.Normal([b, 1, 28, 28]));
        long each = b / sets;
        yield return Works.Training("libtorch", Forward, Works.Labels(b), trunk.parameters());

        torch.Tensor Forward()
        {
            torch.Tensor[] w = trunk.forward(Encoded(gamma)).split(sizes, 1);
            torch.Tensor y = functional.relu(functional.max_pool2d(Conv(x, 1, 28, w[0].reshape(sets * 10, 1, 5, 5), w[1], 10), 2));
            y = functional.relu(functional.max_pool2d(Conv(y, 10, 12, w[2].reshape(sets * 20, 10, 5, 5), w[3], 20), 2));
            y = functional.relu(PerSet(y.reshape(sets, each, 320), w[4].view(sets, 50, 320), w[5]));
            return PerSet(y, w[6].view(sets, 10, 50), w[7]).reshape(b, 10);
        }

        // The grouped convolution that every tracker recommends: samples of a set along the batch, sets along the channels.
        torch.Tensor Conv(torch.Tensor images, long channels, long side, torch.Tensor kernels, torch.Tensor bias, long outChannels)
        {
            torch.Tensor grouped = images.view(sets, each, channels, side, side).transpose(0, 1).reshape(each, sets * channels, side, side);
            torch.Tensor answer = functional.conv2d(grouped, kernels, bias.reshape(sets * outChannels), groups: sets);
            return answer.view(each, sets, outChannels, side - 4, side - 4).transpose(0, 1).reshape(b, outChannels, side - 4, side - 4);
        }
    }

    /// <summary>The encoding of MIP: all cosines, then all sines.</summary>
    internal static torch.Tensor Encoded(torch.Tensor gamma)
    {
        torch.Tensor angle = gamma * (Math.PI / 2);
        return torch.cat([angle.cos(), angle.sin()], 1);
    }

    // torch.baddbmm of this version mixes up its arguments.
    internal static torch.Tensor PerSet(torch.Tensor x, torch.Tensor weight, torch.Tensor bias) => torch.bmm(x, weight.transpose(1, 2)) + bias.unsqueeze(1);
}
