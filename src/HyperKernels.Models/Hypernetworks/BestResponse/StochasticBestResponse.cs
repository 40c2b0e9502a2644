using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// Hyperparameters learned through a hypernetwork of any make: <c>w = h(l)</c> is trained towards the best weights for hyperparameters around the
/// current ones (locally) or for all that a prior draws (globally), and the hyperparameters follow the validation loss of <c>h(l)</c>.
/// </summary>
/// <remarks>
/// The schedule is <see cref="SelfTuner"/>'s: a training step for every validation step is the paper's joint form; training steps of warm-up with
/// <see cref="SelfTunerOptions.PriorDeviation"/> and validation steps alone behind them are its global form. A linear h costs as many numbers as
/// there are weights, times the hyperparameters; <see cref="SelfTuningNetwork.For"/> is what came of that. Source: Lorraine, Duvenaud, 2018 (arXiv
/// 1802.09419), algorithms 2 and 3.
/// </remarks>
public static class StochasticBestResponse
{
    /// <summary>What was published.</summary>
    public static PublishedSystem Published { get; } = new()
    {
        Name = "stochastic-best-response",
        Title = "Stochastic hyperparameter optimisation through hypernetworks",
        Kind = SystemKind.Hypernetworks,
        Paper = new Paper("Lorraine, Duvenaud", "Stochastic Hyperparameter Optimization through Hypernetworks", "arXiv", 2018) { Arxiv = "1802.09419" },
        Equation = "phi <- phi - a grad L_train(h(l + e; phi), l + e); l <- l - b grad L_valid(h(l; phi))",
        Source = "algorithms 2 (global) and 3 (local)",
        Layers = [typeof(SelfTuningNetwork), typeof(HyperNetwork), typeof(HyperparameterSpace)],
        Design = new HypernetworkDesign(HyperInput.Task, HyperOutput.Once, HyperArchitecture.Mlp, DynamicInput: true, DynamicWeights: true),
    };

    /// <summary>Makes a network whose weights a hypernetwork generates from hyperparameters.</summary>
    /// <param name="target">Any layer.</param>
    /// <param name="space">The hyperparameters that are learned.</param>
    /// <param name="hidden">The widths of the hypernetwork's layers; none makes it linear.</param>
    /// <param name="parameters">Which parameters are generated: a pattern over dotted names.</param>
    /// <param name="options">Everything else of the hypernetwork; null means ReLU between its layers and the target's own values as base weights.</param>
    /// <exception cref="ArgumentException">No parameter matches, or a dropout layer names no hyperparameter.</exception>
    public static SelfTuningNetwork For(
        Layer target, HyperparameterSpace space, IReadOnlyList<int> hidden, string parameters = "*", HyperNetworkOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(space);
        options ??= new HyperNetworkOptions { Activation = Activation.Relu };
        return new SelfTuningNetwork(HyperNetwork.For(target, SelfTuningNetwork.Conditioning(space).Conditions, hidden, parameters, options), space);
    }
}
