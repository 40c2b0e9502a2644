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
        PoolArguments arguments = Arguments(sizes, x, y, mode == ResizeMode.BilinearAligned);
        arguments.Mode = (int)mode;
        ForPlanes(adjoint ? ResizeKernels.Adjoint : ResizeKernels.Draw, sizes, adjoint, arguments);
    }

    private static PoolArguments Arguments(in PoolSizes s, BufferRef x, BufferRef y, bool keepsCorners = false)
    {
        PoolArguments arguments = new()
        {
            Down = new PoolAxis(s.Height, s.OutHeight, keepsCorners) { Kernel = s.KernelH, Stride = s.StrideH, Padding = s.PaddingH },
            Across = new PoolAxis(s.Width, s.OutWidth, keepsCorners) { Kernel = s.KernelW, Stride = s.StrideW, Padding = s.PaddingW },
            X = Floats(x),
            Y = Floats(y),
        };
        arguments.Down.IsAdaptive = arguments.Across.IsAdaptive = s.Adaptive ? 1 : 0;
        return arguments;
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
