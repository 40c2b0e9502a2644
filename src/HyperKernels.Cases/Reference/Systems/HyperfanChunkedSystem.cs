using HyperKernels.Layers;

namespace HyperKernels.Cases;

/// <summary>Variances and bounds that hyperfan initialisation gives the chunk embeddings of a chunked hypernetwork.</summary>
public sealed class HyperfanChunkedSystem : IReferenceSystem
{
    /// <inheritdoc/>
    public string Name => "hyperfan initialisation, chunked";

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, Tensor> Run(ReferenceRun run)
    {
        double[] wanted = Hyperfan.ChunkTargetVariances(HyperfanSystem.Mode(run.Case), HyperfanSystem.Targets(run.Case), run.Case.Int("chunk"));
        double[] embeddings = [.. wanted.Select(variance => Hyperfan.ChunkEmbeddingVariance(
            variance, run.Case.Int("embedding"), run.Case.Number("input_variance"), run.Case.Int("chunk_embedding")))];
        return new Dictionary<string, Tensor>
        {
            ["chunk_target_variance"] = HyperfanSystem.Vector(run, wanted),
            ["chunk_embedding_variance"] = HyperfanSystem.Vector(run, embeddings),
            ["chunk_embedding_bound"] = HyperfanSystem.Vector(run, embeddings.Select(Hyperfan.Bound)),
        };
    }
}
