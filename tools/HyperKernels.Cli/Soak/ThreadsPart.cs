using HyperKernels.Layers;

namespace HyperKernels.Cli.Soak;

/// <summary>Many threads read one hypernetwork at once, each in a scope of its own.</summary>
internal static class ThreadsPart
{
    private const int Threads = 8;
    private const int Round = 200;

    public static SoakOutcome Run(SoakRun run)
    {
        RandomStream random = new((ulong)run.Seed);
        using HyperNetwork network = HyperNetwork.For(
            new Sequential(new Conv2d(1, 4, 3, random: random), new Relu(), new Flatten(), new Linear(144, 10, random: random)),
            Condition.Range("angle", 0, 90), hidden: [16, 32], options: new HyperNetworkOptions { Random = random });
        using MemoryScope scope = new();
        Tensor images = Ops.RandomNormal([4, 1, 8, 8], random);
        Tensor angles = Tensor.From([0f, 30f, 60f, 90f]);
        float[] expected = network.Forward(images, angles).ToArray();

        (long answers, long others) = (0, 0);
        while (others == 0 && run.GoesOn($"{answers:N0} answers"))
        {
            // Threads of their own: the pool's would wait for each other.
            Thread[] threads = [.. Enumerable.Range(0, Threads).Select(_ => new Thread(() =>
            {
                for (int i = 0; i < Round; i++)
                {
                    using MemoryScope inner = new();
                    bool same = network.Forward(images, angles).ToArray().AsSpan().SequenceEqual(expected);
                    Interlocked.Increment(ref answers);
                    if (!same)
                    {
                        Interlocked.Increment(ref others);
                    }
                }
            }))];
            Array.ForEach(threads, thread => thread.Start());
            Array.ForEach(threads, thread => thread.Join());
        }
        return new SoakOutcome(
            [new SoakFigure("threads", Threads), new SoakFigure("answers", answers)],
            others == 0 ? [] : [$"{others} of {answers} answers have other bits than the first"]);
    }
}
