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

/// <summary>Which derivative of samples by their places: bit 0 by the place across, bit 1 by the place down.</summary>
[Flags]
internal enum GridPart
{
    /// <summary>The samples themselves.</summary>
    Value = 0,

    Across = 1,

    Down = 2,
}

/// <summary>Dense images [Images, Channels, Height, Width] and places [Images, Samples, 2] in them.</summary>
internal struct GridSizes
{
    public int Images;
    public int Channels;
    public int Height;
    public int Width;

    /// <summary>Of one image.</summary>
    public int Samples;

    /// <summary>Places outside stand for the nearest inside; else what is outside is zero.</summary>
    public bool IsBorder;

    /// <summary>Places -1 and 1 are the centres of the outermost pixels, not the image's edges.</summary>
    public bool KeepsCorners;

    public readonly int Pixels => Height * Width;
}

/// <summary>Windows over planes, and images drawn larger or smaller, or at places of a grid.</summary>
internal interface IPoolBackend
{
    /// <summary>One pooling pass. What is computed is dense. Places are floats, positions within the window; Max does without them if they are absent.</summary>
    void Pool(PoolOp op, in PoolSizes sizes, BufferRef x, BufferRef y, BufferRef? places);

    /// <summary>y from x, dense planes of Height x Width and OutHeight x OutWidth; the adjoint computes x from y.</summary>
    void Resize(ResizeMode mode, bool adjoint, in PoolSizes sizes, BufferRef x, BufferRef y);

    /// <summary>
    /// y [images, channels, samples] = what bilinear interpolation gives at the places of a grid [images, samples, 2] (across, down; -1 to 1), or its
    /// derivative by the place; the adjoint computes the images from y. NaN as a place is -1.
    /// </summary>
    void GridSample(GridPart part, bool adjoint, in GridSizes sizes, BufferRef image, BufferRef grid, BufferRef y);

    /// <summary>gradient [images, samples, 2] = for each place the sum over channels of y times the derivatives of the sample by the place.</summary>
    void GridGradient(in GridSizes sizes, BufferRef image, BufferRef grid, BufferRef y, BufferRef gradient);
}
