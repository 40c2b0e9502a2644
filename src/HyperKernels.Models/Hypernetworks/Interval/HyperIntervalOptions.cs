namespace HyperKernels.Models;

/// <summary>The choices of <see cref="HyperInterval.Create"/>; the defaults are those of the authors' nested runs on permuted MNIST.</summary>
public sealed record HyperIntervalOptions
{
    /// <summary>The sum of a radius over the embedding.</summary>
    public double Epsilon { get; init; } = 5;

    /// <summary>Whether all tasks' intervals have points in common, so that there is a universal embedding; radii are then not learned.</summary>
    public bool IsNested { get; init; } = true;

    /// <summary>The widths of the generator's layers.</summary>
    public IReadOnlyList<int> Hidden { get; init; } = [100, 100];

    /// <summary>The generator's activation; it must never fall.</summary>
    public Activation Activation { get; init; } = Activation.Relu;

    /// <summary>Whether the generator's layers and the output layer add biases.</summary>
    public bool Bias { get; init; } = true;

    /// <summary>The deviation of the tasks' embeddings at the start.</summary>
    public float EmbeddingDeviation { get; init; } = 1;

    /// <summary>Which of the target's parameters are generated: a pattern over dotted names.</summary>
    public string Parameters { get; init; } = "*";
}
