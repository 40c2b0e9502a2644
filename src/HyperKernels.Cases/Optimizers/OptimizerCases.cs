using HyperKernels.Optim;

namespace HyperKernels.Cases;

/// <summary>Optimisers over several steps, clipping of gradients and running averages, against their published rules.</summary>
public static class OptimizerCases
{
    private const float Epsilon = 1e-8f;

    // An element of a product may nearly vanish, and Adam would divide its rounding error by itself.
    private const float ProductEpsilon = 1e-2f;

    private const string Rates = "X=[257], [31] at a third of the rate, decay 0.2, [5] at none, cosine schedule";

    // More elements than a tile, a few, one, none; around what a group of threads takes; more tensors than one launch does.
    private static readonly OptimizerGroup[] s_many =
        [new([.. new[] { 17_001, 5, 1, 0, 1023, 1024, 1025, 3, 4, 6 }.Select(size => new OptimizerParameter([size]))])];

    // Beyond the second cache of most processors, where a gradient stays its factors; no multiple of any tile.
    private static readonly OptimizerGroup[] s_product = [new([new([1033, 521], Rows: 16), new([1033])])];

    // Used so often that the factors of all uses are stacked, shallow and beyond the depth of one stack.
    private static readonly OptimizerGroup[] s_stack = [new([new([97, 61], Rows: 3, Uses: 7), new([67, 71], Rows: 41, Uses: 8)])];

    private static readonly OptimizerGroup[] s_groups =
        [new([new([257])]), new([new([31])], LearningRate: 0.01f, WeightDecay: 0.2f), new([new([5])], LearningRate: 0)];

    /// <summary>The rows.</summary>
    public static IEnumerable<OptimizerCase> All =>
    [
        Sgd("10 tensors of 0 to 17001", s_many),
        Sgd("10 tensors of 0 to 17001", s_many, decay: 0.1f),
        Sgd("10 tensors of 0 to 17001", s_many, momentum: 0.9f),
        Sgd("10 tensors of 0 to 17001", s_many, momentum: 0.9f, decay: 0.1f),
        Sgd("10 tensors of 0 to 17001", s_many, momentum: 0.9f, nesterov: true),
        Sgd("10 tensors of 0 to 17001", s_many, momentum: 0.9f, nesterov: true, decay: 0.1f),
        Sgd(Rates, s_groups, momentum: 0.9f, schedule: Cosine()),
        Sgd("W=[1033, 521] product of depth 16", s_product, momentum: 0.9f, nesterov: true, decay: 0.1f, steps: 3),
        Sgd("W=[97, 61], [67, 71] stacks of 7 and 8 products", s_stack, steps: 3),
        Adam("10 tensors of 0 to 17001", s_many),
        Adam("10 tensors of 0 to 17001", s_many, decay: 0.1f),
        Adam("10 tensors of 0 to 17001", s_many, epsilon: 1e-3f, beta1: 0.5, beta2: 0.9),
        Adam(Rates, s_groups, schedule: Cosine()),
        Adam("W=[1033, 521] product of depth 16", s_product, decay: 0.1f, epsilon: ProductEpsilon, steps: 3),
        Adam("W=[97, 61], [67, 71] stacks of 7 and 8 products", s_stack, epsilon: ProductEpsilon, steps: 3),
        AdamW("10 tensors of 0 to 17001", s_many),
        AdamW("10 tensors of 0 to 17001", s_many, decay: 0.1f),
        AdamW(Rates, s_groups, schedule: Cosine()),
        AdamW("W=[1033, 521] product of depth 16", s_product, epsilon: ProductEpsilon, steps: 3),
        Sgd("10 tensors of 0 to 17001, norm at most 20", s_many, subject: "clip_by_norm", clipNorm: 20),
        Sgd("10 tensors of 0 to 17001, norm far below 1e6", s_many, subject: "clip_by_norm", clipNorm: 1e6f),
        Sgd("W=[1033, 521] product of depth 16, norm at most 3", s_product, subject: "clip_by_norm", steps: 2, clipNorm: 3),
        Sgd("10 tensors of 0 to 17001, values at most 0.75", s_many, subject: "clip_by_value", clipValue: 0.75f),
        Sgd("10 tensors of 0 to 17001, decay 0.9", s_many, subject: "exponential_moving_average", averageDecay: 0.9),
        Sgd("10 tensors of 0 to 17001, decay 0.999", s_many, subject: "exponential_moving_average", averageDecay: 0.999),
    ];

    private static CosineSchedule Cosine() => new(Steps: 10, WarmUp: 3, Final: 0.1f);

    private static OptimizerCase Sgd(
        string sizes, OptimizerGroup[] groups, float momentum = 0, bool nesterov = false, float decay = 0, ISchedule? schedule = null, int steps = 12,
        string? subject = null, float? clipNorm = null, float? clipValue = null, double? averageDecay = null)
    {
        const float Rate = 0.03f;
        return new OptimizerCase
        {
            Optimizer = subject ?? "sgd",
            Sizes = $"{sizes}{(momentum > 0 ? $" momentum={momentum}" : "")}{(nesterov ? " nesterov" : "")}{(decay > 0 ? $" decay={decay}" : "")}",
            Groups = groups,
            Make = given => new Sgd(given, Rate, momentum, nesterov, decay),
            LearningRate = Rate,
            WeightDecay = decay,
            Slots = momentum > 0 ? 1 : 0,
            // Sutskever, Martens, Dahl, Hinton, ICML 2013, in PyTorch's form.
            Rule = (value, gradient, at, state) =>
            {
                double h = gradient + (at.WeightDecay * value);
                if (momentum == 0)
                {
                    return value - (at.LearningRate * h);
                }
                state[0] = (momentum * state[0]) + h;
                return value - (at.LearningRate * (nesterov ? h + (momentum * state[0]) : state[0]));
            },
            Steps = steps,
            Schedule = schedule,
            ClipNorm = clipNorm,
            ClipValue = clipValue,
            AverageDecay = averageDecay,
        };
    }

    private static OptimizerCase Adam(
        string sizes, OptimizerGroup[] groups, float decay = 0, float epsilon = Epsilon, double beta1 = 0.9, double beta2 = 0.999,
        ISchedule? schedule = null, int steps = 12)
    {
        const float Rate = 0.01f;
        return new OptimizerCase
        {
            Optimizer = "adam",
            Sizes = $"{sizes}{(beta1 == 0.9 ? "" : $" betas={beta1}, {beta2}")}{Of(epsilon)}{(decay > 0 ? $" decay={decay}" : "")}",
            Groups = groups,
            Make = given => new Adam(given, Rate, beta1, beta2, epsilon, decay),
            LearningRate = Rate,
            WeightDecay = decay,
            Slots = 2,
            Rule = (value, gradient, at, state) => value - AdamStep(gradient + (at.WeightDecay * value), at, state, beta1, beta2, epsilon),
            Steps = steps,
            Schedule = schedule,
        };
    }

    private static OptimizerCase AdamW(
        string sizes, OptimizerGroup[] groups, float decay = 0.01f, float epsilon = Epsilon, ISchedule? schedule = null, int steps = 12)
    {
        const float Rate = 0.01f;
        return new OptimizerCase
        {
            Optimizer = "adam_w",
            Sizes = $"{sizes} decay={decay}{Of(epsilon)}",
            Groups = groups,
            Make = given => new AdamW(given, Rate, epsilon: epsilon, weightDecay: decay),
            LearningRate = Rate,
            WeightDecay = decay,
            Slots = 2,
            // Loshchilov, Hutter, ICLR 2019, algorithm 2.
            Rule = (value, gradient, at, state) =>
                (value * (1 - (at.LearningRate * at.WeightDecay))) - AdamStep(gradient, at, state, 0.9, 0.999, epsilon),
            Steps = steps,
            Schedule = schedule,
        };
    }

    private static string Of(float epsilon) => epsilon == Epsilon ? "" : $" epsilon={epsilon}";

    // Kingma, Ba, ICLR 2015, algorithm 1.
    private static double AdamStep(double gradient, UpdateRates at, Span<double> state, double beta1, double beta2, double epsilon)
    {
        state[0] = (beta1 * state[0]) + ((1 - beta1) * gradient);
        state[1] = (beta2 * state[1]) + ((1 - beta2) * gradient * gradient);
        double mean = state[0] / (1 - Math.Pow(beta1, at.Step));
        double square = state[1] / (1 - Math.Pow(beta2, at.Step));
        return at.LearningRate * mean / (Math.Sqrt(square) + epsilon);
    }
}
