using HyperKernels.Backends;
using HyperKernels.Backends.Cpu;
using HyperKernels.Backends.Watched;
using HyperKernels.Cases;

namespace HyperKernels.Tests.Watching;

/// <summary>Checks of ops find what is wrong, say where, and say nothing where all is right.</summary>
public sealed class OpCheckTests
{
    private static readonly int[] s_widths = [512, 256, 128, 32];

    // Opening one takes longer than a small row.
    private static readonly Lazy<Device> s_twinned = new(static () => Open(OpChecks.Twin));

    /// <summary>Two rows of every op, layer and optimiser.</summary>
    public static IEnumerable<TestCaseData> Rows =>
        Catalogue.All.GroupBy(static row => row.Title).SelectMany(static rows => new[] { rows.First(), rows.ElementAt(rows.Count() / 2) }.Distinct())
            .Select(static row => new TestCaseData(row).SetArgDisplayNames(row.Name));

    /// <summary>All rows.</summary>
    public static IEnumerable<TestCaseData> AllRows => Catalogue.All.Select(static row => new TestCaseData(row).SetArgDisplayNames(row.Name));

    [Test]
    public void Finite_Forward_NamesOpOperandElementInputsAndCaller()
    {
        using Device device = Open(OpChecks.Finite);
        using MemoryScope scope = device.Scope();
        Tensor x = Tensor.From([1f, 2f, 0f], [3], device);
        using TrainingStep step = TrainingStep.Begin(17);
        OpCheckException failure = Assert.Throws<OpCheckException>(() => Ops.Log(x));
        Assert.Multiple(() =>
        {
            Assert.That(failure.Check, Is.EqualTo(OpChecks.Finite));
            Assert.That(failure.Op, Is.EqualTo("Unary Log"));
            Assert.That(failure.Pass, Is.EqualTo(OpPass.Forward));
            Assert.That((failure.Operand, failure.Element, failure.Value), Is.EqualTo(("y", 2L, float.NegativeInfinity)));
            Assert.That(failure.Step, Is.EqualTo(17));
            Assert.That(failure.Message, Does.Contain("Unary Log(x [3], y [3]) made -infinity at element 2 of y, forward, in training step 17")
                .And.Contain("All its inputs were finite: x.")
                .And.Contain($"OpCheckTests.{nameof(Finite_Forward_NamesOpOperandElementInputsAndCaller)}").And.Contain("OpCheckTests.cs:line "));
        });
    }

    [Test]
    public void Finite_Backward_NamesTheOpWhoseGradientItIs()
    {
        using Device device = Open(OpChecks.Finite);
        using DeviceUse use = Device.Use(device);
        using Tape tape = new();
        Tensor x = tape.Watch(Tensor.From([4f, 0f], [2], device));
        Tensor y = Ops.Sum(Ops.Sqrt(x));
        OpCheckException failure = Assert.Throws<OpCheckException>(() => tape.Backward(y));
        Assert.That(failure.Pass, Is.EqualTo(OpPass.Backward));
        Assert.That(failure.Element, Is.EqualTo(1));
        Assert.That(failure.Message, Does.Contain(", backward, after 0 optimiser steps").And.Contain("The op whose gradient this is was").And.Contain("OpCheckTests.cs:line "));
        Assert.That(BackwardPass.IsRunning, Is.False);
    }

    [Test]
    public void Finite_GivenNaN_IsNamedAsInput()
    {
        using Device device = Open(OpChecks.Finite);
        using MemoryScope scope = device.Scope();
        Tensor a = Tensor.From([1f, float.NaN], [1, 2], device);
        Tensor b = Tensor.From([1f, 1f], [2, 1], device);
        OpCheckException failure = Assert.Throws<OpCheckException>(() => Ops.Matmul(a, b));
        Assert.That(failure.Message, Does.Contain("a holds NaN at element 1; finite were b"));
    }

    [Test]
    public void Finite_InfiniteMask_MayGoOn()
    {
        using Device device = Open(OpChecks.Finite);
        using MemoryScope scope = device.Scope();
        Tensor logits = Ops.Add(Tensor.From([1f, 2f, 3f], [1, 3], device), Tensor.From([0f, float.NegativeInfinity, 0f], [1, 3], device));
        Assert.That(Ops.Softmax(logits).ToArray()[1], Is.Zero);
    }

    [Test]
    public void Checks_ThatDoNotExist_AreRefused()
    {
        using Device device = Open(OpChecks.None);
        Assert.That(() => device.Checks = (OpChecks)8, Throws.ArgumentException.With.Message.Contains("got 8"));
        Assert.That(() => OpChecksVariable.Parse("finit"), Throws.TypeOf<DeviceException>().With.Message.Contains("got \"finit\""));
        Assert.That(OpChecksVariable.Parse("finite, twin"), Is.EqualTo(OpChecks.Finite | OpChecks.Twin));
    }

    [TestCase("Matmul", 1e-2f)]
    [TestCase("Unary Tanh", 1e-2f)]
    [TestCase("Reduce Sum", 1e-2f)]
    public void Twin_DefectiveBackend_IsNamedWithElementAndBothValues(string op, float by)
    {
        using Device device = Open(OpChecks.Twin);
        device.AddWatcher(new Defect(op, element: 3, by));
        using MemoryScope scope = device.Scope();
        Tensor x = Ops.RandomNormal([8, 8], new RandomStream(3), device: device);
        OpCheckException failure = Assert.Throws<OpCheckException>(() => Ops.Sum(Ops.Tanh(Ops.Matmul(x, x)), [1]));
        Assert.Multiple(() =>
        {
            Assert.That((failure.Check, failure.Op, failure.Operand, failure.Element), Is.EqualTo((OpChecks.Twin, op, "y", 3L)));
            Assert.That(failure.Value - failure.Expected, Is.EqualTo(by).Within(1e-4f));
            Assert.That(failure.Message, Does.Contain($"Twin check: {op}(").And.Contain("OpCheckTests.cs:line "));
        });
    }

    [Test]
    public void Twin_SumThatCancels_IsNoDefect()
    {
        using Device device = Open(OpChecks.Twin);
        using MemoryScope scope = device.Scope();
        float[] values = Ops.RandomNormal([5000], new RandomStream(3), device: device).ToArray();
        Tensor x = Tensor.From([.. values, .. values.Select(static value => -value)], [1, 10000], device);
        Assert.That(Math.Abs(Ops.Sum(x).ToScalar()), Is.LessThan(1e-2));
    }

    [TestCaseSource(nameof(Rows))]
    public void Twin_OfEveryOp_Agrees(CatalogueCase row)
    {
        foreach (CaseProperty property in row.Properties.Where(static property => property.Name is not (CaseProperty.Guards or CaseProperty.Repeats)))
        {
            CaseResult result = property.Check(s_twinned.Value);
            Assert.That(result.Passed, $"{property.Name}: {result.Reason}");
        }
    }

    [TestCaseSource(nameof(AllRows)), Category("Long"), Explicit("takes minutes")]
    public void Twin_OfEveryRow_Agrees(CatalogueCase row) => Twin_OfEveryOp_Agrees(row);

    [Test]
    public void Checks_OfATrainingRun_Pass()
    {
        Device device = Device.Cpu;
        OpChecks before = device.Checks;
        try
        {
            device.Checks = OpChecks.Finite | OpChecks.Twin;
            TelemetryTests.Train(steps: 2);
        }
        finally
        {
            device.Checks = before;
        }
    }

    private static Device Open(OpChecks checks) => new(new CpuBackend(s_widths.First(static width => width <= CpuBackend.WidestVector), threads: 2)) { Checks = checks };

    // What a backend with a wrong kernel would do: one element of one op's result is off.
    private sealed class Defect(string op, int element, float by) : IOpWatcher
    {
        public void Before(IBackend backend, OpCall call)
        {
        }

        public void After(IBackend backend, OpCall call)
        {
            if (call.Name == op && backend.TryGetSpan(call.Operands.Single(static operand => operand.IsResult).Place, element + 1, out Span<float> values))
            {
                values[element] += by;
            }
        }
    }
}
