using TorchSharp;

namespace HyperKernels.TorchPeer;

/// <summary>Products and convolutions, with one set of weights or one per sample.</summary>
internal static class ProductWorks
{
    public static IEnumerable<Variant> Matmul(Letters s)
    {
        (long b, long m, long k, long n) = (s["B"], s["M"], s["K"], s["N"]);
        if (b == 1)
        {
            (torch.Tensor x, torch.Tensor y) = (Works.Normal([m, k]), Works.Normal([k, n]));
            yield return Works.WithGradient("libtorch mm", () => torch.mm(x, y), x, y);
        }
        else
        {
            (torch.Tensor x, torch.Tensor y) = (Works.Normal([b, m, k]), Works.Normal([b, k, n]));
            yield return Works.WithGradient("libtorch bmm", () => torch.bmm(x, y), x, y);
        }
    }

    public static IEnumerable<Variant> GenerateLinear(Letters s)
    {
        (long b, long t, long i, long o, long h) = (s["B"], s["T"], s["I"], s["O"], s["H"]);
        (torch.Tensor x, torch.Tensor z) = (Works.Normal([b, t, i]), Works.Normal([b, h]));
        torch.Tensor generator = Works.Normal([o * i, h], 1 / Math.Sqrt(i * h));
        torch.Tensor origin = Works.Normal([o * i], 1 / Math.Sqrt(i));
        yield return Works.WithGradient(
            "libtorch linear + bmm",
            () => torch.bmm(x, torch.nn.functional.linear(z, generator, origin).view(b, o, i).transpose(1, 2)),
            x, z, generator, origin);
    }

    public static IEnumerable<Variant> ConvPerSample(Letters s)
    {
        (long b, long i, long o, long side, long k) = (s["B"], s["I"], s["O"], s["S"], s["K"]);
        torch.Tensor x = Works.Normal([b, i, side, side]);
        torch.Tensor w = Works.Normal([b, o, i, k, k], 1 / Math.Sqrt(i * k * k));
        yield return Works.WithGradient(
            "libtorch grouped conv2d",
            () => torch.nn.functional.conv2d(x.view(1, b * i, side, side), w.view(b * o, i, k, k), groups: b).view(b, o, side - k + 1, side - k + 1),
            x, w);
    }
}
