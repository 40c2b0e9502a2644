using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch.nn;

namespace HyperKernels.TorchPeer;

/// <summary>Layers whose weights are mixed, routed, adapted or generated per sample, as their authors write them.</summary>
internal static class ConditionalWorks
{
    private const long Conditions = 32;

    public static IEnumerable<Variant> CondConv(Letters s)
    {
        (long b, long c, long side, long experts) = (s["B"], s["C"], s["S"], s["E"]);
        torch.Tensor x = Works.Normal([b, c, side, side]), bank = Works.Normal([experts, c * c * 9], 1 / Math.Sqrt(c * 9)), bias = torch.zeros(experts, c);
        Linear router = Linear(c, experts);
        yield return Works.WithGradient(
            "libtorch grouped conv2d",
            () =>
            {
                torch.Tensor routing = torch.sigmoid(router.forward(x.mean([2, 3])));
                torch.Tensor kernels = routing.mm(bank).view(b * c, c, 3, 3);
                return functional.conv2d(x.view(1, b * c, side, side), kernels, routing.mm(bias).view(-1), padding: [1, 1], groups: b).view(b, c, side, side);
            },
            [bank, bias, .. router.parameters()]);
    }

    public static IEnumerable<Variant> Lora(Letters s)
    {
        (long b, long t, long size, long rank) = (s["B"], s["T"], s["I"], s["R"]);
        torch.Tensor x = Works.Normal([b, t, size]), z = Works.Normal([b, Conditions]);
        Linear origin = Linear(size, size), down = Linear(Conditions, rank * size), up = Linear(Conditions, size * rank);
        yield return Works.WithGradient(
            "libtorch bmm",
            () =>
            {
                torch.Tensor a = down.forward(z).view(b, rank, size), change = up.forward(z).view(b, size, rank);
                return origin.forward(x) + torch.bmm(torch.bmm(x, a.transpose(1, 2)), change.transpose(1, 2));
            },
            [.. down.parameters(), .. up.parameters()]);
    }

    public static IEnumerable<Variant> SparseMixture(Letters s)
    {
        const long Active = 2;
        (long n, long size, long hidden, long experts) = (s["N"], s["I"], s["H"], s["E"]);
        torch.Tensor x = Works.Normal([n, size]);
        Linear gate = Linear(size, experts, hasBias: false);
        Linear[] first = [.. Enumerable.Range(0, (int)experts).Select(_ => Linear(size, hidden))], second = [.. first.Select(_ => Linear(hidden, size))];
        yield return Works.WithGradient(
            "libtorch, expert after expert",
            () =>
            {
                (torch.Tensor values, torch.Tensor places) = gate.forward(x).topk((int)Active);
                torch.Tensor shares = values.softmax(1), y = torch.zeros_like(x);
                for (int e = 0; e < experts; e++)
                {
                    torch.Tensor[] where = torch.where(places.eq(e));
                    if (where[0].shape[0] > 0)
                    {
                        torch.Tensor given = second[e].forward(functional.relu(first[e].forward(x.index_select(0, where[0]))));
                        y = y.index_add(0, where[0], given * shares[torch.TensorIndex.Tensor(where[0]), torch.TensorIndex.Tensor(where[1])].unsqueeze(1), 1);
                    }
                }
                return y;
            },
            [.. gate.parameters(), .. first.SelectMany(layer => layer.parameters()), .. second.SelectMany(layer => layer.parameters())]);
    }

    public static IEnumerable<Variant> Adapter(Letters s)
    {
        (long b, long t, long size, long r) = (s["B"], s["T"], s["D"], s["R"]);
        torch.Tensor x = Works.Normal([b, t, size]), z = Works.Normal([b, Conditions]);
        Linear down = Linear(Conditions, r * size), downBias = Linear(Conditions, r), up = Linear(Conditions, size * r), upBias = Linear(Conditions, size);
        Linear gain = Linear(Conditions, size), shift = Linear(Conditions, size);
        Linear[] all = [down, downBias, up, upBias, gain, shift];
        yield return Works.WithGradient(
            "libtorch bmm",
            () =>
            {
                torch.Tensor inside = functional.relu(torch.bmm(x, down.forward(z).view(b, r, size).transpose(1, 2)) + downBias.forward(z).unsqueeze(1));
                torch.Tensor change = torch.bmm(inside, up.forward(z).view(b, size, r).transpose(1, 2)) + upBias.forward(z).unsqueeze(1);
                return x + (functional.layer_norm(change, [size]) * gain.forward(z).unsqueeze(1)) + shift.forward(z).unsqueeze(1);
            },
            [.. all.SelectMany(layer => layer.parameters())]);
    }

    public static IEnumerable<Variant> Kronecker(Letters s)
    {
        (long b, long c, long side, long n) = (s["B"], s["C"], s["S"], s["N"]);
        torch.Tensor x = Works.Normal([b, c, side, side]), a = Works.Normal([n, n, n]), f = Works.Normal([n, c / n, c / n, 3, 3], 1 / Math.Sqrt(c * 9)), bias = torch.zeros(c);
        yield return Works.WithGradient(
            "libtorch",
            () =>
            {
                torch.Tensor parts = a.view(n, n, 1, n, 1, 1, 1) * f.view(n, 1, c / n, 1, c / n, 3, 3);
                return functional.conv2d(x, parts.sum([0]).view(c, c, 3, 3), bias, padding: [1, 1]);
            },
            a, f, bias);
    }

    public static IEnumerable<Variant> Siren(Letters s)
    {
        (long b, long points, long width, long hidden) = (s["B"], s["P"], s["H"], s["Z"]);
        long[] sizes = [2, width, width, 3];
        long[] counts = [.. Enumerable.Range(0, 3).SelectMany(i => (long[])[sizes[i] * sizes[i + 1], sizes[i + 1]])];
        Sequential generator = Sequential(Linear(Conditions, hidden), ReLU(), Linear(hidden, counts.Sum()));
        torch.Tensor x = Works.Normal([points, 2], 0.5), z = Works.Normal([b, Conditions]);
        yield return Works.WithGradient(
            "libtorch bmm",
            () =>
            {
                torch.Tensor[] w = generator.forward(z).split(counts, 1);
                torch.Tensor y = x.unsqueeze(0).expand(b, points, 2);
                for (int i = 0; i < 3; i++)
                {
                    y = HyperWorks.PerSet(y, w[2 * i].view(b, sizes[i + 1], sizes[i]), w[(2 * i) + 1]);
                    y = i < 2 ? torch.sin(y * 30) : y;
                }
                return y;
            },
            [.. generator.parameters()]);
    }
}
