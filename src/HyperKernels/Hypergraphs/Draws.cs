using HyperKernels.Backends;

namespace HyperKernels;

/// <summary>Numbers drawn one by one from a stream, of which it takes a stretch at a time: the same stream in the same place gives the same numbers.</summary>
internal sealed class Draws(RandomStream random)
{
    // Blocks of four words. What is left of a stretch at the end is not used.
    private const int StretchBlocks = 256;

    // Beyond this many picks a set is asked whether one is new, not the list.
    private const int LongList = 32;

    private readonly RandomStream _random = random ?? throw new ArgumentNullException(nameof(random));
    private readonly HashSet<int> _picked = [];
    private RandomState _at;
    private int _blocksLeft;
    private ulong _kept;
    private bool _hasKept;

    /// <summary>64 random bits.</summary>
    public ulong Bits()
    {
        if (_hasKept)
        {
            _hasKept = false;
            return _kept;
        }
        if (_blocksLeft == 0)
        {
            _at = _random.Take(4 * StretchBlocks);
            _blocksLeft = StretchBlocks;
        }
        Philox.Words words = Philox.Block(_at.Seed, _at.Position + (ulong)(StretchBlocks - _blocksLeft--));
        (_kept, _hasKept) = (((ulong)words.D << 32) | words.C, true);
        return ((ulong)words.B << 32) | words.A;
    }

    /// <summary>A multiple of 2^-53 in [0, 1).</summary>
    public double Uniform() => (Bits() >> 11) * (1.0 / (1UL << 53));

    /// <summary>An integer from 0 to below a bound; off from even by less than bound / 2^64.</summary>
    public int Below(int bound) => (int)Math.BigMul(Bits(), (ulong)bound, out _);

    /// <summary>A set of different integers from 0 to below a bound, every set of that size as likely as any other (R. Floyd, 1987).</summary>
    /// <param name="bound">Of how many.</param>
    /// <param name="count">How many, at most bound.</param>
    /// <param name="picks">Gets them, ascending; what it held before is dropped.</param>
    public void Choose(int bound, int count, List<int> picks)
    {
        picks.Clear();
        _picked.Clear();
        for (int last = bound - count; last < bound; last++)
        {
            int pick = count == bound ? last : Below(last + 1);
            bool isNew = count <= LongList ? !picks.Contains(pick) : _picked.Add(pick);
            if (!isNew)
            {
                pick = last;
                _picked.Add(pick);
            }
            picks.Add(pick);
        }
        picks.Sort();
    }
}
