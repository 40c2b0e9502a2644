using HyperKernels.Layers;
using static HyperKernels.Cases.LayerCases;

namespace HyperKernels.Cases;

/// <summary>Convolutions and pooling.</summary>
internal static class ConvLayerCases
{
    public static IEnumerable<LayerCase> All => [.. Convolutions, .. Pools, LeNet];

    private static IEnumerable<LayerCase> Convolutions
    {
        get
        {
            yield return Conv2d([4, 2, 5, 6], 3, 3, new(), sets: true);
            yield return Conv2d([4, 4, 7, 6], 6, 3, new(stride: 2, padding: 1, groups: 2), sets: true);
            yield return Conv2d([2, 4, 6, 5], 4, 3, new(padding: 2, dilation: 2, groups: 4), bias: false, sets: true);
            yield return Conv2d([1, 3, 1, 1], 5, 1, new());
            yield return Conv2d([1, 17, 5, 6], 7, 3, new(padding: 1));
            Conv2dOptions oblong = new() { StrideH = 2, StrideW = 1, PaddingH = 0, PaddingW = 2, DilationH = 1, DilationW = 2 };
            yield return Row(
                "X=[2, 2, 7, 5] O=3 K=3x2 stride=2x1 padding=0x2 dilation=1x2", random => new Conv2d(2, 3, (3, 2), oblong, random: random),
                CaseInput.Normal("x", [2, 2, 7, 5]), p => ConvCases.Answer(p.Input(0), p["weight"], p["bias"], oblong), sets: true);
            yield return Conv1d([4, 4, 11], 6, 3);
            yield return Conv1d([6, 4, 19], 6, 5, stride: 2, padding: 2, dilation: 2, groups: 2, bias: false);
        }
    }

    private static IEnumerable<LayerCase> Pools
    {
        get
        {
            foreach ((int kernel, int stride, int padding) in new[] { (2, 0, 0), (3, 2, 1) })
            {
                // The name's 0 stands for a stride of the kernel's size.
                string sizes = $"X=[2, 3, 7, 8] K={kernel} stride={stride} padding={padding}";
                int? step = stride == 0 ? null : stride;
                CaseInput x = CaseInput.Normal("x", [2, 3, 7, 8]);
                yield return Row(
                    sizes, _ => new MaxPool2d(kernel, step, padding), x, p => PoolCases.Pool(p.Input(0), kernel, stride, padding, max: true), twice: true);
                yield return Row(
                    sizes, _ => new AveragePool2d(kernel, step, padding), x, p => PoolCases.Pool(p.Input(0), kernel, stride, padding, max: false), twice: true);
            }
            foreach ((int height, int width) in new[] { (1, 1), (3, 2) })
            {
                yield return Row(
                    $"X=[2, 3, 7, 5] to {height}x{width}", _ => new AdaptiveAveragePool2d(height, width), CaseInput.Normal("x", [2, 3, 7, 5]),
                    p => PoolCases.AdaptivePool(p.Input(0), height, width, max: false), twice: true);
            }
        }
    }

    // A whole network in small: what a hypernetwork's target looks like.
    private static LayerCase LeNet => Row(
        "B=4 LeNet in small",
        random => new Sequential(new Conv2d(1, 2, 3, random: random), new MaxPool2d(2), new Relu(), new Flatten(), new Linear(8, 3, random: random)),
        CaseInput.Normal("x", [4, 1, 6, 6]),
        p =>
        {
            Plain planes = PoolCases.Pool(ConvCases.Answer(p.Input(0), p["0.weight"], p["0.bias"], new()), 2, 2, 0, max: true);
            return PlainOps.Linear(planes.Map(x => Math.Max(x, 0)).Reshape([planes.Shape[0], 8]), p["4.weight"], p["4.bias"]);
        },
        sets: true);

    private static LayerCase Conv2d(Shape x, int outputs, int kernel, Conv2dOptions o, bool bias = true, bool sets = false) => Row(
        $"X={x} O={outputs} K={kernel} stride={o.StrideH} padding={o.PaddingH} dilation={o.DilationH} groups={o.Groups}{(bias ? "" : " no bias")}",
        random => new Conv2d(x[1], outputs, kernel, o.StrideH, o.PaddingH, o.DilationH, o.Groups, bias, random),
        CaseInput.Normal("x", x), p => ConvCases.Answer(p.Input(0), p["weight"], p.Find("bias"), o), sets, twice: x.Count < 200);

    private static LayerCase Conv1d(
        Shape x, int outputs, int kernel, int stride = 1, int padding = 0, int dilation = 1, int groups = 1, bool bias = true) => Row(
        $"X={x} O={outputs} K={kernel} stride={stride} padding={padding} dilation={dilation} groups={groups}{(bias ? "" : " no bias")}",
        random => new Conv1d(x[1], outputs, kernel, stride, padding, dilation, groups, bias, random),
        CaseInput.Normal("x", x),
        p =>
        {
            // An image of height 1.
            Conv2dOptions o = new() { StrideW = stride, PaddingW = padding, DilationW = dilation, Groups = groups };
            Plain input = p.Input(0);
            Plain weight = p["weight"];
            Plain y = ConvCases.Answer(input.Reshape(input.Shape.Insert(2, 1)), weight.Reshape(weight.Shape.Insert(2, 1)), p.Find("bias"), o);
            return y.Reshape(y.Shape.Remove(2));
        },
        sets: true, twice: true);
}
