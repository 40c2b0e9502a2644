namespace HyperKernels.Backends;

/// <summary>What a pooling pass does. x is the larger side, y has one element per window.</summary>
internal enum PoolOp
{
    /// <summary>y and places from x: the largest of each window (NaN counts as larger than all) and where in the window it was first.</summary>
    Max,

    /// <summary>x from y and places: every y goes to its place, the rest is zero. The adjoint of MaxGather.</summary>
    MaxScatter,

    /// <summary>y from x and places: what stands at each window's place.</summary>
    MaxGather,

    /// <summary>y from x: the mean of each window, padding counted as zeros.</summary>
    Average,

    /// <summary>x from y: the adjoint of Average.</summary>
    AverageSpread,
}

/// <summary>Windows over dense planes.</summary>
internal struct PoolSizes
{
    public int Planes;
    public int Height;
    public int Width;
    public int OutHeight;
    public int OutWidth;
    public int KernelH;
    public int KernelW;
    public int StrideH;
    public int StrideW;
    public int PaddingH;
    public int PaddingW;

    /// <summary>Windows of nearly equal size that cover the plane; kernel, stride and padding mean nothing then.</summary>
    public bool Adaptive;

    public readonly int Pixels => Height * Width;

    public readonly int OutPixels => OutHeight * OutWidth;
}

/// <summary>How images are drawn larger or smaller.</summary>
internal enum ResizeMode
{
    Nearest,
    Bilinear,

    /// <summary>Bilinear, with the centres of the corner pixels kept in place.</summary>
    BilinearAligned,
}

/// <summary>Windows over planes, and images drawn larger or smaller.</summary>
internal interface IPoolBackend
{
    /// <summary>One pooling pass. What is computed is dense. Places are floats, positions within the window; Max does without them if they are absent.</summary>
    void Pool(PoolOp op, in PoolSizes sizes, BufferRef x, BufferRef y, BufferRef? places);

    /// <summary>y from x, dense planes of Height x Width and OutHeight x OutWidth; the adjoint computes x from y.</summary>
    void Resize(ResizeMode mode, bool adjoint, in PoolSizes sizes, BufferRef x, BufferRef y);
}
