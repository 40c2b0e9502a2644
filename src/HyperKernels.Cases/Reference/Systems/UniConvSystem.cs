using HyperKernels.Models;

namespace HyperKernels.Cases;

/// <summary>One convolution of UniGNN.</summary>
/// <param name="name">What its cases name as their system: <c>unigcn</c>.</param>
/// <param name="kind">The convolution.</param>
public sealed class UniConvSystem(string name, UniKind kind) : IReferenceSystem
{
    /// <inheritdoc/>
    public string Name => name;

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, Tensor> Run(ReferenceRun run)
    {
        Hypergraph graph = run.Own(Graph(run));
        UniConv layer = run.Own(Make(run.Case));
        using (run.Use(layer))
        {
            return new Dictionary<string, Tensor> { ["y"] = layer.Forward(run.Input("x"), graph) };
        }
    }

    /// <summary>The case's hypergraph, with hyperedges of single nodes where its options ask for them.</summary>
    internal static Hypergraph Graph(ReferenceRun run)
    {
        Hypergraph graph = new(run.Incidence(), run.OptionalInput("edge_weight"));
        return run.Case.Flag("add_self_loop", false) ? UniGnn.WithSelfLoops(graph) : graph;
    }

    /// <summary>An option that is a mean or a sum.</summary>
    internal static SetAggregation Aggregate(ReferenceCase source, string option, string otherwise) => source.Text(option, otherwise) switch
    {
        "mean" => SetAggregation.Mean,
        "sum" or "add" => SetAggregation.Sum,
        string other => throw new InvalidDataException($"{source.Path}: config \"{option}\" must be mean or sum; it is \"{other}\"."),
    };

    private UniConv Make(ReferenceCase source)
    {
        (int inFeatures, int outFeatures, int heads) = (source.Int("c_in"), source.Int("c_out"), source.Int("heads", 1));
        SetAggregation first = Aggregate(source, "first_aggregate", "mean");
        bool rowNorm = source.Flag("use_norm", false);
        return kind switch
        {
            UniKind.Gcn => new UniGcnConv(inFeatures, outFeatures, heads, first, rowNorm),
            UniKind.Gat => new UniGatConv(inFeatures, outFeatures, heads, first, rowNorm, source.Flag("skip_sum", false)),
            UniKind.Gin => new UniGinConv(inFeatures, outFeatures, heads, first, rowNorm),
            _ => new UniSageConv(inFeatures, outFeatures, heads, first, Aggregate(source, "second_aggregate", "sum"), rowNorm),
        };
    }
}
