#:package HyperKernels@*-*

// A weight matrix for every sample, generated and applied without being written to memory; beside the same done in the open.
using System.Diagnostics;
using HyperKernels;

RandomStream random = new(1);
const int Samples = 512, Inputs = 256, Outputs = 256, Hidden = 16;
Tensor x = Ops.RandomNormal([Samples, Inputs], random);
Tensor z = Ops.RandomNormal([Samples, Hidden], random);
Tensor generator = Ops.RandomNormal([Outputs, Inputs, Hidden], random);
Weight weight = Weight.Generated(z, generator, Ops.RandomNormal([Outputs, Inputs], random));
Console.WriteLine($"{Samples} matrices of {Outputs} x {Inputs} would take {4L * Samples * Outputs * Inputs >> 20} MB; the plan is {Ops.PlanOf(x, weight)}");

float[] factored = [], written = [];
double withoutMatrices = Time(() => factored = Ops.Linear(x, weight).ToArray());
double withMatrices = Time(() => written = Ops.Linear(x, weight.Using(GeneratePlan.Materialise)).ToArray());
double difference = factored.Zip(written, static (a, b) => Math.Abs(a - b)).Max() / written.Max(Math.Abs);
Console.WriteLine($"{withoutMatrices:F1} ms without them, {withMatrices:F1} ms with them; they differ by {difference:E1} of the largest value");
return difference < 1e-4 ? 0 : 1;

static double Time(Action work)
{
    double best = double.MaxValue;
    for (int round = 0; round < 5; round++)
    {
        using MemoryScope scope = new();
        long start = Stopwatch.GetTimestamp();
        work();
        best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalMilliseconds);
    }
    return best;
}
