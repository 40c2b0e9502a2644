namespace HyperKernels;

public static partial class Ops
{
    // The smallest normal float: a logarithm of it is finite, and its product with zero is zero.
    private const float SmallestNormal = 1.17549435e-38f;

    /// <summary>Classification loss: <c>-log softmax(logits)[label]</c>, averaged over the rows.</summary>
    /// <param name="logits">One score per class, <c>[..., classes]</c>.</param>
    /// <param name="labels">The right class of each row, int32 <c>[...]</c>.</param>
    /// <returns>A scalar; NaN for no rows.</returns>
    /// <exception cref="ArgumentException">The shapes do not match, or a label is not a class.</exception>
    /// <remarks>Differentiable in logits, any number of times. Large logits do not overflow.</remarks>
    public static Tensor CrossEntropy(Tensor logits, Tensor labels) => CrossEntropy(logits, labels, Reduction.Mean);

    /// <summary>Classification loss: <c>-log softmax(logits)[label]</c>.</summary>
    /// <param name="logits">One score per class, <c>[..., classes]</c>.</param>
    /// <param name="labels">The right class of each row, int32 <c>[...]</c>.</param>
    /// <param name="reduction">How the rows sum up.</param>
    /// <returns>A scalar, or <c>[...]</c> without reduction.</returns>
    /// <exception cref="ArgumentException">The shapes do not match, or a label is not a class.</exception>
    /// <remarks>Differentiable in logits, any number of times. Large logits do not overflow.</remarks>
    public static Tensor CrossEntropy(Tensor logits, Tensor labels, Reduction reduction)
    {
        CheckFloat("CrossEntropy", logits);
        Shape shape = logits.Shape;
        if (shape.Rank == 0 || labels.ElementType != ElementType.Int32 || labels.Shape != shape.Remove(-1))
        {
            Throw.Argument($"CrossEntropy: logits must be [..., classes] and labels int32 [...]; logits is {shape}, labels is {labels.Description}."
                + (labels.ElementType == ElementType.Float32 && labels.Shape == shape ? " For a probability per class use CrossEntropyWithProbabilities." : ""));
        }
        int classes = shape[-1];
        CheckIndices("CrossEntropy", logits, labels, classes, "labels");
        Tensor denseLogits = Dense(logits);
        Tensor denseLabels = Dense(labels);
        int rows = Size.Of(labels.Count);
        Tensor losses = New(logits, labels.Shape);
        Tensor logSums = New(logits, [rows, 2]);
        if (rows > 0)
        {
            logits.Device.Backend.CrossEntropy(rows, classes, denseLogits.Ref, denseLabels.Ref, losses.Ref, logSums.Ref);
        }
        Record(losses, [logits, denseLabels], (logits, denseLogits, denseLabels, logSums), static (g, s) =>
            g[0] = g.Recorded
                ? Multiply(Subtract(Softmax(s.logits), OneHot(s.denseLabels, s.logits.Shape[-1])), LastAxis(g.Output))
                : CrossEntropyGradient(s.denseLogits, s.denseLabels, s.logSums, g.Output));
        return Reduce(losses, reduction);
    }

    /// <summary>Classification loss against a probability per class: <c>-sum_c targets_c log softmax(logits)_c</c>, averaged over the rows.</summary>
    /// <param name="logits"><c>[..., classes]</c>.</param>
    /// <param name="targets">Probabilities, shaped as logits.</param>
    /// <param name="reduction">How the rows sum up.</param>
    /// <returns>A scalar, or <c>[...]</c> without reduction.</returns>
    /// <exception cref="ArgumentException">The shapes differ.</exception>
    /// <remarks>Differentiable in both, any number of times.</remarks>
    public static Tensor CrossEntropyWithProbabilities(Tensor logits, Tensor targets, Reduction reduction = Reduction.Mean)
    {
        CheckSame("CrossEntropyWithProbabilities", "logits", logits, "targets", targets);
        if (logits.Rank == 0)
        {
            Throw.Argument("CrossEntropyWithProbabilities: logits must be [..., classes]; got a scalar.");
        }
        return Reduce(Neg(Sum(Multiply(targets, LogSoftmax(logits)), [-1])), reduction);
    }

    /// <summary>Loss of yes-or-no questions: <c>softplus(x) - t x</c>, which is <c>-t log s - (1 - t) log(1 - s)</c> with s = sigmoid(x).</summary>
    /// <param name="logits">Any shape.</param>
    /// <param name="targets">Probabilities of yes, shaped as logits.</param>
    /// <param name="reduction">How the elements sum up.</param>
    /// <returns>A scalar, or shaped as logits without reduction.</returns>
    /// <exception cref="ArgumentException">The shapes differ.</exception>
    /// <remarks>Differentiable in both, any number of times. Large logits do not overflow.</remarks>
    public static Tensor BinaryCrossEntropyWithLogits(Tensor logits, Tensor targets, Reduction reduction = Reduction.Mean)
    {
        CheckSame("BinaryCrossEntropyWithLogits", "logits", logits, "targets", targets);
        return Reduce(Subtract(Softplus(logits), Multiply(targets, logits)), reduction);
    }

    /// <summary>Squared difference: <c>(a - b)^2</c>.</summary>
    /// <param name="a">Any shape.</param>
    /// <param name="b">Shaped as a.</param>
    /// <param name="reduction">How the elements sum up.</param>
    /// <returns>A scalar, or shaped as a without reduction.</returns>
    /// <exception cref="ArgumentException">The shapes differ.</exception>
    /// <remarks>Differentiable in both, any number of times.</remarks>
    public static Tensor MeanSquaredError(Tensor a, Tensor b, Reduction reduction = Reduction.Mean)
    {
        CheckSame("MeanSquaredError", "a", a, "b", b);
        return Reduce(Square(Subtract(a, b)), reduction);
    }

    /// <summary>Squared difference near zero, absolute difference beyond: <c>d^2 / 2</c> for |d| up to delta, else <c>delta (|d| - delta / 2)</c>.</summary>
    /// <param name="a">Any shape.</param>
    /// <param name="b">Shaped as a.</param>
    /// <param name="delta">Where the two meet; positive.</param>
    /// <param name="reduction">How the elements sum up.</param>
    /// <returns>A scalar, or shaped as a without reduction.</returns>
    /// <exception cref="ArgumentException">The shapes differ, or delta is not positive.</exception>
    /// <remarks>Differentiable in both, any number of times. Source: P. Huber, Annals of Mathematical Statistics 35, 1964.</remarks>
    public static Tensor Huber(Tensor a, Tensor b, float delta = 1, Reduction reduction = Reduction.Mean)
    {
        CheckSame("Huber", "a", a, "b", b);
        if (!(delta > 0))
        {
            Throw.Argument($"Huber: delta must be positive; got {delta}.");
        }
        // With c = d clamped to [-delta, delta], both branches are c (d - c / 2).
        Tensor difference = Subtract(a, b);
        Tensor clamped = Clamp(difference, -delta, delta);
        return Reduce(Multiply(clamped, Subtract(difference, MultiplyScalar(clamped, 0.5f))), reduction);
    }

    /// <summary>Divergence of a distribution from a target: <c>t (log t - logProbability)</c>, 0 where t is 0.</summary>
    /// <param name="logProbabilities">Any shape, for example of <see cref="LogSoftmax"/>.</param>
    /// <param name="targetProbabilities">Shaped as logProbabilities; not negative.</param>
    /// <param name="reduction">How the elements sum up; the mathematical definition is the mean over the batch.</param>
    /// <returns>A scalar, or shaped as logProbabilities without reduction.</returns>
    /// <exception cref="ArgumentException">The shapes differ.</exception>
    /// <remarks>Differentiable in both, any number of times. Source: S. Kullback, R. Leibler, 1951.</remarks>
    public static Tensor KullbackLeibler(Tensor logProbabilities, Tensor targetProbabilities, Reduction reduction = Reduction.BatchMean)
    {
        CheckSame("KullbackLeibler", "logProbabilities", logProbabilities, "targetProbabilities", targetProbabilities);
        Tensor logTargets = Log(Clamp(targetProbabilities, SmallestNormal, float.MaxValue));
        return Reduce(Multiply(targetProbabilities, Subtract(logTargets, logProbabilities)), reduction);
    }

    private static Tensor CrossEntropyGradient(Tensor logits, Tensor labels, Tensor logSums, Tensor gradient)
    {
        Tensor result = New(logits, logits.Shape);
        if (labels.Count > 0)
        {
            logits.Device.Backend.CrossEntropyGradient(
                (int)labels.Count, logits.Shape[-1], logits.Ref, labels.Ref, logSums.Ref, Dense(gradient).Ref, result.Ref);
        }
        return result;
    }

    private static Tensor LastAxis(Tensor x) => Reshape(x, x.Shape.Insert(x.Rank, 1));

    private static Tensor Reduce(Tensor losses, Reduction reduction) => reduction switch
    {
        Reduction.None => losses,
        Reduction.Sum => Sum(losses),
        Reduction.Mean => Mean(losses),
        Reduction.BatchMean => MultiplyScalar(Sum(losses), 1f / (losses.Rank == 0 ? 1 : losses.Shape[0])),
        _ => Throw.Argument<Tensor>($"Ops: the reduction must be one of {nameof(Reduction)}; got {reduction}."),
    };

    private static void CheckSame(string op, string nameA, Tensor a, string nameB, Tensor b)
    {
        CheckFloats(op, a, b);
        if (a.Shape != b.Shape)
        {
            Throw.Argument($"{op}: {nameA} and {nameB} must have the same shape; {nameA} is {a.Shape}, {nameB} is {b.Shape}.");
        }
    }
}
