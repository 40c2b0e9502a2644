using HyperKernels.Layers;

namespace HyperKernels.Serving;

/// <summary>A hypernetwork that answers several requests in one pass, each with weights of its own. Not for several threads at the same time.</summary>
internal sealed class HyperModel : IDisposable
{
    private readonly HyperNetwork _network;
    private readonly IReadOnlyList<Condition> _conditions;
    private readonly int[] _dimensions;
    private readonly Shape _sample;
    private readonly float[] _inputs;
    private readonly float[] _values;

    /// <summary>Reads the file.</summary>
    /// <param name="options">File, shape of a sample, and how many come together.</param>
    /// <exception cref="InvalidDataException">The file has another network, or one whose conditions are not numbers.</exception>
    public HyperModel(ServingOptions options)
    {
        options.Check();
        _dimensions = options.Dimensions();
        _sample = new Shape(_dimensions);
        _network = HyperNetwork.Load(options.File);
        _conditions = _network.Conditioning is DeclaredConditioning declared && declared.Conditions.All(static condition => !condition.TakesIndices)
            ? declared.Conditions
            : throw new InvalidDataException($"{options.File}: the service answers conditions that are numbers; got {_network}.");
        Numbers = _conditions.Sum(static condition => condition.Size);
        _inputs = new float[options.MostBatch * _sample.Count];
        _values = new float[options.MostBatch * Numbers];
        // Fails now, and not at the first request, if a sample has another shape.
        Question probe = new(new float[_sample.Count], new float[Numbers], CancellationToken.None);
        Answer([probe]);
    }

    /// <summary>How many numbers a sample has.</summary>
    public int Inputs => (int)_sample.Count;

    /// <summary>How many numbers tell the conditions, in declared order.</summary>
    public int Numbers { get; }

    /// <summary>What is wrong with a request; null if nothing is. One that is wrong must not spoil the batch that it would come into.</summary>
    public string? Refuse(float[]? input, float[]? condition)
    {
        if (input?.Length != Inputs || condition?.Length != Numbers)
        {
            return $"\"input\" must be {Inputs} numbers ({_sample}) and \"condition\" {Numbers}; got {input?.Length ?? 0} and {condition?.Length ?? 0}.";
        }
        if (!input.All(float.IsFinite) || !condition.All(float.IsFinite))
        {
            return "numbers must be finite.";
        }
        int place = 0;
        foreach (Condition one in _conditions)
        {
            bool isBounded = one.Kind is ConditionKind.Range && one.OutOfRange != OutOfRange.Clamp;
            if (isBounded && condition.AsSpan(place, one.Size).ContainsAnyExceptInRange((float)one.Low, (float)one.High))
            {
                return $"\"{one.Name}\" must be from {one.Low} to {one.High}.";
            }
            place += one.Size;
        }
        return null;
    }

    /// <summary>Answers all at once.</summary>
    /// <param name="batch">As many as the options say at most.</param>
    public void Answer(IReadOnlyList<Question> batch)
    {
        for (int i = 0; i < batch.Count; i++)
        {
            batch[i].Input.CopyTo(_inputs, i * Inputs);
        }
        using MemoryScope scope = new();
        Tensor[] values = new Tensor[_conditions.Count];
        int place = 0;
        for (int c = 0; c < values.Length; c++)
        {
            int size = _conditions[c].Size;
            for (int i = 0; i < batch.Count; i++)
            {
                batch[i].Condition.AsSpan(place, size).CopyTo(_values.AsSpan(i * size));
            }
            values[c] = Tensor.From(_values.AsSpan(0, batch.Count * size), [batch.Count, size]);
            place += size;
        }
        float[] answers = _network.Forward(Tensor.From(_inputs.AsSpan(0, batch.Count * Inputs), [batch.Count, .. _dimensions]), values).ToArray();
        int outputs = answers.Length / batch.Count;
        for (int i = 0; i < batch.Count; i++)
        {
            batch[i].Answer(answers[(i * outputs)..((i + 1) * outputs)], batch.Count);
        }
    }

    public void Dispose() => _network.Dispose();
}
