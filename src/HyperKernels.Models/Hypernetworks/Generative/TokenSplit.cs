namespace HyperKernels.Models;

/// <summary>Which values of a checkpoint transformer's inputs become a token together.</summary>
public enum TokenSplit
{
    /// <summary>So many values after another, without regard to tensors and inputs.</summary>
    Chunk,

    /// <summary>Those of a tensor.</summary>
    LayerByLayer,

    /// <summary>So many values of a tensor; the last token of a tensor may be shorter.</summary>
    ChunkWithinLayer,

    /// <summary>So many values of an input; the last token of an input may be shorter.</summary>
    ChunkWithinInput,
}
