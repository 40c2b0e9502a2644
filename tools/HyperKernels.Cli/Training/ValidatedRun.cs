using HyperKernels.Layers;
using HyperKernels.Optim;

namespace HyperKernels.Cli.Training;

/// <summary>
/// A <see cref="TimedRun{TNet}"/> that is judged on validation data and keeps the weights that were best there: what comes next can build on them.
/// </summary>
/// <typeparam name="TNet">What the loss needs to know of the network.</typeparam>
internal sealed class ValidatedRun<TNet> : IDisposable
    where TNet : Layer
{
    private const string BestAccuracy = "best accuracy";

    private readonly TimedRun<TNet> _run;
    private IReadOnlyDictionary<string, HostArray> _best;
    private float _accuracy = -1;

    /// <param name="name">The run's name: the prefix of its numbers and of what a checkpoint keeps.</param>
    /// <param name="net">The network, disposed with the run.</param>
    /// <param name="optimizer">Of the network's parameters, disposed with the run.</param>
    /// <param name="streams">What draws while training.</param>
    public ValidatedRun(string name, TNet net, Optimizer optimizer, params RandomStream[] streams)
    {
        _run = new TimedRun<TNet>(name, net, optimizer);
        _best = net.GetState();
        Trainee = new Trainee(name, State, Load, optimizer, streams);
    }

    public string Name => _run.Name;

    public TNet Net => _run.Net;

    public Trainee Trainee { get; }

    /// <summary>As <see cref="TimedRun{TNet}.SecondsAStep"/>.</summary>
    public double SecondsAStep => _run.SecondsAStep;

    /// <summary>As <see cref="TimedRun{TNet}.Step"/>, with dropout.</summary>
    public double Step(Func<TNet, Tensor> loss)
    {
        Net.Train();
        return _run.Step(loss);
    }

    /// <summary>Keeps the weights if they are the best so far; of equal ones the first.</summary>
    /// <param name="accuracy">Gives the share of right answers on the validation data; called without dropout, inside a memory scope.</param>
    /// <returns>The accuracy.</returns>
    public double Judge(Func<TNet, double> accuracy)
    {
        float now = (float)Evaluate(accuracy);
        if (now > _accuracy)
        {
            (_accuracy, _best) = (now, Net.GetState());
        }
        return now;
    }

    /// <summary>Asks the network without dropout, inside a memory scope.</summary>
    public T Evaluate<T>(Func<TNet, T> ask)
    {
        Net.Eval();
        using MemoryScope scope = new();
        return ask(Net);
    }

    /// <summary>Goes back to the best weights.</summary>
    public void TakeBest() => Net.LoadState(_best);

    public void Dispose() => _run.Dispose();

    private Dictionary<string, HostArray> State()
    {
        Dictionary<string, HostArray> all = new() { [BestAccuracy] = new HostArray([_accuracy], [1]) };
        foreach ((string prefix, IReadOnlyDictionary<string, HostArray> state) in Parts(Net.GetState(), _best))
        {
            foreach ((string name, HostArray array) in state)
            {
                all.Add(prefix + name, array);
            }
        }
        return all;
    }

    private void Load(IReadOnlyDictionary<string, HostArray> all)
    {
        if (!all.TryGetValue(BestAccuracy, out HostArray? accuracy))
        {
            throw new ArgumentException($"the checkpoint does not say how well \"{Name}\" did at its best.");
        }
        _accuracy = accuracy.Values[0];
        Dictionary<string, HostArray>[] parts = [.. Parts(all, all).Select(static part => part.State
            .Where(pair => pair.Key.StartsWith(part.Prefix, StringComparison.Ordinal)).ToDictionary(pair => pair.Key[part.Prefix.Length..], pair => pair.Value))];
        Net.LoadState(parts[0]);
        _best = parts[1];
    }

    private static (string Prefix, IReadOnlyDictionary<string, HostArray> State)[] Parts(
        IReadOnlyDictionary<string, HostArray> last, IReadOnlyDictionary<string, HostArray> best) => [("last.", last), ("best.", best)];
}
