using HyperKernels.Models;

namespace HyperKernels.Cases;

/// <summary>A convolution and a linear layer that read one bank through given places and signs, and the bank's gradient as it is scaled.</summary>
public sealed class RoastSystem : IReferenceSystem
{
    private static readonly (string Name, BankGradient Gradient)[] s_scaled =
    [
        ("v1", BankGradient.SquareOfSum), ("v2", BankGradient.Sum), ("v3", BankGradient.Mean), ("v4", BankGradient.RootOfSquares), ("v5", BankGradient.SumOfSquares),
    ];

    /// <inheritdoc/>
    public string Name => "ROAST";

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, Tensor> Run(ReferenceRun run)
    {
        ReferenceCase source = run.Case;
        int bank = source.Int("bank");
        BankMapping mapping = run.Own(new BankMapping(bank, [run.Ints("index.0"), run.Ints("index.1")], [Negative(run, 0), Negative(run, 1)]));
        Shape[] shapes = [source.Tensor("in.index.0").Shape, source.Tensor("in.index.1").Shape];
        float[] scales = [.. shapes.Select(shape => (float)(1 / Math.Sqrt((double)shape.Count / shape[0]) / source.Number("init_scale", 0.05)))];

        Tensor[] weights = Weights(mapping, run.Parameter("bank"), shapes, scales);
        int[] uses = mapping.UseCounts();
        Dictionary<string, Tensor> outputs = new()
        {
            ["conv.weight"] = weights[0],
            ["linear.weight"] = weights[1],
            ["y"] = Network(run, weights),
            ["use_count"] = Tensor.From([.. uses.Select(static count => (float)count)], [bank], run.Device),
        };
        foreach ((string name, BankGradient gradient) in s_scaled)
        {
            float[] change = [.. mapping.GradientFactors(gradient, scales).Select(static factor => factor - 1)];
            outputs.Add($"bank_grad_scaled.{name}", Gradient(run, changed => Weights(
                mapping, BankMapping.WithGradient(changed, Tensor.From(change, [bank], run.Device)), shapes, scales)));
        }
        return outputs;
    }

    // Of a copy, in a tape of its own.
    private static Tensor Gradient(ReferenceRun run, Func<Tensor, Tensor[]> weights)
    {
        float[] values;
        // What the run reads for the first time belongs to the tape that is open.
        Tensor cotangent = run.Input("cot.y");
        using (Tape tape = new())
        {
            Tensor bank = tape.Watch(Tensor.From(run.Parameter("bank").ToArray(), run.Parameter("bank").Shape, run.Device));
            Tensor loss = Ops.Sum(Ops.Multiply(Network(run, weights(bank)), cotangent));
            values = tape.Gradient(loss, bank).ToArray();
        }
        return Tensor.From(values, [values.Length], run.Device);
    }

    private static Tensor[] Weights(BankMapping mapping, Tensor bank, Shape[] shapes, float[] scales) =>
        [.. mapping.Gather(bank).Select((flat, l) => Ops.Reshape(Ops.MultiplyScalar(flat, scales[l]), shapes[l]))];

    private static Tensor Network(ReferenceRun run, Tensor[] weights)
    {
        Conv2dOptions options = new(run.Case.Int("stride", 1), run.Case.Int("padding", run.Case.Int("kernel") / 2));
        Tensor maps = Ops.Relu(Ops.Conv2d(run.Input("x"), weights[0], run.Parameter("conv.bias"), options));
        return Ops.Linear(Ops.Mean(maps, [2, 3]), weights[1], run.Parameter("linear.bias"));
    }

    private static bool[] Negative(ReferenceRun run, int tensor) => [.. run.Ints($"sign.{tensor}").Select(static sign => sign < 0)];
}
