using HyperKernels.Layers;
using HyperKernels.Models;
using HyperKernels.Optim;

namespace HyperKernels.Tests.Models;

public sealed class HyperAgentPolicyTests
{
    [Test]
    public void Loss_AveragedOverAllDraws_HasTheGradientOfTheExpectedReward()
    {
        using MemoryScope scope = new();
        float[] logits = [0.5f, -1, 0.25f, 2];
        // Any rule pays; a baseline changes nothing on average.
        double[] rewards = [.. Enumerable.Range(0, 16).Select(draw => Math.Cos(3 * draw))];
        double Probability(int draw, double[] l) => Enumerable.Range(0, 4).Aggregate(1.0, (p, i) => p / (1 + Math.Exp((draw >> i & 1) == 1 ? -l[i] : l[i])));
        double Expected(double[] l) => Enumerable.Range(0, 16).Sum(draw => Probability(draw, l) * rewards[draw]);
        double[] at = [.. logits.Select(logit => (double)logit)];
        double[] gradient = new double[4];
        for (int draw = 0; draw < 16; draw++)
        {
            using Tape tape = new();
            Tensor watched = tape.Watch(Tensor.From(logits, [2, 2]));
            Tensor drawn = Tensor.From([.. Enumerable.Range(0, 4).Select(i => (float)(draw >> i & 1))], [2, 2]);
            Tensor loss = HyperAgentPolicy.Loss(watched, drawn, rewards[draw] - 0.3);
            float[] one = tape.Gradient(loss, watched).ToArray();
            for (int i = 0; i < 4; i++)
            {
                gradient[i] += Probability(draw, at) * one[i];
            }
        }
        for (int i = 0; i < 4; i++)
        {
            double[] more = [.. at], less = [.. at];
            (more[i], less[i]) = (at[i] + 1e-5, at[i] - 1e-5);
            Assert.That(gradient[i], Is.EqualTo(-(Expected(more) - Expected(less)) / 2e-5).Within(1e-5), $"logit {i}");
        }
    }

    [Test]
    public void Network_LearnsWhomTheTaskPaysFor_FromRewardsAlone()
    {
        using MemoryScope scope = new();
        using Hypergraph anchor = Hypergraph.FromEdges(4, [[0, 1], [2, 3]]);
        using HyperAgent network = new(5, 8, 3, new RandomStream(1));
        using Adam adam = new(network.Parameters, learningRate: 0.02f);
        RandomStream random = new(2);
        Tensor nodes = Ops.RandomNormal([4, 5], random);
        HyperAgentPolicy policy = new();
        double first = 0, last = 0;
        const int Steps = 400;
        for (int step = 0; step < Steps; step++)
        {
            using Tape tape = new();
            Tensor logits = network.Logits(network.Encode(nodes, anchor).Mean, anchor, taskNode: 3);
            Tensor drawn = HyperAgentPolicy.Draw(logits, Ops.RandomUniform([4, 2], random));
            using Hypergraph talks = HyperAgentPolicy.Graph(drawn);
            // All should talk in the first hyperedge and nobody in the second.
            double reward = talks.Incidence.MembersOf(0).Length - talks.Incidence.MembersOf(1).Length;
            tape.Backward(HyperAgentPolicy.Loss(logits, drawn, policy.Advantage(reward)));
            adam.Step(tape);
            first += step < 40 ? reward / 40 : 0;
            last += step >= Steps - 40 ? reward / 40 : 0;
        }
        Assert.That(last, Is.GreaterThan(first + 1), $"from {first}; the best is 4");
        Assert.That(policy.Baseline, Is.EqualTo(last).Within(1));
    }

    [Test]
    public void Draw_FollowsTheLogits_AndErrorsSayWhatMustHold()
    {
        using MemoryScope scope = new();
        Tensor logits = Tensor.From([0f, 0, 1, -20, 20, 0], [3, 2]);
        Tensor drawn = HyperAgentPolicy.Draw(logits, Tensor.From([0.49f, 0.5f, 0.73f, 0.01f, 0.99f, 0], [3, 2]));
        using Hypergraph graph = HyperAgentPolicy.Graph(drawn);
        HyperAgentPolicy policy = new(momentum: 0.5f);

        Assert.That(drawn.ToArray(), Is.EqualTo(new[] { 1f, 0, 1, 0, 1, 1 }));
        Assert.That(graph.Incidence.MembersOf(0).ToArray(), Is.EqualTo(new[] { 0, 1, 2 }));
        Assert.That(graph.Incidence.MembersOf(1).ToArray(), Is.EqualTo(new[] { 2 }));
        Assert.That((policy.Advantage(4), policy.Advantage(6), policy.Baseline), Is.EqualTo((0.0, 2.0, 5.0)));
        Assert.That(() => HyperAgentPolicy.Draw(logits, Tensor.Zeros([2, 3])), Throws.ArgumentException.With.Message.Contains("a draw for each logit"));
        Assert.That(() => HyperAgentPolicy.Graph(Tensor.Zeros([3])), Throws.ArgumentException.With.Message.Contains("[nodes, hyperedges]"));
    }
}
