using HyperKernels.Layers;
using static HyperKernels.Tests.Layers.TestLayers;

namespace HyperKernels.Tests.Layers;

public sealed class LayerTests
{
    [Test]
    public void NamedParameters_OwnFirstThenChildrenInOrder()
    {
        using Tree tree = new(("a", new Block(3, new Block(4))), ("b", new Block(5)));

        Assert.That(
            tree.NamedParameters().Select(named => named.ToString()),
            Is.EqualTo(new[] { "a.weight [3, 2]", "a.bias [3]", "a.inner.weight [4, 2]", "a.inner.bias [4]", "b.weight [5, 2]", "b.bias [5]" }));
    }

    [Test]
    public void NamedParameters_KnowOwnerRoleAndWeight()
    {
        Block block = new(3);
        using Tree tree = new(("a", block));

        NamedParameter bias = tree.NamedParameters()[1];

        using (Assert.EnterMultipleScope())
        {
            Assert.That(bias.Role, Is.EqualTo(ParameterRole.Bias));
            Assert.That(bias.Weight, Is.SameAs(block.Weight));
            Assert.That(bias.Owner, Is.SameAs(block));
            Assert.That(bias.Parameter.Name, Is.EqualTo("a.bias"), "the parameter itself tells its dotted name too");
        }
    }

    [Test]
    public void Parameters_Tied_CountOnceAndReportAllNames()
    {
        Block block = new(3);
        using Tree tree = new(("encoder", block), ("decoder", new Tied(block.Weight)), ("again", block));

        using (Assert.EnterMultipleScope())
        {
            Assert.That(tree.Parameters, Has.Count.EqualTo(2));
            Assert.That(tree.Count, Is.EqualTo(9));
            Assert.That(tree.NamedParameters()[0].Names, Is.EqualTo(new[] { "encoder.weight", "decoder.weight", "again.weight" }));
            Assert.That(block.Weight.Name, Is.EqualTo("encoder.weight"));
        }
    }

    [TestCase("*.inner.*", "a.inner.weight a.inner.bias")]
    [TestCase("*bias", "a.bias a.inner.bias b.bias")]
    [TestCase("?.weight", "a.weight b.weight")]
    [TestCase("a.weight", "a.weight")]
    [TestCase("weight", "")]
    [TestCase("*", "a.weight a.bias a.inner.weight a.inner.bias b.weight b.bias")]
    [TestCase("*.*.*t", "a.inner.weight")]
    public void Find_Pattern_GivesTheParametersThatFit(string pattern, string expected)
    {
        using Tree tree = new(("a", new Block(3, new Block(4))), ("b", new Block(5)));

        Assert.That(string.Join(' ', tree.Find(pattern).Select(named => named.Name)), Is.EqualTo(expected));
    }

    [Test]
    public void Find_PatternOfASecondName_GivesTheTiedParameter()
    {
        Block block = new(3);
        using Tree tree = new(("encoder", block), ("decoder", new Tied(block.Weight)));

        Assert.That(tree.Find("decoder.*").Single().Name, Is.EqualTo("encoder.weight"));
    }

    [Test]
    public void Find_Type_GivesLayersOnceWithTheirNames()
    {
        Block block = new(3, new Block(4));
        using Tree tree = new(("a", block), ("b", block));

        Assert.That(tree.Find<Block>().Select(named => named.Name), Is.EqualTo(new[] { "a", "a.inner" }));
    }

    [Test]
    public void Train_ReachesEveryLayer()
    {
        Block inner = new(4);
        using Tree tree = new(("a", new Block(3, inner)));

        tree.Eval();
        bool afterEval = inner.Training;
        tree.Train();

        using (Assert.EnterMultipleScope())
        {
            Assert.That(afterEval, Is.False);
            Assert.That(inner.Training, Is.True);
        }
    }

    [TestCase("")]
    [TestCase("a.b")]
    [TestCase("taken")]
    public void Add_BadName_IsRefused(string name)
    {
        using Tree tree = new(("taken", new Block(3)));
        using Block other = new(3);

        Assert.That(() => tree.AddLater(name, other), Throws.ArgumentException.With.Message.Contains($"\"{name}\""));
    }

    [Test]
    public void Add_LayerThatContainsIt_IsRefused()
    {
        using Tree inner = new();
        using Tree outer = new(("inner", inner));

        Assert.That(() => inner.AddLater("outer", outer), Throws.ArgumentException.With.Message.Contains("cannot contain itself"));
    }

    [Test]
    public void Parameters_MadeInsideATape_OutliveIt()
    {
        Block block;
        using (new Tape())
        {
            block = new Block(3);
        }

        using (block)
        {
            using (Assert.EnterMultipleScope())
            {
                Assert.That(block.Weight.Value.ToArray(), Has.Length.EqualTo(6));
                Assert.That(block.Statistic.ToArray(), Has.All.Zero);
            }
        }
    }

    [Test]
    public void Dispose_EndsParametersAndBuffersOfTheWholeTree()
    {
        Block inner = new(4);
        Tree tree = new(("a", new Block(3, inner)));

        tree.Dispose();
        tree.Dispose();

        using (Assert.EnterMultipleScope())
        {
            Assert.That(inner.Weight.OwnValue.IsAlive, Is.False);
            Assert.That(inner.Statistic.IsAlive, Is.False);
        }
    }

    [Test]
    public void ToString_ShowsTheTreeAndCounts()
    {
        using Tree tree = new(("a", new Block(3)));

        Assert.That(
            tree.ToString().ReplaceLineEndings("\n"),
            Is.EqualTo("Tree  9 parameters\n  a: Block  9 parameters"));
    }
}
