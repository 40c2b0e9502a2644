using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch.nn;

namespace HyperKernels.TorchPeer;

/// <summary>Sums and softmax over the memberships of a hypergraph, and epochs of published networks as their authors write them.</summary>
internal static class HypergraphWorks
{
    private const long Classes = 10;
    private const long UniHeads = 8;
    private const long SetHeads = 4;

    // Above this a run takes minutes, and gigabytes for gathered rows.
    private const long ManyMemberships = 1_000_000;

    public static IEnumerable<Variant> Convolution(Letters s)
    {
        if (s["M"] > ManyMemberships)
        {
            yield break;
        }
        TorchHypergraph graph = new(s);
        torch.Tensor x = Works.Normal([s["N"], s["F"]]);
        foreach (Sums sums in Enum.GetValues<Sums>())
        {
            Func<torch.Tensor, torch.Tensor> convolve = Symmetric(graph, sums);
            yield return Works.WithGradient(Name(sums), () => convolve(x), x);
        }
    }

    public static IEnumerable<Variant> Softmax(Letters s)
    {
        TorchHypergraph graph = new(s);
        torch.Tensor scores = Works.Normal([s["M"], s["H"]]);
        yield return Works.WithGradient(Name(Sums.Gathered), () => graph.SoftmaxInEdges(scores), scores);
    }

    public static IEnumerable<Variant> Attention(Letters s)
    {
        if (s["M"] > ManyMemberships)
        {
            yield break;
        }
        TorchHypergraph graph = new(s);
        torch.Tensor x = Works.Normal([s["N"], s["H"], s["F"] / s["H"]]), scores = Works.Normal([s["M"], s["H"]]);
        yield return Works.WithGradient(
            Name(Sums.Gathered), () => graph.AddToEdges(graph.SoftmaxInEdges(scores).unsqueeze(2) * x.index_select(0, graph.Nodes)), x, scores);
    }

    public static IEnumerable<Variant> Hgnn(Letters s) => BothSums(s, (graph, sums) =>
    {
        Linear first = Linear(s["I"], s["H"]), second = Linear(s["H"], Classes);
        Func<torch.Tensor, torch.Tensor> smooth = Symmetric(graph, sums);
        return (x => smooth(second.forward(Dropout(functional.relu(smooth(first.forward(x))), 0.5))), [first, second]);
    });

    // Every hyperedge links two of its members, and both to all others, as the authors' matrix does.
    public static IEnumerable<Variant> HyperGcn(Letters s)
    {
        TorchHypergraph graph = new(s);
        torch.Tensor laplacian = graph.FurthestMembers();
        Linear first = Linear(s["I"], s["H"]), second = Linear(s["H"], Classes);
        yield return Step(
            s, Sums.Sparse, x => torch.mm(laplacian, second.forward(Dropout(functional.relu(torch.mm(laplacian, first.forward(x))), 0.5))), [first, second]);
    }

    public static IEnumerable<Variant> UniGcnII(Letters s) => BothSums(s, (graph, sums) =>
    {
        const double Alpha = 0.1, Rate = 0.6;
        double[] betas = [Math.Log(1.5), Math.Log(1.25)];
        Linear input = Linear(s["I"], s["H"]), output = Linear(s["H"], Classes);
        Linear[] weights = [.. betas.Select(_ => Linear(s["H"], s["H"], hasBias: false))];
        Func<torch.Tensor, torch.Tensor> toEdges = graph.ToEdges(sums, null, graph.EdgeSizes.reciprocal());
        Func<torch.Tensor, torch.Tensor> toNodes = graph.ToNodes(sums, graph.MeanDegrees().rsqrt(), graph.NodeDegrees.rsqrt());
        return (
            x =>
            {
                torch.Tensor start = functional.relu(input.forward(Dropout(x, Rate))), rows = start;
                foreach ((Linear weight, double beta) in weights.Zip(betas))
                {
                    torch.Tensor mixed = ((1 - Alpha) * toNodes(toEdges(Dropout(rows, Rate)))) + (Alpha * start);
                    rows = functional.relu(((1 - beta) * mixed) + (beta * weight.forward(mixed)));
                }
                return output.forward(Dropout(rows, Rate));
            },
            [input, output, .. weights]);
    });

    public static IEnumerable<Variant> UniGat(Letters s)
    {
        const double Rate = 0.6;
        TorchHypergraph graph = new(s);
        Func<torch.Tensor, torch.Tensor> toEdges = graph.ToEdges(Sums.Gathered, null, graph.EdgeSizes.reciprocal());
        Linear first = Linear(s["I"], UniHeads * s["H"], hasBias: false), second = Linear(UniHeads * s["H"], Classes, hasBias: false);
        Parameter ofFirst = Parameter(Works.Normal([1, UniHeads, s["H"]], 0.1)), ofSecond = Parameter(Works.Normal([1, 1, Classes], 0.1));
        yield return Step(
            s,
            Sums.Gathered,
            x => Layer(Dropout(functional.relu(Layer(Dropout(x, Rate), first, ofFirst)), Rate), second, ofSecond),
            [first, second],
            ofFirst,
            ofSecond);

        torch.Tensor Layer(torch.Tensor x, Linear weight, torch.Tensor attention)
        {
            torch.Tensor edges = toEdges(weight.forward(x)).view(-1, attention.shape[1], attention.shape[2]);
            torch.Tensor scores = functional.leaky_relu((edges * attention).sum(-1), 0.2);
            torch.Tensor shares = Dropout(graph.SoftmaxAtNodes(scores.index_select(0, graph.Edges)), Rate);
            return graph.AddToNodes(edges.index_select(0, graph.Edges) * shares.unsqueeze(2)).flatten(1);
        }
    }

    public static IEnumerable<Variant> AllSet(Letters s)
    {
        TorchHypergraph graph = new(s);
        SetAttention toEdges = new(s["I"], s["H"], SetHeads), toNodes = new(s["H"], s["H"], SetHeads);
        LayerNorm norm = LayerNorm(s["H"]);
        Linear classifier = Linear(s["H"], Classes);
        yield return Step(
            s,
            Sums.Gathered,
            x =>
            {
                torch.Tensor edges = functional.relu(toEdges.Forward(Dropout(x, 0.2), graph.Nodes, graph.SoftmaxInEdges, graph.AddToEdges));
                torch.Tensor nodes = functional.relu(toNodes.Forward(Dropout(edges, 0.5), graph.Edges, graph.SoftmaxAtNodes, graph.AddToNodes));
                return classifier.forward(norm.forward(Dropout(nodes, 0.5)));
            },
            [.. toEdges.Modules, .. toNodes.Modules, norm, classifier],
            toEdges.Seed,
            toNodes.Seed);
    }

    public static IEnumerable<Variant> EdHnn(Letters s) => BothSums(s, (graph, sums) =>
    {
        Linear input = Linear(s["I"], s["H"]), last = Linear(s["H"], s["H"]), classifier = Linear(s["H"], Classes);
        LayerNorm[] norms = [LayerNorm(s["H"]), LayerNorm(s["H"])];
        Func<torch.Tensor, torch.Tensor> toEdges = graph.ToEdges(sums, null, graph.EdgeSizes.reciprocal());
        Func<torch.Tensor, torch.Tensor> toNodes = graph.ToNodes(sums, null, graph.NodeDegrees.reciprocal());
        return (
            x =>
            {
                torch.Tensor start = Dropout(functional.relu(input.forward(Dropout(x, 0.2))), 0.5);
                torch.Tensor diffused = functional.relu(last.forward(norms[0].forward(toNodes(toEdges(start)))));
                return classifier.forward(norms[1].forward(Dropout(diffused, 0.5)));
            },
            [input, last, classifier, .. norms]);
    });

    public static IEnumerable<Variant> PhenomNn(Letters s) => BothSums(s, (graph, sums) =>
    {
        const double Lambda = 20;
        const int Steps = 16;
        Linear input = Linear(s["I"], s["H"]), output = Linear(s["H"], Classes);
        torch.Tensor edgeScale = graph.EdgeSizes.reciprocal(), ones = torch.ones(s["N"], 1);
        torch.Tensor own = graph.ToNodes(sums, null, null)(graph.ToEdges(sums, null, edgeScale)(ones)) + 1;
        torch.Tensor nodeScale = own.rsqrt().squeeze(1);
        Func<torch.Tensor, torch.Tensor> toEdges = graph.ToEdges(sums, nodeScale, edgeScale), toNodes = graph.ToNodes(sums, null, nodeScale);
        torch.Tensor rate = 1 / ((Lambda * Star(ones)) + 1);
        return (
            x =>
            {
                torch.Tensor start = Dropout(functional.relu(input.forward(Dropout(x, 0.5))), 0.5), y = start;
                for (int step = 0; step < Steps; step++)
                {
                    y = rate * (start + (Lambda * Star(y)));
                }
                return output.forward(Dropout(functional.relu(y), 0.5));
            },
            [input, output]);

        torch.Tensor Star(torch.Tensor y) => toNodes(toEdges(y)) + (y / own);
    });

    private static Func<torch.Tensor, torch.Tensor> Symmetric(TorchHypergraph graph, Sums sums)
    {
        torch.Tensor nodeScale = graph.NodeDegrees.rsqrt();
        Func<torch.Tensor, torch.Tensor> toEdges = graph.ToEdges(sums, nodeScale, graph.EdgeSizes.reciprocal()), toNodes = graph.ToNodes(sums, null, nodeScale);
        return x => toNodes(toEdges(x));
    }

    private static IEnumerable<Variant> BothSums(Letters s, Func<TorchHypergraph, Sums, (Func<torch.Tensor, torch.Tensor> Logits, Module[] Modules)> make)
    {
        TorchHypergraph graph = new(s);
        foreach (Sums sums in Enum.GetValues<Sums>())
        {
            (Func<torch.Tensor, torch.Tensor> logits, Module[] modules) = make(graph, sums);
            yield return Step(s, sums, logits, modules);
        }
    }

    private static Variant Step(Letters s, Sums sums, Func<torch.Tensor, torch.Tensor> logits, Module[] modules, params Parameter[] parameters)
    {
        torch.Tensor x = Works.Normal([s["N"], s["I"]]);
        return Works.Training(Name(sums), () => logits(x), Works.Labels(s["N"], Classes), [.. modules.SelectMany(static module => module.parameters()), .. parameters]);
    }

    // An answer without gradient is one without dropout.
    private static torch.Tensor Dropout(torch.Tensor x, double rate) => functional.dropout(x, rate, torch.is_grad_enabled());

    private static string Name(Sums sums) => sums == Sums.Gathered ? "libtorch index_select + scatter_add" : "libtorch sparse mm (COO)";
}
