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
