namespace HyperKernels;

/// <summary>A small random generator that can start anywhere at no cost: one for each example or file, so that results do not depend on threads.</summary>
/// <remarks>
/// The same numbers on every machine. For tensors use <see cref="RandomStream"/>. Source: Steele, Lea, Flood, "Fast splittable pseudorandom number
/// generators", OOPSLA 2014, figure 17.
/// </remarks>
public struct SplitMix
{
    private const ulong Golden = 0x9E3779B97F4A7C15;

    private ulong _state;

    /// <summary>Starts a stream.</summary>
    /// <param name="seed">Which numbers.</param>
    /// <param name="stream">Which of the streams of this seed; they have nothing to do with each other.</param>
    public SplitMix(int seed, long stream)
    {
        _state = (ulong)seed * Golden;
        _state = Next() ^ (ulong)stream;
        _ = Next();
    }

    /// <summary>64 random bits.</summary>
    public ulong Next()
    {
        ulong z = _state += Golden;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }

    /// <summary>From 0 to below 1, in steps of 2^-24.</summary>
    public float Unit() => (Next() >> 40) * (1f / (1 << 24));

    /// <summary>Evenly between two bounds.</summary>
    /// <param name="low">The lower bound, included.</param>
    /// <param name="high">The upper bound.</param>
    public float Uniform(float low, float high) => low + ((high - low) * Unit());

    /// <summary>Near enough to a normal distribution for jitter; never beyond 3.</summary>
    public float Bell() => Unit() + Unit() + Unit() + Unit() + Unit() + Unit() - 3;

    /// <summary>From 0 to below a bound, without bias (the high half of a product; a 64-bit draw leaves none that matters).</summary>
    /// <param name="bound">1 or more.</param>
    public int Below(int bound) => (int)Math.BigMul(Next(), (ulong)bound, out _);
}
