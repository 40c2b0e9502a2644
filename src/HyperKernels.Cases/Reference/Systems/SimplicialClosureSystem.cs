using HyperKernels.Models;

namespace HyperKernels.Cases;

/// <summary>Triangles of simplices in the layout of sizes and node ids from 1, with their scores.</summary>
public sealed class SimplicialClosureSystem : IReferenceSystem
{
    private static readonly Dictionary<string, ClosureScore> s_columns = new()
    {
        ["harmonic mean"] = ClosureScore.HarmonicMean,
        ["geometric mean"] = ClosureScore.GeometricMean,
        ["arithmetic mean"] = ClosureScore.ArithmeticMean,
        ["common neighbours"] = ClosureScore.CommonNeighbours,
        ["Jaccard"] = ClosureScore.Jaccard,
        ["Adamic-Adar"] = ClosureScore.AdamicAdar,
        ["degree product"] = ClosureScore.DegreeProduct,
    };

    /// <inheritdoc/>
    public string Name => "simplicial_closure";

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, Tensor> Run(ReferenceRun run)
    {
        int nodes = run.Case.Int("n_nodes");
        int[] sizes = run.Ints("nverts");
        int[] edges = [.. sizes.SelectMany(static (size, edge) => Enumerable.Repeat(edge, size))];
        int[] members = Array.ConvertAll(run.Ints("simplices"), static node => node - 1);
        Incidence incidence = run.Own(Incidence.FromPairs(nodes, sizes.Length, members, edges, run.Device));
        SimplicialClosure closure = SimplicialClosure.Of(incidence, run.Case.Int("largest", SimplicialClosure.PublishedLargest));
        int[] weights = new int[nodes * nodes];
        foreach ((int u, int v, float weight) in ProjectionSystem.Pairs(closure.Graph))
        {
            weights[(u * nodes) + v] = weights[(v * nodes) + u] = (int)weight;
        }
        int count = closure.Triangles.Count;
        double[][] columns = [.. Columns(run.Case).Select(closure.Scores)];
        return new Dictionary<string, Tensor>
        {
            ["pair_weights"] = Tensor.From(weights, [nodes, nodes], run.Device),
            ["triangles"] = Tensor.From([.. closure.Triangles.SelectMany(static t => new[] { t.U + 1, t.V + 1, t.W + 1 })], [count, 3], run.Device),
            ["closed"] = Tensor.From([.. closure.Triangles.Select(static t => t.Closed ? 1 : 0)], [count], run.Device),
            ["scores"] = Tensor.From(
                [.. Enumerable.Range(0, count).SelectMany(row => columns.Select(column => (float)column[row]))], [count, columns.Length], run.Device),
        };
    }

    private static IEnumerable<ClosureScore> Columns(ReferenceCase source) =>
        source.Config.TryGetProperty("score_columns", out System.Text.Json.JsonElement names)
            ? names.EnumerateArray().Select(name => s_columns.TryGetValue(name.GetString() ?? "", out ClosureScore score)
                ? score
                : throw new InvalidDataException($"{source.Path}: score column \"{name}\" is none of {string.Join(", ", s_columns.Keys)}."))
            : Enum.GetValues<ClosureScore>();
}
