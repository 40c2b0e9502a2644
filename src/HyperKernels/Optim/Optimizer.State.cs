namespace HyperKernels.Optim;

public abstract partial class Optimizer
{
    // Step counts are kept as two float32 digits of this base: exact far beyond any run.
    private const string StepsName = "steps";
    private const int StepsBase = 1 << 20;

    /// <summary>Copies the state and the step counts out by name, for a checkpoint. Waits for the device.</summary>
    /// <returns><see cref="State"/> as arrays, and <c>steps</c>: <c>[parameters, 2]</c>, whole multiples of 2^20 and the rest.</returns>
    /// <exception cref="InvalidOperationException">Two parameters have the same name.</exception>
    public IReadOnlyDictionary<string, HostArray> GetState()
    {
        Dictionary<string, HostArray> state = State.ToDictionary(static named => named.Key, static named => HostArray.Of(named.Value));
        float[] steps = new float[2 * _entries.Count];
        for (int i = 0; i < _entries.Count; i++)
        {
            (long high, long low) = Math.DivRem(_entries[i].Steps, StepsBase);
            steps[2 * i] = high;
            steps[(2 * i) + 1] = low;
        }
        state.Add(StepsName, new HostArray(steps, [_entries.Count, 2]));
        return state;
    }

    /// <summary>Takes up where <see cref="GetState"/> was. Everything is checked before anything is changed.</summary>
    /// <param name="state">As <see cref="GetState"/> gave it.</param>
    /// <exception cref="ArgumentException">A name is missing or unknown, or a shape differs.</exception>
    public void LoadState(IReadOnlyDictionary<string, HostArray> state)
    {
        ArgumentNullException.ThrowIfNull(state);
        if (!state.TryGetValue(StepsName, out HostArray? steps) || steps.Shape != new Shape(_entries.Count, 2))
        {
            Throw.Argument($"{GetType().Name}.LoadState: \"{StepsName}\" must be [{_entries.Count}, 2]; {(steps is null ? "it is missing" : $"it is {steps.Shape}")}.");
        }
        long[] counts = new long[_entries.Count];
        for (int i = 0; i < counts.Length; i++)
        {
            counts[i] = ((long)steps.Values[2 * i] * StepsBase) + (long)steps.Values[(2 * i) + 1];
        }
        using MemoryScope scope = new();
        Device device = _entries[0].Parameter.Device;
        LoadState(
            state.Where(static named => named.Key != StepsName).ToDictionary(static named => named.Key, named => named.Value.ToTensor(device)),
            counts);
    }
}
