using System.Globalization;
using HyperKernels.IO;
using HyperKernels.Layers;
using HyperKernels.Optim;

namespace HyperKernels.Cli.Training;

/// <summary>A network with its optimiser and random streams: what a checkpoint holds of one of the runs that a recipe trains side by side.</summary>
internal sealed class Trainee
{
    private readonly string _name;
    private readonly Func<IReadOnlyDictionary<string, HostArray>> _getState;
    private readonly Action<IReadOnlyDictionary<string, HostArray>> _loadState;
    private readonly Optimizer _optimizer;
    private readonly RandomStream[] _streams;

    /// <param name="name">The run's name: the prefix of everything it keeps.</param>
    /// <param name="layer">The network.</param>
    /// <param name="optimizer">Of the network's parameters.</param>
    /// <param name="streams">What draws while training, dropout's for example, in a fixed order.</param>
    public Trainee(string name, Layer layer, Optimizer optimizer, params RandomStream[] streams)
        : this(name, layer.GetState, state => layer.LoadState(state), optimizer, streams)
    {
    }

    /// <summary>For networks that are no layer.</summary>
    public Trainee(
        string name,
        Func<IReadOnlyDictionary<string, HostArray>> getState,
        Action<IReadOnlyDictionary<string, HostArray>> loadState,
        Optimizer optimizer,
        params RandomStream[] streams)
    {
        _name = name;
        _getState = getState;
        _loadState = loadState;
        _optimizer = optimizer;
        _streams = streams;
    }

    /// <summary>A checkpoint of all runs.</summary>
    public static Checkpoint Save(long step, params ReadOnlySpan<Trainee> trainees) => Save(step, new Dictionary<string, string>(), trainees);

    /// <summary>A checkpoint of all runs, with what else the recipe wants to find again.</summary>
    public static Checkpoint Save(long step, IReadOnlyDictionary<string, string> notes, params ReadOnlySpan<Trainee> trainees)
    {
        Dictionary<string, HostArray> weights = [];
        Dictionary<string, HostArray> optimizer = [];
        Dictionary<string, RandomState> random = [];
        Dictionary<string, string> metadata = new(notes);
        foreach (Trainee trainee in trainees)
        {
            foreach ((string name, HostArray array) in trainee._getState())
            {
                weights.Add($"{trainee._name}.{name}", array);
            }
            foreach ((string name, Tensor tensor) in trainee._optimizer.State)
            {
                optimizer.Add($"{trainee._name}.{name}", HostArray.Of(tensor));
            }
            for (int i = 0; i < trainee._streams.Length; i++)
            {
                random.Add($"{trainee._name}.{i}", trainee._streams[i].State);
            }
            metadata.Add($"{trainee._name}.steps", string.Join(' ', trainee._optimizer.Steps));
        }
        return new Checkpoint { Weights = weights, Optimizer = optimizer, Random = random, Metadata = metadata, Step = step };
    }

    /// <summary>Puts every run back where the checkpoint has it.</summary>
    /// <exception cref="ArgumentException">The checkpoint is of other networks.</exception>
    public static void Load(Checkpoint checkpoint, params ReadOnlySpan<Trainee> trainees)
    {
        foreach (Trainee trainee in trainees)
        {
            if (!checkpoint.Metadata.TryGetValue($"{trainee._name}.steps", out string? steps))
            {
                throw new ArgumentException($"the checkpoint has no run called \"{trainee._name}\".");
            }
            trainee._loadState(Of(checkpoint.Weights, trainee._name));
            using MemoryScope scope = new();
            trainee._optimizer.LoadState(
                Of(checkpoint.Optimizer, trainee._name).ToDictionary(pair => pair.Key, pair => pair.Value.ToTensor()),
                [.. steps.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(text => long.Parse(text, CultureInfo.InvariantCulture))]);
            for (int i = 0; i < trainee._streams.Length; i++)
            {
                trainee._streams[i].State = checkpoint.Random.TryGetValue($"{trainee._name}.{i}", out RandomState state)
                    ? state
                    : throw new ArgumentException($"the checkpoint has no random stream {i} of \"{trainee._name}\".");
            }
        }
    }

    private static Dictionary<string, HostArray> Of(IReadOnlyDictionary<string, HostArray> arrays, string run) =>
        arrays.Where(pair => pair.Key.StartsWith(run + ".", StringComparison.Ordinal)).ToDictionary(pair => pair.Key[(run.Length + 1)..], pair => pair.Value);
}
