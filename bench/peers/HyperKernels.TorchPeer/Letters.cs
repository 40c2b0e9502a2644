using System.Globalization;

namespace HyperKernels.TorchPeer;

/// <summary>Sizes by letter: <c>B=64 M=16</c>.</summary>
internal sealed class Letters(string sizes)
{
    private readonly Dictionary<string, long> _values = sizes.Split(' ').Select(static pair => pair.Split('='))
        .ToDictionary(static pair => pair[0], static pair => long.Parse(pair[1], CultureInfo.InvariantCulture));

    public long this[string letter] => _values[letter];
}
