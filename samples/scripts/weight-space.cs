#:package HyperKernels.Models@*-*

// A network that reads the weights of others: how good a thousand small networks are, told from their weights alone.
using HyperKernels;
using HyperKernels.Layers;
using HyperKernels.Models;
using HyperKernels.Optim;

Console.WriteLine($"{PublishedSystems.All.Count} published systems, of them in weight space:");
foreach (PublishedSystem system in PublishedSystems.All.Where(static system => system.Kind == SystemKind.WeightSpace))
{
    Console.WriteLine($"  {system.Title}");
}

// Networks x -> w2 tanh(w1 x), each with its own weights: all are run at once, as weight sets of one network.
RandomStream random = new(1);
const int Networks = 1000, Hidden = 4, Seen = 800;
Sequential model = [new Linear(1, Hidden, random: random), new Tanh(), new Linear(Hidden, 1, random: random)];
Parameter[] parameters = [.. model.Parameters];
Dictionary<Parameter, Tensor> sets = parameters.ToDictionary(static p => p, p => Ops.RandomNormal([Networks, .. p.Shape.AsSpan()], random));
Tensor points = Ops.RandomUniform([Networks * 16, 1], random, -1, 1);
Tensor answers;
using (ParameterOverrides.Use(sets))
{
    answers = model.Forward(points);
}
// What is to be told: how far each network is from y = x.
Tensor error = Ops.Log(Ops.Mean(Ops.Reshape(Ops.Square(Ops.Subtract(answers, points)), [Networks, 16]), [1], keepAxes: true));
// Hidden units have no order: each is read by the same network from its three numbers, and what is read is added up.
Tensor units = Ops.Concatenate(2, Column(parameters[0]), Column(parameters[1]), Column(parameters[2]));      // [Networks, Hidden, 3]
using Mlp reader = new([3, 64, 64], random: random), judge = new([64 + 1, 64, 1], random: random);
using Adam adam = new([.. reader.Parameters, .. judge.Parameters], learningRate: 3e-3f);
for (int step = 0; step < 600; step++)
{
    using Tape tape = new();
    Tensor loss = Ops.MeanSquaredError(Judge(0, Seen), Ops.Slice(error, 0, 0, Seen));
    tape.Backward(loss);
    adam.Step(tape);
}
Tensor unseen = Ops.Slice(error, 0, Seen, Networks - Seen);
float left = Ops.MeanSquaredError(Judge(Seen, Networks - Seen), unseen).ToScalar() / Ops.Variance(unseen, [0, 1]).ToScalar();
Console.WriteLine($"of the differences between {Networks - Seen} unseen networks {1 - left:P0} are told from their weights");
return left < 0.5f ? 0 : 1;

Tensor Column(Parameter parameter) => Ops.Reshape(sets[parameter], [Networks, Hidden, 1]);

Tensor Judge(int start, int count)
{
    Tensor read = Ops.Sum(Ops.Relu(reader.Forward(Ops.Slice(units, 0, start, count))), [1]);
    return judge.Forward(Ops.Concatenate(1, read, Ops.Slice(sets[parameters[3]], 0, start, count)));
}
