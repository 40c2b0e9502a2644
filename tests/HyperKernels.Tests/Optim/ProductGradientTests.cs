using HyperKernels.Backends;
using HyperKernels.Backends.Cpu;
using HyperKernels.Optim;

namespace HyperKernels.Tests.Optim;

/// <summary>A large gradient that stays two factors is, for everybody who looks, the gradient: bit for bit.</summary>
[TestFixture]
internal sealed class ProductGradientTests
{
    private const int Batch = 21;
    private const int Inputs = 83;

    // More than the second cache holds, and no multiple of any tile.
    private static readonly int s_outputs = (CacheSizes.Level2 / sizeof(float) / Inputs) + 401;

    private static readonly int[] s_widths = [512, 256, 128, 32];

    private static readonly (string Name, Func<Parameter, Optimizer> Make)[] s_optimizers =
    [
        ("Adam", p => new Adam([p], 0.01f, weightDecay: 0.1f)),
        ("AdamW", p => new AdamW([p], 0.01f)),
        ("descent", p => new Sgd([p], 0.1f, weightDecay: 0.1f)),
        ("momentum", p => new Sgd([p], 0.1f, 0.9f, nesterov: true)),
    ];

    public static IEnumerable<TestCaseData> Optimizers => s_optimizers.Select(o => new TestCaseData(o.Make).SetArgDisplayNames(o.Name));

    [TestCaseSource(nameof(Optimizers))]
    public void Step_FactorsOrGradient_GivesTheSameBits(Func<Parameter, Optimizer> make)
    {
        float[][] results = [.. new[] { false, true }.Select(ask =>
        {
            using Setup setup = new();
            using Optimizer optimizer = make(setup.Weight);
            for (int step = 0; step < 3; step++)
            {
                using Tape tape = new();
                tape.Backward(setup.Loss());
                if (ask)
                {
                    Assert.That(tape.TryGetGradient(setup.Weight.Value, out _));
                }
                Assert.That(tape.GradientOf(setup.Weight.Value).IsProduct, Is.Not.EqualTo(ask));
                optimizer.Step(tape);
            }
            return setup.Weight.Value.ToArray();
        })];

        using Setup start = new();
        Assert.That(results[0].AsSpan().SequenceEqual(results[1]));
        Assert.That(results[0].AsSpan().SequenceEqual(start.Weight.Value.ToArray()), Is.False);
    }

    // Rows and columns below, at and above what a register tile, a pass over the right factor and a tile take.
    [TestCase(401, 129, 17)]
    [TestCase(384, 128, 16)]
    [TestCase(3, 32, 16)]
    [TestCase(769, 47, 31)]
    [TestCase(50, 300, 256)]
    public void Optimize_FactorsOrGradient_GivesTheSameBitsAtEveryWidthAndThreadCount(int rows, int columns, int depth)
    {
        foreach (int width in s_widths.Where(width => width <= CpuBackend.WidestVector))
        {
            float[] formed = Optimized(width, 1, rows, columns, depth, form: true);
            float[] one = Optimized(width, 1, rows, columns, depth, form: false);
            float[] three = Optimized(width, 3, rows, columns, depth, form: false);
            Assert.Multiple(() =>
            {
                Assert.That(one.AsSpan().SequenceEqual(formed), $"{width} bits");
                Assert.That(three.AsSpan().SequenceEqual(formed), $"{width} bits, 3 threads");
                Assert.That(formed, Has.All.Matches<float>(float.IsFinite));
            });
        }
    }

    [Test]
    public void UsesUpProduct_Sizes_DecideByWhatTheCachesHold()
    {
        IOptimizerBackend backend = Device.Cpu.Backend;
        int rows = (CacheSizes.Level2 / sizeof(float) / 128) + 1;
        Assert.Multiple(() =>
        {
            Assert.That(backend.UsesUpProduct(rows, 128, 32));
            Assert.That(backend.UsesUpProduct(rows - 1, 128, 32), Is.False, "fits the second cache");
            Assert.That(backend.UsesUpProduct(rows, 128, 4), Is.False, "too few multiplications to fetch behind");
            Assert.That(backend.UsesUpProduct(rows, 128, 2000), Is.False, "factors beyond the first cache");
            Assert.That(backend.UsesUpProduct(128 * rows, 1, 32), Is.False, "one column");
            Assert.That(backend.UsesUpProduct(64, 128 * rows, 32), Is.False, "a right factor as large as the gradient");
        });
    }

    [Test]
    public void Gradient_AskedForBeforeAndAfterTheStep_IsTheOneThatWasNeverAProduct()
    {
        using Setup setup = new();
        using Sgd sgd = new([setup.Weight], 0.1f);
        float[] expected = setup.Expected(setup.Loss);
        using Tape tape = new();
        tape.Backward(setup.Loss());
        sgd.Step(tape);
        Assert.That(tape.TryGetGradient(setup.Weight.Value, out Tensor after));
        float[] values = after.ToArray();
        sgd.Step(tape);
        Assert.That(tape.TryGetGradient(setup.Weight.Value, out Tensor again));

        Assert.That(values, Is.EqualTo(expected));
        Assert.That(again, Is.EqualTo(after), "formed once");
    }

    [Test]
    public void Gradient_AskedForInAScopeOfItsOwn_OutlivesIt()
    {
        using Setup setup = new();
        float[] expected = setup.Expected(setup.Loss);
        using Tape tape = new();
        tape.Backward(setup.Loss());
        Tensor gradient;
        using (MemoryScope scope = new())
        {
            Assert.That(tape.TryGetGradient(setup.Weight.Value, out gradient));
        }

        Assert.That(gradient.ToArray(), Is.EqualTo(expected));
    }

    [Test]
    public void Gradient_ParameterUsedTwice_AddsUp()
    {
        using Setup setup = new();
        float[] expected = setup.Expected(Twice);
        using Tape tape = new();
        tape.Backward(Twice());
        Assert.That(tape.GradientOf(setup.Weight.Value).IsProduct, Is.False);
        Assert.That(tape.TryGetGradient(setup.Weight.Value, out Tensor gradient));

        Assert.That(gradient.ToArray(), Is.EqualTo(expected));

        Tensor Twice() => Ops.Add(setup.Loss(), Ops.Sum(Ops.Square(Ops.Linear(setup.Input * 0.5f, setup.Weight.Value))));
    }

    [Test]
    public void Gradient_BackwardTwice_IsThatOfTheSecond()
    {
        using Setup setup = new();
        float[] expected = setup.Expected(() => setup.Loss() * 3);
        using Tape tape = new();
        Tensor loss = setup.Loss();
        tape.Backward(loss);
        tape.Backward(loss * 3);
        Assert.That(tape.TryGetGradient(setup.Weight.Value, out Tensor gradient));

        Assert.That(gradient.ToArray(), Is.EqualTo(expected));
    }

    [Test]
    public void Step_InputOverwrittenAfterBackward_UsesTheInputThatWas()
    {
        float[][] results = [.. new[] { false, true }.Select(overwrite =>
        {
            using Setup setup = new();
            using Adam adam = new([setup.Weight], 0.01f);
            using Tape tape = new();
            tape.Backward(setup.Loss());
            if (overwrite)
            {
                setup.Input.CopyFrom(new float[Batch * Inputs]);
            }
            adam.Step(tape);
            return setup.Weight.Value.ToArray();
        })];

        Assert.That(results[1].AsSpan().SequenceEqual(results[0]));
    }

    [Test]
    public void Step_InputIsAParameterOfTheSameStep_UsesItsValueBefore()
    {
        float[][] results = [.. new[] { false, true }.Select(ask =>
        {
            using Setup setup = new();
            using Parameter embedding = new("embedding", setup.Input.ToArray(), [Batch, Inputs]);
            using Adam adam = new([embedding, setup.Weight], 0.5f);
            using Tape tape = new();
            tape.Backward(Ops.Sum(Ops.Square(Ops.Linear(Ops.Reshape(embedding.Value, Batch, Inputs), setup.Weight.Value))));
            Assert.That(!ask || tape.TryGetGradient(setup.Weight.Value, out _));
            adam.Step(tape);
            return setup.Weight.Value.ToArray();
        })];

        Assert.That(results[0].AsSpan().SequenceEqual(results[1]));
    }

    [Test]
    public void ClipByNorm_LargeProduct_ScalesIt()
    {
        using Setup setup = new();
        float[] whole = setup.Expected(setup.Loss);
        using Tape tape = new();
        tape.Backward(setup.Loss());
        float norm = GradientClipping.ByNorm(tape, [setup.Weight], 1);
        Assert.That(tape.TryGetGradient(setup.Weight.Value, out Tensor clipped));

        Assert.That(norm, Is.EqualTo(Math.Sqrt(whole.Sum(g => (double)g * g))).Within(1e-4).Percent);
        Assert.That(clipped.ToArray(), Is.EqualTo(whole.Select(g => g / norm)).Within(1e-6));
    }

    [Test]
    public void Gradient_OfGradients_DoesNotMind()
    {
        using Setup setup = new();
        using Tape tape = new();
        Tensor loss = setup.Loss();
        tape.Backward(loss);
        Tensor first = tape.Gradient(loss, setup.Weight.Value, differentiable: true);
        tape.Backward(Ops.Sum(Ops.Square(first)) * 0.5f);
        Assert.That(tape.TryGetGradient(setup.Weight.Value, out Tensor second));
        // loss = |x W^T|^2 / 2, so that the Hessian is X = x^T x along the inputs: the gradient of |W X|^2 / 2 is W X X.
        Tensor square = Ops.Matmul(setup.Input, setup.Input, transposeA: true);
        float[] expected = Ops.Matmul(Ops.Matmul(setup.Weight.Value, square), square).ToArray();
        double scale = expected.Max(Math.Abs);

        Assert.That(second.ToArray(), Is.EqualTo(expected).Within(1e-5 * scale));
    }

    private static float[] Optimized(int width, int threads, int rows, int columns, int depth, bool form)
    {
        using Device device = new(new CpuBackend(width, threads));
        using MemoryScope scope = new();
        RandomStream random = new(5);
        Tensor left = Ops.RandomNormal([depth, rows], random, device: device);
        Tensor right = Ops.RandomNormal([depth, columns], random, device: device);
        Tensor[] state = [.. Enumerable.Range(0, 3).Select(_ => Ops.Square(Ops.RandomNormal([rows, columns], random, device: device)))];
        OptimizerTarget target = new()
        {
            Value = state[0].Ref,
            First = state[1].Ref,
            Second = state[2].Ref,
            Count = state[0].Count,
            Rate = 0.1f,
            Decay = 0.2f,
            Shrink = 0.9f,
            RootScale = 1.5f,
        };
        if (form)
        {
            target.Gradient = Ops.Matmul(left, right, transposeA: true).Ref;
        }
        else
        {
            (target.Left, target.Right, target.Columns, target.Depth) = (left.Ref, right.Ref, columns, depth);
        }
        Ops.Optimize(device, new OptimizerStep(OptimizerRule.Adam, 0.9f, 0.1f, 0.99f, 0.01f, 1e-3f, false), [target]);
        return [.. state.SelectMany(tensor => tensor.ToArray())];
    }

    /// <summary>A weight whose gradient is large, and the same numbers every time.</summary>
    private sealed class Setup : IDisposable
    {
        public Setup()
        {
            RandomStream random = new(3);
            float[] values = new float[s_outputs * Inputs];
            random.FillNormal(values, 0, 0.1f);
            Weight = new Parameter("weight", values, [s_outputs, Inputs], Device.Cpu);
            float[] input = new float[Batch * Inputs];
            random.FillNormal(input);
            Input = Tensor.From(input, [Batch, Inputs], Device.Cpu);
        }

        public Parameter Weight { get; }

        public Tensor Input { get; }

        public Tensor Loss() => Ops.Sum(Ops.Square(Ops.Linear(Input, Weight.Value))) * 0.5f;

        /// <summary>The gradient by the way that hands tensors to the caller, which never keeps factors.</summary>
        public float[] Expected(Func<Tensor> loss)
        {
            using Tape tape = new();
            return tape.Gradient(loss(), Weight.Value).ToArray();
        }

        public void Dispose()
        {
            Input.Dispose();
            Weight.Dispose();
        }
    }
}
