namespace HyperKernels.Backends.Cpu;

// Convolution, shared and per-sample: a set of kernels serves the batch, a group of samples, or one sample.
internal sealed unsafe partial class CpuBackend
{
    [ThreadStatic]
    private static WorkBuffer? s_kernelChunks;

    public void Convolve(ConvProduct product, in ConvSizes sizes, BufferRef x, BufferRef w, BufferRef? bias, BufferRef y)
    {
        float* b = FloatsOrNull(bias);
        bool done = product switch
        {
            ConvProduct.Forward => TryConvolve(sizes, ConvSides.Forward(sizes, Floats(x), Floats(w), b, Floats(y))),
            ConvProduct.Input => TryConvolve(sizes, ConvSides.Input(sizes, Floats(x), Floats(w), Floats(y))),
            _ => false,
        };
        if (done)
        {
            return;
        }
        switch (product)
        {
            case ConvProduct.Forward:
                ConvForwardTiles forward = new(sizes, Floats(x), Floats(w), b, Floats(y), VectorWidth);
                _threads.For(VectorWidth, forward.Tiles, ref forward);
                break;
            case ConvProduct.Input:
                ConvInputTiles input = new(sizes, Floats(x), Floats(w), Floats(y));
                _threads.For(VectorWidth, input.Tiles, ref input);
                break;
            default:
                ConvKernelTiles kernel = new(sizes, Floats(x), Floats(w), Floats(y), VectorWidth);
                if (kernel.Chunks == 1)
                {
                    _threads.For(VectorWidth, kernel.Tiles, ref kernel);
                    break;
                }
                kernel.Partial = (s_kernelChunks ??= new WorkBuffer()).Rent(kernel.PartialLength);
                _threads.For(VectorWidth, kernel.Tiles, ref kernel);
                ConvReduceTiles reduce = new(Floats(w), kernel.Partial, kernel.PartialLength / kernel.Chunks, kernel.Chunks);
                _threads.For(VectorWidth, reduce.Tiles, ref reduce);
                break;
        }
    }

    /// <summary>Computes a convolution or its adjoint in one of the forms for stride 1, if its sizes are fit for one.</summary>
    private bool TryConvolve(in ConvSizes sizes, in ConvSides sides)
    {
        if (!sides.Plane.Grows)
        {
            return false;
        }
        if (ConvWinogradTiles.Fits(sizes))
        {
            ConvWinogradTiles winograd = new(sizes, sides);
            _threads.For(VectorWidth, winograd.Tiles, ref winograd);
            return true;
        }
        if (ConvDirectTiles.Fits(sizes, sides, VectorWidth))
        {
            ConvDirectTiles direct = new(sizes, sides);
            _threads.For(VectorWidth, direct.Tiles, ref direct);
            return true;
        }
        return false;
    }
}
