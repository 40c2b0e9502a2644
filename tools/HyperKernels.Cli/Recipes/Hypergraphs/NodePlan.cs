using HyperKernels.Cli.Data;
using HyperKernels.Cli.Training;

namespace HyperKernels.Cli.Recipes;

/// <summary>What a run of <see cref="NodeRecipe"/> trains, from its options: all networks on a split, then on the next.</summary>
internal sealed class NodePlan
{
    public const string ProtocolOption = "--protocol";
    public const string LoopsOption = "--loops";
    public const string SplitsOption = "--splits";

    private readonly long[] _ends;

    /// <param name="options">Of the command line.</param>
    /// <param name="set">The data set.</param>
    /// <param name="models">The networks unless the command line names others.</param>
    public NodePlan(TrainOptions options, string set, string models)
    {
        Models = ModelChoice.WithPerceptron(options, NodeModels.Names, models);
        Protocol = Choice(options, ProtocolOption, NodeProtocol.Half);
        Loops = Choice(options, LoopsOption, Protocol == NodeProtocol.Half ? NodeLoops.All : NodeLoops.Isolated);
        Data = options.Data is { } folder ? CommunityGraph.Load(folder, set, Protocol) : CommunityGraph.Plant(options.Seed, Protocol);
        Splits = Count(options, Data.Splits.Count);
        Settings = [.. Models.Select(model => NodeModels.Setting(model, set, Protocol))];
        Settings = [.. Settings.Select(setting => setting with { Epochs = (int)options.TotalSteps(1, setting.Epochs) })];
        _ends = new long[Models.Count * Splits];
        for (int part = 0; part < _ends.Length; part++)
        {
            _ends[part] = (part == 0 ? 0 : _ends[part - 1]) + Settings[part % Models.Count].Epochs;
        }
        FollowsFrom =
        [
            ("epochs", options.Steps is null && options.Epochs is null ? "no --epochs" : $"--epochs {Settings[0].Epochs}"),
            ModelChoice.Follows(Models),
            ("protocol", $"{ProtocolOption} {Protocol.ToString().ToLowerInvariant()}"),
            ("loops", $"{LoopsOption} {Loops.ToString().ToLowerInvariant()}"),
            ("splits", $"{SplitsOption} {Splits}"),
        ];
    }

    public CommunityGraph Data { get; }

    /// <summary>The perceptron is one of them always.</summary>
    public IReadOnlyList<string> Models { get; }

    /// <summary>Of each network.</summary>
    public IReadOnlyList<NodeSetting> Settings { get; }

    public NodeProtocol Protocol { get; }

    public NodeLoops Loops { get; }

    public int Splits { get; }

    public long Steps => _ends[^1];

    /// <summary>What a checkpoint of the run says of it.</summary>
    public IReadOnlyList<(string Name, string Words)> FollowsFrom { get; }

    /// <summary>Which part a step belongs to, and the epoch within it; part p is network p mod the number of networks on split p / that.</summary>
    public (int Part, long Epoch) At(long step)
    {
        int part = Array.FindIndex(_ends, end => step < end);
        return (part, step - (part == 0 ? 0 : _ends[part - 1]));
    }

    private static T Choice<T>(TrainOptions options, string name, T unlessGiven)
        where T : struct, Enum
    {
        if (options.Choices.GetValueOrDefault(name) is not { } words)
        {
            return unlessGiven;
        }
        T[] found = [.. Enum.GetValues<T>().Where(value => value.ToString().Equals(words, StringComparison.OrdinalIgnoreCase))];
        return found.Length == 1
            ? found[0]
            : throw new UsageException(
                $"train {name}: the value must be one of {string.Join(", ", Enum.GetNames<T>().Select(value => value.ToLowerInvariant()))}; got \"{words}\".");
    }

    private static int Count(TrainOptions options, int most)
    {
        if (options.Choices.GetValueOrDefault(SplitsOption) is not { } words)
        {
            return most;
        }
        return int.TryParse(words, out int count) && count >= 1 && count <= most
            ? count
            : throw new UsageException($"train {SplitsOption}: the number must be from 1 to the {most} that the data has; got \"{words}\".");
    }
}
