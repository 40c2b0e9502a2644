namespace HyperKernels.Tests;

/// <summary>Weights that need not exist in memory: the same however they are applied. What each kind is when written out stands in the catalogue.</summary>
[TestFixture]
internal sealed class WeightTests
{
    private const double Tolerance = 2e-5;
    private const double GradientTolerance = 5e-5;

    private static readonly GeneratePlan[] s_plans = [GeneratePlan.Auto, GeneratePlan.Tile, GeneratePlan.Reassociate];

    public static IEnumerable<TestCaseData> Applications =>
        from form in (Form[])[Form.Linear, Form.Conv1d, Form.Conv2d]
        from kind in Enum.GetValues<WeightKind>()
        from option in Options(kind)
        from sharing in Enum.GetValues<Sharing>()
        from rows in (int[])[1, 3, 17]
        select new TestCaseData(new WeightCase(form, kind, option, sharing, rows))
            .SetArgDisplayNames($"{form} {kind}{(option == Option.None ? "" : $" {option}")} {sharing} T={rows}");

    [TestCaseSource(nameof(Applications))]
    public void Apply_EveryPlan_EqualsTheMaterialisedForm(WeightCase row)
    {
        float[][] expected = Run(row, weight => weight.Materialize());
        foreach (GeneratePlan plan in s_plans)
        {
            float[][] actual = Run(row, weight => weight.Using(plan));
            Assert.That(actual, Has.Length.EqualTo(expected.Length));
            for (int i = 0; i < expected.Length; i++)
            {
                AssertClose(actual[i], Array.ConvertAll(expected[i], static v => (double)v), i == 0 ? Tolerance : GradientTolerance, $"{plan}, result {i}");
            }
        }
    }

    [Test]
    public void PlanOf_Sizes_KeepsFewRowsFactoredAndWritesManyOut()
    {
        using DeviceUse use = Device.Use(Device.Cpu);
        using MemoryScope scope = new();
        Tensor one = Tensor.Zeros([64, 64]), many = Tensor.Zeros([64, 1000, 64]);
        Weight generated = Weight.Generated(Tensor.Zeros([64, 16]), Tensor.Zeros([64, 64, 16]));
        Weight mixture = Weight.Mixture(Tensor.Zeros([64, 8]), Tensor.Zeros([8, 64, 64]));
        Weight low = Weight.LowRank(Tensor.Zeros([64, 4, 64]), Tensor.Zeros([64, 64, 4]));
        Weight based = Weight.LowRank(Tensor.Zeros([64, 4, 64]), Tensor.Zeros([64, 64, 4]), baseWeight: Tensor.Zeros([64, 64]));
        Weight high = Weight.LowRank(Tensor.Zeros([64, 64, 64]), Tensor.Zeros([64, 64, 64]));
        Assert.Multiple(() =>
        {
            Assert.That(Ops.PlanOf(one, generated), Is.EqualTo(GeneratePlan.Reassociate));
            Assert.That(Ops.PlanOf(many, generated), Is.EqualTo(GeneratePlan.Materialise));
            Assert.That(Ops.PlanOf(one, mixture), Is.EqualTo(GeneratePlan.Reassociate));
            Assert.That(Ops.PlanOf(many, mixture), Is.EqualTo(GeneratePlan.Materialise));
            Assert.That(Ops.PlanOf(many, based), Is.EqualTo(GeneratePlan.Materialise), "every row would pay for the factors, beside the base");
            Assert.That(Ops.PlanOf(many, low), Is.EqualTo(GeneratePlan.Reassociate), "without a base the factors are all that a row pays for");
            Assert.That(Ops.PlanOf(one, low), Is.EqualTo(GeneratePlan.Reassociate));
            Assert.That(Ops.PlanOf(many, high), Is.EqualTo(GeneratePlan.Materialise), "a rank as high as the matrix");
            Assert.That(Ops.PlanOf(one, Weight.Kronecker(Tensor.Zeros([4, 4, 4]), Tensor.Zeros([4, 16, 16]))), Is.EqualTo(GeneratePlan.Materialise));
            Assert.That(Ops.PlanOf(many, Weight.Modulated(Tensor.Zeros([64, 64]), Tensor.Zeros([64, 1, 64]))), Is.EqualTo(GeneratePlan.Reassociate));
            Assert.That(Ops.PlanOf(many, Weight.Modulated(Tensor.Zeros([64, 64]), Tensor.Zeros([64, 64, 64]))), Is.EqualTo(GeneratePlan.Materialise));
            Assert.That(Ops.PlanOf(one, Tensor.Zeros([64, 64])), Is.EqualTo(GeneratePlan.Materialise));
        });
    }

    [Test]
    public void Parameter_UnderAFactoredWeight_IsAppliedOnceAndThenWrittenOut()
    {
        using DeviceUse use = Device.Use(Device.Cpu);
        using MemoryScope scope = new();
        using Parameter parameter = new("weight", [64, 64]);
        RandomStream random = new(3);
        Tensor x = Ops.RandomNormal([64, 64], random);
        Weight weight = Weight.Generated(Ops.RandomNormal([64, 16], random), Ops.RandomNormal([64, 64, 16], random));
        using IDisposable overriding = ParameterOverrides.Use(new Dictionary<Parameter, Weight> { [parameter] = weight });

        Assert.That(parameter.Current.Kind, Is.EqualTo(WeightKind.Generated));
        float[] first = Ops.Linear(x, parameter).ToArray();
        float[] second = Ops.Linear(x, parameter).ToArray();
        Assert.That(parameter.Current.Kind, Is.EqualTo(WeightKind.Dense), "a second use finds the tensor");
        Tensor written = parameter.Value;
        Assert.That(parameter.Value, Is.EqualTo(written), "written out once");
        AssertClose(second, Array.ConvertAll(first, static v => (double)v), Tolerance, "second use");
    }

    [Test]
    public void Parameter_WrittenOutInAScopeThatEnded_IsWrittenOutAgain()
    {
        using MemoryScope scope = new();
        using Parameter parameter = new("weight", [2, 3]);
        Weight weight = Weight.LowRank(Tensor.Ones([1, 3]), Tensor.Ones([2, 1]), scale: 5);
        using IDisposable overriding = ParameterOverrides.Use(new Dictionary<Parameter, Weight> { [parameter] = weight });
        using (MemoryScope inner = new())
        {
            Assert.That(parameter.Value.ToArray(), Is.All.EqualTo(5));
        }
        Assert.That(parameter.Value.ToArray(), Is.All.EqualTo(5));
    }

    public static IEnumerable<TestCaseData> Mistakes =>
    [
        Mistake("Weight.Generated: z must be [C, H] with at least one row; it is [3].", () => Weight.Generated(Tensor.Zeros([3]), Tensor.Zeros([4, 5, 3]))),
        Mistake("Weight.Generated: the generator must have the axes [4, 5] and then H = 2 to match z [7, 2]; it is [4, 5, 3].", () =>
            Weight.Generated(Tensor.Zeros([7, 2]), Tensor.Zeros([4, 5, 3]))),
        Mistake("Weight.Generated: the base weight must be [4, 5], or its 20 elements; it is [5, 4].", () =>
            Weight.Generated(Tensor.Zeros([7, 3]), Tensor.Zeros([4, 5, 3]), Tensor.Zeros([5, 4]))),
        Mistake("Weight.Mixture: the bank must have E = 3 experts along its first axis to match routing [7, 3]; it is [4, 5, 3].", () =>
            Weight.Mixture(Tensor.Zeros([7, 3]), Tensor.Zeros([4, 5, 3]))),
        Mistake("Weight.LowRank: for a weight [4, 5] and b [4, 2] a must be [2, 5], with a leading axis of sets or without; it is [3, 5].", () =>
            Weight.LowRank(Tensor.Zeros([3, 5]), Tensor.Zeros([4, 2]))),
        Mistake("Weight.LowRank: a and b must have one number of sets; a [3, 2, 5] has 3, b [7, 4, 2] has 7.", () =>
            Weight.LowRank(Tensor.Zeros([3, 2, 5]), Tensor.Zeros([7, 4, 2]))),
        Mistake("Weight.Kronecker: a must be [n, p, q] or [C, n, p, q] and s [n, u, v] or [n, u, v, KH, KW]; a is [2, 3, 3], s is [3, 4, 4].", () =>
            Weight.Kronecker(Tensor.Zeros([2, 3, 3]), Tensor.Zeros([3, 4, 4]))),
        Mistake("Weight.Modulated: delta must have the axes of the weight [4, 5], each of its size or 1, with a leading axis of sets or without; it is [4].", () =>
            Weight.Modulated(Tensor.Zeros([4, 5]), Tensor.Zeros([4]))),
        Mistake("Weight.Scaled: the scale must have the axes of the weight [4, 5], each of its size or 1, with a leading axis of sets or without; it is [7, 4].", () =>
            Weight.Scaled(Tensor.Zeros([4, 5]), Tensor.Zeros([7, 4]))),
        Mistake("Weight.Scaled: the base weight must be [4, 5], or its 20 elements; it is [5, 4].", () =>
            Weight.Scaled(Tensor.Zeros([4, 5]), Tensor.Zeros([7, 4, 1]), Tensor.Zeros([5, 4]))),
        Mistake("Linear: weight must have I = 6 columns to match x [7, 6]; weight is [7, 4, 5].", () =>
            Ops.Linear(Tensor.Zeros([7, 6]), Weight.Generated(Tensor.Zeros([7, 3]), Tensor.Zeros([4, 5, 3])))),
        Mistake("Linear: the number of weight matrices must divide the batch: weight [7, 4, 5] has 7, x [8, 5] has 8 samples.", () =>
            Ops.Linear(Tensor.Zeros([8, 5]), Weight.Generated(Tensor.Zeros([7, 3]), Tensor.Zeros([4, 5, 3])))),
        Mistake("Conv2d: x must be [B, I, H, W] and the weight [O, I / groups, KH, KW]; x is [7, 5, 3, 3], the weight Generated [4, 5] of 7 sets.", () =>
            Ops.Conv2d(Tensor.Zeros([7, 5, 3, 3]), Weight.Generated(Tensor.Zeros([7, 3]), Tensor.Zeros([4, 5, 3])))),
    ];

    [TestCaseSource(nameof(Mistakes))]
    public void Weight_Mistake_SaysWhatCameAndWhatWasWanted(string message, Action run)
    {
        using MemoryScope scope = new();
        Assert.That(() => run(), Throws.TypeOf<ArgumentException>().With.Message.EqualTo(message));
    }

    // Output, first gradients of x, bias and every part, and second gradients of the same.
    private static float[][] Run(WeightCase row, Func<Weight, Weight> use)
    {
        using DeviceUse device = Device.Use(Device.Cpu);
        using Tape tape = new();
        WeightParts parts = new(row);
        RandomStream random = new(11);
        Tensor x = tape.Watch(Ops.RandomNormal(parts.InputShape, random));
        Tensor bias = tape.Watch(Ops.RandomNormal(row.Sharing == Sharing.Shared ? [row.Shape[0]] : [parts.Sets, row.Shape[0]], random));
        foreach (Tensor part in parts.Tensors)
        {
            tape.Watch(part);
        }
        Weight weight = use(parts.Make());
        Tensor y = row.Form switch
        {
            Form.Linear => Ops.Linear(x, weight, bias, Activation.Tanh),
            Form.Conv1d => Ops.Conv1d(x, weight, bias, stride: 2, padding: 1),
            _ => Ops.Conv2d(x, weight, bias, new Conv2dOptions(2, 1)),
        };
        Tensor[] of = [x, bias, .. parts.Tensors];
        Tensor[] first = tape.Gradient(y, of, Ops.RandomNormal(y.Shape, random), differentiable: true);
        Tensor sum = Ops.Sum(Ops.Multiply(first[0], Ops.RandomNormal(first[0].Shape, random)));
        foreach (Tensor gradient in first.AsSpan(1))
        {
            sum = Ops.Add(sum, Ops.Sum(Ops.Multiply(gradient, Ops.RandomNormal(gradient.Shape, random))));
        }
        Tensor[] second = tape.Gradient(sum, of);
        return [y.ToArray(), .. first.Select(static g => g.ToArray()), .. second.Select(static g => g.ToArray())];
    }

    private static void AssertClose(float[] actual, double[] expected, double tolerance, string what)
    {
        Assert.That(actual, Has.Length.EqualTo(expected.Length), what);
        double scale = Math.Max(1e-3, expected.Max(Math.Abs));
        for (int i = 0; i < actual.Length; i++)
        {
            Assert.That(actual[i], Is.EqualTo(expected[i]).Within(tolerance * scale), $"{what}[{i}]");
        }
    }

    private static Option[] Options(WeightKind kind) => kind switch
    {
        WeightKind.Dense => [Option.None],
        WeightKind.Kronecker => [Option.None],
        WeightKind.Modulated => [Option.Everywhere, Option.Outputs, Option.Inputs, Option.OutputsDemodulated, Option.InputsDemodulated],
        WeightKind.Scaled => [Option.Everywhere, Option.Inputs, Option.OutputsWithBase],
        _ => [Option.None, Option.Base],
    };

    private static TestCaseData Mistake(string message, Action run) => new TestCaseData(message, run).SetArgDisplayNames(message);
}
