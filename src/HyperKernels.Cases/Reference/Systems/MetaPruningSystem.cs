using HyperKernels.Layers;
using HyperKernels.Models;

namespace HyperKernels.Cases;

/// <summary>A metanetwork that rewrites features of a graph; or that rewrites a small residual network, with the losses of the network that comes out.</summary>
public sealed class MetaPruningSystem : IReferenceSystem
{
    private static readonly (string Own, string Theirs)[] s_names =
    [
        ("gnn.nodes.", "nodeEnc."), ("gnn.edges.", "edgeEnc."), ("node_hidden.", "nodeDec.1."), ("node_out.", "nodeDec.3."), ("edge_hidden.", "edgeDec.1."),
        ("edge_out.", "edgeDec.3."),
    ];

    /// <inheritdoc/>
    public string Name => "MetaPruning";

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, Tensor> Run(ReferenceRun run) => run.HasInput("image") ? RunTarget(run) : RunFeatures(run);

    private static Dictionary<string, Tensor> RunFeatures(ReferenceRun run)
    {
        (Tensor node, Tensor edge) = (run.Input("node"), run.Input("edge"));
        int[] index = run.Ints("edge_index");
        // Their first row is what is computed, the second what is read.
        (int[] to, int[] from) = (index[..(index.Length / 2)], index[(index.Length / 2)..]);
        Incidence links = run.Own(Incidence.FromPairs(node.Shape[0], node.Shape[0], from, to, run.Device));
        NetworkRewriter rewriter = Rewriter(run, node.Shape[1], edge.Shape[1]);
        using IDisposable weights = run.Use(rewriter, Theirs);
        NetworkFeatures changed = rewriter.Forward(new NetworkFeatures(node, edge), links);
        return new Dictionary<string, Tensor> { ["node"] = changed.Nodes, ["edge"] = changed.Edges };
    }

    private static Dictionary<string, Tensor> RunTarget(ReferenceRun run)
    {
        ReferenceCase source = run.Case;
        Target target = run.Own(new Target(source.Int("channels"), source.Int("width"), source.Int("mid"), source.Int("classes")));
        NetworkGraph graph = NetworkGraph.Of(target);
        NetworkGraphBatch batch = run.Own(NetworkGraphBatch.Of(graph, device: run.Device));
        NetworkRewriter rewriter = Rewriter(run, graph.NodeFeatures, graph.EdgeFeatures);
        NetworkFeatures changed;
        using (run.Use(rewriter, Theirs))
        {
            changed = rewriter.Forward(graph.Read(graph.Names.ToDictionary(static name => name, name => run.Input("net." + name))), batch.Links);
        }
        PredictedParameters written = graph.Write(changed);
        using IDisposable weights = written.Use(target);
        Tensor logits = target.Forward(run.Input("image"), name => run.Input("net." + name));
        GroupSparsity sparsity = new((float)source.Number("reg", 10));
        return new Dictionary<string, Tensor>
        {
            ["logits"] = logits,
            ["ce"] = Ops.CrossEntropy(logits, run.Input("label")),
            ["sparsity"] = sparsity.Loss(run.Input("scale"), target.Conv1.Weight.Value),
            ["conv1.weight"] = written.Weights["conv1.weight"].Materialize(),
            ["bn2.weight"] = written.Weights["bn2.weight"].Materialize(),
            ["fc.weight"] = written.Weights["fc.weight"].Materialize(),
        };
    }

    private static NetworkRewriter Rewriter(ReferenceRun run, int nodeFeatures, int edgeFeatures) => run.Own(new NetworkRewriter(
        nodeFeatures, edgeFeatures, run.Case.Int("hidden", 64), run.Case.Int("layers", 8), (float)run.Case.Number("node_ratio", 0.01),
        (float)run.Case.Number("edge_ratio", 0.01), random: new RandomStream(0)));

    private static string Theirs(string name)
    {
        foreach ((string own, string theirs) in s_names)
        {
            if (name.StartsWith(own, StringComparison.Ordinal))
            {
                return theirs + name[own.Length..];
            }
        }
        string inLayer = name["gnn.".Length..];
        return "convs." + (inLayer.Contains("downlin", StringComparison.Ordinal) ? inLayer : $"{inLayer[..inLayer.LastIndexOf('.')]}.0{inLayer[inLayer.LastIndexOf('.')..]}");
    }

    /// <summary>The case's network; its running statistics come from outside, because they have gradients.</summary>
    private sealed class Target : Layer, IArchitectureLayer
    {
        private readonly (Conv2d Conv, BatchNorm Norm)[] _parts;
        private readonly Linear _classifier;

        public Target(int channels, int width, int mid, int classes)
        {
            (int In, int Out)[] sizes = [(channels, width), (width, mid), (mid, width)];
            _parts = new (Conv2d, BatchNorm)[sizes.Length];
            for (int i = 0; i < sizes.Length; i++)
            {
                Conv2d conv = Add($"conv{i + 1}", new Conv2d(sizes[i].In, sizes[i].Out, 3, padding: 1, bias: false, random: new RandomStream(0)));
                _parts[i] = (conv, Add($"bn{i + 1}", new BatchNorm(sizes[i].Out)));
            }
            _classifier = Add("fc", new Linear(width, classes, random: new RandomStream(0)));
        }

        public Conv2d Conv1 => _parts[0].Conv;

        public int AddTo(ArchitectureBuilder builder, int input)
        {
            int[] ends = new int[_parts.Length];
            for (int i = 0; i < _parts.Length; i++)
            {
                ends[i] = builder.Add(_parts[i].Norm, builder.Add(_parts[i].Conv, i == 0 ? input : ends[i - 1]));
            }
            return builder.Add(_classifier, builder.Add(GraphOperation.GlobalAverage, builder.Add(GraphOperation.Sum, ends[0], ends[2])));
        }

        public Tensor Forward(Tensor image, Func<string, Tensor> statistic)
        {
            Tensor Part(int i, Tensor x) => Ops.BatchNormInference(
                _parts[i].Conv.Forward(x), statistic($"bn{i + 1}.running_mean"), statistic($"bn{i + 1}.running_var"), _parts[i].Norm.Weight!.Value,
                _parts[i].Norm.Bias!.Value);
            Tensor stem = Ops.Relu(Part(0, image));
            Tensor sum = Ops.Relu(Ops.Add(Part(2, Ops.Relu(Part(1, stem))), stem));
            return _classifier.Forward(Ops.Mean(sum, [2, 3]));
        }
    }
}
