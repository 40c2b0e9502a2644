using HyperKernels.Backends;

namespace HyperKernels;

// How weights are applied: by the parts they are made of, or written out first.
public static partial class Ops
{
    // What writing a generated weight and reading it back costs, in multiply-adds of a product.
    private const int WriteOutCost = 40;

    /// <summary>
    /// A dense layer: <c>y = activation(x weight^T + bias)</c>, with one weight matrix, or with one for every sample or group of samples, which
    /// need not exist in memory.
    /// </summary>
    /// <param name="x"><c>[B, ..., I]</c>.</param>
    /// <param name="weight">
    /// <c>[O, I]</c>, shared by the batch, or C sets of it (a tensor <c>[C, O, I]</c>) with C dividing B: each serves B / C consecutive samples.
    /// A tensor or a parameter converts to it; a tensor may be a row-strided slice of generated ones.
    /// </param>
    /// <param name="bias"><c>[O]</c>, or <c>[C, O]</c> if there are C sets; null for none.</param>
    /// <param name="activation">Applied before the result leaves the registers where that is possible.</param>
    /// <returns><c>[B, ..., O]</c>.</returns>
    /// <exception cref="ArgumentException">A shape does not fit, integers, or different devices.</exception>
    /// <remarks>
    /// Generated weights follow the plan of <see cref="PlanOf(Tensor, Weight)"/>, changes of low rank are two thin products, mixtures of few
    /// rows are mixed behind the experts, modulations and scales that allow it go around shared products; the rest is written out.
    /// Differentiable in x, bias and every part of the weight, any number of times. The same bits for any number of threads.
    /// </remarks>
    public static Tensor Linear(Tensor x, Weight weight, Tensor? bias = null, Activation activation = default)
    {
        if (weight.Kind == WeightKind.Dense)
        {
            return LinearDense(x, weight.First, bias, activation);
        }
        LinearSizes sizes = CheckLinear(x, weight, bias);
        GeneratePlan plan = ChoosePlan(x, weight, sizes);
        bool wasGenerated = weight.Kind is WeightKind.Generated or WeightKind.Mixture && plan != GeneratePlan.Materialise && weight.Use?.IsFirst() == false;
        if (plan == GeneratePlan.Materialise || wasGenerated)
        {
            return LinearDense(x, weight.Materialize(), bias, activation);
        }
        Tensor y = weight.Kind switch
        {
            WeightKind.Generated => LinearGenerated(x, weight, sizes, plan),
            WeightKind.Mixture => LinearMixture(x, weight, sizes),
            WeightKind.LowRank => LinearLowRank(x, weight),
            _ => LinearScaled(x, weight),
        };
        return Finish(y, bias, sizes.Sets, activation);
    }

    /// <summary>
    /// The plan by which <see cref="Linear"/> applies a weight: from sizes, device and whether a
    /// tape records gradients, so that reruns give the same bits.
    /// </summary>
    /// <returns><see cref="GeneratePlan.Materialise"/> for a weight that is written out, <see cref="GeneratePlan.Reassociate"/> for one whose parts are applied.</returns>
    /// <exception cref="ArgumentException">A shape does not fit.</exception>
    public static GeneratePlan PlanOf(Tensor x, Weight weight) =>
        weight.Kind == WeightKind.Dense ? GeneratePlan.Materialise : ChoosePlan(x, weight, CheckLinear(x, weight, null));

    private static GeneratePlan ChoosePlan(Tensor x, in Weight weight, in LinearSizes l)
    {
        if (weight.Kind == WeightKind.Kronecker || (weight.Kind is WeightKind.Modulated or WeightKind.Scaled && !ScalesSides(weight)))
        {
            return GeneratePlan.Materialise;
        }
        if (weight.Plan != GeneratePlan.Auto)
        {
            return weight.Plan;
        }
        switch (weight.Kind)
        {
            case WeightKind.Generated when weight.First.Shape[0] * 2L > l.Sets:
                GenerateSizes sizes = SizesOf(weight, l);
                GeneratePlan plan = GeneratePlanner.Choose(
                    sizes, x.Device.Backend, IsRecorded([x, weight.First, weight.Second, weight.Base]), leavesFactors: true);
                return plan == GeneratePlan.Tile && GeneratePlanner.IsSmall(sizes) ? GeneratePlan.Materialise : plan;
            case WeightKind.Generated:
                // Few rows that many sets share: each is generated once.
                return GeneratePlan.Materialise;
            case WeightKind.Mixture:
                return MixesOutputs(l.Rows, weight.Second.Shape[0], l.Sets) ? GeneratePlan.Reassociate : GeneratePlan.Materialise;
            case WeightKind.LowRank:
                return IsThin((double)l.Rows, weight.Second.Shape[-1], l.Inputs, l.Outputs, weight.HasBase) ? GeneratePlan.Reassociate : GeneratePlan.Materialise;
            case WeightKind.Scaled when weight.HasBase:
                // A second product for every row, instead of a sum for every set.
                return l.Rows > WriteOutCost ? GeneratePlan.Materialise : GeneratePlan.Reassociate;
            default:
                return GeneratePlan.Reassociate;
        }
    }

    // All experts see every row, instead of E products for each weight set, its writing, and one product for each row.
    private static bool MixesOutputs(double rows, double experts, double sets) =>
        rows * sets * experts < (sets * experts) + (sets * (WriteOutCost + rows));

    // Thin products for every row, instead of the product of the factors for every set and its writing; and, where there is no base weight that
    // every row is multiplied by either way, instead of a product with the whole.
    private static bool IsThin(double rows, double rank, double inputs, double outputs, bool hasBase) =>
        rows * rank * (inputs + outputs) <= (rank + WriteOutCost + (hasBase ? 0 : rows)) * inputs * outputs;

    private static GenerateSizes SizesOf(in Weight weight, in LinearSizes l) => new(l.Sets, l.Rows, l.Inputs, l.Outputs, weight.First.Shape[1]);

    private static Tensor LinearGenerated(Tensor x, in Weight weight, in LinearSizes l, GeneratePlan plan)
    {
        GenerateSizes sizes = SizesOf(weight, l) with { Reassociate = plan == GeneratePlan.Reassociate };
        Tensor rows = Reshape(x, new Shape(l.Sets, l.Rows, l.Inputs));
        Tensor generator = Reshape(weight.Second, new Shape(l.Outputs, l.Inputs, sizes.Embedding));
        Tensor y = GenerateFused(sizes, rows, weight.RowsOfSets(), generator, weight.HasBase ? weight.ShapedBase() : null);
        return Reshape(y, x.Shape.With(-1, l.Outputs));
    }

    // Every expert sees every row; what they give is mixed.
    private static Tensor LinearMixture(Tensor x, in Weight weight, in LinearSizes l)
    {
        int experts = weight.Second.Shape[0];
        Tensor given = Linear(x, Reshape(weight.Second, new Shape(experts * l.Outputs, l.Inputs)));
        Tensor routing = Reshape(weight.RowsOfSets(), new Shape(l.Sets, 1, 1, experts));
        Tensor y = Reshape(Matmul(routing, Reshape(given, new Shape(l.Sets, l.Rows, experts, l.Outputs))), x.Shape.With(-1, l.Outputs));
        return weight.HasBase ? Add(y, Linear(x, weight.ShapedBase())) : y;
    }

    private static Tensor LinearLowRank(Tensor x, in Weight weight)
    {
        Tensor change = Linear(MultiplyScalar(Linear(x, weight.First), weight.Scale), weight.Second);
        return weight.HasBase ? Add(Linear(x, weight.ShapedBase()), change) : change;
    }

    // A modulated weight, or a scaled one.
    private static Tensor LinearScaled(Tensor x, in Weight weight)
    {
        (Tensor? inputs, Tensor? outputs) = SideScales(weight);
        Tensor y = Linear(inputs is { } before ? ScaleFeatures(x, before) : x, weight.First);
        y = outputs is { } behind ? ScaleFeatures(y, behind) : y;
        return weight.HasBase ? Add(y, Linear(x, weight.ShapedBase())) : y;
    }

    /// <summary>Whether a factor varies along inputs or outputs alone, so that it scales what goes in or comes out.</summary>
    private static bool ScalesSides(in Weight weight)
    {
        Shape delta = weight.Second.Shape;
        int rank = weight.Shape.Rank;
        for (int axis = 2; axis < rank; axis++)
        {
            if (delta[axis - rank] != 1)
            {
                return false;
            }
        }
        return delta[-rank] == 1 || delta[1 - rank] == 1;
    }

    /// <summary>The factors <c>[C, I]</c> of inputs and <c>[C, O]</c> (or <c>[C, 1]</c>) of outputs that a modulation or a scale comes to.</summary>
    private static (Tensor? Inputs, Tensor? Outputs) SideScales(in Weight weight)
    {
        Tensor factor = SideFactor(weight);
        bool isOfInputs = weight.Second.Shape[1 - weight.Shape.Rank] != 1;
        if (!weight.IsDemodulated)
        {
            return isOfInputs ? (factor, null) : (null, factor);
        }
        // Squares of the weights of every output and input [O, I]; the norm of an output's weights follows from them and the factors.
        Tensor squares = Sum(Square(Reshape(weight.First, weight.Shape[0], weight.Shape[1], -1)), [2]);
        Tensor squaredFactor = Square(factor);
        Tensor squaredNorm = isOfInputs ? Matmul(squaredFactor, squares, transposeB: true) : Multiply(squaredFactor, Sum(squares, [1]));
        Tensor norm = Rsqrt(AddScalar(squaredNorm, weight.Scale));
        return isOfInputs ? (factor, norm) : (null, Multiply(factor, norm));
    }

    // One row for each set, of a factor that varies along one side alone.
    private static Tensor SideFactor(in Weight weight)
    {
        Tensor factor = Reshape(weight.Second, Math.Max(1, weight.Sets), -1);
        return weight.Kind == WeightKind.Scaled ? factor : AddScalar(factor, 1);
    }

    // x [B, ..., K] times scale [C, K], each row of which serves B / C consecutive samples.
    private static Tensor ScaleFeatures(Tensor x, Tensor scale)
    {
        int sets = scale.Shape[0];
        Tensor rows = Reshape(x, sets, -1, x.Shape[-1]);
        return Reshape(Multiply(rows, Reshape(scale, sets, 1, scale.Shape[1])), x.Shape);
    }

    private static Tensor Finish(Tensor y, Tensor? bias, int sets, Activation activation)
    {
        if (bias is { } offsets)
        {
            y = offsets.Rank == 1
                ? Add(y, offsets)
                : Reshape(Add(Reshape(y, sets, -1, y.Shape[-1]), Reshape(offsets, sets, 1, y.Shape[-1])), y.Shape);
        }
        return Activate(y, activation);
    }

    private static LinearSizes CheckLinear(Tensor x, in Weight weight, Tensor? bias)
    {
        CheckFloats("Linear", x, weight.First);
        CheckFloats("Linear", x, weight.Second);
        if (weight.Shape.Rank != 2)
        {
            Throw.Argument($"Linear: the weight must be [O, I]; it is {weight}.");
        }
        return CheckLinear(x, weight.Sets == 0 ? weight.Shape : weight.Shape.Insert(0, weight.Sets), bias);
    }
}
