#:package HyperKernels@*-*

// A hypernetwork learns a whole family of functions at once: y = sin(f x), with the frequency f as its condition.
using HyperKernels;
using HyperKernels.Layers;
using HyperKernels.Optim;

RandomStream random = new(1);
HyperNetwork hyper = HyperNetwork.For(
    new Sequential(new Linear(1, 32, random: random), new Tanh(), new Linear(32, 1, random: random)), Condition.Range("frequency", 1, 3), hidden: [32, 64]);
Adam adam = new(hyper.Parameters, learningRate: 3e-3f);

float first = 0, last = 0;
for (int step = 0; step < 2000; step++)
{
    using Tape tape = new();
    Tensor x = Ops.RandomUniform([128, 1], random, -2, 2);
    Tensor frequency = Ops.RandomUniform([128, 1], random, 1, 3);           // another function for every row
    Tensor loss = Ops.MeanSquaredError(hyper.Forward(x, frequency), Ops.Sin(Ops.Multiply(frequency, x)));
    tape.Backward(loss);
    adam.Step(tape);
    last = step == 0 ? first = loss.ToScalar() : loss.ToScalar();
}
Console.WriteLine($"squared error {first:F3} at first, {last:F4} after 2,000 steps");

TensorLayer sine = hyper.Materialize(2.5f);                                  // an ordinary network for one frequency
Tensor points = Tensor.From([-1f, -0.5f, 0f, 0.5f, 1f], [5, 1]);
Console.WriteLine($"network {Ops.Reshape(sine.Forward(points), [5])}");
Console.WriteLine($"sine    {Ops.Reshape(Ops.Sin(Ops.MultiplyScalar(points, 2.5f)), [5])}");
return last < 0.1f * first ? 0 : 1;
