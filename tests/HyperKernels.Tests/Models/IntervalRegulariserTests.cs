using HyperKernels.Layers;
using HyperKernels.Models;

namespace HyperKernels.Tests.Models;

public sealed class IntervalRegulariserTests
{
    [TestCase(false)]
    [TestCase(true)]
    public void Loss_SumsWhatWeightsMoved_AndIsTheMeanOverTasksAndEnds(bool middleOnly)
    {
        using MemoryScope scope = new();
        using HyperNetwork network = Make();
        using IntervalRegulariser regulariser = new(network, middleOnly);
        Assert.That(regulariser.Loss().ToScalar(), Is.Zero, "nothing is protected yet");
        float[][] before = All(network, middleOnly);
        regulariser.Record(2);

        Shift(network);

        float[][] after = All(network, middleOnly);
        double expected = before.Zip(after).Sum(static pair => pair.First.Zip(pair.Second).Sum(static two => Math.Pow((double)two.First - two.Second, 2))) / (before.Length * 2);
        Assert.That(expected, Is.Positive);
        Assert.That(regulariser.Loss().ToScalar(), Is.EqualTo(expected).Within(1e-3).Percent);

        using IntervalRegulariser again = new(network, middleOnly);
        again.LoadState(regulariser.GetState());
        Assert.That(again.Tasks, Is.EqualTo(2));
        Assert.That(again.Loss().ToScalar(), Is.EqualTo(regulariser.Loss().ToScalar()));
    }

    [Test]
    public void LoadState_OfAnother_IsRefused()
    {
        using HyperNetwork network = Make();
        using IntervalRegulariser regulariser = new(network);
        using IntervalRegulariser middle = new(network, middleOnly: true);
        middle.Record(2);
        Assert.That(() => regulariser.LoadState(middle.GetState()), Throws.ArgumentException.With.Message.Contains("\"targets\" [6, 9] unless that is 0; \"targets\" is [2, 9]"));
        Assert.That(() => new IntervalRegulariser(TaskHyperNetwork.Create(new Mlp([2, 2]), 1, 2)), Throws.ArgumentException.With.Message.Contains("must be one with intervals"));
    }

    private static HyperNetwork Make() =>
        HyperInterval.Create(new Mlp([2, 2, 1], bias: true), 3, 4, new HyperIntervalOptions { Hidden = [5], Epsilon = 1 }, new RandomStream(2));

    private static void Shift(HyperNetwork network)
    {
        Parameter weight = ((IntervalEmission)network.Emission).Weight;
        weight.Load([.. weight.OwnValue.ToArray().Select(static value => (value * 1.5f) + 0.1f)]);
    }

    private static float[][] All(HyperNetwork network, bool middleOnly)
    {
        IntervalTensor weights = HyperInterval.Generate(network, Tensor.From([0, 1]));
        Tensor[] ends = middleOnly ? [weights.Middle] : [weights.Lower, weights.Middle, weights.Upper];
        return Array.ConvertAll(ends, static end => end.ToArray());
    }
}
