using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace HyperKernels.Backends.Cpu;

// The adjoint of ConvWinogradTiles in the kernels: 16 small matrix products, over the tiles of an image, of y's transformed tiles and
// x's, summed over samples; the sums are transformed back at the end.
internal unsafe partial struct ConvKernelTiles
{
    // Tiles of y times its channels that are transformed at once: with those of x they stay in the second-level cache.
    private const int PassTiles = 4096;

    [ThreadStatic]
    private static WorkBuffer? s_products;

    private readonly int TileColumns => (_sizes.OutWidth + 1) / 2;

    private readonly int TileRows => (_sizes.OutHeight + 1) / 2;

    private readonly int TileRowsAtOnce => Math.Clamp(PassTiles / (Math.Max(_sizes.GroupOutputs, 32) * TileColumns), 1, TileRows);

    /// <summary>All kernels over some input channels.</summary>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void WinogradBlock<TVec>(float* w, int group, int firstSample, int lastSample, int firstChannel, int lastChannel)
        where TVec : struct, IVec<TVec>
    {
        int panel = 2 * TVec.Count;
        int outputs = _sizes.GroupOutputs;
        int most = _rows * TileColumns;
        Passes t = new()
        {
            Row = (lastChannel - firstChannel + panel - 1) / panel * panel,
            StepX = ConvPlane.Spread(most * panel),
            RowY = ConvPlane.Spread(most + TVec.Count),
            Image = _plane.Floats(2 * _rows) + 1,
        };
        t.StepY = ConvPlane.Spread(outputs * t.RowY);
        t.StepSums = ConvPlane.Spread(outputs * t.Row);
        t.Images = (s_patches ??= new WorkBuffer()).Rent(((long)t.Image * panel) + (2L * (_sizes.OutWidth + panel)));
        t.Lines = t.Images + ((long)t.Image * panel);
        t.X = (s_products ??= new WorkBuffer()).Rent(ConvWinograd.Products * ((long)t.StepX + t.StepY));
        t.Y = t.X + (ConvWinograd.Products * (long)t.StepX);
        t.Sums = (s_sums ??= new WorkBuffer()).Rent((ConvWinograd.Products * (long)t.StepSums) + (9 * TVec.Count));
        if (firstSample == lastSample)
        {
            new Span<float>(t.Sums, ConvWinograd.Products * t.StepSums).Clear();
        }
        for (int sample = firstSample; sample < lastSample; sample++)
        {
            float* x = _x + (sample * _sizes.SampleX) + ((long)group * _sizes.GroupInputs * _sizes.Pixels);
            float* y = _y + (sample * _sizes.SampleY) + ((long)group * outputs * _sizes.OutPixels);
            for (int row = 0; row < TileRows; row += _rows)
            {
                int rows = Math.Min(_rows, TileRows - row);
                TransformY<TVec>(y, row, rows, t);
                for (int channel = firstChannel; channel < lastChannel; channel += panel)
                {
                    int channels = Math.Min(panel, lastChannel - channel);
                    TransformX<TVec>(x + ((long)channel * _sizes.Pixels), channels, row, rows, t);
                    MultiplyTiles<TVec>(t, rows * TileColumns, channel - firstChannel, channels, sample > firstSample || row > 0);
                }
            }
        }
        float* numbers = t.Sums + (ConvWinograd.Products * (long)t.StepSums);
        for (int output = 0; output < outputs; output++)
        {
            for (int channel = firstChannel; channel < lastChannel; channel += TVec.Count)
            {
                float* sums = t.Sums + (output * t.Row) + channel - firstChannel;
                ConvWinograd.KernelsAdjoint<TVec>(sums, t.StepSums, numbers, TVec.Count);
                float* to = w + ((long)output * _sizes.Depth) + (channel * 9L);
                GemmPack.Turn(numbers, TVec.Count, 9, Math.Min(TVec.Count, lastChannel - channel), to, 9);
            }
        }
    }

    /// <summary>Product p of tile n of output o goes to <c>Y[p * StepY + o * RowY + n]</c>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void TransformY<TVec>(float* y, int firstRow, int rows, in Passes t)
        where TVec : struct, IVec<TVec>
    {
        int width = _sizes.OutWidth;
        int columns = TileColumns;
        float* second = t.Lines + width + TVec.Count;
        for (int output = 0; output < _sizes.GroupOutputs; output++)
        {
            float* end = y + _sizes.OutPixels;
            // Some rows of every channel are streams too short to be foreseen: those of the channel after the next come early by request.
            float* ahead = y + (2L * _sizes.OutPixels) + (2L * firstRow * width);
            for (int i = 0; i < 2 * rows * width && Sse.IsSupported; i += 16)
            {
                Sse.Prefetch0(ahead + i);
            }
            for (int row = 0; row < rows; row++)
            {
                float* upper = y + (2L * (firstRow + row) * width);
                float* lower = upper + width;
                bool hasLower = lower < end;
                if (!hasLower || width % 2 != 0)
                {
                    // Half a tile, or half of one in each row: the other half is zero.
                    TVec.Zero.Store(ConvPlane.Copy<TVec>(upper, end, t.Lines, width));
                    new Span<float>(second, width + 1).Clear();
                    if (hasLower)
                    {
                        TVec.Zero.Store(ConvPlane.Copy<TVec>(lower, end, second, width));
                    }
                    upper = t.Lines;
                    lower = second;
                }
                float* to = t.Y + ((long)output * t.RowY) + (row * columns);
                for (int i = 0; i < columns; i += TVec.Count)
                {
                    ConvWinograd.ResultAdjoint<TVec>(upper + (2 * i), lower + (2 * i), Math.Min(TVec.Count, columns - i), to + i, t.StepY);
                }
            }
            y = end;
        }
    }

    /// <summary>Product p of tile n of a channel goes to <c>X[p * StepX + n * panel + channel]</c>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void TransformX<TVec>(float* x, int channels, int firstRow, int rows, in Passes t)
        where TVec : struct, IVec<TVec>
    {
        int line = _plane.Pitch * TVec.Count;
        ConvWinograd.Places places = new() { OddRow = line, NextRow = 2 * line, OddColumn = TVec.Count, NextColumn = 2 * TVec.Count };
        for (int half = 0; half < channels; half += TVec.Count)
        {
            _plane.FillTurned<TVec>(x + ((long)half * _sizes.Pixels), Math.Min(TVec.Count, channels - half), 2 * firstRow, 2 * rows, t.Images);
            // A tile that is cut by the last column sees one place behind the last row.
            TVec.Zero.Store(t.Images + ((long)_plane.Floats(2 * rows) * TVec.Count));
            float* to = t.X + half;
            for (int row = 0; row < rows; row++)
            {
                float* image = t.Images + (2L * row * line);
                for (int column = 0; column < TileColumns; column++)
                {
                    ConvWinograd.Source<TVec>(image, places, to, t.StepX);
                    image += 2 * TVec.Count;
                    to += 2 * TVec.Count;
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void MultiplyTiles<TVec>(in Passes t, int tiles, int firstColumn, int columns, bool resume)
        where TVec : struct, IVec<TVec>
    {
        int outputs = _sizes.GroupOutputs;
        int blocks = (outputs + GemmMicro.MaxRows<TVec>() - 1) / GemmMicro.MaxRows<TVec>();
        GemmMicro.Operands product = new()
        {
            RowStep = t.RowY,
            DepthStep = 1,
            BStep = 2 * TVec.Count,
            YStep = t.Row,
            Depth = tiles,
            Resume = resume,
        };
        for (int p = 0; p < ConvWinograd.Products; p++)
        {
            product.B = t.X + ((long)p * t.StepX);
            for (int block = 0; block < blocks; block++)
            {
                int first = outputs * block / blocks;
                product.A = t.Y + ((long)p * t.StepY) + ((long)first * t.RowY);
                product.Y = t.Sums + ((long)p * t.StepSums) + ((long)first * t.Row) + firstColumn;
                GemmMicro.Multiply<TVec>((outputs * (block + 1) / blocks) - first, columns, product);
            }
        }
    }

    /// <summary>Buffers of a thread; steps in floats.</summary>
    private struct Passes
    {
        public float* Images;
        public float* Lines;
        public float* X;
        public float* Y;
        public float* Sums;
        public int Image;
        public int Row;
        public int StepX;
        public int RowY;
        public int StepY;
        public int StepSums;
    }
}
