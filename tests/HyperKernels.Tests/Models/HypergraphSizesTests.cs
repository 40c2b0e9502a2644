using HyperKernels.Layers;
using HyperKernels.Models;

namespace HyperKernels.Tests.Models;

/// <summary>Networks over sets and memberships at the sizes where reductions, norms and lists of pairs break.</summary>
public sealed class HypergraphSizesTests
{
    private const int Features = 3;
    private const int Hidden = 4;
    private const int Classes = 2;

    private static IEnumerable<TestCaseData> Networks()
    {
        foreach (bool attention in new[] { false, true })
        {
            yield return Case($"AllSet attention {attention}", random => new AllSet(Features, Hidden, Classes, new AllSetOptions { Attention = attention }, random));
        }
        foreach (EdHnnKind kind in Enum.GetValues<EdHnnKind>())
        {
            foreach (int layers in new[] { 1, 2 })
            {
                EdHnnOptions options = new() { Kind = kind, Mlp2Layers = layers };
                yield return Case($"EdHnn {kind} {layers}", random => new EdHnn(Features, Hidden, Classes, options, random));
            }
        }
        yield return Case("PhenomNn", random => new PhenomNn(Features, Hidden, Classes, new PhenomOptions { Compatibility = true, Alpha = 0.1f, Lambda0 = 1 }, random));
        foreach (MembershipOperator kind in Enum.GetValues<MembershipOperator>())
        {
            CoNhdOptions options = new() { Operator = kind, Encodings = 0, LayerNorm = true };
            yield return Case($"CoNhd {kind}", random => new CoNhd(Features, Hidden, Classes, options, random));
        }
        yield return Case("WhatsNet", random => new WhatsNet(Features, Hidden, Classes, new WhatsNetOptions { Encodings = 0 }, random));
    }

    [TestCaseSource(nameof(Networks))]
    public void Forward_AndGradients_AreFinite_WithoutMembers_WithoutHyperedges_AndOfOneNode(Func<RandomStream, Layer> make)
    {
        foreach (int[][] edges in new int[][][] { [[], []], [], [[0]], [[0, 0, 0]] })
        {
            int nodes = edges.Length == 1 ? 1 : 3;
            using Tape tape = new();
            using Hypergraph graph = Hypergraph.FromEdges(nodes, edges);
            using MembershipGraph memberships = new(graph);
            using Layer network = make(new RandomStream(1));
            network.Eval();
            Tensor x = Ops.RandomNormal([nodes, Features], new RandomStream(2));
            tape.Watch(x);

            (Tensor logits, int rows) = network switch
            {
                AllSet allSet => (allSet.Forward(x, graph), nodes),
                EdHnn edHnn => (edHnn.Forward(x, graph), nodes),
                PhenomNn phenom => (phenom.Forward(x, graph), nodes),
                CoNhd coNhd => (coNhd.Forward(x, memberships), graph.MembershipCount),
                _ => (((WhatsNet)network).Forward(x, memberships), graph.MembershipCount),
            };
            tape.Backward(Ops.Sum(logits));

            Assert.That(logits.Shape, Is.EqualTo(new Shape(rows, Classes)));
            Assert.That(logits.ToArray(), Has.All.Matches<float>(float.IsFinite));
            Assert.That(!tape.TryGetGradient(x, out Tensor gradient) || gradient.ToArray().All(float.IsFinite));
        }
    }

    private static TestCaseData Case(string name, Func<RandomStream, Layer> make) => new TestCaseData(make).SetArgDisplayNames(name);
}
