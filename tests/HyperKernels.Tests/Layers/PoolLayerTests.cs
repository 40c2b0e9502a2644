using HyperKernels.Layers;

namespace HyperKernels.Tests.Layers;

public sealed class PoolLayerTests
{
    [Test]
    public void MaxPool2d_MatchesPlainLoops()
    {
        using MaxPool2d layer = new(2);

        LayerCheck.Run(layer, [2, 3, 4, 6], (_, x) => Windows(x[0], 6, 4, 6, 2, 2, static window => window.Max()));
    }

    [Test]
    public void MaxPool2d_Strided_MatchesPlainLoops()
    {
        using MaxPool2d layer = new(3, stride: 2);

        LayerCheck.Run(layer, [2, 1, 7, 5], (_, x) => Windows(x[0], 2, 7, 5, 3, 2, static window => window.Max()));
    }

    [Test]
    public void AveragePool2d_MatchesPlainLoops()
    {
        using AveragePool2d layer = new(2);

        LayerCheck.Run(layer, [2, 3, 4, 6], (_, x) => Windows(x[0], 6, 4, 6, 2, 2, static window => window.Average()));
    }

    [Test]
    public void AdaptiveAveragePool2d_ToOne_IsTheMean()
    {
        using AdaptiveAveragePool2d layer = new(1);

        LayerCheck.Run(layer, [2, 3, 5, 4], (_, x) => [.. x[0].Chunk(20).Select(static plane => plane.Average())]);
    }

    private static double[] Windows(double[] x, int planes, int height, int width, int size, int stride, Func<IEnumerable<double>, double> reduce)
    {
        List<double> y = [];
        for (int plane = 0; plane < planes; plane++)
        {
            for (int row = 0; row + size <= height; row += stride)
            {
                for (int column = 0; column + size <= width; column += stride)
                {
                    y.Add(reduce(
                        from i in Enumerable.Range(row, size)
                        from j in Enumerable.Range(column, size)
                        select x[(((plane * height) + i) * width) + j]));
                }
            }
        }
        return [.. y];
    }
}
