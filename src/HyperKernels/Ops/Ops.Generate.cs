using HyperKernels.Backends;

namespace HyperKernels;

public static partial class Ops
{
    /// <summary>Generates a weight matrix per context and applies it: <c>y_b = x_b (W0 + sum_h z_bh G_h)'</c>.</summary>
    /// <param name="x">T rows per context <c>[B, T, I]</c>, or one <c>[B, I]</c>.</param>
    /// <param name="z">The contexts' embeddings <c>[B, H]</c>.</param>
    /// <param name="generator">What one number of an embedding adds to each weight <c>[O, I, H]</c>: a linear layer's weight from H to O I outputs, viewed.</param>
    /// <param name="baseWeight">The weights that do not depend on the context <c>[O, I]</c>, or null for zeros.</param>
    /// <param name="plan">How; all plans agree to rounding.</param>
    /// <returns><c>[B, T, O]</c>, or <c>[B, O]</c>.</returns>
    /// <exception cref="ArgumentException">A shape does not fit the others; the message names it.</exception>
    /// <remarks>
    /// Differentiable in all four, any number of times. Sums run in a fixed order for any thread count. Source: the two layers of a
    /// hypernetwork's end and a target's linear layer (Ha, Dai, Le, arXiv 1609.09106, section 3) as one operation.
    /// </remarks>
    public static Tensor GenerateLinear(Tensor x, Tensor z, Tensor generator, Tensor? baseWeight = null, GeneratePlan plan = GeneratePlan.Auto)
    {
        GenerateSizes sizes = CheckGenerate(x, z, generator, baseWeight);
        if (plan is < GeneratePlan.Auto or > GeneratePlan.Reassociate)
        {
            Throw.Argument($"GenerateLinear: there is no plan {plan}.");
        }
        if (plan == GeneratePlan.Auto)
        {
            plan = GeneratePlanner.Choose(sizes, x.Device.Backend, IsRecorded([x, z, generator, baseWeight ?? default]));
        }
        return plan == GeneratePlan.Materialise
            ? Linear(x, GenerateWeights(sizes, z, generator, baseWeight))
            : GenerateFused(sizes with { Reassociate = plan == GeneratePlan.Reassociate }, x, z, generator, baseWeight);
    }

    /// <summary>
    /// The plan that <see cref="GenerateLinear"/> chooses by itself for these operands: from their sizes, from the device, and from whether
    /// a tape records gradients of them, so that reruns give the same bits.
    /// </summary>
    public static GeneratePlan PlanOf(Tensor x, Tensor z, Tensor generator) =>
        GeneratePlanner.Choose(CheckGenerate(x, z, generator, null), x.Device.Backend, IsRecorded([x, z, generator]));

    private static Tensor GenerateWeights(in GenerateSizes sizes, Tensor z, Tensor generator, Tensor? baseWeight)
    {
        int count = Size.Of((long)sizes.Outputs * sizes.Inputs, "the number of weights", nameof(GenerateLinear));
        Tensor? bias = baseWeight is { } given ? Reshape(given, [count]) : null;
        Tensor flat = Linear(z, Reshape(generator, [count, sizes.Embedding]), bias);
        return Reshape(flat, [sizes.Batch, sizes.Outputs, sizes.Inputs]);
    }

    private static Tensor GenerateFused(in GenerateSizes sizes, Tensor x, Tensor z, Tensor generator, Tensor? baseWeight)
    {
        Tensor rows = Dense(x);
        Tensor embedding = Dense(z);
        Tensor y = New(x, x.Shape.With(-1, sizes.Outputs));
        x.Device.Backend.GenerateLinear(sizes, rows.Ref, embedding.Ref, Dense(generator).Ref, DenseRef(baseWeight), y.Ref);
        return Record(y, [x, z, generator, baseWeight ?? default], (Sizes: sizes, X: x, Z: z, Generator: generator, Base: baseWeight), static (g, s) =>
        {
            if (g.Recorded)
            {
                GenerateGradientInOps(g, s.Sizes, s.X, s.Z, s.Generator, s.Base);
                return;
            }
            Tensor? dx = g.Needs(0) ? New(s.X, s.X.Shape) : null;
            Tensor? dz = g.Needs(1) ? New(s.X, s.Z.Shape) : null;
            // Reassociated, the generator's gradient is one product of the gradients and the rows times embeddings: the optimiser may take these.
            bool keeps = s.Sizes.Reassociate && g.Needs(2)
                && g.KeepsFactors(2, s.Sizes.Outputs, s.Sizes.Inputs * s.Sizes.Embedding, s.Sizes.Batch * s.Sizes.Rows);
            Tensor? dGenerator = g.Needs(2) && !keeps ? New(s.X, s.Generator.Shape) : null;
            Tensor? dBase = g.Needs(3) ? New(s.X, [s.Sizes.Outputs, s.Sizes.Inputs]) : null;
            s.X.Device.Backend.GenerateLinearGradient(
                s.Sizes, Dense(s.X).Ref, Dense(s.Z).Ref, Dense(s.Generator).Ref, DenseRef(s.Base), Dense(g.Output).Ref,
                dx?.Ref, dz?.Ref, dGenerator?.Ref, dBase?.Ref);
            SetIfMade(g, 0, dx);
            SetIfMade(g, 1, dz);
            SetIfMade(g, 2, dGenerator);
            if (keeps)
            {
                g.AddProduct(2, Reshape(g.Output, -1, s.Sizes.Outputs), RowsTimesEmbeddings(s.Sizes, s.X, s.Z));
            }
            SetIfMade(g, 3, dBase);
        });
    }

    /// <summary>The same gradients in ops that can be differentiated again; materialises the weights.</summary>
    private static void GenerateGradientInOps(Gradients g, in GenerateSizes sizes, Tensor x, Tensor z, Tensor generator, Tensor? baseWeight)
    {
        int count = Size.Of((long)sizes.Outputs * sizes.Inputs, "the number of weights", nameof(GenerateLinear));
        Tensor rows = Reshape(x, [sizes.Batch, sizes.Rows, sizes.Inputs]);
        Tensor gradient = Reshape(g.Output, [sizes.Batch, sizes.Rows, sizes.Outputs]);
        if (g.Needs(0))
        {
            g[0] = Reshape(Matmul(gradient, GenerateWeights(sizes, z, generator, baseWeight)), x.Shape);
        }
        Tensor weights = Reshape(Matmul(gradient, rows, transposeA: true), [sizes.Batch, count]);
        if (g.Needs(1))
        {
            g[1] = Matmul(weights, Reshape(generator, [count, sizes.Embedding]));
        }
        if (g.Needs(2))
        {
            g[2] = Reshape(Matmul(weights, z, transposeA: true), generator.Shape);
        }
        if (g.Needs(3))
        {
            g[3] = Reshape(Sum(weights, [0]), [sizes.Outputs, sizes.Inputs]);
        }
    }

    // [B T, I H]: what the reassociated form multiplies with the generator.
    private static Tensor RowsTimesEmbeddings(in GenerateSizes sizes, Tensor x, Tensor z) => Reshape(
        Multiply(Reshape(x, sizes.Batch, sizes.Rows, sizes.Inputs, 1), Reshape(z, sizes.Batch, 1, 1, sizes.Embedding)),
        sizes.Batch * sizes.Rows, sizes.Inputs * sizes.Embedding);

    private static void SetIfMade(Gradients g, int input, Tensor? gradient)
    {
        if (gradient is { } made)
        {
            g[input] = made;
        }
    }

    private static GenerateSizes CheckGenerate(Tensor x, Tensor z, Tensor generator, Tensor? baseWeight)
    {
        CheckFloats("GenerateLinear", x, z);
        CheckFloats("GenerateLinear", x, generator);
        if (x.Rank is not (2 or 3))
        {
            Throw.Argument($"GenerateLinear: x must be [B, T, I] or [B, I]; x is {x.Shape}.");
        }
        if (z.Rank != 2 || z.Shape[0] != x.Shape[0])
        {
            Throw.Argument($"GenerateLinear: z must be [{x.Shape[0]}, H] to match x {x.Shape}; z is {z.Shape}.");
        }
        if (generator.Rank != 3 || generator.Shape[1] != x.Shape[-1] || generator.Shape[2] != z.Shape[1])
        {
            Throw.Argument($"GenerateLinear: generator must be [O, {x.Shape[-1]}, {z.Shape[1]}] to match x {x.Shape} and z {z.Shape}; it is {generator.Shape}.");
        }
        if (baseWeight is { } given)
        {
            CheckFloats("GenerateLinear", x, given);
            if (given.Rank != 2 || given.Shape[0] != generator.Shape[0] || given.Shape[1] != generator.Shape[1])
            {
                Throw.Argument(
                    $"GenerateLinear: the base weight must be [{generator.Shape[0]}, {generator.Shape[1]}] to match the generator {generator.Shape}; it is {given.Shape}.");
            }
        }
        return new GenerateSizes(x.Shape[0], x.Rank == 3 ? x.Shape[1] : 1, x.Shape[-1], generator.Shape[0], z.Shape[1]);
    }
}
