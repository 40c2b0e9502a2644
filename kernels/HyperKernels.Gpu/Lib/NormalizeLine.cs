using System.Runtime.CompilerServices;

namespace HyperKernels.Gpu;

/// <summary>A thread's line of a normalisation: what one statistic is taken over. Element i of it is inner element i % inner of step i / inner.</summary>
internal struct NormalizeLine
{
    public Line Line;

    /// <summary>Whether there is such a statistic.</summary>
    public bool IsPresent;

    private bool _isAcrossOuter;
    private int _inner;
    private int _perSet;
    private long _first;

    // Elements of other statistics between two steps.
    private long _gap;
    private NormalizeChannel _channel;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static NormalizeLine Of(NormalizeAxes axes, int group, int widthBits)
    {
        NormalizeLine line = default;
        line.Line = Line.Of(group, widthBits, axes.IsSideBySide);
        long statistic = line.Line.Number;
        line.IsPresent = statistic < axes.Statistics;
        line._isAcrossOuter = axes.IsAcrossOuter != 0;
        line._inner = axes.Inner;
        line._perSet = axes.PerSet;
        if (line._isAcrossOuter)
        {
            line._first = statistic * axes.Inner;
            line._gap = (axes.Groups - 1) * (long)axes.Inner;
            line._channel.Channel = statistic;
        }
        else
        {
            long outer = Divide.Quotient(statistic, axes.Groups);
            line._first = statistic * axes.Channels * axes.Inner;
            line._channel.Set = Divide.Quotient(outer, axes.PerSet);
            line._channel.Channel = (statistic - (outer * axes.Groups)) * axes.Channels;
        }
        return line;
    }

    /// <summary>Where element i lies.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly long At(long i) => _gap == 0 ? _first + i : _first + i + (Step(i) * _gap);

    /// <summary>Whose gain and bias it has.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly NormalizeChannel Channel(long i)
    {
        NormalizeChannel channel = _channel;
        if (_isAcrossOuter)
        {
            channel.Set = Divide.Quotient(Step(i), _perSet);
        }
        else
        {
            channel.Channel += Step(i);
        }
        return channel;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly long Step(long i) => _inner == 1 ? i : Divide.Quotient(i, _inner);
}
