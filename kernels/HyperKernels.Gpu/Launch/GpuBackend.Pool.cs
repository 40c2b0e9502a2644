using HyperKernels.Backends;

namespace HyperKernels.Gpu;

internal sealed partial class GpuBackend
{
    public void Pool(PoolOp op, in PoolSizes sizes, BufferRef x, BufferRef y, BufferRef? places)
    {
        PoolArguments arguments = Arguments(sizes, x, y);
        arguments.Places = Floats(places);
        ForPlanes(
            op switch
            {
                PoolOp.Max => PoolKernels.Max,
                PoolOp.MaxGather => PoolKernels.MaxGather,
                PoolOp.Average => PoolKernels.Average,
                PoolOp.MaxScatter => PoolKernels.MaxScatter,
                _ => PoolKernels.AverageSpread,
            },
            sizes, op is PoolOp.MaxScatter or PoolOp.AverageSpread, arguments);
    }

    public void Resize(ResizeMode mode, bool adjoint, in PoolSizes sizes, BufferRef x, BufferRef y)
    {
        PoolArguments arguments = Arguments(sizes, x, y);
        arguments.Mode = (int)mode;
        ForPlanes(adjoint ? ResizeKernels.Adjoint : ResizeKernels.Draw, sizes, adjoint, arguments);
    }

    private static PoolArguments Arguments(in PoolSizes s, BufferRef x, BufferRef y)
    {
        int isAdaptive = s.Adaptive ? 1 : 0;
        return new PoolArguments
        {
            Down = new PoolAxis
            {
                Size = s.Height,
                OutSize = s.OutHeight,
                BySize = s.Height,
                ByOutSize = s.OutHeight,
                Kernel = s.KernelH,
                Stride = s.StrideH,
                Padding = s.PaddingH,
                IsAdaptive = isAdaptive,
            },
            Across = new PoolAxis
            {
                Size = s.Width,
                OutSize = s.OutWidth,
                BySize = s.Width,
                ByOutSize = s.OutWidth,
                Kernel = s.KernelW,
                Stride = s.StrideW,
                Padding = s.PaddingW,
                IsAdaptive = isAdaptive,
            },
            X = Floats(x),
            Y = Floats(y),
        };
    }

    /// <summary>Launches a kernel for every element of one side, as many planes at a time as have less than 2^31 elements on both sides.</summary>
    private void ForPlanes(Action<PoolArguments> kernel, in PoolSizes sizes, bool overPixels, PoolArguments arguments)
    {
        int most = int.MaxValue / Math.Max(1, Math.Max(sizes.Pixels, sizes.OutPixels));
        int planes;
        for (int first = 0; first < sizes.Planes; first += planes)
        {
            planes = Math.Min(sizes.Planes - first, most);
            arguments.FirstPlane = first;
            arguments.Count = planes * (overPixels ? sizes.Pixels : sizes.OutPixels);
            ForEach(kernel, arguments.Count, arguments);
        }
    }
}
