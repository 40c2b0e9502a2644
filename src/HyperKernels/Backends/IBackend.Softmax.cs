namespace HyperKernels.Backends;

/// <summary>What <see cref="ISoftmaxBackend.Softmax"/> computes.</summary>
internal enum SoftmaxOp
{
    /// <summary><c>y = e^a / sum(e^a)</c>; b is not read.</summary>
    Softmax,

    /// <summary><c>y = a - log(sum(e^a))</c>; b is not read.</summary>
    LogSoftmax,

    /// <summary><c>y = a (b - sum(a b))</c>: a is the softmax, b the gradient of it.</summary>
    SoftmaxGradient,

    /// <summary><c>y = b - e^a sum(b)</c>: a is the log-softmax, b the gradient of it.</summary>
    LogSoftmaxGradient,
}

/// <summary>Softmax and the cross entropy built on it.</summary>
internal interface ISoftmaxBackend
{
    /// <summary>Over the middle axis of dense arrays <c>[outer, axis, inner]</c>. axis is at least 1; y may be a or b.</summary>
    void Softmax(SoftmaxOp op, int outer, int axis, int inner, BufferRef a, BufferRef? b, BufferRef y);

    /// <summary>
    /// losses[r] = log(sum over c of e^logits[r, c]) - logits[r, labels[r]]; logSums <c>[rows, 2]</c> keeps the logarithm as a sum of two
    /// parts. logits is dense; labels are in range.
    /// </summary>
    void CrossEntropy(int rows, int classes, BufferRef logits, BufferRef labels, BufferRef losses, BufferRef logSums);

    /// <summary>y[r, c] = gradient[r] (e^(logits[r, c] - logSums[r, 0] - logSums[r, 1]) - (1 where c is labels[r], else 0)).</summary>
    void CrossEntropyGradient(int rows, int classes, BufferRef logits, BufferRef labels, BufferRef logSums, BufferRef gradient, BufferRef y);
}
