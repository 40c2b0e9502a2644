namespace HyperKernels.Layers;

/// <summary>
/// The values that layers made from a description may hold: while one is in force on this thread, parameters and buffers are counted against
/// it, and initialisers draw nothing, because what is read takes the place of what they would draw.
/// </summary>
internal sealed class LayerAllowance : IDisposable
{
    [ThreadStatic]
    private static LayerAllowance? s_current;

    private readonly LayerAllowance? _outer;
    private readonly long _most;
    private long _left;

    /// <summary>Puts an allowance in force until it is disposed.</summary>
    public LayerAllowance(long most)
    {
        _most = most;
        _left = most;
        _outer = s_current;
        s_current = this;
    }

    /// <summary>Whether layers are being made from a description.</summary>
    public static bool IsInForce => s_current is not null;

    /// <summary>Counts a parameter or buffer, before there is memory for it.</summary>
    /// <exception cref="FormatException">There are not as many values left.</exception>
    public static void Take(Layer layer, in Shape shape)
    {
        if (s_current is { } current && shape.Count > current._left)
        {
            throw new FormatException($"a layer \"{layer.GetType().Name}\" is larger than the {current._most} weights that there are.");
        }
        if (s_current is not null)
        {
            s_current._left -= shape.Count;
        }
    }

    /// <summary>Adds values that no file holds because they are generated.</summary>
    public static void Add(long generated)
    {
        if (s_current is { } current && current._left < long.MaxValue - generated)
        {
            current._left += generated;
        }
    }

    public void Dispose() => s_current = _outer;
}
