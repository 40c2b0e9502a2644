#:package HyperKernels@*-*

// Two layers of HGNN name the communities of a random hypergraph from a few labels; features alone say little.
using HyperKernels;
using HyperKernels.Layers;
using HyperKernels.Optim;

const int Communities = 4, Each = 100, Nodes = Communities * Each, Features = 16;
RandomStream random = new(1);
using Hypergraph graph = RandomHypergraphs.Blocks([Each, Each, Each, Each], size: 4, within: 300, across: 200, random);
Console.WriteLine(graph);

int[] labels = [.. Enumerable.Range(0, Nodes).Select(static node => node / Each)];
int[] known = [.. Enumerable.Range(0, Nodes).Where(static node => node % 20 == 0)];
Tensor means = Ops.RandomNormal([Communities, Features], random);
Tensor features = Ops.Add(Ops.RandomNormal([Nodes, Features], random), Ops.MultiplyScalar(Ops.GatherRows(means, Tensor.From(labels)), 0.3f));

HypergraphConv first = new(Features, 32, random: random), second = new(32, Communities, random: random);
using Adam adam = new([.. first.Parameters, .. second.Parameters], learningRate: 0.01f);
for (int epoch = 0; epoch < 200; epoch++)
{
    using Tape tape = new();
    Tensor loss = Ops.CrossEntropy(Ops.GatherRows(Forward(), Tensor.From(known)), Tensor.From([.. known.Select(node => labels[node])]));
    tape.Backward(loss);
    adam.Step(tape);
}
int[] named = Ops.ArgMax(Forward(), 1).ToIntArray();
double share = named.Zip(labels, static (a, b) => a == b ? 1.0 : 0).Average();
Console.WriteLine($"{known.Length} labels known, {share:P1} of {Nodes} nodes named rightly");
return share > 0.6 ? 0 : 1;

Tensor Forward() => second.Forward(Ops.Relu(first.Forward(features, graph)), graph);
