using System.Runtime.CompilerServices;
using ILGPU;

namespace HyperKernels.Gpu;

/// <summary>
/// A matrix as an operand of tensor cores, whose group of 256 threads fetches 128 lines by 16 words along k. Of four neighbouring words a thread has two parts.
/// Stored with k contiguous (deep), four threads share a line, so that they read a line's 64 bytes together; else 32 threads read one place along k of 32
/// neighbouring lines. Either way a thread stores 16 bytes of one line.
/// </summary>
internal struct TensorOperand
{
    private ArrayView<float> _from;
    private long _start;
    private int _ld;
    private int _lines;
    private int _end;
    private bool _isDeep;
    private bool _fours;

    /// <summary>The lines from one on, of so many, of a matrix that begins at a place and whose stored rows are ld apart; fours: readable so.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TensorOperand Of(ArrayView<float> from, long start, int ld, bool isDeep, int line, int lines, int end, bool fours)
    {
        TensorOperand operand = default;
        operand._from = from;
        operand._start = start + (isDeep ? (long)line * ld : line);
        operand._ld = ld;
        operand._lines = lines - line;
        operand._end = end;
        operand._isDeep = isDeep;
        operand._fours = isDeep && fours;
        return operand;
    }

    /// <summary>The line of a thread's part.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly int Line(int part) => _isDeep ? (64 * part) + (Threads.Local >> 2) : Threads.Local & 127;

    /// <summary>The first word of a thread's part.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly int Word(int part) => _isDeep ? 4 * (Threads.Local & 3) : 4 * ((2 * part) + (Threads.Local >> 7));

    /// <summary>What becomes the thread's words from k on; zeros outside the matrix and from the end of k on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly TensorFetch Fetch<TCores>(int k)
        where TCores : struct, ITensorCores
    {
        TensorFetch fetched = default;
        int k0 = k + (TCores.Floats * Word(0));
        int k1 = k + (TCores.Floats * Word(1));
        fetched.First0 = Get(Line(0), k0);
        fetched.First1 = Get(Line(1), k1);
        if (TCores.Floats > 1)
        {
            fetched.Second0 = Get(Line(0), k0 + 4);
            fetched.Second1 = Get(Line(1), k1 + 4);
        }
        return fetched;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly F4 Get(int line, int k)
    {
        long step = _isDeep ? 1 : _ld;
        long place = _start + (_isDeep ? (long)line * _ld : line) + (k * step);
        return Tile.Get(_from, place, step, line < _lines ? _end - k : 0, _fours);
    }
}

/// <summary>The floats of a thread's two parts, four or eight of each.</summary>
internal struct TensorFetch
{
    public F4 First0;
    public F4 Second0;
    public F4 First1;
    public F4 Second1;
}
