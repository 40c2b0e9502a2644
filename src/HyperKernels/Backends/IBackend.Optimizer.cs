namespace HyperKernels.Backends;

/// <summary>How <see cref="IOptimizerBackend.Optimize"/> changes its targets.</summary>
internal enum OptimizerRule
{
    /// <summary>
    /// <c>h = g + decay p; first = momentum first + h; p -= rate (first, or h + momentum first with Nesterov)</c>; without first <c>p -= rate h</c>.
    /// </summary>
    Momentum,

    /// <summary>
    /// <c>p *= shrink; h = g + decay p; first += (1 - beta1) (h - first); second = beta2 second + (1 - beta2) h^2;
    /// p -= rate first / (sqrt(second) rootScale + epsilon)</c>.
    /// </summary>
    Adam,

    /// <summary><c>p = beta1 p + (1 - beta1) g</c>: a running average of g.</summary>
    Average,
}

/// <summary>What is the same for all targets of one step. Rest is 1 - beta, rounded once: near 1 a float beta has lost its digits.</summary>
internal readonly record struct OptimizerStep(OptimizerRule Rule, float Beta1, float Rest1, float Beta2, float Rest2, float Epsilon, bool Nesterov);

/// <summary>One tensor to change, with its gradient, state and rates. All dense.</summary>
internal struct OptimizerTarget
{
    public BufferRef Value;
    public BufferRef? Gradient;
    public BufferRef? First;
    public BufferRef? Second;
    public long Count;

    /// <summary>
    /// In the place of an absent gradient, given only where <see cref="IOptimizerBackend.UsesUpProduct"/> says so: it is left^T right, left [Depth, Count / Columns] and
    /// right [Depth, Columns].
    /// </summary>
    public BufferRef? Left;
    public BufferRef? Right;
    public int Depth;
    public int Columns;

    /// <summary>The learning rate, with the correction of the first moment's bias in it.</summary>
    public float Rate;

    /// <summary>Weight decay as part of the gradient.</summary>
    public float Decay;

    /// <summary>Weight decay on its own: a factor of the value.</summary>
    public float Shrink;

    /// <summary>The correction of the second moment's bias: 1 / sqrt(1 - beta2^t).</summary>
    public float RootScale;
}

/// <summary>Changing parameters.</summary>
internal interface IOptimizerBackend
{
    /// <summary>Changes all targets in one pass over each: values and state are read and written once.</summary>
    void Optimize(OptimizerStep step, ReadOnlySpan<OptimizerTarget> targets);

    /// <summary>Whether <see cref="Optimize"/> takes a product left [depth, rows]^T right [depth, columns] in the place of a gradient, and gains by it.</summary>
    bool UsesUpProduct(int rows, int columns, int depth);
}
