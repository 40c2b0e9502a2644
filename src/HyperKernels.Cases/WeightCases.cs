namespace HyperKernels.Cases;

/// <summary>Every kind of weight written out against its definition, and applied by its parts against the same.</summary>
public static class WeightCases
{
    private const float Scale = 0.7f;
    private const int Rank = 3;
    private const int Terms = 2;

    // Not small beside the norms: else the gradient of a factor that the norm takes out again is rounding alone.
    private const float Epsilon = 2;

    /// <summary>The rows.</summary>
    public static IEnumerable<OpCase> All =>
    [
        .. from kind in Enum.GetValues<WeightKind>()
           where kind != WeightKind.Dense
           from variant in Variants(kind)
           from sets in new[] { 1, 3 }
           select Materialize(new Form(kind, variant, sets, [4, 6, 3, 2])),
        .. from kind in new[] { WeightKind.Mixture, WeightKind.LowRank, WeightKind.Modulated, WeightKind.Scaled }
           from variant in Variants(kind)
           where variant != Variant.Everywhere
           from sizes in new[] { (Sets: 1, Samples: 5, Rows: 2), (Sets: 3, Samples: 3, Rows: 1), (Sets: 3, Samples: 6, Rows: 7) }
           select Apply(new Form(kind, variant, sizes.Sets, [10, 6]), sizes.Samples, sizes.Rows),
        .. from kind in new[] { WeightKind.LowRank, WeightKind.Modulated, WeightKind.Scaled }
           from variant in Variants(kind)
           where variant != Variant.Everywhere
           from sets in new[] { 1, 2 }
           select Convolve(new Form(kind, variant, sets, [4, 6, 3, 3])),
    ];

    private enum Variant
    {
        Plain,
        WithBase,
        Everywhere,
        Outputs,
        Inputs,
        OutputsWithBase,
        OutputsDemodulated,
        InputsDemodulated,
    }

    private static Variant[] Variants(WeightKind kind) => kind switch
    {
        WeightKind.Kronecker => [Variant.Plain],
        WeightKind.Modulated => [Variant.Everywhere, Variant.Outputs, Variant.Inputs, Variant.OutputsDemodulated, Variant.InputsDemodulated],
        WeightKind.Scaled => [Variant.Everywhere, Variant.Outputs, Variant.Inputs, Variant.OutputsWithBase],
        _ => [Variant.Plain, Variant.WithBase],
    };

    private static OpCase Materialize(Form form) => new()
    {
        Op = "weight",
        Sizes = $"{form}",
        Inputs = [.. form.Inputs],
        Run = parts => form.Make(parts).Materialize(),
        Oracle = parts => form.Define(parts),
        SumsProducts = !form.IsDemodulated,
        TwiceDifferentiable = true,
    };

    private static OpCase Apply(Form form, int samples, int rows) => new()
    {
        Op = "linear_weight",
        Sizes = $"B={samples} T={rows} {form}",
        Inputs = [CaseInput.Normal("x", [samples, rows, form.Shape[1]]), CaseInput.Normal("bias", [form.Shape[0]]), .. form.Inputs],
        Run = x => Ops.Linear(x[0], form.Make(x[2..]).Using(GeneratePlan.Reassociate), x[1]),
        Oracle = x => PlainOps.Linear(x[0], form.Define(x[2..]), x[1]),
        SumsProducts = !form.IsDemodulated,
        TwiceDifferentiable = true,
    };

    private static OpCase Convolve(Form form) => new()
    {
        Op = "conv2d_weight",
        Sizes = $"B=4 H=5 W=4 {form}",
        Inputs = [CaseInput.Normal("x", [4, form.Shape[1], 5, 4]), .. form.Inputs],
        Run = x => Ops.Conv2d(x[0], form.Make(x[1..]).Using(GeneratePlan.Reassociate), null, new Conv2dOptions(padding: 1)),
        Oracle = x => ConvCases.Answer(x[0], form.Define(x[1..]), null, new Conv2dOptions(padding: 1)),
        SumsProducts = !form.IsDemodulated,
        TwiceDifferentiable = true,
    };

    /// <summary>A weight's parts and what they make by the sums of the definition.</summary>
    private sealed record Form(WeightKind Kind, Variant Variant, int Sets, Shape Shape)
    {
        public IEnumerable<CaseInput> Inputs
        {
            get
            {
                (Shape first, Shape second) = Kind switch
                {
                    WeightKind.Generated => ([Sets, Rank], Shape.Insert(Shape.Rank, Rank)),
                    WeightKind.Mixture => ([Sets, Rank], Shape.Insert(0, Rank)),
                    WeightKind.LowRank => (Shape.With(0, Rank).Insert(0, Sets), new Shape(Sets, Shape[0], Rank)),
                    WeightKind.Kronecker => ([Sets, Terms, 2, 2], Shape.With(0, Shape[0] / 2).With(1, Shape[1] / 2).Insert(0, Terms)),
                    _ => (Shape, Delta.Insert(0, Sets)),
                };
                yield return CaseInput.Normal("first", first);
                yield return CaseInput.Normal("second", second, 0.5);
                if (HasBase)
                {
                    yield return CaseInput.Normal("baseWeight", Shape);
                }
            }
        }

        private bool HasBase => Variant is Variant.WithBase or Variant.OutputsWithBase;

        public bool IsDemodulated => Variant is Variant.OutputsDemodulated or Variant.InputsDemodulated;

        private bool ScalesOutputs => Variant is Variant.Outputs or Variant.OutputsDemodulated or Variant.OutputsWithBase;

        private Shape Delta
        {
            get
            {
                Shape delta = Shape;
                int kept = ScalesOutputs ? 0 : 1;
                for (int axis = 0; axis < Shape.Rank && Variant != Variant.Everywhere; axis++)
                {
                    delta = axis == kept ? delta : delta.With(axis, 1);
                }
                return delta;
            }
        }

        public Weight Make(ReadOnlySpan<Tensor> parts)
        {
            Tensor? bases = HasBase ? parts[2] : null;
            return Kind switch
            {
                WeightKind.Generated => Weight.Generated(parts[0], parts[1], bases),
                WeightKind.Mixture => Weight.Mixture(parts[0], parts[1], bases),
                WeightKind.LowRank => Weight.LowRank(parts[0], parts[1], Scale, bases, Shape),
                WeightKind.Kronecker => Weight.Kronecker(parts[0], parts[1]),
                WeightKind.Scaled => Weight.Scaled(parts[0], parts[1], bases),
                _ => Weight.Modulated(parts[0], parts[1], IsDemodulated, Epsilon),
            };
        }

        /// <summary>All sets one after the other; without an axis where there is one.</summary>
        public Plain Define(Plain[] parts) =>
            new(Sets == 1 ? Shape : Shape.Insert(0, Sets), [.. Enumerable.Range(0, Sets).SelectMany(set => Define(parts, set))]);

        private double[] Define(Plain[] parts, int set)
        {
            int count = (int)Shape.Count;
            int outputs = Shape[0];
            double[] weight = new double[count];
            for (int at = 0; at < count; at++)
            {
                weight[at] = (HasBase ? parts[2].Values[at] : 0) + Element(parts[0].Values, parts[1].Values, set, at);
            }
            for (int o = 0; o < outputs && IsDemodulated; o++)
            {
                Span<double> row = weight.AsSpan(o * count / outputs, count / outputs);
                double squares = Epsilon;
                foreach (double value in row)
                {
                    squares += value * value;
                }
                foreach (ref double value in row)
                {
                    value /= Math.Sqrt(squares);
                }
            }
            return weight;
        }

        public override string ToString() => $"kind={Kind} {string.Join('x', Shape.AsSpan().ToArray())} sets={Sets}{(Variant == Variant.Plain ? "" : $" {Variant}")}";

        private double Element(double[] first, double[] second, int set, int at)
        {
            int kernel = (int)(Shape.Count / ((long)Shape[0] * Shape[1]));
            int row = Shape[1] * kernel;
            int o = at / row;
            int i = at % row / kernel;
            int k = at % kernel;
            double sum = 0;
            switch (Kind)
            {
                case WeightKind.Generated:
                    for (int h = 0; h < Rank; h++)
                    {
                        sum += first[(set * Rank) + h] * second[(at * Rank) + h];
                    }
                    return sum;
                case WeightKind.Mixture:
                    for (int e = 0; e < Rank; e++)
                    {
                        sum += first[(set * Rank) + e] * second[(e * Shape.Count) + at];
                    }
                    return sum;
                case WeightKind.LowRank:
                    for (int r = 0; r < Rank; r++)
                    {
                        sum += first[(((set * Rank) + r) * row) + (at % row)] * second[(((set * Shape[0]) + o) * Rank) + r];
                    }
                    return Scale * sum;
                case WeightKind.Kronecker:
                    int u = Shape[0] / 2;
                    int v = Shape[1] / 2;
                    for (int n = 0; n < Terms; n++)
                    {
                        double left = first[(((((set * Terms) + n) * 2) + (o / u)) * 2) + (i / v)];
                        sum += left * second[(((((n * u) + (o % u)) * v) + (i % v)) * kernel) + k];
                    }
                    return sum;
                default:
                    double factor = second[Variant == Variant.Everywhere ? (int)(set * Shape.Count) + at : ScalesOutputs ? (set * Shape[0]) + o : (set * Shape[1]) + i];
                    return first[at] * (Kind == WeightKind.Scaled ? factor : 1 + factor);
            }
        }
    }
}
