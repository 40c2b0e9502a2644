namespace HyperKernels.Backends.Gpu;

// Convolution, shared and per-sample: a set of kernels serves the batch, a group of samples, or one sample.
internal sealed unsafe partial class GpuBackend
{
    // A group's channels on the result's side up to which a tile would be mostly empty; depthwise convolutions have one.
    private const int PlainChannels = 4;

    // Elements of a sample that a group of the plain kernels computes.
    private const int PlainElements = 1024;

    public void Convolve(ConvProduct product, in ConvSizes sizes, BufferRef x, BufferRef w, BufferRef? bias, BufferRef y)
    {
        ConvSizes s = sizes;
        ConvDivisors by = new(s, 0);
        switch (product)
        {
            case ConvProduct.Forward when s.GroupOutputs <= PlainChannels:
                ForGroups("conv/conv_plain_forward", PlainGroups(s.Batch, s.Outputs * s.OutPixels), [KernelArgument.Of(&s), KernelArgument.Of(&by), x, w, bias, y]);
                break;
            case ConvProduct.Forward:
                RunConvTiles(product, s, PlanForward(s, w, y), w, x, bias, y);
                break;
            case ConvProduct.Input when s.GroupInputs <= PlainChannels:
                ForGroups("conv/conv_plain_input", PlainGroups(s.Batch, s.Inputs * s.Pixels), [KernelArgument.Of(&s), KernelArgument.Of(&by), y, w, x]);
                break;
            case ConvProduct.Input:
                RunConvTiles(product, s, PlanInput(s, x), w, y, null, x);
                break;
            default:
                ConvolveKernel(s, by, x, w, y);
                break;
        }
    }

    // As kernels/conv.c shares out a sample's elements, which are fewer than 2^31.
    private static long PlainGroups(int samples, int elements) => samples * ((elements + (long)PlainElements - 1) / PlainElements);

    /// <summary>The product whose depth are the pixels of all samples: it is cut into slices where tiles of w are few.</summary>
    private void ConvolveKernel(ConvSizes s, ConvDivisors by, BufferRef x, BufferRef w, BufferRef y)
    {
        int depth = checked(s.SamplesPerSet * s.OutPixels);
        if (s.GroupOutputs <= PlainChannels)
        {
            ForGroups("conv/conv_plain_kernel", (long)s.Sets * s.Outputs * s.Depth, [KernelArgument.Of(&s), KernelArgument.Of(&by), x, y, w]);
            return;
        }
        ConvPlan plan = new()
        {
            Rows = s.GroupOutputs,
            Columns = s.Depth,
            Depth = depth,
            FoursLeft = s.OutPixels % 4 == 0 && InFours(y, s.SampleY) ? 1 : 0,
            FoursResult = s.Depth % 4 == 0 && InFours(w, s.SetW) ? 1 : 0,
            ResultPixels = s.Depth,
            LeftSet = s.SamplesPerSet * s.SampleY,
            LeftGroup = (long)s.GroupOutputs * s.OutPixels,
            RightSet = s.SamplesPerSet * s.SampleX,
            RightGroup = (long)s.GroupInputs * s.Pixels,
            ResultSet = s.SetW,
            ResultGroup = (long)s.GroupOutputs * s.Depth,
            ResultLine = s.Depth,
        };
        TilePlan tiles = PlanTiles((long)s.Sets * s.Groups, plan.Rows, plan.Columns, depth);
        plan.SetSlices(tiles);
        if (tiles.Slices == 1)
        {
            RunConvTiles(ConvProduct.Kernel, s, plan, tiles, y, x, null, w);
            return;
        }
        lock (_scratchGate)
        {
            int perSet = s.Outputs * s.Depth;
            plan.ResultSet = perSet;
            plan.ResultSlice = (long)s.Sets * perSet;
            plan.FoursResult = s.Depth % 4 == 0 ? 1 : 0;
            BufferRef parts = Scratch(tiles.Slices * plan.ResultSlice);
            RunConvTiles(ConvProduct.Kernel, s, plan, tiles, y, x, null, parts);
            AddSlices(new MatmulSizes { Batch = s.Sets, M = 1, N = perSet, StrideY = s.SetW }, tiles.Slices, parts, null, w);
        }
    }

    private static ConvPlan PlanForward(in ConvSizes s, BufferRef w, BufferRef y) => new()
    {
        Rows = s.GroupOutputs,
        Columns = checked(s.SamplesPerSet * s.OutPixels),
        Depth = s.Depth,
        FoursLeft = InFours(w, s.Depth, s.SetW) ? 1 : 0,
        FoursResult = s.OutPixels % 4 == 0 && InFours(y, s.SampleY) ? 1 : 0,
        ResultPixels = s.OutPixels,
        LeftSet = s.SetW,
        LeftGroup = (long)s.GroupOutputs * s.Depth,
        RightSet = s.SamplesPerSet * s.SampleX,
        RightGroup = (long)s.GroupInputs * s.Pixels,
        ResultSet = s.SamplesPerSet * s.SampleY,
        ResultGroup = (long)s.GroupOutputs * s.OutPixels,
        ResultLine = s.OutPixels,
        ResultSample = s.SampleY,
    };

    private static ConvPlan PlanInput(in ConvSizes s, BufferRef x) => new()
    {
        Rows = s.GroupInputs,
        Columns = checked(s.SamplesPerSet * s.Pixels),
        Depth = checked(s.GroupOutputs * s.KernelH * s.KernelW),
        FoursResult = s.Pixels % 4 == 0 && InFours(x, s.SampleX) ? 1 : 0,
        ResultPixels = s.Pixels,
        LeftSet = s.SetW,
        LeftGroup = (long)s.GroupOutputs * s.Depth,
        RightSet = s.SamplesPerSet * s.SampleY,
        RightGroup = (long)s.GroupOutputs * s.OutPixels,
        ResultSet = s.SamplesPerSet * s.SampleX,
        ResultGroup = (long)s.GroupInputs * s.Pixels,
        ResultLine = s.Pixels,
        ResultSample = s.SampleX,
    };

    /// <summary>Results among pixels, which are rarely few: without slices.</summary>
    private void RunConvTiles(ConvProduct product, in ConvSizes s, ConvPlan plan, BufferRef left, BufferRef right, BufferRef? bias, BufferRef result)
    {
        TilePlan tiles = PlanTiles((long)s.Sets * s.Groups, plan.Rows, plan.Columns, plan.Depth, mayCut: false);
        plan.SetSlices(tiles);
        RunConvTiles(product, s, plan, tiles, left, right, bias, result);
    }

    private void RunConvTiles(
        ConvProduct product, ConvSizes s, ConvPlan plan, in TilePlan tiles, BufferRef left, BufferRef right, BufferRef? bias, BufferRef result)
    {
        string kernel = (product, tiles.Size) switch
        {
            (ConvProduct.Forward, 32) => "conv/conv_forward_32",
            (ConvProduct.Forward, 64) => "conv/conv_forward_64",
            (ConvProduct.Forward, _) => "conv/conv_forward_128",
            (ConvProduct.Input, 32) => "conv/conv_input_32",
            (ConvProduct.Input, 64) => "conv/conv_input_64",
            (ConvProduct.Input, _) => "conv/conv_input_128",
            (_, 32) => "conv/conv_kernel_32",
            (_, 64) => "conv/conv_kernel_64",
            _ => "conv/conv_kernel_128",
        };
        ConvDivisors by = new(s, plan.ResultPixels);
        ForGroups(kernel, tiles.Groups, [KernelArgument.Of(&s), KernelArgument.Of(&by), KernelArgument.Of(&plan), left, right, bias, result]);
    }

    /// <summary>Laid out as CONV_DIVISORS in kernels/conv.c.</summary>
    private readonly struct ConvDivisors(in ConvSizes s, int resultPixels)
    {
        public readonly Divisor Places = s.KernelH * s.KernelW;
        public readonly Divisor KernelW = s.KernelW;
        public readonly Divisor OutPixels = s.OutPixels;
        public readonly Divisor OutWidth = s.OutWidth;
        public readonly Divisor Pixels = s.Pixels;
        public readonly Divisor Width = s.Width;
        public readonly Divisor StrideH = s.StrideH;
        public readonly Divisor StrideW = s.StrideW;
        public readonly Divisor ResultPixels = resultPixels;
    }

    /// <summary>Laid out as CONV_PLAN in kernels/conv.c, and explained there.</summary>
    private struct ConvPlan
    {
        public int Rows;
        public int Columns;
        public int Depth;
        public int Slices;
        public int SliceDepth;
        public int FoursLeft;
        public int FoursResult;
        public int ResultPixels;
        public long LeftSet;
        public long LeftGroup;
        public long RightSet;
        public long RightGroup;
        public long ResultSet;
        public long ResultGroup;
        public long ResultLine;
        public long ResultSample;
        public long ResultSlice;

        public void SetSlices(in TilePlan tiles)
        {
            Slices = tiles.Slices;
            SliceDepth = tiles.Depth;
        }
    }
}
