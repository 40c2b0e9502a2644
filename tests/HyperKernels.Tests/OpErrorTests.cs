using HyperKernels.Backends.Cpu;

namespace HyperKernels.Tests;

/// <summary>Every op refuses what it cannot compute before anything happens, and says where, what must hold and what came.</summary>
public sealed class OpErrorTests
{
    private const float One = 1;

    private static readonly Lazy<Device> s_other = new(() => new Device(new CpuBackend(32, 1)));

    // What each op does with a tensor x of two axes [2, 3] (or four, where it says so): integers are refused, and so is a partner elsewhere.
    private static readonly (string Op, Func<Tensor, Tensor> Run)[] s_ofFloats =
    [
        ("Abs", Ops.Abs), ("Activate", x => Ops.Activate(x, Activation.Relu)), ("AddScalar", x => x + One), ("ArgMax", x => Ops.ArgMax(x, 0)),
        ("ArgMin", x => Ops.ArgMin(x, 0)), ("AdaptiveAveragePool2d", x => Ops.AdaptiveAveragePool2d(x, 1, 1)),
        ("AdaptiveMaxPool2d", x => Ops.AdaptiveMaxPool2d(x, 1, 1)), ("AveragePool1d", x => Ops.AveragePool1d(x, 1)),
        ("AveragePool2d", x => Ops.AveragePool2d(x, 1)), ("BatchNorm", x => Ops.BatchNorm(x).Output), ("Clamp", x => Ops.Clamp(x, 0, 1)), ("Cos", Ops.Cos),
        ("Dropout", x => Ops.Dropout(x, 0.5f, new RandomStream())), ("Elu", x => Ops.Elu(x)), ("Erf", Ops.Erf), ("Exp", Ops.Exp), ("Gelu", Ops.Gelu),
        ("GeluTanh", Ops.GeluTanh), ("GroupNorm", x => Ops.GroupNorm(x, 1)), ("L1Norm", x => Ops.L1Norm(x, [0])), ("L2Norm", x => Ops.L2Norm(x, [0])),
        ("L2Normalize", x => Ops.L2Normalize(x)), ("LayerNorm", x => Ops.LayerNorm(x, 1)), ("LeakyRelu", x => Ops.LeakyRelu(x)), ("Log", Ops.Log),
        ("LogSoftmax", x => Ops.LogSoftmax(x)), ("LogSumExp", x => Ops.LogSumExp(x, [0])), ("Max", x => Ops.Max(x, [0])),
        ("MaxPool1d", x => Ops.MaxPool1d(x, 1)), ("MaxPool2d", x => Ops.MaxPool2d(x, 1)), ("Mean", Ops.Mean), ("Min", x => Ops.Min(x, [0])),
        ("MultiplyScalar", x => One * x), ("Neg", x => -x), ("Pad", x => Ops.Pad(x, [(1, 1), (0, 0)])), ("PowerScalar", x => Ops.PowerScalar(x, 0)),
        ("Reciprocal", Ops.Reciprocal), ("Relu", Ops.Relu), ("ResizeBilinear", x => Ops.ResizeBilinear(x, 1, 1)), ("ResizeNearest", x => Ops.ResizeNearest(x, 1, 1)),
        ("RmsNorm", x => Ops.RmsNorm(x, 1)), ("Rsqrt", Ops.Rsqrt), ("Sigmoid", Ops.Sigmoid), ("Sign", Ops.Sign), ("Silu", Ops.Silu), ("Sin", Ops.Sin),
        ("Softmax", x => Ops.Softmax(x)), ("Softplus", Ops.Softplus), ("Sqrt", Ops.Sqrt), ("Square", Ops.Square), ("Step", Ops.Step), ("Sum", Ops.Sum),
        ("Tanh", Ops.Tanh), ("TopK", x => Ops.TopK(x, 1).Values), ("Variance", x => Ops.Variance(x, [0])), ("Tape.Watch", Watched),
    ];

    private static readonly (string Op, Func<Tensor, Tensor, Tensor> Run)[] s_ofTwo =
    [
        ("Add", (a, b) => a + b), ("Subtract", (a, b) => a - b), ("Multiply", (a, b) => a * b), ("Divide", (a, b) => a / b), ("Power", Ops.Power),
        ("Minimum", Ops.Minimum), ("Maximum", Ops.Maximum), ("Where", (a, b) => Ops.Where(a, a, b)), ("Matmul", (a, b) => Ops.Matmul(a, b)),
        ("Linear", (a, b) => Ops.Linear(a, b)), ("Linear", (a, b) => Ops.Linear(a, a, b)), ("Conv1d", (a, b) => Ops.Conv1d(a, b)),
        ("Conv2d", (a, b) => Ops.Conv2d(a, b)), ("GridSample", (a, b) => Ops.GridSample(a, b)),
        ("Conv2dGradInput", (a, b) => Ops.Conv2dGradInput(a, b, 1, 1)),
        ("Conv2dGradKernel", (a, b) => Ops.Conv2dGradKernel(a, b, [1])), ("GenerateLinear", (a, b) => Ops.GenerateLinear(a, b, a)),
        ("GenerateLinear", (a, b) => Ops.GenerateLinear(a, a, b)), ("MeanSquaredError", (a, b) => Ops.MeanSquaredError(a, b)),
        ("Huber", (a, b) => Ops.Huber(a, b)), ("KullbackLeibler", (a, b) => Ops.KullbackLeibler(a, b)),
        ("BinaryCrossEntropyWithLogits", (a, b) => Ops.BinaryCrossEntropyWithLogits(a, b)),
        ("CrossEntropyWithProbabilities", (a, b) => Ops.CrossEntropyWithProbabilities(a, b)), ("LayerNorm", (a, b) => Ops.LayerNorm(a, 1, b)),
        ("LayerNorm", (a, b) => Ops.LayerNorm(a, 1, null, b)), ("RmsNorm", (a, b) => Ops.RmsNorm(a, 1, b)), ("GroupNorm", (a, b) => Ops.GroupNorm(a, 1, b)),
        ("BatchNorm", (a, b) => Ops.BatchNorm(a, b).Output), ("BatchNormInference", (a, b) => Ops.BatchNormInference(a, b, b)),
        ("BatchNormInference", (a, b) => Ops.BatchNormInference(a, Tensor.Ones([3]), Tensor.Ones([3]), b)),
    ];

    private static readonly (string Message, Func<Tensor, Tensor> Run)[] s_mistakes =
    [
        ("Add: [2, 3] and [2] do not broadcast: axis -1 is 3 in one and 2 in the other.", x => x + Tensor.Ones([2])),
        ("Where: [2, 3] and [4] do not broadcast: axis -1 is 3 in one and 4 in the other.", x => Ops.Where(x, x, Tensor.Ones([4]))),
        ("Activation.Of: the kind must be one of ActivationKind; got 99.", x => Ops.Activate(x, Activation.Of((ActivationKind)99))),
        ("Activation.Of: the kind must be one of ActivationKind; got -1.", x => Ops.Linear(x, x, null, Activation.Of((ActivationKind)(-1)))),
        ("GroupNorm: groups must divide the 0 channels of [2, 0, 3]; got 5.", _ => Ops.GroupNorm(Tensor.Ones([2, 0, 3]), 5)),
        ("Clamp: min must not be above max; got 2 and 1.", x => Ops.Clamp(x, 2, 1)),
        ("Sum: there is no axis 2; the tensor is [2, 3].", x => Ops.Sum(x, [2])),
        ("Mean: axis -2 is named twice.", x => Ops.Mean(x, [0, -2])),
        ("Variance: there is no axis -3; the tensor is [2, 3].", x => Ops.Variance(x, [-3])),
        ("Max: a reduced axis must not be empty; the tensor is [2, 0].", _ => Ops.Max(Tensor.Zeros([2, 0]), [1])),
        ("ArgMax: the axis must not be empty; the tensor is [2, 0].", _ => Ops.ArgMax(Tensor.Zeros([2, 0]), 1)),
        ("LogSumExp: there is no axis 5; the tensor is [2, 3].", x => Ops.LogSumExp(x, [5])),
        ("Softmax: there is no axis 2; the tensor is [2, 3].", x => Ops.Softmax(x, 2)),
        ("L2Normalize: there is no axis 2; the tensor is [2, 3].", x => Ops.L2Normalize(x, 2)),
        ("L2Normalize: epsilon must be at least 1e-19; got 0.", x => Ops.L2Normalize(x, -1, 0)),
        ("Reshape: [4] has 4 elements; the tensor [2, 3] has 6.", x => Ops.Reshape(x, 4)),
        ("Reshape: only one size may be -1.", x => Ops.Reshape(x, -1, -1)),
        ("Reshape: the size given as -1 would not be whole: 6 elements of [2, 3] over 4.", x => Ops.Reshape(x, -1, 4)),
        ("Flatten: there is no axis 3; the tensor is [2, 3].", x => Ops.Flatten(x, 3)),
        ("Permute: the order must name each axis of [2, 3] once; it is [0, 0].", x => Ops.Permute(x, 0, 0)),
        ("Transpose: there is no axis 2; the tensor is [2, 3].", x => Ops.Transpose(x, 0, 2)),
        ("BroadcastTo: [2, 3] does not broadcast to [3].", x => Ops.BroadcastTo(x, [3])),
        ("Slice: axis 1 of [2, 3] has no 2 elements from 1 on with step 2.", x => Ops.Slice(x, 1, 1, 2, 2)),
        ("Split: the lengths must add up to axis 1 of [2, 3], with a place for each piece; got 2 lengths, sum 4, and 2 places.", x => Ops.Split(x, 1, 2, 2)[0]),
        ("Concatenate: shapes may differ in axis 0 only; got [2, 3] and [2, 2].", x => Ops.Concatenate(0, x, Tensor.Ones([2, 2]))),
        ("Concatenate: at least one tensor is needed.", _ => Ops.Concatenate(0)),
        ("Stack: all shapes must be equal; got [2, 3] and [3]. To join along an axis that exists use Concatenate.", x => Ops.Stack(0, x, Tensor.Ones([3]))),
        ("Stack: a new axis cannot stand at 4 of [2, 3].", x => Ops.Stack(4, x)),
        ("Pad: one pair for each axis of [2, 3] is needed; got 1.", x => Ops.Pad(x, [(1, 1)])),
        ("Pad: what is put before and after must not be negative; axis 0 has (-1, 0). To cut use Slice.", x => Ops.Pad(x, [(-1, 0), (0, 0)])),
        ("Tile: one number for each axis of [2, 3] is needed, none negative; got 1 numbers.", x => Ops.Tile(x, 2)),
        ("RepeatRows: x must have an axis of rows and times must not be negative; got [2, 3] and -1.", x => Ops.RepeatRows(x, -1)),
        ("GatherRows: indices must be from 0 to below 2; they reach from 0 to 2.", x => Ops.GatherRows(x, Tensor.From([0, 2]))),
        ("GatherRows: indices must be integers; got float32 [1] on cpu. Make them with Tensor.From([1, 2]): numbers without f or decimal point.", x =>
            Ops.GatherRows(x, Tensor.Ones([1]))),
        ("ScatterAddRows: values must begin with the axes of rows, and count must not be negative; got values [2, 3], rows [3], count 4.",
            x => Ops.ScatterAddRows(x, Tensor.From([0, 1, 2]), 4)),
        ("OneHot: indices must be from 0 to below 2; they reach from 1 to 3.", _ => Ops.OneHot(Tensor.From([1, 3]), 2)),
        ("TopK: k must be from 1 to the size of the last axis; got k = 4 for [2, 3].", x => Ops.TopK(x, 4).Values),
        ("Embedding: indices must be from 0 to below 2; they reach from -1 to 0.", x => Ops.Embedding(x, Tensor.From([0, -1]))),
        ("Embedding: the 2 tables of [2, 1, 3] must divide the first axis of indices [3].", _ => Ops.Embedding(Tensor.Ones([2, 1, 3]), Tensor.From([0, 0, 0]))),
        ("Matmul: a has 3 columns and b has 2 rows: they must be equal; a is [2, 3], b is [2, 3].", x => Ops.Matmul(x, x)),
        ("Matmul: both sides must be matrices or batches of them; a is [2, 3], b is [3]. Make a vector a matrix with Reshape.", x => Ops.Matmul(x, Tensor.Ones([3]))),
        ("Linear: weight must have I = 3 columns to match x [2, 3]; weight is [5, 4].", x => Ops.Linear(x, Tensor.Ones([5, 4]))),
        ("Linear: bias must be [5]; it is [2, 5]. A bias for every sample needs weights for every sample.", x => Ops.Linear(x, Tensor.Ones([5, 3]), Tensor.Ones([2, 5]))),
        ("Linear: the number of weight matrices must divide the batch: weight [4, 5, 3] has 4, x [2, 3] has 2 samples.", x => Ops.Linear(x, Tensor.Ones([4, 5, 3]))),
        ("GenerateLinear: z must be [2, H] to match x [2, 3]; z is [3, 4].", x => Ops.GenerateLinear(x, Tensor.Ones([3, 4]), Tensor.Ones([5, 3, 4]))),
        ("GenerateLinear: there is no plan 7.", x => Ops.GenerateLinear(x, Tensor.Ones([2, 4]), Tensor.Ones([5, 3, 4]), null, (GeneratePlan)7)),
        ("Conv1d: x must be [B, I, L] and weight [O, I / groups, K] or [C, O, I / groups, K]; x is [2, 3], weight is [2, 3].", x => Ops.Conv1d(x, x)),
        ("Conv1d: bias must be [1]; it is [2]. A bias for every sample needs weights for every sample.", x =>
            Ops.Conv1d(Tensor.Ones([2, 1, 3]), Tensor.Ones([1, 1, 2]), Tensor.Ones([2]))),
        ("Conv2d: the kernel must fit into the padded input: height 2 with padding 0 is 2, kernel 5 with dilation 1 spans 5. Use padding 2 or a smaller kernel.",
            _ => Ops.Conv2d(Tensor.Ones([1, 1, 2, 2]), Tensor.Ones([1, 1, 5, 5]))),
        ("Conv2d: weight must have I / groups = 3 input channels to match x [1, 3, 4, 4]; weight is [2, 1, 1, 1] with groups 1.",
            _ => Ops.Conv2d(Tensor.Ones([1, 3, 4, 4]), Tensor.Ones([2, 1, 1, 1]))),
        ("Conv2d: the result's height would be 4294967295; it must be below 2^31.",
            _ => Ops.Conv2d(Tensor.Ones([1, 1, 1, 1]), Tensor.Ones([1, 1, 1, 1]), null, new Conv2dOptions(padding: int.MaxValue))),
        ("Conv2dGradInput: y must be [1, 1, 3, 3], as the convolution gives; y is [1, 1, 4, 4].", _ =>
            Ops.Conv2dGradInput(Tensor.Ones([1, 1, 4, 4]), Tensor.Ones([1, 1, 2, 2]), 4, 4)),
        ("Conv2dGradKernel: y must be [1, 1, 3, 3], as the convolution gives; y is [1, 1, 4, 4].", _ =>
            Ops.Conv2dGradKernel(Tensor.Ones([1, 1, 4, 4]), Tensor.Ones([1, 1, 4, 4]), [1, 1, 2, 2])),
        ("GridSample: image must be [N, C, H, W] with at least one pixel; it is [1, 1, 0, 2].", _ =>
            Ops.GridSample(Tensor.Ones([1, 1, 0, 2]), Tensor.Zeros([1, 1, 1, 2]))),
        ("GridSample: grid must be [N, P, Q, 2] with as many images as image [2, 1, 3, 3]; it is [1, 4, 4, 2]. One grid for all: Ops.BroadcastTo.", _ =>
            Ops.GridSample(Tensor.Ones([2, 1, 3, 3]), Tensor.Zeros([1, 4, 4, 2]))),
        ("MaxPool2d: x must be [B, C, H, W] with at least one pixel; it is [2, 3]. For another number of axes use Reshape.", x => Ops.MaxPool2d(x, 2)),
        ("MaxPool2d: x must be [B, C, H, W] with at least one pixel; it is [1, 1, 0, 2]. For another number of axes use Reshape.", _ =>
            Ops.MaxPool2d(Tensor.Ones([1, 1, 0, 2]), 2, 2, 1)),
        ("AveragePool1d: kernel and stride must be 1 or more and padding at most half the kernel; got kernel 2, stride 2, padding 2.", _ =>
            Ops.AveragePool1d(Tensor.Ones([1, 1, 4]), 2, null, 2)),
        ("AdaptiveAveragePool2d: an image may have at most 2^31 - 1 pixels, before and afterwards; got 2 x 2 and 65536 x 40000.", _ =>
            Ops.AdaptiveAveragePool2d(Tensor.Ones([1, 1, 2, 2]), 65536, 40000)),
        ("ResizeNearest: an image may have at most 2^31 - 1 pixels, before and afterwards; got 2 x 2 and 46341 x 46341.", _ =>
            Ops.ResizeNearest(Tensor.Ones([1, 1, 2, 2]), 46341, 46341)),
        ("ResizeBilinear: an image may have at most 2^31 - 1 pixels, before and afterwards; got 65536 x 65536 and 1 x 1.", _ =>
            Ops.ResizeBilinear(Tensor.Zeros([1, 0, 65536, 65536]), 1, 1)),
        ("GridSample: an image may have at most 2^31 - 1 pixels; image is [1, 0, 65536, 65536].", _ =>
            Ops.GridSample(Tensor.Zeros([1, 0, 65536, 65536]), Tensor.Zeros([1, 1, 1, 2]))),
        ("MaxPool2d: a window may have at most 2^24 pixels; got kernel 10000. Padding counts too.", _ =>
            Ops.MaxPool2d(Tensor.Ones([1, 1, 2, 2]), 10000, 1, 5000)),
        ("Pad: kernels count to 2^31 - 1 = 2,147,483,647; the padded axis is 2,147,483,648. Work on parts of the tensor.", _ =>
            Ops.Pad(Tensor.Zeros([0, int.MaxValue]), [(0, 0), (1, 0)])),
        ("Concatenate: kernels count to 2^31 - 1 = 2,147,483,647; the joined axis is 2,147,483,648. Work on parts of the tensor.", _ =>
            Ops.Concatenate(1, Tensor.Zeros([0, 1 << 30]), Tensor.Zeros([0, 1 << 30]))),
        ("Tile: kernels count to 2^31 - 1 = 2,147,483,647; the repeated axis is 4,294,967,296. Work on parts of the tensor.", _ =>
            Ops.Tile(Tensor.Zeros([0, 1 << 30]), 1, 4)),
        ("AdaptiveMaxPool2d: height and width must be 1 or more; got 0 and 1.", _ => Ops.AdaptiveMaxPool2d(Tensor.Ones([1, 1, 2, 2]), 0, 1)),
        ("ResizeBilinear: x must be [B, C, H, W] with at least one pixel; it is [2, 3].", x => Ops.ResizeBilinear(x, 2, 2)),
        ("LayerNorm: from 1 to all 2 axes of [2, 3] can be normalised; got 3.", x => Ops.LayerNorm(x, 3)),
        ("RmsNorm: gain must be [3], or have a further first axis that divides the batch of 2; got [3, 3].", x => Ops.RmsNorm(x, 1, Tensor.Ones([3, 3]))),
        ("GroupNorm: groups must divide the 3 channels of [2, 3]; got 2.", x => Ops.GroupNorm(x, 2)),
        ("BatchNorm: x must be [B, channels, ...]; it is [3].", _ => Ops.BatchNorm(Tensor.Ones([3])).Output),
        ("BatchNormInference: mean and variance must be [3] for x [2, 3]; they are [2] and [2].", x => Ops.BatchNormInference(x, Tensor.Ones([2]), Tensor.Ones([2]))),
        ("Dropout: the probability must be in [0, 1]; got 1.5.", x => Ops.Dropout(x, 1.5f, new RandomStream())),
        ("Permutation: count must not be negative; got -1.", _ => Ops.Permutation(-1, new RandomStream())),
        ("CrossEntropy: labels must be from 0 to below 3; they reach from 0 to 3.", x => Ops.CrossEntropy(x, Tensor.From([0, 3]))),
        ("CrossEntropy: logits must be [..., classes] and labels int32 [...]; logits is [2, 3], labels is float32 [2, 3] on cpu. For a probability per class use "
            + "CrossEntropyWithProbabilities.",
            x => Ops.CrossEntropy(x, x)),
        ("MeanSquaredError: a and b must have the same shape; a is [2, 3], b is [2, 1].", x => Ops.MeanSquaredError(x, Tensor.Ones([2, 1]))),
        ("Ops: the reduction must be one of Reduction; got 9.", x => Ops.MeanSquaredError(x, x, (Reduction)9)),
        ("Huber: delta must be positive; got 0.", x => Ops.Huber(x, x, 0)),
        ("SegmentSum: the tensor must have one row per membership; it is [2, 3], the incidence has 4 nodes, 2 hyperedges, 3 memberships.", x =>
            Ops.SegmentSum(x, Graph(), Toward.Edges)),
        ("SegmentMax: the tensor must have one row per membership; it is [2, 3], the incidence has 4 nodes, 2 hyperedges, 3 memberships.", x =>
            Ops.SegmentMax(x, Graph(), Toward.Nodes)),
        ("NodesToEdges: the tensor must have one row per node; it is [2, 3], the incidence has 4 nodes, 2 hyperedges, 3 memberships.", x => Ops.NodesToEdges(x, Graph())),
        ("EdgesToNodes: a scale must have one number per row, [2]; got [2, 3].", x => Ops.EdgesToNodes(x, Graph(), null, x)),
        ("EdgesToNodes: membership weights must be [M], or [M, H] with rows [H, ...]; got weights [3, 2] and rows [2, 3].", x => Ops.EdgesToNodes(x, Graph(), Tensor.Ones([3, 2]))),
        ("SampledDot: rows of nodes and hyperedges must have the same axes; got [4, 2] and [2, 3].", x => Ops.SampledDot(Tensor.Ones([4, 2]), x, Graph())),
    ];

    public static IEnumerable<TestCaseData> OfFloats => s_ofFloats.Select(row => new TestCaseData(row.Op, row.Run).SetArgDisplayNames(row.Op));

    public static IEnumerable<TestCaseData> OfTwo => s_ofTwo.Select((row, i) => new TestCaseData(row.Op, row.Run).SetArgDisplayNames(row.Op, $"{i}"));

    public static IEnumerable<TestCaseData> Mistakes => s_mistakes.Select(row => new TestCaseData(row.Message, row.Run).SetArgDisplayNames(row.Message));

    [TestCaseSource(nameof(OfFloats))]
    public void Op_OnIntegers_SaysHowToMakeFloats(string op, Func<Tensor, Tensor> run)
    {
        using MemoryScope scope = new();
        Tensor integers = Tensor.From([1, 3, 5, 7, 9, 11], [2, 3]);

        Assert.That(() => run(integers), Throws.ArgumentException.With.Message.EqualTo(
            $"{op}: floats are needed; got int32 [2, 3] on cpu. Make floats with Tensor.From([1f, 2f]): whole numbers without the f make an integer tensor."));
    }

    [TestCaseSource(nameof(OfTwo))]
    public void Op_OnFloatsAndIntegers_IsRefused(string op, Func<Tensor, Tensor, Tensor> run)
    {
        using MemoryScope scope = new();

        Assert.That(() => run(Tensor.Ones([2, 3]), Tensor.From([1, 2, 3])), Throws.ArgumentException.With.Message.StartsWith($"{op}: floats are needed; got int32 [3] on cpu."));
    }

    [TestCaseSource(nameof(OfTwo))]
    public void Op_OnTwoDevices_IsRefused(string op, Func<Tensor, Tensor, Tensor> run)
    {
        using MemoryScope scope = new();

        Assert.That(() => run(Tensor.Ones([2, 3]), Tensor.Ones([3], s_other.Value)), Throws.ArgumentException.With.Message.EqualTo(
            $"{op}: both tensors must be on one device; got float32 [2, 3] on cpu and float32 [3] on cpu-32. Use To(device)."));
    }

    [TestCaseSource(nameof(Mistakes))]
    public void Op_OnWhatDoesNotFit_SaysWhatMustHoldAndWhatCame(string message, Func<Tensor, Tensor> run)
    {
        using MemoryScope scope = new();
        Tensor x = Tensor.Ones([2, 3]);

        Assert.That(() => run(x), Throws.ArgumentException.With.Message.EqualTo(message));
    }

    [Test]
    public void Indices_OnAnotherDevice_AreRefused()
    {
        using MemoryScope scope = new();
        Tensor x = Tensor.Ones([2, 3]);
        Tensor there = Tensor.From([0, 1], [2], s_other.Value);
        Incidence elsewhere = Incidence.FromEdges(2, [[0, 1]], s_other.Value);

        Assert.Multiple(() =>
        {
            Assert.That(() => Ops.GatherRows(x, there), Throws.ArgumentException.With.Message.StartsWith("GatherRows: both tensors must be on one device"));
            Assert.That(() => Ops.ScatterAddRows(x, there, 2), Throws.ArgumentException.With.Message.StartsWith("ScatterAddRows: both tensors must be on one device"));
            Assert.That(() => Ops.Embedding(x, there), Throws.ArgumentException.With.Message.StartsWith("Embedding: both tensors must be on one device"));
            Assert.That(() => Ops.CrossEntropy(x, there), Throws.ArgumentException.With.Message.StartsWith("CrossEntropy: both tensors must be on one device"));
            Assert.That(() => Ops.Concatenate(0, x, Tensor.Ones([2, 3], s_other.Value)),
                Throws.ArgumentException.With.Message.StartsWith("Concatenate: all tensors must hold the same type on one device"));
            Assert.That(() => Ops.NodesToEdges(x, elsewhere), Throws.ArgumentException.With.Message.StartsWith("NodesToEdges: tensor and incidence must be on one device"));
        });
    }

    private static Tensor Watched(Tensor x)
    {
        using Tape tape = new();
        return tape.Watch(x);
    }

    private static Incidence Graph() => Incidence.FromEdges(4, [[0, 1], [3]]);
}
