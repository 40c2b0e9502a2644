using System.Runtime.CompilerServices;
using HyperKernels.Backends;
using ILGPU;

namespace HyperKernels.Gpu;

/// <summary><see cref="NormalizeSizes"/> as kernels have them.</summary>
internal struct NormalizeAxes
{
    public int Outer;
    public int Groups;
    public int Channels;
    public int Inner;
    public int IsAcrossOuter;
    public int IsCentred;
    public float Epsilon;

    /// <summary>Outer steps that share one set of gains and biases.</summary>
    public int PerSet;

    public long StrideGain;
    public long StrideBias;

    /// <summary>For the launching side.</summary>
    public static NormalizeAxes Of(in NormalizeSizes sizes) => new()
    {
        Outer = sizes.Outer,
        Groups = sizes.Groups,
        Channels = sizes.Channels,
        Inner = sizes.Inner,
        IsAcrossOuter = sizes.AcrossOuter ? 1 : 0,
        IsCentred = sizes.Centred ? 1 : 0,
        Epsilon = sizes.Epsilon,
        PerSet = sizes.Outer / sizes.Sets,
        StrideGain = sizes.StrideGain,
        StrideBias = sizes.StrideBias,
    };

    /// <summary>Elements that a statistic is taken over.</summary>
    public readonly long Size
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => (IsAcrossOuter != 0 ? (long)Outer : 1) * Channels * Inner;
    }

    /// <summary>How many statistics there are.</summary>
    public readonly long Statistics
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => IsAcrossOuter != 0 ? Groups : (long)Outer * Groups;
    }

    /// <summary>Without inner elements, groups across all outer steps lie beside one another.</summary>
    public readonly bool IsSideBySide
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => IsAcrossOuter != 0 && Inner == 1;
    }

    /// <summary>What an element's distance from the mean is multiplied by.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly float Scale(float variance) => 1 / Intrinsics.Sqrt(variance + Epsilon);

    /// <summary>A channel's gain; 1 without any.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly float Gain(ArrayView<float> gain, NormalizeChannel of) => gain.Length > 0 ? gain[(of.Set * StrideGain) + of.Channel] : 1;

    /// <summary>A channel's bias; 0 without any.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly float Bias(ArrayView<float> bias, NormalizeChannel of) => bias.Length > 0 ? bias[(of.Set * StrideBias) + of.Channel] : 0;
}

/// <summary>Whose gain and bias an element has: number channel of a set.</summary>
internal struct NormalizeChannel
{
    public long Set;
    public long Channel;
}

/// <summary>What an element at a place of the dense array belongs to.</summary>
internal struct NormalizeElement
{
    public NormalizeChannel Channel;
    public long Statistic;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static NormalizeElement Of(NormalizeAxes axes, long at)
    {
        int channels = axes.Groups * axes.Channels;
        long row = axes.Inner == 1 ? at : Divide.Quotient(at, axes.Inner);
        long outer = Divide.Quotient(row, channels);
        NormalizeElement element = default;
        element.Channel.Set = Divide.Quotient(outer, axes.PerSet);
        element.Channel.Channel = row - (outer * channels);
        long group = Divide.Quotient(element.Channel.Channel, axes.Channels);
        element.Statistic = axes.IsAcrossOuter != 0 ? group : (outer * axes.Groups) + group;
        return element;
    }
}
