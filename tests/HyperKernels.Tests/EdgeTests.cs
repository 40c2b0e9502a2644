namespace HyperKernels.Tests;

/// <summary>Values and layouts that rows of the catalogue cannot hold: derivatives where the oracle has none, and vectors with gaps.</summary>
public sealed class EdgeTests
{
    [Test]
    public void PowerScalar_WithExponentZero_IsConstant()
    {
        using Tape tape = new();
        Tensor x = tape.Watch(Tensor.From([0f, -2, float.NaN]));
        Tensor y = Ops.PowerScalar(x, 0);
        Tensor first = tape.Gradient(y, x, differentiable: true);

        Assert.Multiple(() =>
        {
            Assert.That(y.ToArray(), Is.EqualTo(new[] { 1f, 1, 1 }));
            Assert.That(first.ToArray(), Is.All.Zero);
        });
    }

    [Test]
    public void PowerScalar_AtZero_HasTheDerivativesOfThePolynomial()
    {
        using Tape tape = new();
        Tensor x = tape.Watch(Tensor.From([0f, 2]));
        Tensor first = tape.Gradient(Ops.PowerScalar(x, 3), x, differentiable: true);
        Tensor second = tape.Gradient(first, x, differentiable: true);
        Tensor third = tape.Gradient(second, x);

        Assert.Multiple(() =>
        {
            Assert.That(first.ToArray(), Is.EqualTo(new[] { 0f, 12 }));
            Assert.That(second.ToArray(), Is.EqualTo(new[] { 0f, 12 }));
            Assert.That(third.ToArray(), Is.EqualTo(new[] { 6f, 6 }));
        });
    }

    [Test]
    public void Power_WhereBaseOrExponentIsZero_HasFiniteGradients()
    {
        using Tape tape = new();
        Tensor a = tape.Watch(Tensor.From([0f, 0, 3]));
        Tensor b = tape.Watch(Tensor.From([0f, 2, 0]));
        Tensor[] gradients = tape.Gradient(Ops.Power(a, b), [a, b]);

        Assert.Multiple(() =>
        {
            Assert.That(gradients[0].ToArray(), Is.EqualTo(new[] { 0f, 0, 0 }));
            Assert.That(gradients[1].ToArray(), Is.EqualTo(new[] { 0f, 0, MathF.Log(3) }).Within(1e-6));
        });
    }

    [Test]
    public void Matmul_WithColumnsOfNoRows_IsZeros()
    {
        using MemoryScope scope = new();
        Tensor columns = Ops.Slice(Tensor.Zeros([0, 8]), 1, 6, 2);

        Assert.That(Ops.Matmul(columns, Tensor.Zeros([0, 3]), transposeA: true).ToArray(), Is.EqualTo(new float[6]));
    }

    [Test]
    public void LogSumExp_OfOnlyMinusInfinity_HasNoGradientAndNoNaN()
    {
        using Tape tape = new();
        Tensor x = tape.Watch(Tensor.From([float.NegativeInfinity, float.NegativeInfinity, float.NegativeInfinity, 1], [2, 2]));
        Tensor y = Ops.LogSumExp(x, [1]);
        Tensor first = tape.Gradient(y, x, differentiable: true);
        Tensor second = tape.Gradient(first, x);

        Assert.Multiple(() =>
        {
            Assert.That(y.ToArray(), Is.EqualTo(new[] { float.NegativeInfinity, 1 }));
            Assert.That(first.ToArray(), Is.EqualTo(new[] { 0f, 0, 0, 1 }));
            Assert.That(second.ToArray(), Is.All.Zero);
        });
    }

    [Test]
    public void Bias_CutOutOfAMatrixAsAColumn_IsReadWithItsGaps()
    {
        using MemoryScope scope = new();
        Tensor matrix = Tensor.From([1f, 10, 2, 20, 3, 30], [3, 2]);
        Tensor column = Ops.Reshape(Ops.Slice(matrix, 1, 1, 1), 3);
        Tensor everySecond = Ops.Slice(Ops.Flatten(matrix, 0), 0, 1, 3, step: 2);

        Assert.Multiple(() =>
        {
            foreach (Tensor bias in new[] { column, everySecond })
            {
                Assert.That(Ops.Linear(Tensor.Zeros([1, 2]), Tensor.Zeros([3, 2]), bias).ToArray(), Is.EqualTo(new[] { 10f, 20, 30 }));
                Assert.That(Ops.Conv2d(Tensor.Zeros([1, 1, 1, 1]), Tensor.Zeros([3, 1, 1, 1]), bias).ToArray(), Is.EqualTo(new[] { 10f, 20, 30 }));
                Assert.That(Ops.LayerNorm(Tensor.Zeros([1, 3]), 1, Tensor.Ones([3]), bias).ToArray(), Is.EqualTo(new[] { 10f, 20, 30 }));
            }
        });
    }

    [Test]
    public void Max_OfReusedNode_DoesNotInheritBoundsOfIntegers()
    {
        using MemoryScope scope = new();
        for (int i = 0; i < 3; i++)
        {
            Tensor indices = Tensor.From([900, -3]);
            scope.Reset();
            Assert.That(indices.IsAlive, Is.False);
        }
        Tensor fresh = Tensor.New(Device.Default, [2], ElementType.Int32);

        Assert.That((fresh.Node.MinIndex, fresh.Node.MaxIndex), Is.EqualTo((0, 0)));
    }

    [Test]
    public void Scope_DisposedBeforeTheOneInside_DoesNotComeBack()
    {
        MemoryScope outer = new();
        MemoryScope inner = new();
        outer.Dispose();
        inner.Dispose();
        Tensor made = Tensor.Ones([1]);

        Assert.Multiple(() =>
        {
            Assert.That(made.ToScalar(), Is.EqualTo(1));
            Assert.That(outer.Reset, Throws.TypeOf<ObjectDisposedException>());
            Assert.That(() => inner.Keep(made), Throws.TypeOf<ObjectDisposedException>());
        });
        made.Dispose();
    }

    [Test]
    public void Backward_RuleFails_LeavesTheTapeUsable()
    {
        using Tape tape = new();
        Tensor x = tape.Watch(Tensor.From([2f]));
        Tensor square = Ops.Square(x);
        Tensor broken = Ops.Exp(square);
        Tensor fine = square * x;
        // The rule of the exponential reads its output, which is gone.
        broken.Dispose();
        Assert.That(() => tape.Gradient(Ops.Record(Tensor.Ones([1]), [square], broken, static (g, s) => g[0] = s * g.Output), x), Throws.TypeOf<ObjectDisposedException>());

        Assert.That(tape.Gradient(fine, x).ToScalar(), Is.EqualTo(12));
    }
}
