using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using HyperKernels.Backends;
using HyperKernels.Backends.Checked;
using HyperKernels.Backends.Cpu;

namespace HyperKernels.Tests;

/// <summary>No call reaches memory that is not its operands', and no buffer ends while a kernel works on it.</summary>
public sealed class CheckedBackendTests
{
    private static readonly Broadcast s_six = Line(6, 1);
    private static readonly MatmulSizes s_product = new() { Batch = 1, M = 2, N = 3, K = 4, LdA = 4, LdB = 3, LdY = 3 };
    private static readonly MatmulSizes s_summed = s_product with { Batch = 2, StrideA = 8, StrideB = 12, LdBias = 3 };
    private static readonly LstmSizes s_lstm = new() { Rows = 2, Features = 3, RowGates = 12, RowCell = 3, Forget = 3, Candidate = 6, Output = 9 };
    private static readonly MatmulSizes s_rows = new() { N = 3, K = 4, LdA = 4, LdB = 3, LdY = 3, StrideB = 12, StrideBias = 3 };
    private static readonly MatmulSizes s_sums = new() { M = 2, N = 3, LdA = 2, LdB = 3, LdY = 3, StrideY = 6, TransposeA = true };
    private static readonly ConvSizes s_conv = new()
    {
        Batch = 1, Inputs = 2, Outputs = 3, Height = 3, Width = 3, KernelH = 2, KernelW = 2, OutHeight = 2, OutWidth = 2, StrideH = 1, StrideW = 1,
        DilationH = 1, DilationW = 1, Groups = 1, Sets = 1, SampleX = 18, SampleY = 12, SetW = 24, SetBias = 3,
    };

    private static readonly PoolSizes s_pool = new() { Planes = 2, Height = 4, Width = 4, OutHeight = 2, OutWidth = 2, KernelH = 2, KernelW = 2, StrideH = 2, StrideW = 2 };
    private static readonly GridSizes s_grid = new() { Images = 1, Channels = 2, Height = 3, Width = 3, Samples = 4 };
    private static readonly NormalizeSizes s_norm = new() { Outer = 2, Groups = 1, Channels = 3, Inner = 1, Centred = true, Sets = 1, Epsilon = 1 };
    private static readonly GenerateSizes s_generate = new(Batch: 2, Rows: 1, Inputs: 3, Outputs: 2, Embedding: 2);

    /// <summary>A call on operands of just the sizes that it needs: name and number of elements of each.</summary>
    private static readonly (string Name, (string Operand, int Needs)[] Operands, Action<IBackend, BufferRef[]> Run)[] s_calls =
    [
        ("Fill", [("destination", 6)], (b, p) => b.Fill(p[0], 6, 0)),
        ("Upload", [("destination", 2)], (b, p) => b.Upload(new byte[8], p[0])),
        ("Download", [("source", 2)], (b, p) => b.Download(p[0], new byte[8])),
        ("TryGetSpan", [("place", 2)], (b, p) => b.TryGetSpan(p[0], 2, out _)),
        ("RunCopy", [("source", 1024), ("destination", 1024)], (b, p) => b.RunCopy(p[0], p[1], 4096)),
        ("Unary", [("x", 6), ("y", 6)], (b, p) => b.Unary(UnaryOp.Neg, s_six, p[0], p[1], 0, 0)),
        ("UnaryGradient", [("x", 6), ("y", 6), ("gradient", 6), ("dx", 6)], (b, p) => b.UnaryGradient(UnaryOp.Tanh, s_six, p[0], p[1], p[2], p[3], 0, 0)),
        ("Binary", [("a", 6), ("b", 6), ("y", 6)], (b, p) => b.Binary(BinaryOp.Add, s_six, p[0], p[1], p[2])),
        ("Ternary", [("a", 6), ("b", 6), ("c", 6), ("y", 6)], (b, p) => b.Ternary(TernaryOp.MultiplyAdd, s_six, p[0], p[1], p[2], p[3])),
        ("Copy", [("source", 6), ("destination", 6)], (b, p) => b.Copy(s_six, p[0], p[1])),
        ("Reduce", [("x", 12), ("center", 4), ("y", 4)], (b, p) => b.Reduce(ReduceOp.SumExp, 2, 3, 2, p[0], p[1], 1, p[2])),
        ("ArgReduce", [("x", 12), ("y", 4)], (b, p) => b.ArgReduce(true, 2, 3, 2, p[0], p[1])),
        ("GatherRows", [("indices", 2), ("y", 6)], (b, p) => b.GatherRows(Scratch(b), 3, p[0], 2, 3, p[1])),
        ("ScatterAddRows", [("x", 6), ("indices", 2), ("y", 12)], (b, p) => b.ScatterAddRows(p[0], p[1], 2, 3, 4, p[2])),
        ("TakeAlong", [("x", 12), ("indices", 8), ("y", 8)], (b, p) => b.TakeAlong(false, 2, 3, 2, 2, p[0], p[1], p[2])),
        ("TopK", [("x", 6), ("y", 4)], (b, p) => b.TopK(2, 3, 2, p[0], p[1])),
        ("Matmul", [("a", 8), ("b", 12), ("bias", 3), ("y", 6), ("a", 16), ("b", 24), ("bias", 6), ("y", 6)], (b, p) =>
        {
            b.Matmul(s_product, p[0], p[1], p[2], p[3]);
            b.Matmul(s_summed, p[4], p[5], p[6], p[7]);
        }),
        ("MatmulGrouped", [("a", 12), ("b", 24), ("bias", 6), ("y", 9), ("a", 6), ("b", 9), ("y", 12)], (b, p) =>
        {
            b.MatmulGrouped(s_rows, false, [0, 1, 3], p[0], p[1], p[2], p[3]);
            b.MatmulGrouped(s_sums, true, [0, 1, 3], p[4], p[5], null, p[6]);
        }),
        ("Convolve", [("x", 18), ("w", 24), ("bias", 3), ("y", 12)], (b, p) => b.Convolve(ConvProduct.Forward, s_conv, p[0], p[1], p[2], p[3])),
        ("Pool", [("x", 32), ("y", 8), ("places", 8)], (b, p) => b.Pool(PoolOp.Max, s_pool, p[0], p[1], p[2])),
        ("Resize", [("x", 32), ("y", 8)], (b, p) => b.Resize(ResizeMode.Bilinear, false, s_pool, p[0], p[1])),
        ("GridSample", [("image", 18), ("grid", 8), ("y", 8)], (b, p) => b.GridSample(GridPart.Value, false, s_grid, p[0], p[1], p[2])),
        ("GridGradient", [("image", 18), ("grid", 8), ("y", 8), ("gradient", 8)], (b, p) => b.GridGradient(s_grid, p[0], p[1], p[2], p[3])),
        ("Softmax", [("a", 6), ("b", 6), ("y", 6)], (b, p) => b.Softmax(SoftmaxOp.SoftmaxGradient, 2, 3, 1, p[0], p[1], p[2])),
        ("CrossEntropy", [("logits", 6), ("labels", 2), ("losses", 2), ("logSums", 4)], (b, p) => b.CrossEntropy(2, 3, p[0], p[1], p[2], p[3])),
        ("CrossEntropyGradient", [("logits", 6), ("labels", 2), ("logSums", 4), ("gradient", 2), ("y", 6)],
            (b, p) => b.CrossEntropyGradient(2, 3, p[0], p[1], p[2], p[3], p[4])),
        ("Normalize", [("x", 6), ("gain", 3), ("bias", 3), ("y", 6), ("means", 2), ("variances", 2)],
            (b, p) => b.Normalize(s_norm, p[0], p[1], p[2], p[3], p[4], p[5])),
        ("NormalizeGradient", [("x", 6), ("gain", 3), ("means", 2), ("variances", 2), ("gradient", 6), ("y", 6)],
            (b, p) => b.NormalizeGradient(s_norm, p[0], p[1], p[2], p[3], p[4], p[5])),
        ("LstmGates", [("gates", 24), ("cell", 6), ("newCell", 6), ("opened", 6), ("saved", 18)], (b, p) => b.LstmGates(s_lstm, p[0], p[1], p[2], p[3], p[4])),
        ("LstmGatesGradient",
            [("saved", 18), ("opened", 6), ("cell", 6), ("newCellGradient", 6), ("openedGradient", 6), ("gates", 24), ("cellGradient", 6)],
            (b, p) => b.LstmGatesGradient(s_lstm, p[0], p[1], p[2], p[3], p[4], p[5], p[6])),
        ("NormalizeParameterGradient", [("x", 6), ("means", 2), ("variances", 2), ("gradient", 6), ("gain", 3), ("bias", 3)],
            (b, p) => b.NormalizeParameterGradient(s_norm, p[0], p[1], p[2], p[3], p[4], p[5])),
        ("SegmentSum", [("form.Offsets", 3), ("form.Rows", 3), ("form.Positions", 3), ("x", 4), ("weights", 3), ("inScale", 2), ("outScale", 2), ("y", 4)],
            (b, p) => b.SegmentSum(Form(p), 2, 1, p[3], 2, 2, p[4], p[5], p[6], null, p[7])),
        ("SegmentDot", [("rowsA", 3), ("z", 6), ("scaleB", 3), ("y", 3)], (b, p) => b.SegmentDot(3, 2, 1, p[0], null, Scratch(b), 2, p[1], 2, null, p[2], p[3])),
        ("SegmentExtreme", [("form.Offsets", 3), ("form.Rows", 3), ("form.Positions", 3), ("values", 6), ("y", 4), ("argument", 4)],
            (b, p) => b.SegmentExtreme(Extreme.Max, Form(p), 2, p[3], p[4], p[5])),
        ("SegmentPick", [("argument", 4), ("y", 4)], (b, p) => b.SegmentPick(false, 2, 2, p[0], Scratch(b), p[1])),
        ("SegmentSoftmax", [("form.Offsets", 3), ("form.Rows", 3), ("form.Positions", 3), ("x", 6), ("gradient", 6), ("y", 6)],
            (b, p) => b.SegmentSoftmax(Form(p), 2, p[3], p[4], p[5])),
        ("GenerateLinear", [("x", 6), ("z", 4), ("generator", 12), ("baseWeight", 6), ("y", 4)],
            (b, p) => b.GenerateLinear(s_generate, p[0], p[1], p[2], p[3], p[4])),
        ("GenerateLinearGradient", [("x", 6), ("z", 4), ("generator", 12), ("baseWeight", 6), ("dx", 6), ("dz", 4), ("dGenerator", 12), ("dBase", 6)],
            (b, p) => b.GenerateLinearGradient(s_generate, p[0], p[1], p[2], p[3], Scratch(b), p[4], p[5], p[6], p[7])),
        ("Random", [("y", 6)], (b, p) => b.Random(RandomKind.Normal, 1, 0, 6, 0, 1, p[0])),
        ("Dropout", [("x", 6), ("y", 6)], (b, p) => b.Dropout(1, 0, 0, 1, 6, p[0], p[1])),
        ("Optimize", [("target.Value", 6), ("target.Gradient", 6), ("target.First", 6), ("target.Second", 6)],
            (b, p) => b.Optimize(
                new OptimizerStep(OptimizerRule.Adam, 0.9f, 0.1f, 0.9f, 0.1f, 1, false),
                [new OptimizerTarget { Value = p[0], Gradient = p[1], First = p[2], Second = p[3], Count = 6, Shrink = 1, RootScale = 1 }])),
    ];

    public static IEnumerable<string> Calls => s_calls.Select(call => call.Name);

    [Test]
    public void Calls_AreAllThatTakePlaces()
    {
        IEnumerable<string> contract = typeof(IBackend).GetInterfaces()
            .SelectMany(part => part.GetMethods())
            .Where(method => method.GetParameters().Any(parameter => parameter.ParameterType == typeof(BufferRef)) || method.Name == "Optimize")
            .Select(method => method.Name);
        Assert.That(s_calls.Select(call => call.Name).Append("RunMultiplyAdds"), Is.EquivalentTo(contract.Distinct()));
    }

    [TestCaseSource(nameof(Calls))]
    public void Call_ThatReachesBehindABuffer_IsRefused(string name)
    {
        CheckedBackend backend = new(new CpuBackend(CpuBackend.WidestVector, 1));
        ((string Operand, int Needs)[] operands, Action<IBackend, BufferRef[]> run) =
            s_calls.Where(call => call.Name == name).Select(call => (call.Operands, call.Run)).Single();
        BufferRef[] enough = [.. operands.Select(operand => Buffer(backend, operand.Needs))];
        Assert.That(() => run(backend, enough), Throws.Nothing);
        for (int i = 0; i < operands.Length; i++)
        {
            BufferRef[] places = [.. enough];
            places[i] = Buffer(backend, operands[i].Needs - 1);
            Assert.That(() => run(backend, places), Throws.TypeOf<DeviceException>().With.Message.Contains($"cpu: {name}: {operands[i].Operand} would reach"));
            places[i] = enough[i].Skip(1);
            Assert.That(() => run(backend, places), Throws.TypeOf<DeviceException>().With.Message.Contains(operands[i].Operand));
            places[i] = enough[i].Skip(-1);
            Assert.That(() => run(backend, places), Throws.TypeOf<DeviceException>().With.Message.Contains(operands[i].Operand));
        }
    }

    [Test]
    public void Copy_Backwards_MayReachBeforeItsPlaceButNotBeforeItsBuffer()
    {
        CheckedBackend backend = new(new CpuBackend(CpuBackend.WidestVector, 1));
        Broadcast backwards = Line(6, -1);
        BufferRef source = Buffer(backend, 6);
        BufferRef destination = Buffer(backend, 6);
        Assert.That(() => backend.Copy(backwards, source.Skip(5), destination), Throws.Nothing);
        Assert.That(() => backend.Copy(backwards, source.Skip(4), destination), Throws.TypeOf<DeviceException>().With.Message.Contains("source would reach elements -1"));
    }

    // Dropped outside every scope, a tensor's memory is its finalizer's to free. What ends it too early is a crash of the process.
    [Test]
    public void Tensor_ThatIsDroppedWhileAKernelWorksOnIt_LivesUntilTheKernelIsDone()
    {
        using CancellationTokenSource done = new();
        Task collector = Task.Run(() =>
        {
            while (!done.IsCancellationRequested)
            {
                GC.Collect();
                GC.WaitForPendingFinalizers();
            }
        });
        using (Device.Use(Device.Cpu))
        {
            for (long end = Environment.TickCount64 + 3000; Environment.TickCount64 < end;)
            {
                Fill();
                Assert.That(Add(), Is.EqualTo(3));
            }
        }
        done.Cancel();
        collector.Wait();
    }

    // The collector may come between an op that lets go of a tensor and its kernel.
    [Test]
    public void Place_OfATensorThatWasDroppedAndFinalised_CanStillBeWrittenTo()
    {
        using Device device = new(new CpuBackend(Device.Cpu.VectorWidth, 1));
        BufferRef place = Dropped(device);
        for (int i = 0; i < 10 && device.Memory.LiveTensors > 0; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }
        Assert.That((device.Memory.LiveTensors, device.Memory.LiveBytes), Is.EqualTo((0L, 0L)));
        device.Backend.Fill(place, 4, 3);
        int[] values = new int[4];
        device.Backend.Download(place, MemoryMarshal.AsBytes(values.AsSpan()));
        Assert.That(values, Is.All.EqualTo(3));
        // It is the collector's, not the pool's.
        Assert.That((device.Memory.LiveBytes, device.Memory.PooledBytes), Is.EqualTo((0L, 0L)));
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static BufferRef Dropped(Device device) => Tensor.Ones([4], device).Ref;

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Fill() => Tensor.Full([1 << 23], 1);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static float Add() => Ops.Max(Tensor.Full([1 << 20], 1) + Tensor.Full([1 << 20], 2), [0]).ToScalar();

    private static Broadcast Line(int count, long stride)
    {
        Broadcast sizes = default;
        sizes.Append(count, stride, 1, 1);
        sizes.Finish();
        return sizes;
    }

    private static SegmentForm Form(BufferRef[] places) => new() { Segments = 2, Slots = 3, Offsets = places[0], Rows = places[1], Positions = places[2] };

    private static BufferRef Scratch(IBackend backend) => Buffer(backend, 64);

    private static BufferRef Buffer(IBackend backend, int elements)
    {
        DeviceBuffer buffer = backend.Allocate(Math.Max(256, 4 * elements));
        buffer.RequestedBytes = 4 * elements;
        buffer.AddReference();
        ((CheckedBackend)backend).Inner.Fill(new BufferRef(buffer, 0), buffer.Bytes / 4, 0);
        return new BufferRef(buffer, 0);
    }
}
