using HyperKernels.Optim;

namespace HyperKernels.Cases.Sized;

/// <summary>Optimiser steps at any size.</summary>
internal static class OptimizerSized
{
    /// <summary>One step of Adam over one parameter: forward is the step; there is no backward.</summary>
    public static SizedOp Adam { get; } = new("adam", [("P", "parameters")], (sizes, device) =>
    {
        int count = sizes["P"];
        float[] values = new float[count];
        new RandomStream(1).FillNormal(values);
        Parameter parameter = new("p", values, [count], device);
        Adam adam = new([parameter], learningRate: 1e-3f);
        Tape tape = new();
        // The gradient of a weighted sum is the weights: the tape holds it once, and every run steps by it.
        Tensor weights = BenchSubject.Normal([count], device, 2);
        tape.Backward(Ops.Sum(Ops.Multiply(parameter.Value, weights)));
        return new BenchSubject
        {
            Op = "adam",
            Sizes = sizes.Text,
            // Read gradient, parameter and two moments, write three of them.
            Flops = 12.0 * count,
            Bytes = 28.0 * count,
            Forward = () => adam.Step(tape),
            Owned = new DisposableGroup(tape, adam, parameter),
        };
    });
}
