using HyperKernels.Layers;
using HyperKernels.Optim;

namespace HyperKernels.Cases.Sized;

/// <summary>Training steps of whole networks for ten classes. Forward gives logits; training is forward, backward and Adam.</summary>
internal static class LayerSized
{
    internal const int Classes = 10;
    internal const int Pixels = 784;

    /// <summary>Two dense layers for one or a few rows: the engine's own share of a small net's time and memory.</summary>
    public static SizedOp Mlp { get; } = new("mlp_step", [("B", "rows"), ("I", "inputs"), ("H", "width")], (sizes, device) =>
    {
        (int batch, int inputs, int width) = (sizes["B"], sizes["I"], sizes["H"]);
        TensorLayer net = new Mlp([inputs, width, Classes], random: new RandomStream(1));
        Tensor x = BenchSubject.Normal([batch, inputs], device, 2);
        double products = (double)width * (inputs + Classes);
        return Make("mlp_step", sizes, device, batch, net, 2 * batch * products, 4 * (net.Count + (double)x.Count), () => net.Forward(x), net);
    });

    /// <summary>Two convolutions with pooling, two dense layers, weights of its own; images of 28 by 28.</summary>
    public static SizedOp LeNet { get; } = new("lenet_step", [("B", "images")], (sizes, device) =>
    {
        int batch = sizes["B"];
        TensorLayer net = Models.LeNet.Create(Classes, new RandomStream(1));
        double products = Models.LeNet.MultiplyAdds(Classes);
        Tensor images = BenchSubject.Normal([batch, 1, Models.LeNet.Side, Models.LeNet.Side], device, 2);
        return Make("lenet_step", sizes, device, batch, net, 2 * batch * products, 4 * (net.Count + (double)images.Count), () => net.Forward(images), net);
    });

    /// <summary>A MIP hypernetwork of sixteen conditions for a net of two dense layers: the last layer's 13 million parameters are what a step costs.</summary>
    public static SizedOp MipMlp { get; } = new("mip_mlp_step", [("B", "images"), ("C", "weight sets, divides B")], (sizes, device) =>
    {
        const int Conditions = 16, Narrow = 64, Width = 128, Hidden = 128;
        (int batch, int sets) = (sizes["B"], sizes["C"]);
        if (batch % sets != 0)
        {
            throw new ArgumentException($"C must divide B; {batch} samples cannot share {sets} weight sets evenly.");
        }
        RandomStream random = new(1);
        TensorLayer target = new Mlp([Pixels, Hidden, Classes], random: random);
        HyperNetwork hyper = HyperNetwork.For(
            target, Condition.Unit("gamma", Conditions), hidden: [Narrow, Width], options: new HyperNetworkOptions { Random = random });
        float[] conditions = new float[sets * Conditions];
        random.FillUniform(conditions);
        Tensor gamma = Tensor.From(conditions, [sets, Conditions], device);
        Tensor images = BenchSubject.Normal([batch, Pixels], device, 2);
        double generated = target.Count;
        double generator = (2.0 * Conditions * Narrow) + (Narrow * Width) + (Width * generated);
        return Make(
            "mip_mlp_step",
            sizes,
            device,
            batch,
            hyper,
            2 * ((batch * generated) + (sets * generator)),
            4 * (hyper.Count + (2 * sets * generated) + images.Count),
            () => hyper.Forward(images, gamma),
            hyper,
            target);
    });

    internal static BenchSubject Make(
        string op, Sizes sizes, Device device, int batch, Layer net, double flops, double bytes, Func<Tensor> forward, params IDisposable[] parts)
    {
        Adam adam = new(net.Parameters, learningRate: 1e-4f);
        Tensor labels = Tensor.From([.. Enumerable.Range(0, batch).Select(i => i % Classes)], [batch], device);
        return new BenchSubject
        {
            Op = op,
            Sizes = sizes.Text,
            Flops = flops,
            Bytes = bytes,
            Forward = () => forward(),
            Train = tape =>
            {
                tape.Backward(Ops.CrossEntropy(forward(), labels));
                adam.Step(tape);
            },
            Owned = new DisposableGroup([adam, .. parts]),
        };
    }
}
