using HyperKernels.Cli.Training;

namespace HyperKernels.Cli.Recipes;

/// <summary>A training run that the command line can start by name.</summary>
internal interface IRecipe
{
    /// <summary>As typed: <c>mip-mnist</c>.</summary>
    string Name { get; }

    /// <summary>What it trains on what, in one line.</summary>
    string Description { get; }

    /// <summary>The names of options that only some recipes have and this one reads from <see cref="TrainOptions.Choices"/>: <c>--model</c>.</summary>
    IReadOnlyList<string> Choices => [];

    /// <summary>Whether it takes <see cref="TrainOptions.Own"/> of every batch, so that several processes can train it together.</summary>
    bool SplitsBatches => false;

    /// <summary>Trains. Asked to stop, it saves a checkpoint and throws.</summary>
    /// <exception cref="OperationCanceledException">Asked to stop; the checkpoint is written.</exception>
    TrainSummary Run(TrainOptions options, IProgress<TrainProgress> progress, CancellationToken cancel);
}
