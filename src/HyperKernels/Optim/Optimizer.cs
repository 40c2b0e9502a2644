using System.Diagnostics;
using HyperKernels.Backends;

namespace HyperKernels.Optim;

/// <summary>
/// Changes parameters by the gradients that a tape holds. Parameters whose gradient it does not hold stay as they are, state included.
/// </summary>
/// <remarks>
/// State lives outside scopes until the optimiser is disposed. One pass over memory changes all parameters; the same bits at every rerun
/// and thread count. A step must not overlap with anything else that uses the parameters.
/// </remarks>
public abstract partial class Optimizer : IDisposable
{
    private readonly List<Entry> _entries = [];
    private readonly string[] _slots;
    private OptimizerTarget[] _targets = [];
    private Entry[] _stepped = [];

    /// <summary>Makes the state of every parameter, zeros.</summary>
    /// <exception cref="ArgumentException">No parameters, one of them twice, or parameters on several devices.</exception>
    private protected Optimizer(IEnumerable<ParameterGroup> groups, float learningRate, float weightDecay, params string[] slots)
    {
        CheckRate("learningRate", learningRate);
        CheckRate("weightDecay", weightDecay);
        Groups = Throw.IfAnyNull("Optimizer", groups);
        LearningRate = learningRate;
        WeightDecay = weightDecay;
        _slots = slots;
        CheckParameters();
        try
        {
            foreach (ParameterGroup group in Groups)
            {
                foreach (Parameter parameter in group.Parameters)
                {
                    Entry entry = new(parameter, group, new Tensor[slots.Length]);
                    _entries.Add(entry);
                    for (int slot = 0; slot < slots.Length; slot++)
                    {
                        entry.Slots[slot] = Tensor.NewUnowned(parameter.Device, parameter.Shape, ElementType.Float32);
                        parameter.Device.Backend.Fill(entry.Slots[slot].Ref, parameter.Shape.Count, 0);
                    }
                }
            }
        }
        catch
        {
            // Nobody else knows of what was made before memory ran out or the device failed.
            Dispose();
            throw;
        }
    }

    /// <summary>The parameters with their options.</summary>
    public IReadOnlyList<ParameterGroup> Groups { get; }

    /// <summary>The learning rate of groups without their own.</summary>
    public float LearningRate { get; set; }

    /// <summary>The weight decay of groups without their own.</summary>
    public float WeightDecay { get; set; }

    /// <summary>Multiplies every learning rate; a schedule sets it before each step.</summary>
    public float RateFactor { get; set; } = 1;

    /// <summary>
    /// The live state by name, <c>parameter.slot</c>: for a checkpoint to read. Names are those of the parameters and must differ.
    /// </summary>
    /// <exception cref="InvalidOperationException">Two parameters have the same name.</exception>
    public IReadOnlyDictionary<string, Tensor> State
    {
        get
        {
            Dictionary<string, Tensor> state = [];
            foreach (Entry entry in _entries)
            {
                for (int slot = 0; slot < _slots.Length; slot++)
                {
                    if (!state.TryAdd($"{entry.Parameter.Name}.{_slots[slot]}", entry.Slots[slot]))
                    {
                        Throw.InvalidOperation($"{GetType().Name}.State: two parameters are called \"{entry.Parameter.Name}\"; names must differ.");
                    }
                }
            }
            return state;
        }
    }

    /// <summary>How many steps each parameter has been changed by, in the order of the groups.</summary>
    public IReadOnlyList<long> Steps => [.. _entries.Select(entry => entry.Steps)];

    /// <summary>Takes up where another optimiser of the same kind was. Everything is checked before anything is changed.</summary>
    /// <param name="state">As <see cref="State"/> gave it.</param>
    /// <param name="steps">As <see cref="Steps"/> gave it.</param>
    /// <exception cref="ArgumentException">A name is missing or unknown, a shape differs, or there are not as many step counts as parameters.</exception>
    public void LoadState(IReadOnlyDictionary<string, Tensor> state, IReadOnlyList<long> steps)
    {
        string where = $"{GetType().Name}.LoadState";
        IReadOnlyDictionary<string, Tensor> own = State;
        if (steps.Count != _entries.Count || steps.Any(step => step < 0))
        {
            Throw.Argument($"{where}: {_entries.Count} step counts of 0 or more are needed; got [{string.Join(", ", steps)}].");
        }
        foreach (string name in state.Keys)
        {
            if (!own.ContainsKey(name))
            {
                Throw.Argument($"{where}: there is no state \"{name}\"; known is for example \"{own.Keys.FirstOrDefault()}\".");
            }
        }
        foreach ((string name, Tensor tensor) in own)
        {
            if (!state.TryGetValue(name, out Tensor given))
            {
                Throw.Argument($"{where}: \"{name}\" is missing.");
            }
            if (given.Shape != tensor.Shape)
            {
                Throw.Argument($"{where}: \"{name}\" must be {tensor.Shape}; it is {given.Shape}.");
            }
        }
        foreach ((string name, Tensor tensor) in own)
        {
            tensor.CopyFrom(state[name].ToArray());
        }
        for (int i = 0; i < _entries.Count; i++)
        {
            _entries[i].Steps = steps[i];
        }
    }

    /// <summary>Changes every parameter that the tape's last backward pass left a gradient for.</summary>
    /// <param name="tape">After <see cref="Tape.Backward(Tensor)"/>, still open.</param>
    /// <exception cref="ObjectDisposedException">The tape has ended, and its gradients with it.</exception>
    public void Step(Tape tape)
    {
        ArgumentNullException.ThrowIfNull(tape);
        tape.ThrowIfDisposed($"{GetType().Name}.Step", "tape");
        using Activity? activity = Telemetry.StartOptimizerStep();
        int count = 0;
        foreach (Entry entry in _entries)
        {
            if (entry.Parameter.RequiresGradient)
            {
                count = AddTargets(tape, entry, count);
            }
        }
        Device device = _entries[0].Parameter.Device;
        if (device.Recorder is { } recorder)
        {
            // Rates change from step to step: a captured step prepares and launches anew.
            Entry[] stepped = _stepped[..count];
            OptimizerTarget[] targets = _targets[..count];
            recorder.Again(() => Change(device, stepped, targets));
            recorder.Paused = true;
            Change(device, stepped, targets);
            recorder.Paused = false;
        }
        else
        {
            Change(device, _stepped.AsSpan(0, count), _targets.AsSpan(0, count));
        }
        // Buffers of gradients go back to the pool with the tape and must not be held until the next step.
        _targets.AsSpan(0, count).Clear();
    }

    /// <summary>Ends the state; the parameters stay.</summary>
    public void Dispose()
    {
        foreach (Entry entry in _entries)
        {
            foreach (Tensor tensor in entry.Slots)
            {
                tensor.Dispose();
            }
        }
        GC.SuppressFinalize(this);
    }

    /// <summary>The arithmetic of a step.</summary>
    private protected abstract OptimizerStep Rule { get; }

    /// <summary>Sets a parameter's rates for its step number <paramref name="step"/>, counted from 1.</summary>
    private protected abstract void Prepare(ref OptimizerTarget target, float rate, float weightDecay, long step);

    // One target for each part of the parameter's gradient.
    private int AddTargets(Tape tape, Entry entry, int count)
    {
        Tensor value = entry.Parameter.OwnValue;
        Gradient gradient = tape.GradientOf(value);
        if (gradient.IsCoveredByParts(value.Count))
        {
            foreach (GradientPart part in gradient.Deferred!.Parts!)
            {
                AddTarget(entry, part, count++);
            }
        }
        else if (gradient.IsProduct && gradient.Deferred!.Left.Rank == 2)
        {
            AddTarget(entry, new GradientPart(0, value.Count, gradient), count++);
        }
        else if (tape.TryGetGradient(value, out Tensor values))
        {
            AddTarget(entry, new GradientPart(0, value.Count, new Gradient(values)), count++);
        }
        return count;
    }

    private void AddTarget(Entry entry, in GradientPart part, int place)
    {
        if (place == _targets.Length)
        {
            Array.Resize(ref _targets, Math.Max(_entries.Count, 2 * place));
            Array.Resize(ref _stepped, _targets.Length);
        }
        Gradient gradient = part.Gradient;
        DeferredGradient? factors = gradient.Deferred;
        _stepped[place] = entry;
        _targets[place] = new OptimizerTarget
        {
            Value = entry.Parameter.OwnValue.Ref.Skip(part.Offset),
            Gradient = gradient.Values.IsNone ? null : Ops.Dense(gradient.Values).Ref,
            Left = factors?.Left.Ref,
            Right = factors?.Right.Ref,
            Depth = factors?.Depth ?? 0,
            Columns = factors?.Right.Shape[1] ?? 0,
            First = entry.Slots.Length > 0 ? entry.Slots[0].Ref.Skip(part.Offset) : null,
            Second = entry.Slots.Length > 1 ? entry.Slots[1].Ref.Skip(part.Offset) : null,
            Count = part.Count,
        };
    }

    private void Change(Device device, ReadOnlySpan<Entry> entries, Span<OptimizerTarget> targets)
    {
        for (int i = 0; i < entries.Length; i++)
        {
            Entry entry = entries[i];
            if (i == 0 || entry != entries[i - 1])
            {
                entry.Steps++;
            }
            targets[i].Shrink = 1;
            targets[i].RootScale = 1;
            float rate = (entry.Group.LearningRate ?? LearningRate) * RateFactor;
            Prepare(ref targets[i], rate, entry.Group.WeightDecay ?? WeightDecay, entry.Steps);
        }
        Ops.Optimize(device, Rule, targets);
    }

    private protected static T CheckFraction<T>(string name, T value)
        where T : System.Numerics.IFloatingPoint<T>
    {
        if (!(value >= T.Zero && value < T.One))
        {
            Throw.Argument($"Optimizer: {name} must be in [0, 1); got {value}.");
        }
        return value;
    }

    private protected static float CheckRate(string name, float value)
    {
        if (!(value >= 0 && float.IsFinite(value)))
        {
            Throw.Argument($"Optimizer: {name} must be finite and not negative; got {value}.");
        }
        return value;
    }

    private void CheckParameters()
    {
        HashSet<Parameter> seen = [];
        Parameter? first = null;
        foreach (Parameter parameter in Groups.SelectMany(group => group.Parameters))
        {
            first ??= parameter;
            if (!seen.Add(parameter))
            {
                Throw.Argument($"Optimizer: the parameter \"{parameter.Name}\" is given twice.");
            }
            if (!ReferenceEquals(parameter.Device, first.Device))
            {
                Throw.Argument($"Optimizer: all parameters must be on one device; \"{first.Name}\" is on {first.Device}, \"{parameter.Name}\" on {parameter.Device}.");
            }
        }
        if (first is null)
        {
            Throw.Argument("Optimizer: there are no parameters.");
        }
    }

    private sealed class Entry(Parameter parameter, ParameterGroup group, Tensor[] slots)
    {
        public Parameter Parameter => parameter;

        public ParameterGroup Group => group;

        public Tensor[] Slots => slots;

        public long Steps { get; set; }
    }
}
