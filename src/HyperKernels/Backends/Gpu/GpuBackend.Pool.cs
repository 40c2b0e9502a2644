namespace HyperKernels.Backends.Gpu;

internal sealed unsafe partial class GpuBackend
{
    public void Pool(PoolOp op, in PoolSizes sizes, BufferRef x, BufferRef y, BufferRef? places)
    {
        PoolSizes s = sizes;
        PoolDivisors by = new(s);
        for (int first = 0; NextPlanes(sizes, first, ref s); first += s.Planes)
        {
            BufferRef larger = x.Skip((long)first * s.Pixels);
            BufferRef smaller = y.Skip((long)first * s.OutPixels);
            BufferRef? place = places?.Skip((long)first * s.OutPixels);
            int pixels = s.Planes * s.Pixels;
            int windows = s.Planes * s.OutPixels;
            KernelArgument planes = KernelArgument.Of(&s);
            KernelArgument divisors = KernelArgument.Of(&by);
            switch (op)
            {
                case PoolOp.Max:
                    ForEach("pool/pool_max", windows, [planes, divisors, windows, larger, smaller, place]);
                    break;
                case PoolOp.MaxGather:
                    ForEach("pool/pool_max_gather", windows, [planes, divisors, windows, larger, place, smaller]);
                    break;
                case PoolOp.Average:
                    ForEach("pool/pool_average", windows, [planes, divisors, windows, larger, smaller]);
                    break;
                default:
                    ForEach("pool/pool_adjoint", pixels, [planes, divisors, op == PoolOp.MaxScatter, pixels, smaller, place, larger]);
                    break;
            }
        }
    }

    public void Resize(ResizeMode mode, bool adjoint, in PoolSizes sizes, BufferRef x, BufferRef y)
    {
        PoolSizes s = sizes;
        PoolDivisors by = new(s);
        for (int first = 0; NextPlanes(sizes, first, ref s); first += s.Planes)
        {
            BufferRef source = x.Skip((long)first * s.Pixels);
            BufferRef drawn = y.Skip((long)first * s.OutPixels);
            int count = s.Planes * (adjoint ? s.Pixels : s.OutPixels);
            if (adjoint)
            {
                ForEach("pool/resize_adjoint", count, [KernelArgument.Of(&s), KernelArgument.Of(&by), (int)mode, count, drawn, source]);
            }
            else
            {
                ForEach("pool/resize", count, [KernelArgument.Of(&s), KernelArgument.Of(&by), (int)mode, count, source, drawn]);
            }
        }
    }

    /// <summary>Takes as many planes from <paramref name="first"/> on as have less than 2^31 elements on both sides; false if none are left.</summary>
    private static bool NextPlanes(in PoolSizes all, int first, ref PoolSizes next)
    {
        next.Planes = Math.Min(all.Planes - first, int.MaxValue / Math.Max(1, Math.Max(all.Pixels, all.OutPixels)));
        return next.Planes > 0;
    }

    /// <summary>Laid out as POOL_DIVISORS in kernels/pool.c.</summary>
    private readonly struct PoolDivisors(in PoolSizes s)
    {
        public readonly Divisor Height = s.Height;
        public readonly Divisor Width = s.Width;
        public readonly Divisor OutHeight = s.OutHeight;
        public readonly Divisor OutWidth = s.OutWidth;
    }
}
