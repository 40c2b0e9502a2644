using HyperKernels.Cli.Data;
using HyperKernels.Models;
using HyperKernels.Optim;

namespace HyperKernels.Tests.Cli;

public sealed class ProgramTreesTests
{
    [Test]
    public void Write_GivesTrees_WhoseFieldsHaveOneTailEach()
    {
        for (int number = 0; number < 40; number++)
        {
            (SyntaxTree tree, int kind) = ProgramTrees.Write(seed: 1, number);
            (SyntaxTree again, _) = ProgramTrees.Write(seed: 1, number);
            int[] heads = [.. tree.Nodes.Where((_, i) => tree.Roles[i] == RoleHypergraph.Head)];
            int[] tails = [.. tree.Edges.Where((_, i) => tree.Roles[i] == RoleHypergraph.Tail)];
            Assert.Multiple(() =>
            {
                Assert.That(heads, Is.EquivalentTo(Enumerable.Range(1, tree.Tokens.Count - 1)), "every node but the root is the child of one field");
                Assert.That(tails, Is.EqualTo(Enumerable.Range(0, tree.Fields.Count)), "every field has one parent");
                Assert.That(tree.Tokens, Has.All.InRange(0, ProgramTrees.TokenCount - 1));
                Assert.That(tree.Fields, Has.All.InRange(0, ProgramTrees.EdgeTypes - 1));
                Assert.That(kind, Is.EqualTo(number % ProgramTrees.Classes));
                Assert.That(again.Tokens, Is.EqualTo(tree.Tokens));
            });
        }
    }

    [Test]
    public void Hdhgn_AFewSteps_TellsWhatProgramsDo()
    {
        HdhgnOptions options = new() { Layers = 2, EdgeHeads = 2, NodeHeads = 2, ReadoutHeads = 2, ReadoutFeatures = 32 };
        using Hdhgn network = new(
            ProgramTrees.TokenCount, ProgramTrees.NodeTypes, ProgramTrees.EdgeTypes, hiddenFeatures: 16, ProgramTrees.Classes, options, new RandomStream(1));
        using Adam adam = new(network.Parameters, learningRate: 1e-2f);
        const int Batch = 32;
        for (int step = 0; step < 40; step++)
        {
            using Tape tape = new();
            using SyntaxBatch batch = Programs(step * Batch, Batch, out int[] classes);
            tape.Backward(Ops.CrossEntropy(Logits(network, batch), Tensor.From(classes)));
            adam.Step(tape);
        }
        network.Eval();
        using MemoryScope scope = new();
        using SyntaxBatch unseen = Programs(100_000, 64, out int[] expected);
        int[] told = Ops.ArgMax(Logits(network, unseen), 1).ToIntArray();
        Assert.That(told.Zip(expected).Count(pair => pair.First == pair.Second), Is.GreaterThan(51), "of 64; chance is 16");
    }

    private static Tensor Logits(Hdhgn network, SyntaxBatch batch) => network.Forward(batch.Tokens, batch.Graph);

    private static SyntaxBatch Programs(int first, int count, out int[] classes)
    {
        (SyntaxTree Tree, int Class)[] programs = [.. Enumerable.Range(first, count).Select(number => ProgramTrees.Write(seed: 1, number))];
        classes = [.. programs.Select(program => program.Class)];
        return new SyntaxBatch([.. programs.Select(program => program.Tree)]);
    }
}
