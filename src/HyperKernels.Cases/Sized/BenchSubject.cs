namespace HyperKernels.Cases.Sized;

/// <summary>One thing to be timed: what runs, and how much work it is. Its inputs are made beforehand and belong to the maker's scope.</summary>
public sealed record BenchSubject : IDisposable
{
    // bench/gpu/torch_gpu.py has the same two.
    private const double RotationBytes = 256 << 20;
    private const int MostSets = 8;

    /// <summary>The op's name: <c>generate_linear</c>.</summary>
    public required string Op { get; init; }

    /// <summary>The sizes in letters: <c>B=64 T=1 I=128 O=128 H=64</c>.</summary>
    public required string Sizes { get; init; }

    /// <summary>Which of an op's plans runs; empty where there is only one.</summary>
    public string Plan { get; init; } = "";

    /// <summary>Floating-point operations of one forward run.</summary>
    public required double Flops { get; init; }

    /// <summary>Bytes that one forward run has to read and write at least.</summary>
    public required double Bytes { get; init; }

    /// <summary>One forward run; called inside a memory scope that is emptied afterwards.</summary>
    public required Action Forward { get; init; }

    /// <summary>One forward and backward run; called inside the given tape, which is emptied afterwards. Null where there is no gradient.</summary>
    public Action<Tape>? Train { get; init; }

    /// <summary>What the subject needs besides tensors, disposed with it.</summary>
    public IDisposable? Owned { get; init; }

    /// <summary>A subject for an op over tensors: its gradient is that of a weighted sum of the output, with respect to the chosen inputs.</summary>
    /// <param name="op">The op's name.</param>
    /// <param name="sizes">In letters.</param>
    /// <param name="flops">Of one forward run.</param>
    /// <param name="bytes">Of one forward run.</param>
    /// <param name="inputs">Already on the device.</param>
    /// <param name="differentiable">Which of the inputs the gradient is taken of.</param>
    /// <param name="run">The op.</param>
    /// <param name="plan">Which of the op's plans runs.</param>
    /// <param name="owned">What the op needs besides tensors.</param>
    public static BenchSubject Of(
        string op,
        string sizes,
        double flops,
        double bytes,
        Tensor[] inputs,
        bool[] differentiable,
        Func<Tensor[], Tensor> run,
        string plan = "",
        IDisposable? owned = null)
    {
        Tensor[] leaves = [.. inputs.Where((_, i) => differentiable[i])];
        Tensor like = run(inputs);
        Tensor seed = leaves.Length == 0 ? like : Normal(like.Shape, like.Device, 17);
        return new BenchSubject
        {
            Op = op,
            Sizes = sizes,
            Plan = plan,
            Flops = flops,
            Bytes = bytes,
            Owned = owned,
            Forward = () => run(inputs),
            Train = leaves.Length == 0 ? null : tape =>
            {
                foreach (Tensor leaf in leaves)
                {
                    tape.Watch(leaf);
                }
                tape.Backward(run(inputs), seed);
            },
        };
    }

    /// <summary>A subject for a row of the catalogue.</summary>
    public static BenchSubject Of(OpCase row, Device device) =>
        Of(row.Op, row.Sizes, row.Flops, row.Bytes, row.Upload(row.MakeArguments(), device), [.. row.Inputs.Select(input => input.Differentiable)], row.Run);

    /// <summary>
    /// The same work on several sets of buffers in turn, together larger than the caches of graphics processors, so that no run finds its
    /// inputs there. At most eight; one where a single set is large enough.
    /// </summary>
    /// <param name="make">Makes one set, in the current scope.</param>
    public static BenchSubject InTurn(Func<BenchSubject> make)
    {
        BenchSubject first = make();
        BenchSubject[] all = new BenchSubject[(int)Math.Clamp(Math.Ceiling(RotationBytes / first.Bytes), 1, MostSets)];
        all[0] = first;
        for (int i = 1; i < all.Length; i++)
        {
            all[i] = make();
        }
        int turn = 0;
        return new BenchSubject
        {
            Op = first.Op,
            Sizes = first.Sizes,
            Plan = first.Plan,
            Flops = first.Flops,
            Bytes = first.Bytes,
            Forward = () => all[turn++ % all.Length].Forward(),
            Train = first.Train is null ? null : tape => all[turn++ % all.Length].Train!(tape),
            Owned = new DisposableGroup(all),
        };
    }

    /// <summary>Disposes what the subject holds besides tensors of the scope it was made in.</summary>
    public void Dispose() => Owned?.Dispose();

    /// <summary>Standard normal values times a scale, the same for the same seed.</summary>
    internal static Tensor Normal(Shape shape, Device device, int seed, float scale = 1)
    {
        float[] values = new float[Size.Of(shape.Count, "the number of values", "BenchSubject")];
        new RandomStream((ulong)seed).FillNormal(values, 0, scale);
        return Tensor.From(values, shape, device);
    }
}
