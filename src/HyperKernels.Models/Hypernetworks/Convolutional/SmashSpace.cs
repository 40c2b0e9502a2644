namespace HyperKernels.Models;

/// <summary>
/// The architectures that a SMASH network chooses among: how large they may become, and with that how they are described. The defaults are
/// those of the authors' code; a layer of theirs is a generated convolution of 1 by 1 and one other.
/// </summary>
public sealed record SmashSpace
{
    /// <summary>N: the channels that memory banks are multiples of.</summary>
    public int BaseChannels { get; init; } = 8;

    /// <summary>k: the most multiples of N in a bank, and in the output of a layer; the rows of a description.</summary>
    public int MaxUnits { get; init; } = 8;

    /// <summary>The most memory banks of a block.</summary>
    public int MaxBanks { get; init; } = 32;

    /// <summary>Multiples of N, of channels read, that share a slice of a description.</summary>
    public int DepthCompression { get; init; } = 4;

    /// <summary>A generated convolution gives at most so many times the channels of its layer.</summary>
    public int Bottleneck { get; init; } = 4;

    /// <summary>How many blocks there are, with halved images between them.</summary>
    public int Blocks { get; init; } = 3;

    /// <summary>The largest dilation.</summary>
    public int MaxDilation { get; init; } = 3;

    /// <summary>The largest height or width of a kernel; odd.</summary>
    public int MaxKernel { get; init; } = 7;

    /// <summary>The numbers of groups that a convolution may have.</summary>
    public IReadOnlyList<int> Groups { get; init; } = [1, 2, 4, 8];

    /// <summary>Channels of a description, without noise: banks read, banks written, block, units, dilations, kernel sizes, groups.</summary>
    public int Channels => (2 * MaxBanks) + Blocks + MaxUnits + (2 * MaxDilation) + (2 * (MaxKernel / 2)) + Groups.Count;

    /// <summary>Rows of the table of generated weights in a slice: channels read.</summary>
    public int SliceChannels => DepthCompression * BaseChannels;

    /// <summary>Columns of the table of generated weights: the most that a generated convolution gives.</summary>
    public int MaxChannels => MaxUnits * BaseChannels;
}
