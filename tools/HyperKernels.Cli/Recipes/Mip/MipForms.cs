using HyperKernels.Layers;

namespace HyperKernels.Cli.Recipes;

/// <summary>The forms of a hypernetwork that the recipes about magnitude invariant parametrizations compare.</summary>
internal static class MipForms
{
    public const string Default = "default";
    public const string Mip = "MIP";

    /// <summary>The plain form and MIP.</summary>
    public static IReadOnlyList<(string Name, HyperNetworkOptions Options)> Two { get; } =
    [
        (Default, new HyperNetworkOptions { Encoding = Encoding.None, Base = BaseWeights.None }),
        (Mip, new HyperNetworkOptions()),
    ];

    /// <summary>Each of MIP's two changes without the other too.</summary>
    public static IReadOnlyList<(string Name, HyperNetworkOptions Options)> Four { get; } =
    [
        Two[0],
        ("encoding only", new HyperNetworkOptions { Base = BaseWeights.None }),
        ("base weights only", new HyperNetworkOptions { Encoding = Encoding.None }),
        Two[1],
    ];
}
