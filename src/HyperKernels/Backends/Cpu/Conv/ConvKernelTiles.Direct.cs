using System.Runtime.CompilerServices;

namespace HyperKernels.Backends.Cpu;

// Channels as the vectors: x is laid out with a vector of its channels side by side, so that what neighbouring kernel positions see of
// a pixel are neighbouring vectors, and every number of y is used for all of them. Nothing is copied per kernel position, and no
// lanes are added up.
internal unsafe partial struct ConvKernelTiles
{
    private const int MostPixels = 1024;

    // What is laid out of x stays in the second-level cache: a quarter of one of one MiB.
    private const int PassFloats = 64 << 10;

    [ThreadStatic]
    private static WorkBuffer? s_steps;

    // Most lanes must be filled by channels, and register tiles by the kernel positions of a row.
    private static bool FillsVectors(in ConvSizes s, int vector)
    {
        long lanes = (s.GroupInputs + vector - 1L) / vector * vector;
        long row = (long)vector * s.StrideH * (s.Width + s.PaddingW);
        return 8L * s.GroupInputs >= 5 * lanes && s.GroupOutputs >= 4 && s.KernelW > 1 && s.DilationW == 1
            && s.OutPixels > 0 && s.OutWidth <= MostPixels && row <= PassFloats;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly ConvMicro.Step* FillSteps(int vector)
    {
        ConvMicro.Step* steps = (ConvMicro.Step*)(s_steps ??= new WorkBuffer()).Rent(2L * _rows * _sizes.OutWidth);
        for (int i = 0; i < _rows * _sizes.OutWidth; i++)
        {
            (int row, int column) = Math.DivRem(i, _sizes.OutWidth);
            steps[i].A = i;
            steps[i].B = ((row * _sizes.StrideH * _plane.Pitch) + (column * _sizes.StrideW)) * vector;
        }
        return steps;
    }

    /// <summary>All positions of up to a vector of input channels.</summary>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void DirectBlock<TVec>(float* w, int group, int firstSample, int lastSample, int firstChannel)
        where TVec : struct, IVec<TVec>
    {
        int outputs = _sizes.GroupOutputs;
        int area = _sizes.KernelH * _sizes.KernelW;
        int channels = Math.Min(TVec.Count, _sizes.GroupInputs - firstChannel);
        float* source = (s_patches ??= new WorkBuffer()).Rent(((long)_plane.Floats(_rows) + 1) * TVec.Count);
        float* sums = (s_sums ??= new WorkBuffer()).Rent((long)outputs * area * TVec.Count);
        if (firstSample == lastSample)
        {
            new Span<float>(sums, outputs * area * TVec.Count).Clear();
        }
        ConvMicro.Operands t = new() { RowStep = _sizes.OutPixels, Steps = _steps, YStep = area * TVec.Count };
        for (int sample = firstSample; sample < lastSample; sample++)
        {
            float* x = _x + (sample * _sizes.SampleX) + ((((long)group * _sizes.GroupInputs) + firstChannel) * _sizes.Pixels);
            t.A = _y + (sample * _sizes.SampleY) + ((long)group * outputs * _sizes.OutPixels);
            for (int row = 0; row < _sizes.OutHeight; row += _rows)
            {
                int rows = Math.Min(_rows, _sizes.OutHeight - row);
                _plane.FillTurned<TVec>(x, channels, row, rows, source);
                t.Depth = rows * _sizes.OutWidth;
                t.Resume = row > 0 || sample > firstSample;
                MultiplyAll<TVec>(t, source, sums);
                t.A += t.Depth;
            }
        }
        for (int output = 0; output < outputs; output++)
        {
            float* to = w + ((long)output * _sizes.Depth) + ((long)firstChannel * area);
            GemmPack.Turn(sums + ((long)output * area * TVec.Count), TVec.Count, area, channels, to, area);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void MultiplyAll<TVec>(ConvMicro.Operands t, float* source, float* sums)
        where TVec : struct, IVec<TVec>
    {
        float* y = t.A;
        int outputs = _sizes.GroupOutputs;
        int blocks = (outputs + ConvMicro.MaxRows<TVec>() - 1) / ConvMicro.MaxRows<TVec>();
        for (int block = 0; block < blocks; block++)
        {
            int first = (int)((long)outputs * block / blocks);
            int rows = (int)((long)outputs * (block + 1) / blocks) - first;
            t.A = y + ((long)first * _sizes.OutPixels);
            t.Y = sums + (first * t.YStep);
            for (int r = 0; r < _sizes.KernelH; r++)
            {
                for (int c = 0; c < _sizes.KernelW; c += ConvMicro.MaxVectors)
                {
                    int vectors = Math.Min(ConvMicro.MaxVectors, _sizes.KernelW - c);
                    t.B = source + (((r * _sizes.DilationH * _plane.Pitch) + c) * TVec.Count);
                    ConvMicro.Multiply<TVec>(rows, vectors, t);
                    t.Y += vectors * TVec.Count;
                }
            }
        }
    }
}
