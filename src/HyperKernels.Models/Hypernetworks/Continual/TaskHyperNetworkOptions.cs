namespace HyperKernels.Models;

/// <summary>The choices of <see cref="TaskHyperNetwork.Create"/>; the defaults are those of the authors' library.</summary>
public sealed record TaskHyperNetworkOptions
{
    /// <summary>In which pieces weights are generated.</summary>
    public TaskEmission Emission { get; init; }

    /// <summary>
    /// The widths of the generator's layers; null means 100 and 100, or none where a recurrent network follows. Without any the output layer reads
    /// the embeddings.
    /// </summary>
    public IReadOnlyList<int>? Hidden { get; init; }

    /// <summary>The generator's activation.</summary>
    public Activation Activation { get; init; } = Activation.Relu;

    /// <summary>Whether the generator's layers and the output layer add biases.</summary>
    public bool Bias { get; init; } = true;

    /// <summary>The share of hidden units dropped while training, before the activation; 0 for none.</summary>
    public float Dropout { get; init; }

    /// <summary>Numbers per row that come from outside beside the task's number; the generator reads them first.</summary>
    public int External { get; init; }

    /// <summary>The values of one chunk.</summary>
    public int ChunkSize { get; init; } = 1000;

    /// <summary>The length of the embedding of a chunk, or of a recurrent network's step.</summary>
    public int ChunkEmbedding { get; init; } = 8;

    /// <summary>Whether every task has chunk embeddings of its own, for <see cref="TaskEmission.Chunks"/>.</summary>
    public bool OwnChunks { get; init; }

    /// <summary>The deviation of the tasks' embeddings at the start.</summary>
    public float EmbeddingDeviation { get; init; } = 1;

    /// <summary>The deviation of chunk embeddings at the start.</summary>
    public float ChunkDeviation { get; init; } = 1;

    /// <summary>How everything else starts. The chunked hyperfan starts give every chunk's embedding a deviation of its own.</summary>
    public TaskStart Start { get; init; }

    /// <summary>The recurrent network of the recurrent emissions.</summary>
    public RecurrentKind Recurrent { get; init; }

    /// <summary>The size of its state.</summary>
    public int HiddenFeatures { get; init; } = 32;

    /// <summary>Which of the target's parameters are generated: a pattern over dotted names.</summary>
    public string Parameters { get; init; } = "*";
}
