using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>The published systems that the engine's own hypernetwork core computes: they need no class of their own here.</summary>
public static class CoreSystems
{
    /// <summary>Magnitude invariant parametrization: what <see cref="HyperNetwork"/> does unless told otherwise.</summary>
    public static PublishedSystem MagnitudeInvariant { get; } = new()
    {
        Name = "mip",
        Title = "Magnitude invariant parametrization (MIP)",
        Kind = SystemKind.Hypernetworks,
        Paper = new Paper("Gonzalez Ortiz, Guttag, Dalca", "Magnitude Invariant Parametrizations Improve Hypernetwork Learning", "ICLR", 2024)
        {
            Arxiv = "2304.07645",
        },
        Equation = "theta = theta0 + h([cos(pi g / 2), sin(pi g / 2)]) for conditions g in [0, 1]",
        Source = "the authors' library, JJGO/hyperlight 0.0.5",
        Layers = [typeof(HyperNetwork), typeof(FullEmission), typeof(MagnitudeInvariant)],
        Design = new HypernetworkDesign(HyperInput.Task | HyperInput.Data, HyperOutput.Once, HyperArchitecture.Mlp, DynamicInput: true, DynamicWeights: true),
        Cases = ["MIP"],
        Recipe = "mip",
    };

    /// <summary>A hypernetwork whose target runs with a weight set of its own for every sample.</summary>
    public static PublishedSystem PerSample { get; } = new()
    {
        Name = "per-sample",
        Title = "Per-sample hypernetwork",
        Kind = SystemKind.Hypernetworks,
        Paper = new Paper("Ha, Dai, Le", "HyperNetworks", "ICLR", 2017) { Arxiv = "1609.09106" },
        Equation = "theta_b = B act(A c_b + a) + d, y_b = f(x_b; theta_b)",
        Source = "the general form; evaluated directly",
        Layers = [typeof(HyperNetwork), typeof(FullEmission)],
        Design = new HypernetworkDesign(HyperInput.Data, HyperOutput.Once, HyperArchitecture.Mlp, DynamicInput: true, DynamicWeights: true),
        Cases = ["per-sample hypernetwork"],
    };

    /// <summary>First values that give generated weights the variance the target needs.</summary>
    public static PublishedSystem Hyperfan { get; } = new()
    {
        Name = "hyperfan",
        Title = "Hyperfan initialisation, whole and chunked",
        Kind = SystemKind.Hypernetworks,
        Paper = new Paper("Chang, Flokas, Lipson", "Principled Weight Initialization for Hypernetworks", "ICLR", 2020) { Arxiv = "2312.08399" },
        Equation = "Var(head) = r / (2^[bias] fan_in d v) or r / (fan_out d v), uniform within +-sqrt(3 Var)",
        Source = "the formulas for hyperfan-in and hyperfan-out; kernel areas and chunks as in chrhenning/hypnettorch",
        Layers = [typeof(Hyperfan), typeof(ChunkedEmission)],
        Design = new HypernetworkDesign(HyperInput.Task, HyperOutput.Once | HyperOutput.Heads | HyperOutput.Chunks, HyperArchitecture.Mlp),
        Cases = ["hyperfan initialisation", "hyperfan initialisation, chunked"],
        Recipe = "mnist-fashion",
    };
}
