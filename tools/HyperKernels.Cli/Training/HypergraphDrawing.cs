using System.Globalization;
using System.Text;
using HyperKernels.Cli.Data;

namespace HyperKernels.Cli.Training;

/// <summary>A small part of a hypergraph: nodes as dots in the colour of their class, hyperedges as rounded areas around their members.</summary>
internal static class HypergraphDrawing
{
    private const int Width = 720;
    private const int Height = 460;
    private const double Dot = 6.5;
    private const int MostNodes = 34;
    private const int MostEdges = 18;

    // Larger hyperedges cover everything.
    private const int LargestEdge = 9;

    /// <summary>Draws what lies around one node.</summary>
    /// <param name="title">The heading, which no other picture of the report has.</param>
    /// <param name="words">What is to be seen besides what the drawing always shows.</param>
    /// <param name="nodeIds">The node of each membership.</param>
    /// <param name="edgeIds">The hyperedge of each membership.</param>
    /// <param name="classes">The class of each node.</param>
    /// <param name="answers">The class that a network gave each node, or null: where it differs, the dot has a ring of that colour.</param>
    public static Picture Around(
        string title, string words, IReadOnlyList<int> nodeIds, IReadOnlyList<int> edgeIds, IReadOnlyList<int> classes, IReadOnlyList<int>? answers = null)
    {
        int[][] edges = Part(nodeIds, edgeIds);
        if (edges.Length == 0)
        {
            return Picture.OfHtml(title, words, "");
        }
        int[] nodes = [.. edges.SelectMany(static edge => edge).Distinct()];
        int[][] members = [.. edges.Select(edge => edge.Select(node => Array.IndexOf(nodes, node)).ToArray())];
        (double X, double Y)[] at = SpringLayout.Of(nodes.Length, members, Width, Height, margin: 30);
        StringBuilder svg = new($"<svg class=\"drawn\" viewBox=\"0 0 {Width} {Height}\" role=\"img\" aria-label=\"part of the hypergraph\">\n");
        for (int edge = 0; edge < edges.Length; edge++)
        {
            bool pure = edges[edge].All(node => classes[node] == classes[edges[edge][0]]);
            string colour = pure ? Colour(classes[edges[edge][0]]) : "var(--soft)";
            // Areas inside each other get different distances from their members, so that their borders can be told apart.
            string path = RoundedHull.Path([.. members[edge].Select(member => at[member])], 12 + (2.5 * (edge % 4)));
            svg.Append($"<path d=\"{path}\" fill=\"{colour}\" fill-opacity=\"0.12\" stroke=\"{colour}\" stroke-opacity=\"0.75\" stroke-width=\"1.5\"/>\n");
        }
        for (int i = 0; i < nodes.Length; i++)
        {
            int node = nodes[i];
            bool wrong = answers is not null && answers[node] != classes[node];
            string ring = wrong ? $"stroke=\"{Colour(answers![node])}\" stroke-width=\"4\"" : "stroke=\"var(--card)\" stroke-width=\"1.5\"";
            string said = wrong ? $", answered {answers![node]}" : "";
            svg.Append(string.Create(CultureInfo.InvariantCulture,
                $"<circle cx=\"{at[i].X:F1}\" cy=\"{at[i].Y:F1}\" r=\"{(wrong ? Dot + 1.5 : Dot)}\" fill=\"{Colour(classes[node])}\" {ring}>"));
            svg.Append($"<title>node {node}: class {classes[node]}{said}</title></circle>\n");
        }
        string always = $"{nodes.Length} nodes and {edges.Length} hyperedges. Dots have the colour of their class; an area has it too if all its members are of that class.";
        string rings = answers is null ? "" : " A ring is a wrong answer, in the colour of the class that was answered.";
        return Picture.OfSvg(title, $"{words}{(words.Length == 0 ? "" : " ")}{always}{rings}", svg.Append("</svg>\n").ToString());
    }

    /// <summary>Draws what lies around one node of a data set; parameters as above.</summary>
    public static Picture Around(string title, string words, CommunityGraph data, IReadOnlyList<int>? answers = null) =>
        Around(title, words, data.NodeIds, data.EdgeIds, data.Labels, answers);

    private static string Colour(int one) => $"var(--c{one % LineChart.Colours})";

    /// <summary>Hyperedges of two to nine members around the node that has the most of them, by distance, as long as they fit in the drawing.</summary>
    private static int[][] Part(IReadOnlyList<int> nodeIds, IReadOnlyList<int> edgeIds)
    {
        int[][] edges =
        [
            .. Enumerable.Range(0, edgeIds.Count).GroupBy(m => edgeIds[m], m => nodeIds[m]).Select(static edge => edge.Distinct().Order().ToArray())
                .Where(static edge => edge.Length is >= 2 and <= LargestEdge),
        ];
        if (edges.Length == 0)
        {
            return [];
        }
        ILookup<int, int> edgesOf = Enumerable.Range(0, edges.Length).SelectMany(edge => edges[edge].Select(node => (node, edge))).ToLookup(one => one.node, one => one.edge);
        // A hub would fill the drawing by itself.
        int start = edgesOf.Where(static of => of.Count() <= MostEdges / 3).MaxBy(static of => of.Count())?.Key ?? edges[0][0];
        List<int[]> part = [];
        HashSet<int> taken = [];
        HashSet<int> nodes = [start];
        Queue<int> next = new([start]);
        while (next.TryDequeue(out int node))
        {
            foreach (int edge in edgesOf[node].Where(taken.Add))
            {
                int[] fresh = [.. edges[edge].Where(member => !nodes.Contains(member))];
                if (part.Count == MostEdges || nodes.Count + fresh.Length > MostNodes)
                {
                    continue;
                }
                part.Add(edges[edge]);
                foreach (int member in fresh)
                {
                    nodes.Add(member);
                    next.Enqueue(member);
                }
            }
        }
        // Large areas lie under small ones.
        return [.. part.OrderByDescending(static edge => edge.Length)];
    }
}
