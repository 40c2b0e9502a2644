using HyperKernels.Optim;

namespace HyperKernels.Tests.Optim;

[TestFixture]
internal sealed class TrainingAidTests
{
    [TestCase(100f, 1f)]
    [TestCase(1f, 0.2f)]
    public void ByNorm_GradientsOfLengthFive_ScalesThemTogetherIfTheyAreLonger(float maximum, float factor)
    {
        using Parameter a = new("a", [1f, 1f], [2]);
        using Parameter b = new("b", [1f], [1]);
        using Tape tape = new();
        // Gradients: 0 and 3, and 4.
        tape.Backward(Ops.Add(Ops.Sum(Ops.Multiply(a.Value, Tensor.From([0f, 3f]))), Ops.Sum(Ops.MultiplyScalar(b.Value, 4))));
        Assert.That(GradientClipping.ByNorm(tape, [a, b], maximum), Is.EqualTo(5).Within(1e-6));
        Assert.That(Gradient(tape, a), Is.EqualTo(new[] { 0, 3 * factor }).Within(1e-6));
        Assert.That(Gradient(tape, b), Is.EqualTo(new[] { 4 * factor }).Within(1e-6));
    }

    [Test]
    public void ByNorm_OneGradientSharedByTwo_ScalesItOnce()
    {
        using Parameter a = new("a", [1f], [1]);
        using Parameter b = new("b", [1f], [1]);
        using Tape tape = new();
        tape.Backward(Ops.Add(a.Value, b.Value));
        GradientClipping.ByNorm(tape, [a, b], 0.5f);
        Assert.That(Gradient(tape, a), Is.EqualTo(new[] { 0.5f / MathF.Sqrt(2) }).Within(1e-6));
        Assert.That(Gradient(tape, b), Is.EqualTo(new[] { 0.5f / MathF.Sqrt(2) }).Within(1e-6));
    }

    [Test]
    public void Clipping_MaximumNotPositive_Throws()
    {
        using Tape tape = new();
        Assert.That(() => GradientClipping.ByNorm(tape, [], 0), Throws.ArgumentException.With.Message.EqualTo("GradientClipping.ByNorm: maximum must be positive; got 0."));
    }

    [Test]
    public void Schedules_GivenSteps_GiveTheFactorsOfTheirFormulas()
    {
        StepSchedule step = new(10, 0.5f);
        Assert.That(new[] { step.At(0), step.At(9), step.At(10), step.At(25) }, Is.EqualTo(new[] { 1, 1, 0.5f, 0.25f }));
        Assert.That(new ExponentialSchedule(0.9f).At(3), Is.EqualTo(0.729f).Within(1e-6));
        CosineSchedule cosine = new(Steps: 14, WarmUp: 4, Final: 0.1f);
        Assert.That(
            new[] { cosine.At(0), cosine.At(3), cosine.At(4), cosine.At(9), cosine.At(14), cosine.At(1000) },
            Is.EqualTo(new[] { 0.25f, 1, 1, 0.55f, 0.1f, 0.1f }).Within(1e-6));
        Assert.That(() => new CosineSchedule(4, 4), Throws.ArgumentException.With.Message.EqualTo("Schedule: Steps must be at least 5; got 4."));
        Assert.That(() => new StepSchedule(0), Throws.ArgumentException.With.Message.EqualTo("Schedule: Every must be at least 1; got 0."));
    }

    [Test]
    public void MovingAverage_AfterUpdates_FollowsTheFormulaAndStandsIn()
    {
        using Parameter p = new("p", [1f, 2f], [2]);
        using ExponentialMovingAverage average = new([p], 0.75);
        p.Load([5, 10]);
        average.Update();
        average.Update();
        // 5 - 4 * 0.75^2 and 10 - 8 * 0.75^2
        float[] expected = [2.75f, 5.5f];
        using (average.Use())
        {
            Assert.That(p.Value.ToArray(), Is.EqualTo(expected).Within(1e-6));
        }
        Assert.That(p.Value.ToArray(), Is.EqualTo(new[] { 5f, 10f }));
        average.CopyToParameters();
        Assert.That(p.Value.ToArray(), Is.EqualTo(expected).Within(1e-6));
    }

    private static float[] Gradient(Tape tape, Parameter parameter)
    {
        Assert.That(tape.TryGetGradient(parameter.Value, out Tensor gradient));
        return gradient.ToArray();
    }
}
