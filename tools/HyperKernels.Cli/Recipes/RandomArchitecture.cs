using HyperKernels.Cli.Data;
using HyperKernels.Layers;
using HyperKernels.Models;

namespace HyperKernels.Cli.Recipes;

/// <summary>
/// Draws small networks for images of 8 by 8: convolutions, separable ones, residual blocks, pools, norms of several kinds or none, several kinds of
/// heads, and plain networks of linear layers.
/// </summary>
internal sealed class RandomArchitecture
{
    private const int MaxBlocks = 4;
    private const int NormGroups = 4;

    // Of ten networks.
    private const int PlainNetworks = 2;
    private const int BatchNorms = 6;
    private const int GroupNorms = 2;

    private static readonly int[] s_channels = [8, 12, 16, 24, 32];
    private static readonly int[] s_units = [16, 24, 32, 48, 64];

    private readonly List<TensorLayer> _layers = [];
    private readonly RandomStream _start;
    private readonly int _norm;
    private SplitMix _random;

    private RandomArchitecture(int seed, long number)
    {
        _random = new SplitMix(seed, number);
        _start = new RandomStream(((ulong)seed << 32) + (ulong)number);
        bool plain = _random.Below(10) < PlainNetworks;
        _norm = _random.Below(10);
        if (plain)
        {
            _layers.Add(new Flatten());
            Units(SmallDigits.Side * SmallDigits.Side, 1 + _random.Below(3));
        }
        else
        {
            Convolutions();
        }
    }

    /// <summary>Draws a network.</summary>
    /// <param name="seed">Of a set of networks.</param>
    /// <param name="number">Which of the set.</param>
    public static Sequential Draw(int seed, long number) => new([.. new RandomArchitecture(seed, number)._layers]);

    /// <summary>What makes two networks one architecture.</summary>
    public static string Words(Layer network) => ArchitectureGraph.Of(network).ToString();

    private void Convolutions()
    {
        int channels = Conv(1, Any(s_channels), 3 + (2 * _random.Below(2)));
        int side = SmallDigits.Side;
        for (int block = _random.Below(MaxBlocks + 1); block > 0; block--)
        {
            channels = Block(channels);
            if (side > 2 && _random.Below(2) == 0)
            {
                _layers.Add(_random.Below(3) > 0 ? new MaxPool2d(2) : new AveragePool2d(2));
                side /= 2;
            }
        }
        int size = 1 + _random.Below(2);
        _layers.AddRange([new AdaptiveAveragePool2d(size), new Flatten()]);
        Units(channels * size * size, _random.Below(4) == 0 ? 1 : 0);
    }

    private int Block(int channels)
    {
        switch (_random.Below(4))
        {
            case 0:
                return Conv(channels, Any(s_channels), 1 + (2 * _random.Below(3)));
            case 1:
                _layers.Add(new Conv2d(channels, channels, 3, padding: 1, groups: channels, bias: false, random: _start));
                return Conv(channels, Any(s_channels), 1);
            case 2:
                _layers.AddRange([new Residual(new Sequential([.. Normed(channels, 3), new Relu(), .. Normed(channels, 1 + (2 * _random.Below(2)))])), new Relu()]);
                return channels;
            default:
                _layers.Add(new Residual(new Sequential([.. Normed(channels, 3), new Relu()])));
                return channels;
        }
    }

    private int Conv(int inChannels, int outChannels, int kernelSize)
    {
        _layers.AddRange([.. Normed(inChannels, kernelSize, outChannels), new Relu()]);
        return outChannels;
    }

    // A convolution that keeps the size, and the network's norm if it has one.
    private List<TensorLayer> Normed(int inChannels, int kernelSize, int? outChannels = null)
    {
        int channels = outChannels ?? inChannels;
        List<TensorLayer> layers = [new Conv2d(inChannels, channels, kernelSize, padding: kernelSize / 2, random: _start)];
        if (_norm < BatchNorms + GroupNorms)
        {
            layers.Add(_norm < BatchNorms ? new BatchNorm(channels) : new GroupNorm(NormGroups, channels));
        }
        return layers;
    }

    private void Units(int inputs, int hidden)
    {
        for (int i = 0; i < hidden; i++)
        {
            int units = Any(s_units);
            _layers.Add(new Linear(inputs, units, random: _start));
            if (_norm < BatchNorms + GroupNorms)
            {
                _layers.Add(_norm < BatchNorms ? new BatchNorm(units) : new LayerNorm(units));
            }
            _layers.Add(new Relu());
            inputs = units;
        }
        _layers.Add(new Linear(inputs, ImageSet.Classes, random: _start));
    }

    private int Any(int[] values) => values[_random.Below(values.Length)];
}
