namespace HyperKernels.Models;

/// <summary>One layer of an architecture that SMASH describes: reads memory banks, writes what it makes of them to others.</summary>
/// <param name="Reads">Indices of the banks that are read, in order.</param>
/// <param name="Writes">Indices of the banks that are written.</param>
/// <param name="Units">What the layer gives, in multiples of N channels.</param>
/// <param name="Kernel">Height and width of its own kernels, odd.</param>
/// <param name="Dilation">Their dilations.</param>
/// <param name="Groups">Their groups.</param>
public sealed record SmashLayer(
    IReadOnlyList<int> Reads, IReadOnlyList<int> Writes, int Units, (int Height, int Width) Kernel, (int Height, int Width) Dilation, int Groups = 1);

/// <summary>A block of layers on images of one size.</summary>
/// <param name="BankSize">The size of its memory banks, in multiples of N channels.</param>
/// <param name="Layers">Its layers in order.</param>
public sealed record SmashBlock(int BankSize, IReadOnlyList<SmashLayer> Layers);

/// <summary>An architecture as SMASH describes it to its weight generator.</summary>
/// <param name="Blocks">Its blocks in order.</param>
/// <remarks>
/// The description is that of the authors' code with three differences: there is no spare slice at the end, a bank of a part of a slice marks
/// that slice alone, and the channels of kernel sizes stay where they are while the code lets the largest size grow.
/// </remarks>
public sealed record SmashArchitecture(IReadOnlyList<SmashBlock> Blocks)
{
    private const float Off = -1;
    private const float On = 1;

    /// <summary>The layers with the block that each stands in, in order.</summary>
    /// <exception cref="ArgumentException">A block or a layer, or a list of one, is null; thrown when it is come to.</exception>
    public IEnumerable<(int Block, int BankSize, SmashLayer Layer)> Layers
    {
        get
        {
            for (int b = 0; b < Blocks?.Count; b++)
            {
                SmashBlock block = Blocks[b];
                if (block?.Layers is null || block.Layers.Any(static layer => layer?.Reads is null || layer.Writes is null))
                {
                    throw new ArgumentException($"SmashArchitecture: block {b} must have layers, each with what it reads and what it writes; something of that is null.");
                }
                foreach (SmashLayer layer in block.Layers)
                {
                    yield return (b, block.BankSize, layer);
                }
            }
        }
    }

    /// <summary>How many slices a description of it has.</summary>
    /// <param name="space">What it was chosen from.</param>
    public int Slices(SmashSpace space)
    {
        ArgumentNullException.ThrowIfNull(space);
        return Layers.Sum(item => item.Layer.Reads.Count * item.BankSize / space.DepthCompression);
    }

    /// <summary>Describes the architecture: 1 where something holds for a layer's slices, within its units, and -1 elsewhere.</summary>
    /// <param name="space">What it was chosen from.</param>
    /// <param name="device">Where the description goes; null means <see cref="Device.Default"/>.</param>
    /// <returns><c>[1, space.Channels, space.MaxUnits, slices]</c></returns>
    /// <exception cref="ArgumentException">Something lies outside the space; the message names it.</exception>
    public Tensor Encode(SmashSpace space, Device? device = null)
    {
        ArgumentNullException.ThrowIfNull(space);
        int slices = Slices(space);
        float[] values = new float[space.Channels * space.MaxUnits * slices];
        Array.Fill(values, Off);
        int first = 0;
        foreach ((int block, int bankSize, SmashLayer layer) in Layers)
        {
            Check(space, block, bankSize, layer);
            for (int read = 0; read < layer.Reads.Count; read++)
            {
                int start = first + (read * bankSize / space.DepthCompression);
                int end = first + ((((read + 1) * bankSize) + space.DepthCompression - 1) / space.DepthCompression);
                Mark(values, space, slices, layer.Reads[read], layer.Units, start, end);
                foreach (int channel in ChannelsOf(space, block, layer))
                {
                    Mark(values, space, slices, channel, layer.Units, start, end);
                }
            }
            first += layer.Reads.Count * bankSize / space.DepthCompression;
        }
        return Tensor.From(values, [1, space.Channels, space.MaxUnits, slices], device);
    }

    /// <summary>The channels that a layer marks besides the bank that is read.</summary>
    private static IEnumerable<int> ChannelsOf(SmashSpace space, int block, SmashLayer layer)
    {
        int at = space.MaxBanks;
        foreach (int write in layer.Writes)
        {
            yield return at + write;
        }
        at += space.MaxBanks;
        yield return at + block;
        at += space.Blocks;
        yield return at + layer.Units - 1;
        at += space.MaxUnits;
        yield return at + layer.Dilation.Height - 1;
        at += space.MaxDilation;
        yield return at + layer.Dilation.Width - 1;
        at += space.MaxDilation;
        yield return at + (layer.Kernel.Height / 2) - 1;
        at += space.MaxKernel / 2;
        yield return at + (layer.Kernel.Width / 2) - 1;
        at += space.MaxKernel / 2;
        yield return at + space.Groups.Index().First(group => group.Item == layer.Groups).Index;
    }

    private static void Mark(float[] values, SmashSpace space, int slices, int channel, int units, int start, int end)
    {
        for (int row = 0; row < units; row++)
        {
            values.AsSpan((((channel * space.MaxUnits) + row) * slices) + start, end - start).Fill(On);
        }
    }

    private static void Check(SmashSpace space, int block, int bankSize, SmashLayer layer)
    {
        string? wrong =
            block >= space.Blocks ? $"there must be at most {space.Blocks} blocks"
            : bankSize < 1 || bankSize > space.MaxUnits ? $"banks must have 1 to {space.MaxUnits} units; got {bankSize}"
            : layer.Reads.Count == 0 || layer.Writes.Count == 0 ? "a layer must read and write at least one bank"
            : layer.Reads.Concat(layer.Writes).Any(bank => bank < 0 || bank >= space.MaxBanks) ? $"banks must be from 0 to {space.MaxBanks - 1}"
            : layer.Reads.Count * bankSize % space.DepthCompression != 0
                ? $"a layer must read multiples of {space.DepthCompression} units; got {layer.Reads.Count} banks of {bankSize}"
            : layer.Units < 1 || layer.Units > space.MaxUnits ? $"a layer must give 1 to {space.MaxUnits} units; got {layer.Units}"
            : !IsKernel(space, layer.Kernel.Height) || !IsKernel(space, layer.Kernel.Width)
                ? $"kernels must have odd sizes from 3 to {space.MaxKernel}; got {layer.Kernel}"
            : !IsDilation(space, layer.Dilation.Height) || !IsDilation(space, layer.Dilation.Width)
                ? $"dilations must be from 1 to {space.MaxDilation}; got {layer.Dilation}"
            : !space.Groups.Contains(layer.Groups) ? $"groups must be one of {string.Join(", ", space.Groups)}; got {layer.Groups}"
            : null;
        if (wrong is not null)
        {
            throw new ArgumentException($"SmashArchitecture: block {block}: {wrong}.");
        }
    }

    private static bool IsKernel(SmashSpace space, int size) => size >= 3 && size <= space.MaxKernel && size % 2 == 1;

    private static bool IsDilation(SmashSpace space, int dilation) => dilation >= 1 && dilation <= space.MaxDilation;
}
