using HyperKernels.Layers;

namespace HyperKernels.Models;

// What a checkpoint holds of it.
public sealed partial class OutputRegulariser
{
    /// <summary>Copies out what is protected, for a checkpoint.</summary>
    public IReadOnlyDictionary<string, HostArray> GetState()
    {
        Dictionary<string, HostArray> state = new() { ["tasks"] = new HostArray([Tasks], [1]) };
        if (_targets is { } targets)
        {
            state.Add("targets", HostArray.Of(targets.OwnValue));
        }
        foreach ((Parameter parameter, Parameter former) in _former)
        {
            state.Add($"former.{parameter.Name}", HostArray.Of(former.OwnValue));
        }
        foreach ((int task, Parameter importances) in _importances)
        {
            state.Add($"importances.{task}", HostArray.Of(importances.OwnValue));
        }
        return state;
    }

    /// <summary>Takes up what <see cref="GetState"/> gave.</summary>
    /// <exception cref="ArgumentException">It is of another regulariser, or of another network.</exception>
    public void LoadState(IReadOnlyDictionary<string, HostArray> state)
    {
        ArgumentNullException.ThrowIfNull(state);
        if (!state.TryGetValue("tasks", out HostArray? count) || count.Values.Length != 1)
        {
            throw new ArgumentException("OutputRegulariser.LoadState: \"tasks\" must be one number; it is missing.", nameof(state));
        }
        int tasks = (int)count.Values[0];
        HostArray? targets = state.GetValueOrDefault("targets");
        Shape wanted = [tasks, _network.Manifest.Count];
        Dictionary<Parameter, HostArray?> former = _options.Recompute && tasks > 0
            ? Own().ToDictionary(static parameter => parameter, parameter => state.GetValueOrDefault($"former.{parameter.Name}"))
            : [];
        bool fits = _options.Recompute || tasks == 0 ? targets is null : targets?.Shape == wanted;
        if (!fits || former.Any(static pair => pair.Value?.Shape != pair.Key.Shape))
        {
            throw new ArgumentException(
                $"OutputRegulariser.LoadState: the state must be of a regulariser with the same options and network, with {tasks} tasks; "
                + $"\"targets\" is {targets?.Shape.ToString() ?? "missing"}.",
                nameof(state));
        }
        Forget();
        Tasks = tasks;
        _targets = targets is null ? null : Constant(targets.Values, targets.Shape);
        foreach ((Parameter parameter, HostArray? values) in former)
        {
            _former.Add(parameter, Constant(values!.Values, parameter.Shape));
        }
        for (int task = 0; task < tasks; task++)
        {
            SetImportances(task, state.TryGetValue($"importances.{task}", out HostArray? importances) ? importances.Values : []);
        }
    }
}
