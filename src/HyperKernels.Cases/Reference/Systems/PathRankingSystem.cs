using HyperKernels.Models;

namespace HyperKernels.Cases;

/// <summary>Drugs ranked by the cosines of their paths.</summary>
public sealed class PathRankingSystem : IReferenceSystem
{
    /// <inheritdoc/>
    public string Name => "path_ranking";

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, Tensor> Run(ReferenceRun run)
    {
        double[] scores = PathRanking.Scores(
            run.Input("path_embedding").ToArray(), run.Ints("path_drug"), run.Case.Int("drugs"), run.Ints("reference_drugs"));
        return new Dictionary<string, Tensor>
        {
            ["median_cosine"] = Tensor.From(Array.ConvertAll(scores, static score => (float)score), [scores.Length], run.Device),
            ["rank"] = Tensor.From(PathRanking.Ranks(scores), [scores.Length], run.Device),
        };
    }
}
