using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch.nn;

namespace HyperKernels.TorchPeer;

/// <summary>Hypernetworks that generate one weight set for a batch, and self-tuning networks.</summary>
internal static class TaskWorks
{
    private const long Pixels = 784;
    private const long Classes = 10;

    // Weight and bias of each layer of 784-100-100-10.
    private static readonly long[][] s_target = [[100, Pixels], [100], [100, 100], [100], [Classes, 100], [Classes]];

    public static IEnumerable<Variant> Static(Letters s)
    {
        const long Channels = 16, Size = 7;
        long b = s["B"];
        Conv2d first = Conv2d(1, Channels, Size, padding: Size / 2);
        Linear last = Linear(Channels * 49, Classes);
        torch.Tensor bias = torch.zeros(Channels);
        Linear toRows = Linear(4, Channels * 4), toKernels = Linear(4, Channels * Size * Size);
        Parameter embedding = Parameter(Works.Normal([1, 4])), secondBias = Parameter(bias);
        torch.Tensor x = Works.Normal([b, 1, 28, 28]);
        yield return Works.Training(
            "libtorch",
            () =>
            {
                torch.Tensor kernel = toKernels.forward(toRows.forward(embedding).view(Channels, 4)).view(Channels, Channels, Size, Size);
                torch.Tensor y = functional.max_pool2d(functional.relu(first.forward(x)), 2);
                y = functional.max_pool2d(functional.relu(functional.conv2d(y, kernel, secondBias, padding: [Size / 2, Size / 2])), 2);
                return last.forward(y.flatten(1));
            },
            Works.Labels(b),
            [.. first.parameters(), .. last.parameters(), .. toRows.parameters(), .. toKernels.parameters(), embedding, secondBias]);
    }

    public static IEnumerable<Variant> Chunks(Letters s)
    {
        (long b, long size) = (s["B"], s["S"]);
        long chunks = (Weights() + size - 1) / size;
        Sequential generator = Sequential(Linear(48, 100), ReLU(), Linear(100, 100), ReLU(), Linear(100, size));
        Parameter tasks = Parameter(Works.Normal([10, 32])), embeddings = Parameter(Works.Normal([chunks, 16]));
        torch.Tensor x = Works.Normal([b, Pixels]);
        yield return Works.Training(
            "libtorch",
            () => Target(x, generator.forward(torch.cat([embeddings, tasks[3].expand(chunks, 32)], 1)).flatten()),
            Works.Labels(b),
            [.. generator.parameters(), tasks, embeddings]);
    }

    public static IEnumerable<Variant> Recurrent(Letters s)
    {
        (long b, long size) = (s["B"], s["S"]);
        long chunks = (Weights() + size - 1) / size;
        LSTM cell = LSTM(48, 100);
        Linear head = Linear(100, size);
        Parameter tasks = Parameter(Works.Normal([10, 32])), embeddings = Parameter(Works.Normal([chunks, 16]));
        torch.Tensor x = Works.Normal([b, Pixels]);
        yield return Works.Training(
            "libtorch nn.LSTM",
            () =>
            {
                torch.Tensor inputs = torch.cat([tasks[3].expand(chunks, 32), embeddings], 1).unsqueeze(1);
                return Target(x, head.forward(cell.forward(inputs).Item1.squeeze(1)).flatten());
            },
            Works.Labels(b),
            [.. cell.parameters(), .. head.parameters(), tasks, embeddings]);
    }

    public static IEnumerable<Variant> SelfTuning(Letters s)
    {
        (long b, long width, long count) = (s["B"], s["H"], s["N"]);
        long[] sizes = [Pixels, width, width, Classes];
        Linear[] elem = [.. Layers()], hyper = [.. Layers()];
        Linear[] scales = [.. Enumerable.Range(0, 3).Select(i => Linear(count, 2 * sizes[i + 1], hasBias: false))];
        (torch.Tensor x, torch.Tensor rows) = (Works.Normal([b, Pixels]), Works.Normal([b, count]));
        yield return Works.Training(
            "libtorch",
            () =>
            {
                torch.Tensor y = x;
                for (int i = 0; i < 3; i++)
                {
                    torch.Tensor[] scale = scales[i].forward(rows).chunk(2, 1);
                    y = elem[i].forward(y) + (scale[0] * functional.linear(y, hyper[i].weight!)) + (scale[1] * hyper[i].bias!);
                    y = i < 2 ? functional.relu(y) : y;
                }
                return y;
            },
            Works.Labels(b),
            [.. elem.SelectMany(layer => layer.parameters()), .. hyper.SelectMany(layer => layer.parameters()), .. scales.SelectMany(layer => layer.parameters())]);

        IEnumerable<Linear> Layers() => Enumerable.Range(0, 3).Select(i => Linear(sizes[i], sizes[i + 1]));
    }

    public static IEnumerable<Variant> Interval(Letters s)
    {
        (long b, long width) = (s["B"], s["H"]);
        long[][] shapes = [[width, Pixels], [width], [Classes, width], [Classes]];
        long count = shapes.Sum(static shape => shape.Aggregate(1L, static (product, size) => product * size));
        Linear[] layers = [Linear(24, 100), Linear(100, 100), Linear(100, count)];
        Parameter tasks = Parameter(Works.Normal([10, 24]));
        torch.Tensor x = torch.rand(b, Pixels), labels = Works.Labels(b), isTrue = functional.one_hot(labels, Classes).to(torch.ScalarType.Bool);
        torch.optim.Optimizer adam = torch.optim.Adam([.. layers.SelectMany(layer => layer.parameters()), tasks], lr: 1e-4);
        yield return new Variant("libtorch", () => Forward().Middle, () =>
        {
            adam.zero_grad();
            (torch.Tensor lower, torch.Tensor middle, torch.Tensor upper) = Forward();
            torch.Tensor worst = torch.where(isTrue, lower, upper);
            (0.5 * (functional.cross_entropy(middle, labels) + functional.cross_entropy(worst, labels))).backward();
            adam.step();
        });

        (torch.Tensor Lower, torch.Tensor Middle, torch.Tensor Upper) Forward()
        {
            const double Epsilon = 5;
            torch.Tensor centre = tasks[3].cos() * (Epsilon / 48), radius = torch.full(24, Epsilon / 24);
            for (int i = 0; i < 3; i++)
            {
                centre = layers[i].forward(centre);
                radius = functional.linear(radius, layers[i].weight!.abs());
                if (i < 2)
                {
                    torch.Tensor from = functional.relu(centre - radius), to = functional.relu(centre + radius);
                    (centre, radius) = ((from + to) / 2, (to - from) / 2);
                }
            }
            torch.Tensor[] low = Cut(centre - radius), mid = Cut(centre), high = Cut(centre + radius);
            (torch.Tensor l, torch.Tensor m, torch.Tensor u) = (x, x, x);
            for (int i = 0; i < 4; i += 2)
            {
                (l, m, u) = (
                    functional.linear(l, low[i].clamp_min(0), low[i + 1]) + functional.linear(u, low[i].clamp_max(0)),
                    functional.linear(m, mid[i], mid[i + 1]),
                    functional.linear(u, high[i].clamp_min(0), high[i + 1]) + functional.linear(l, high[i].clamp_max(0)));
                (l, m, u) = i == 0 ? (functional.relu(l), functional.relu(m), functional.relu(u)) : (l, m, u);
            }
            return (l, m, u);
        }

        torch.Tensor[] Cut(torch.Tensor flat)
        {
            long[] counts = [.. shapes.Select(static shape => shape.Aggregate(1L, static (product, size) => product * size))];
            return [.. flat.split(counts).Select((part, i) => part.view(shapes[i]))];
        }
    }

    public static IEnumerable<Variant> SelfTuningImages(Letters s)
    {
        (long b, long count) = (s["B"], s["N"]);
        long[] channels = [3, 10, 20, 40];
        Conv2d[] elem = [.. Kernels()], hyper = [.. Kernels()];
        Linear lastElem = Linear(channels[^1] * 16, Classes), lastHyper = Linear(channels[^1] * 16, Classes);
        Linear[] scales = [.. channels.Skip(1).Append(Classes).Select(outputs => Linear(count, 2 * outputs, hasBias: false))];
        (torch.Tensor x, torch.Tensor rows) = (Works.Normal([b, channels[0], 32, 32]), Works.Normal([b, count]));
        yield return Works.Training(
            "libtorch",
            () =>
            {
                torch.Tensor y = x;
                for (int i = 0; i < elem.Length; i++)
                {
                    torch.Tensor[] scale = scales[i].forward(rows).unsqueeze(-1).unsqueeze(-1).chunk(2, 1);
                    torch.Tensor second = functional.conv2d(y, hyper[i].weight!, padding: [1, 1]);
                    y = elem[i].forward(y) + (scale[0] * second) + (scale[1] * hyper[i].bias!.view(1, -1, 1, 1));
                    y = functional.max_pool2d(functional.relu(y), 2);
                }
                y = y.flatten(1);
                torch.Tensor[] last = scales[^1].forward(rows).chunk(2, 1);
                return lastElem.forward(y) + (last[0] * functional.linear(y, lastHyper.weight!)) + (last[1] * lastHyper.bias!);
            },
            Works.Labels(b),
            [
                .. elem.SelectMany(layer => layer.parameters()), .. hyper.SelectMany(layer => layer.parameters()), .. scales.SelectMany(layer => layer.parameters()),
                .. lastElem.parameters(), .. lastHyper.parameters(),
            ]);

        IEnumerable<Conv2d> Kernels() => Enumerable.Range(0, 3).Select(i => Conv2d(channels[i], channels[i + 1], 3, padding: 1));
    }

    private static long Weights() => s_target.Sum(static shape => shape.Aggregate(1L, static (product, size) => product * size));

    // 784-100-100-10 with the weights of one flat set, the surplus of the last chunk left over.
    private static torch.Tensor Target(torch.Tensor x, torch.Tensor flat)
    {
        torch.Tensor[] w = new torch.Tensor[s_target.Length];
        long start = 0;
        for (int i = 0; i < w.Length; i++)
        {
            long count = s_target[i].Aggregate(1L, static (product, size) => product * size);
            w[i] = flat.narrow(0, start, count).view(s_target[i]);
            start += count;
        }
        torch.Tensor y = functional.relu(functional.linear(x, w[0], w[1]));
        y = functional.relu(functional.linear(y, w[2], w[3]));
        return functional.linear(y, w[4], w[5]);
    }
}
