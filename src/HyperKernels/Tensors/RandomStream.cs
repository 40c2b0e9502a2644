using HyperKernels.Backends;

namespace HyperKernels;

/// <summary>
/// A stream of random numbers: a seed and a position in it. Every draw takes the next stretch; its bits depend on seed, position and
/// element only, so they are the same on every device, at every thread count and vector width.
/// </summary>
/// <remarks>
/// Safe for use by several threads, each of which gets a stretch of its own; which one depends on who comes first, so flows that must
/// repeat need a stream each.
/// </remarks>
public sealed class RandomStream
{
    private readonly Lock _gate = new();
    private RandomState _state;

    /// <summary>Begins the stream of a seed at its start.</summary>
    public RandomStream(ulong seed = 0) => _state = new RandomState(seed, 0);

    /// <summary>Goes on where another stream was.</summary>
    public RandomStream(RandomState state) => _state = state;

    /// <summary>Which stream it is.</summary>
    public ulong Seed => State.Seed;

    /// <summary>How many blocks of four numbers have been drawn.</summary>
    public ulong Position => State.Position;

    /// <summary>Seed and position together: what a checkpoint keeps, and what brings the stream back to where it was.</summary>
    public RandomState State
    {
        get
        {
            lock (_gate)
            {
                return _state;
            }
        }
        set
        {
            lock (_gate)
            {
                _state = value;
            }
        }
    }

    /// <summary>Fills memory of the program with uniform values, the same that <see cref="Ops.RandomUniform"/> would give.</summary>
    /// <param name="destination">Where to.</param>
    /// <param name="low">The smallest value.</param>
    /// <param name="high">The bound; rounding may reach it.</param>
    public void FillUniform(Span<float> destination, float low = 0, float high = 1)
    {
        RandomState from = Take(destination.Length);
        for (int i = 0; i < destination.Length; i += 4)
        {
            Philox.Words words = Philox.Block(from.Seed, from.Position + ((ulong)i / 4));
            ReadOnlySpan<uint> four = [words.A, words.B, words.C, words.D];
            for (int j = 0; j < 4 && i + j < destination.Length; j++)
            {
                destination[i + j] = MathF.FusedMultiplyAdd(Philox.Uniform(four[j]), high - low, low);
            }
        }
    }

    /// <summary>Fills memory of the program with normal values, the same that <see cref="Ops.RandomNormal"/> would give.</summary>
    /// <param name="destination">Where to.</param>
    /// <param name="mean">Their mean.</param>
    /// <param name="deviation">Their standard deviation.</param>
    public void FillNormal(Span<float> destination, float mean = 0, float deviation = 1)
    {
        RandomState from = Take(destination.Length);
        for (int i = 0; i < destination.Length; i += 4)
        {
            Philox.Words words = Philox.Block(from.Seed, from.Position + ((ulong)i / 4));
            (float first, float second) = Philox.Normal(words.A, words.B);
            (float third, float fourth) = Philox.Normal(words.C, words.D);
            ReadOnlySpan<float> four = [first, second, third, fourth];
            for (int j = 0; j < 4 && i + j < destination.Length; j++)
            {
                destination[i + j] = MathF.FusedMultiplyAdd(four[j], deviation, mean);
            }
        }
    }

    /// <summary>Fills memory of the program with the integers 0 to n - 1 in random order, as <see cref="Ops.Permutation"/>.</summary>
    /// <remarks>Fisher and Yates' shuffle; each pick is off from even by less than n / 2^64.</remarks>
    public void FillPermutation(Span<int> destination)
    {
        // Two words make one 64-bit pick.
        RandomState from = Take(2L * destination.Length);
        for (int i = 0; i < destination.Length; i++)
        {
            destination[i] = i;
        }
        for (int i = destination.Length - 1; i > 0; i--)
        {
            Philox.Words words = Philox.Block(from.Seed, from.Position + ((ulong)i / 2));
            ulong bits = (i & 1) == 0 ? ((ulong)words.B << 32) | words.A : ((ulong)words.D << 32) | words.C;
            int pick = (int)Math.BigMul(bits, (ulong)i + 1, out _);
            (destination[i], destination[pick]) = (destination[pick], destination[i]);
        }
    }

    /// <summary>Takes the stretch for a draw of some elements.</summary>
    /// <returns>Where it begins.</returns>
    internal RandomState Take(long elements)
    {
        lock (_gate)
        {
            RandomState begin = _state;
            _state = begin with { Position = begin.Position + Philox.Blocks(elements) };
            return begin;
        }
    }
}

/// <summary>A place in a random stream.</summary>
/// <param name="Seed">Which stream.</param>
/// <param name="Position">Blocks of four numbers before this place.</param>
public readonly record struct RandomState(ulong Seed, ulong Position);
