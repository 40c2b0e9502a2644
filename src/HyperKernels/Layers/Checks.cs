namespace HyperKernels.Layers;

/// <summary>The checks that several layers make on their settings, before they make any parameter.</summary>
internal static class Checks
{
    public static void Positive(string where, string what, long value)
    {
        if (value < 1)
        {
            Throw.Argument($"{where}: {what} must be at least 1; got {value}.");
        }
    }

    public static void Channels(string where, int inChannels, int outChannels, int groups)
    {
        Positive(where, "inChannels", inChannels);
        Positive(where, "outChannels", outChannels);
        Positive(where, "groups", groups);
        if (inChannels % groups != 0 || outChannels % groups != 0)
        {
            Throw.Argument($"{where}: groups must divide the channels; {groups} does not divide {inChannels} and {outChannels}.");
        }
    }

    public static void Window(string where, int kernelSize, int stride, int padding)
    {
        Positive(where, "kernelSize", kernelSize);
        Positive(where, "stride", stride);
        if (padding < 0)
        {
            Throw.Argument($"{where}: padding must not be negative; got {padding}.");
        }
    }

    public static void Trailing(string where, Tensor input, in Shape axes)
    {
        Shape shape = input.Shape;
        if (shape.Rank < axes.Rank || !shape.AsSpan()[^axes.Rank..].SequenceEqual(axes.AsSpan()))
        {
            Throw.Argument($"{where}: the input must end with the axes {axes}; got {shape}.");
        }
    }

    public static void ChannelAxis(string where, Tensor input, int channels)
    {
        if (input.Rank < 2 || input.Shape[1] != channels)
        {
            Throw.Argument($"{where}: the input must be [batch, {channels}, ...]; got {input.Shape}.");
        }
    }
}
