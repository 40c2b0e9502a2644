namespace HyperKernels.Tests.Gpu;

/// <summary>NaN, infinities and both zeros, which the catalogue's inputs do not hold: a device decides as the processor does.</summary>
public sealed class NotANumberTests
{
    private static readonly float[] s_values =
    [
        1, float.NaN, 3, float.NaN,
        float.NegativeInfinity, -1, float.PositiveInfinity, 2,
        -0f, 0f, -0f, -1,
        float.NegativeInfinity, float.NegativeInfinity, float.NegativeInfinity, float.NegativeInfinity,
        2, 2, 1, 2,
    ];

    private static Dictionary<string, Func<Tensor, Incidence, float[]>> Runs { get; } = new()
    {
        ["relu"] = (x, _) => Ops.Relu(x).ToArray(),
        ["clamp"] = (x, _) => Ops.Clamp(x, -1.5f, 2).ToArray(),
        ["elu"] = (x, _) => Ops.Elu(x).ToArray(),
        ["maximum"] = (x, _) => Ops.Maximum(x, Tensor.From([0, float.NaN, 1, 1], [4], x.Device)).ToArray(),
        ["minimum"] = (x, _) => Ops.Minimum(x, Tensor.From([0, float.NaN, 1, 1], [4], x.Device)).ToArray(),
        ["softmax"] = (x, _) => Ops.Softmax(x, 1).ToArray(),
        ["max"] = (x, _) => Ops.Max(x, [1]).ToArray(),
        ["max over the first axis"] = (x, _) => Ops.Max(x, [0]).ToArray(),
        ["min"] = (x, _) => Ops.Min(x, [1]).ToArray(),
        ["arg max"] = (x, _) => Floats(Ops.ArgMax(x, 1)),
        ["arg min"] = (x, _) => Floats(Ops.ArgMin(x, 1)),
        ["arg max over the first axis"] = (x, _) => Floats(Ops.ArgMax(x, 0)),
        ["top k"] = (x, _) => Floats(Ops.TopK(x, 3).Indices),
        ["log sum exp"] = (x, _) => Ops.LogSumExp(x, [1]).ToArray(),
        ["segment max"] = (x, incidence) => Ops.SegmentMax(Ops.Reshape(x, -1), incidence, Toward.Edges).ToArray(),
        ["segment min"] = (x, incidence) => Ops.SegmentMin(Ops.Reshape(x, -1), incidence, Toward.Edges).ToArray(),
        ["segment max over nodes"] = (x, incidence) => Ops.SegmentMax(Ops.Reshape(x, -1), incidence, Toward.Nodes).ToArray(),
        ["segment max gradient"] = (x, incidence) =>
        {
            using Tape tape = new();
            Tensor values = tape.Watch(Ops.Reshape(x, -1));
            return tape.Gradient(Ops.SegmentMax(values, incidence, Toward.Edges), values).ToArray();
        },
        ["scatter"] = (x, _) => Ops.ScatterAddRows(x, Tensor.From([1, 0, 1, 3, 3], [5], x.Device), 4).ToArray(),
    };

    [TestCaseSource(nameof(Names))]
    public void Op_WithNaNAndInfinities_GivesWhatTheProcessorGives(string name)
    {
        float[] actual = On(Gpus.OpenCL);
        Assert.That(actual, Is.EqualTo(On(Device.Cpu)).Within(1e-6));

        float[] On(Device device)
        {
            using MemoryScope scope = device.Scope();
            using Incidence incidence = Incidence.FromEdges(4, [[0, 1, 2, 3], [0, 1, 2, 3], [0, 1, 2, 3], [0, 1, 2, 3], [0, 1, 2, 3]], device);
            return Runs[name](Tensor.From(s_values, [5, 4], device), incidence);
        }
    }

    private static IEnumerable<string> Names() => Runs.Keys;

    private static float[] Floats(Tensor integers) => [.. integers.ToIntArray().Select(i => (float)i)];
}
