using System.Numerics;

namespace HyperKernels.Distributed;

/// <summary>The numbers from 0 to n - 1 in a random order that is computed, not kept: an epoch over any number of nodes takes no memory, and begins anywhere.</summary>
/// <remarks>
/// A Feistel network of six rounds over the next even number of bits; numbers beyond n walk on until they are inside (J. Black, P. Rogaway, Ciphers with arbitrary
/// finite domains, 2002), in less than four steps on average.
/// </remarks>
public readonly struct Shuffle
{
    private const int Rounds = 6;

    private readonly ulong _key;
    private readonly int _halfBits;

    /// <summary>Chooses an order.</summary>
    /// <param name="count">n, at least 1.</param>
    /// <param name="seed">Which order.</param>
    /// <exception cref="ArgumentException">count is below 1.</exception>
    public Shuffle(long count, ulong seed)
    {
        if (count < 1)
        {
            throw new ArgumentException($"Shuffle: there must be at least 1 number; got {count}.", nameof(count));
        }
        Count = count;
        _key = SplitMix64.Mix(seed + 0x9E3779B97F4A7C15);
        _halfBits = Math.Max(1, (65 - BitOperations.LeadingZeroCount((ulong)(count - 1))) / 2);
    }

    /// <summary>n.</summary>
    public long Count { get; }

    /// <summary>The number at a place of the order.</summary>
    /// <exception cref="ArgumentOutOfRangeException">place is not from 0 to below n.</exception>
    public long this[long place]
    {
        get
        {
            if ((ulong)place >= (ulong)Count)
            {
                throw new ArgumentOutOfRangeException(nameof(place), $"Shuffle: places are from 0 to below {Count}; got {place}.");
            }
            ulong value = (ulong)place;
            do
            {
                value = Permute(value);
            }
            while (value >= (ulong)Count);
            return (long)value;
        }
    }

    private ulong Permute(ulong value)
    {
        ulong mask = (1UL << _halfBits) - 1;
        (ulong left, ulong right) = (value >> _halfBits, value & mask);
        for (ulong round = 0; round < Rounds; round++)
        {
            (left, right) = (right, left ^ (SplitMix64.Mix(right + (_key ^ (round << 56))) & mask));
        }
        return (left << _halfBits) | right;
    }
}
