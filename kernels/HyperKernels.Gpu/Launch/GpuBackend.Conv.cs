using HyperKernels.Backends;

namespace HyperKernels.Gpu;

// Convolution, shared and per-sample: a set of kernels serves the batch, a group of samples, or one sample.
internal sealed partial class GpuBackend
{
    // A group's channels on the result's side up to which a tile would be mostly empty; depthwise convolutions have one.
    private const int PlainChannels = 4;

    public void Convolve(ConvProduct product, in ConvSizes sizes, BufferRef x, BufferRef w, BufferRef? bias, BufferRef y)
    {
        switch (product)
        {
            case ConvProduct.Forward when sizes.GroupOutputs <= PlainChannels:
                RunPlain(ConvPlainKernels.Forward, sizes, sizes.Outputs * sizes.OutPixels, x, w, bias, y);
                break;
            case ConvProduct.Forward:
                RunConvTiles(product, sizes, PlanForward(sizes, w, y), w, x, bias, y);
                break;
            case ConvProduct.Input when sizes.GroupInputs <= PlainChannels:
                RunPlain(ConvPlainKernels.Input, sizes, sizes.Inputs * sizes.Pixels, x, w, null, y);
                break;
            case ConvProduct.Input:
                RunConvTiles(product, sizes, PlanInput(sizes, x), w, y, null, x);
                break;
            default:
                ConvolveKernel(sizes, x, w, y);
                break;
        }
    }

    /// <summary>The product whose depth are the pixels of all samples: it is cut into slices where tiles of w are few.</summary>
    private void ConvolveKernel(in ConvSizes s, BufferRef x, BufferRef w, BufferRef y)
    {
        int depth = checked(s.SamplesPerSet * s.OutPixels);
        if (s.GroupOutputs <= PlainChannels)
        {
            ForGroups(ConvPlainKernels.Kernel, (long)s.Sets * s.Outputs * s.Depth, PlainArguments(s, x, w, null, y));
            return;
        }
        ConvArguments plan = new()
        {
            Shape = ShapeOf(s),
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
        if (tiles.Slices == 1)
        {
            RunConvTiles(ConvProduct.Kernel, plan, tiles, y, x, null, w);
            return;
        }
        lock (_scratchGate)
        {
            int perSet = s.Outputs * s.Depth;
            plan.ResultSet = perSet;
            plan.ResultSlice = (long)s.Sets * perSet;
            plan.FoursResult = s.Depth % 4 == 0 ? 1 : 0;
            BufferRef parts = Scratch(tiles.Slices * plan.ResultSlice);
            RunConvTiles(ConvProduct.Kernel, plan, tiles, y, x, null, parts);
            AddSlices(new MatmulSizes { Batch = s.Sets, M = 1, N = perSet, StrideY = s.SetW }, tiles.Slices, parts, null, w);
        }
    }

    private static ConvArguments PlanForward(in ConvSizes s, BufferRef w, BufferRef y) => new()
    {
        Shape = ShapeOf(s),
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

    private static ConvArguments PlanInput(in ConvSizes s, BufferRef x) => new()
    {
        Shape = ShapeOf(s),
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
    private void RunConvTiles(
        ConvProduct product, in ConvSizes s, in ConvArguments plan, BufferRef left, BufferRef right, BufferRef? bias, BufferRef result)
    {
        TilePlan tiles = PlanTiles((long)s.Sets * s.Groups, plan.Rows, plan.Columns, plan.Depth, mayCut: false);
        RunConvTiles(product, plan, tiles, left, right, bias, result);
    }

    private void RunConvTiles(
        ConvProduct product, ConvArguments plan, in TilePlan tiles, BufferRef left, BufferRef right, BufferRef? bias, BufferRef result)
    {
        plan.Slices = tiles.Slices;
        plan.SliceDepth = tiles.Depth;
        plan.ByResultPixels = plan.ResultPixels;
        plan.Left = Floats(left);
        plan.Right = Floats(right);
        plan.Bias = Floats(bias);
        plan.Result = Floats(result);
        ForGroups(
            (product, tiles.Size) switch
            {
                (ConvProduct.Forward, 32) => ConvKernels.Forward32,
                (ConvProduct.Forward, 64) => ConvKernels.Forward64,
                (ConvProduct.Forward, _) => ConvKernels.Forward128,
                (ConvProduct.Input, 32) => ConvKernels.Input32,
                (ConvProduct.Input, 64) => ConvKernels.Input64,
                (ConvProduct.Input, _) => ConvKernels.Input128,
                (_, 32) => ConvKernels.Kernel32,
                (_, 64) => ConvKernels.Kernel64,
                _ => ConvKernels.Kernel128,
            },
            tiles.Groups, plan);
    }

    /// <summary>A plain kernel that shares out a sample's elements, fewer than 2^31, to groups.</summary>
    private void RunPlain(
        Action<ConvPlainArguments> kernel, in ConvSizes s, int elements, BufferRef x, BufferRef w, BufferRef? bias, BufferRef y)
    {
        ConvPlainArguments arguments = PlainArguments(s, x, w, bias, y);
        arguments.Blocks = (int)Pieces(elements, ConvPlainKernels.Elements);
        arguments.ByBlocks = arguments.Blocks;
        ForGroups(kernel, s.Batch * (long)arguments.Blocks, arguments);
    }

    private static ConvPlainArguments PlainArguments(in ConvSizes s, BufferRef x, BufferRef w, BufferRef? bias, BufferRef y) => new()
    {
        Shape = ShapeOf(s),
        X = Floats(x),
        W = Floats(w),
        Bias = Floats(bias),
        Y = Floats(y),
    };

    private static ConvShape ShapeOf(in ConvSizes s) => new()
    {
        Down = new ConvAxis
        {
            Size = s.Height,
            OutSize = s.OutHeight,
            Kernel = s.KernelH,
            Stride = s.StrideH,
            Padding = s.PaddingH,
            Dilation = s.DilationH,
            ByStride = s.StrideH,
        },
        Across = new ConvAxis
        {
            Size = s.Width,
            OutSize = s.OutWidth,
            Kernel = s.KernelW,
            Stride = s.StrideW,
            Padding = s.PaddingW,
            Dilation = s.DilationW,
            ByStride = s.StrideW,
        },
        Inputs = s.Inputs,
        Outputs = s.Outputs,
        Groups = s.Groups,
        GroupInputs = s.GroupInputs,
        GroupOutputs = s.GroupOutputs,
        SamplesPerSet = s.SamplesPerSet,
        Pixels = s.Pixels,
        OutPixels = s.OutPixels,
        Places = s.KernelH * s.KernelW,
        SampleX = s.SampleX,
        SampleY = s.SampleY,
        SetW = s.SetW,
        SetBias = s.SetBias,
        ByPixels = s.Pixels,
        ByWidth = s.Width,
        ByOutPixels = s.OutPixels,
        ByOutWidth = s.OutWidth,
        ByPlaces = s.KernelH * s.KernelW,
        ByKernelWidth = s.KernelW,
        ByDepth = s.Depth,
        ByGroupInputs = s.GroupInputs,
        ByGroupOutputs = s.GroupOutputs,
        ByOutputs = s.Outputs,
        BySamplesPerSet = s.SamplesPerSet,
    };
}
