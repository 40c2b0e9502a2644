namespace HyperKernels.Tests;

/// <summary>Without a tape an op allocates nothing: no tensor records, no closures, no arrays, and no memory from the system.</summary>
public sealed class InferenceAllocationTests
{
    private static readonly (string Name, Action<Inputs> Run)[] s_ops =
    [
        ("unary", t => Ops.Gelu(Ops.Clamp(Ops.Elu(-t.Rows), -1, 1))),
        ("activate", t => Ops.Activate(t.Rows, Activation.Silu)),
        ("power of a number", t => Ops.PowerScalar(t.Rows, 0)),
        ("binary", t => Ops.Maximum(Ops.Power(t.Rows * t.Rows, t.Vector), t.Rows / 2)),
        ("where", t => Ops.Where(t.Rows, t.Vector, t.Scalar)),
        ("reduce", t => Ops.Sum(Ops.Mean(t.Images, [0, 2], keepAxes: true))),
        ("statistics", t => Ops.Variance(t.Images, [0, 2])),
        ("extremes", t => Ops.Max(t.Images, [1, 3])),
        ("positions", t => Ops.ArgMax(t.Rows, 1)),
        ("norms of vectors", t => Ops.L2Normalize(Ops.L2Norm(t.Images, [3]) + Ops.L1Norm(t.Images, [3]))),
        ("log sum exp", t => Ops.LogSumExp(t.Rows, [0])),
        ("shape", t => Ops.Flatten(Ops.Transpose(Ops.Permute(Ops.Reshape(t.Images, 4, -1, 5), 2, 0, 1)))),
        ("broadcast", t => Ops.BroadcastTo(t.Vector, [3, 4, 6])),
        ("slice", t => Ops.Slice(Ops.Slice(t.Images, 3, 1, 2), 0, 0, 2, 3)),
        ("split", t => Ops.Split(t.Rows, 1, [2, 4], t.Pieces)),
        ("join", t => Ops.Stack(0, Ops.Concatenate(1, t.Rows, t.Rows), Ops.Concatenate(1, t.Rows, t.Rows))),
        ("pad and repeat", t => Ops.RepeatRows(Ops.Tile(Ops.Pad(t.Rows, [(1, 0), (0, 2)]), 2, 1), 2)),
        ("gather", t => Ops.ScatterAddRows(Ops.GatherRows(t.Rows, t.Indices), t.Indices, 4)),
        ("one-hot and top", t => Ops.TopK(Ops.OneHot(t.Indices, 6), 2)),
        ("matmul", t => Ops.Matmul(t.Rows, t.Rows, transposeB: true)),
        ("linear", t => Ops.Linear(t.Rows, t.Square, t.Vector, Activation.Gelu)),
        ("linear per sample", t => Ops.Linear(t.Rows, t.Squares, t.Rows)),
        ("generate", t => Ops.GenerateLinear(t.Rows, t.Rows, t.Generator, plan: GeneratePlan.Tile)),
        ("generate, reassociated", t => Ops.GenerateLinear(t.Rows, t.Rows, t.Generator, plan: GeneratePlan.Reassociate)),
        ("generate, materialised", t => Ops.GenerateLinear(t.Rows, t.Rows, t.Generator, t.Square, GeneratePlan.Materialise)),
        ("convolution", t => Ops.Conv2d(t.Images, t.Kernels, null, new Conv2dOptions(padding: 1))),
        ("convolution, one channel each", t => Ops.Conv2d(t.Images, t.ChannelKernels, null, new Conv2dOptions(groups: 3))),
        ("convolution of sequences", t => Ops.Conv1d(Ops.Reshape(t.Images, 4, 3, 25), Ops.Reshape(t.Kernels, 2, 3, 9))),
        ("pools", t => Ops.AdaptiveAveragePool2d(Ops.AveragePool2d(Ops.MaxPool2d(t.Images, 2, 1), 2, 1), 2, 2)),
        ("resize", t => Ops.ResizeBilinear(Ops.ResizeNearest(t.Images, 7, 7), 4, 4)),
        ("samples", t => Ops.GridSample(t.Images, Ops.Slice(Ops.Reshape(t.Images, 4, 5, 5, 3), 3, 0, 2))),
        ("softmax", t => Ops.LogSoftmax(Ops.Softmax(t.Images, 1))),
        ("classification", t => Ops.CrossEntropy(t.Rows, t.Indices)),
        ("losses", t => Ops.Huber(t.Rows, Ops.KullbackLeibler(t.Rows, t.Rows, Reduction.None), 1, Reduction.BatchMean)),
        ("layer norm", t => Ops.RmsNorm(Ops.LayerNorm(t.Rows, 1, t.Vector, t.Rows), 1)),
        ("channel norms", t => Ops.BatchNorm(Ops.GroupNorm(t.Images, 3))),
        ("batch norm, inference", t => Ops.BatchNormInference(t.Rows, t.Vector, t.Vector)),
        ("dropout", t => Ops.Dropout(t.Rows, 0.5f, t.Random)),
        ("random", t => Ops.Add(Ops.RandomUniform([4, 6], t.Random), Ops.RandomNormal([4, 6], t.Random))),
        ("permutation", t => Ops.Permutation(10, t.Random)),
        ("embedding", t => Ops.Embedding(t.Squares, t.Indices)),
        ("segments", t => Ops.SegmentMean(Ops.NodesToMemberships(t.Rows, t.Graph), t.Graph, Toward.Edges)),
        ("segment softmax", t => Ops.SegmentSoftmax(Ops.SampledDot(t.Rows, Ops.NodesToEdges(t.Rows, t.Graph), t.Graph), t.Graph, Toward.Nodes)),
        ("segment extremes", t => Ops.SegmentMax(Ops.EdgesToMemberships(Ops.NodesToEdges(t.Rows, t.Graph), t.Graph), t.Graph, Toward.Nodes)),
    ];

    public static IEnumerable<TestCaseData> All => s_ops.Select(op => new TestCaseData(op.Run).SetArgDisplayNames(op.Name));

    [TestCaseSource(nameof(All))]
    public void Op_SecondTimeInAReusedScope_AllocatesNothing(Action<Inputs> run)
    {
        using MemoryScope outer = new();
        Inputs inputs = new();
        using MemoryScope scope = new();
        // The first runs fill the pools and have the code compiled.
        for (int i = 0; i < 3; i++)
        {
            run(inputs);
            scope.Reset();
        }
        long system = Device.Default.Memory.SystemAllocations;
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 5; i++)
        {
            run(inputs);
            scope.Reset();
        }
        long bytes = GC.GetAllocatedBytesForCurrentThread() - before;

        Assert.Multiple(() =>
        {
            Assert.That(bytes, Is.Zero, "on the managed heap");
            Assert.That(Device.Default.Memory.SystemAllocations - system, Is.Zero, "from the system");
        });
    }

    /// <summary>Small tensors of the shapes that the ops above take.</summary>
    public sealed class Inputs
    {
        public Tensor Rows { get; } = Tensor.Full([4, 6], 0.5f);

        public Tensor Vector { get; } = Tensor.Full([6], 0.5f);

        public Tensor Scalar { get; } = Tensor.Ones([]);

        public Tensor Square { get; } = Tensor.Ones([6, 6]);

        public Tensor Squares { get; } = Tensor.Ones([4, 6, 6]);

        public Tensor Generator { get; } = Tensor.Ones([6, 6, 6]);

        public Tensor Images { get; } = Tensor.Ones([4, 3, 5, 5]);

        public Tensor Kernels { get; } = Tensor.Ones([2, 3, 3, 3]);

        public Tensor ChannelKernels { get; } = Tensor.Ones([3, 1, 3, 3]);

        public Tensor Indices { get; } = Tensor.From([1, 0, 3, 1]);

        public Incidence Graph { get; } = Incidence.FromEdges(4, [[0, 1, 2], [2, 3], []]);

        public Tensor[] Pieces { get; } = new Tensor[2];

        public RandomStream Random { get; } = new();
    }
}
