namespace HyperKernels;

/// <summary>How a convolution steps over its input. The default value is stride 1, no padding, no dilation, one group.</summary>
public readonly record struct Conv2dOptions
{
    // Kept as the difference from 1, so that default(Conv2dOptions) is the plain convolution.
    private readonly int _strideH;
    private readonly int _strideW;
    private readonly int _dilationH;
    private readonly int _dilationW;
    private readonly int _groups;

    /// <summary>The same stride, padding and dilation in both directions.</summary>
    /// <param name="stride">Input pixels from one output pixel to the next, 1 or more.</param>
    /// <param name="padding">Zeros at each side of the input.</param>
    /// <param name="dilation">Input pixels from one kernel position to the next, 1 or more.</param>
    /// <param name="groups">Parts into which input and output channels are cut; output part g sees input part g only.</param>
    public Conv2dOptions(int stride = 1, int padding = 0, int dilation = 1, int groups = 1)
    {
        StrideH = StrideW = stride;
        PaddingH = PaddingW = padding;
        DilationH = DilationW = dilation;
        Groups = groups;
    }

    /// <summary>Input rows from one output row to the next.</summary>
    public int StrideH
    {
        get => _strideH + 1;
        init => _strideH = value - 1;
    }

    /// <summary>Input columns from one output column to the next.</summary>
    public int StrideW
    {
        get => _strideW + 1;
        init => _strideW = value - 1;
    }

    /// <summary>Rows of zeros above and below the input.</summary>
    public int PaddingH { get; init; }

    /// <summary>Columns of zeros left and right of the input.</summary>
    public int PaddingW { get; init; }

    /// <summary>Input rows from one kernel row to the next.</summary>
    public int DilationH
    {
        get => _dilationH + 1;
        init => _dilationH = value - 1;
    }

    /// <summary>Input columns from one kernel column to the next.</summary>
    public int DilationW
    {
        get => _dilationW + 1;
        init => _dilationW = value - 1;
    }

    /// <summary>Parts into which input and output channels are cut.</summary>
    public int Groups
    {
        get => _groups + 1;
        init => _groups = value - 1;
    }
}
