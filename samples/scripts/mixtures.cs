#:package HyperKernels.Models@*-*

// Weights that a condition mixes: a layer whose matrix is another mixture of four experts for every sample (CondConv's idea), trained to be four maps at once.
using HyperKernels;
using HyperKernels.Optim;

RandomStream random = new(1);
const int Experts = 4, Inputs = 8, Outputs = 3;
using Parameter bank = new("bank", Ops.MultiplyScalar(Ops.RandomNormal([Experts, Outputs, Inputs], random), 0.3f).ToArray(), [Experts, Outputs, Inputs]);
using Parameter router = new("router", Ops.MultiplyScalar(Ops.RandomNormal([Experts, Experts], random), 0.3f).ToArray(), [Experts, Experts]);
Tensor truth = Ops.RandomNormal([Experts, Outputs, Inputs], random);
using Adam adam = new([bank, router], learningRate: 0.02f);

float first = 0, last = 0;
for (int step = 0; step < 600; step++)
{
    using Tape tape = new();
    int[] kinds = [.. Enumerable.Range(0, 64).Select(static i => i % Experts)];
    Tensor kind = Ops.OneHot(Tensor.From(kinds), Experts);
    Tensor x = Ops.RandomNormal([64, Inputs], random);
    Tensor wanted = Ops.Linear(x, Weight.Mixture(kind, truth));
    Tensor mixture = Ops.Softmax(Ops.Linear(kind, router.Value));
    Tensor loss = Ops.MeanSquaredError(Ops.Linear(x, Weight.Mixture(mixture, bank.Value)), wanted);
    tape.Backward(loss);
    adam.Step(tape);
    last = step == 0 ? first = loss.ToScalar() : loss.ToScalar();
}
Console.WriteLine($"squared error {first:F3} at first, {last:F4} after 600 steps");
Console.WriteLine("who serves whom:");
Console.WriteLine(Ops.Softmax(router.OwnValue));
return last < 0.1f * first ? 0 : 1;
