using HyperKernels.Layers;
using HyperKernels.Models;
using HyperKernels.Optim;

namespace HyperKernels.Cases.Sized;

/// <summary>A whole MIP hypernetwork at any size: what a training step of the main job costs.</summary>
internal static class MipSized
{
    private const int Encoded = 2;
    private const int Narrow = 16;

    /// <summary>Forward gives logits; training is forward, backward and Adam.</summary>
    public static SizedOp Step { get; } = new(
        "mip_step",
        [("B", "samples"), ("C", "weight sets, divides B"), ("H", "width before the generated weights")],
        (sizes, device) =>
        {
            (int batch, int sets, int width) = (sizes["B"], sizes["C"], sizes["H"]);
            if (batch % sets != 0)
            {
                throw new ArgumentException($"C must divide B; {batch} samples cannot share {sets} weight sets evenly.");
            }
            RandomStream random = new(1);
            Layer target = LeNet.Create(random: random);
            HyperNetwork hyper = HyperNetwork.For(
                target, Condition.Unit("gamma"), hidden: [Narrow, width], options: new HyperNetworkOptions { Random = random });
            Adam adam = new(hyper.Parameters, learningRate: 1e-4f);
            float[] conditions = new float[sets];
            random.FillUniform(conditions);
            Tensor gamma = Tensor.From(conditions, [sets, 1], device);
            Tensor images = BenchSubject.Normal([batch, 1, LeNet.Side, LeNet.Side], device, 2);
            Tensor labels = Tensor.From([.. Enumerable.Range(0, batch).Select(i => i % 10)], [batch], device);
            double generated = target.Count;
            double generatorProducts = (Encoded * Narrow) + (Narrow * (double)width) + (width * generated);
            return new BenchSubject
            {
                Op = "mip_step",
                Sizes = sizes.Text,
                Flops = 2 * (((double)batch * LeNet.MultiplyAdds()) + (sets * generatorProducts)),
                Bytes = 4 * (hyper.Count + (2 * sets * generated) + images.Count),
                Forward = () => hyper.Forward(images, gamma),
                Train = tape =>
                {
                    tape.Backward(Ops.CrossEntropy(hyper.Forward(images, gamma), labels));
                    adam.Step(tape);
                },
                Owned = new DisposableGroup(adam, hyper, target),
            };
        });
}
