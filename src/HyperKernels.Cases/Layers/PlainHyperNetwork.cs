namespace HyperKernels.Cases;

/// <summary>What a hypernetwork computes, in plain loops and doubles: prepared conditions, generator, emission, and the target sample by sample.</summary>
/// <param name="target">What the target computes for a block of samples with its parameters.</param>
/// <param name="generated">Names and shapes of the generated parameters in the target's order.</param>
/// <param name="activation">The generator's function after every layer.</param>
internal sealed class PlainHyperNetwork(
    Func<LayerArguments, Plain, Plain> target, (string Name, Shape Shape)[] generated, Func<double, double> activation)
{
    private int Count => generated.Sum(entry => (int)entry.Shape.Count);

    /// <summary>Runs every sample with the weight set of its row.</summary>
    /// <param name="p">The hypernetwork's parameters.</param>
    /// <param name="weights">One flat weight set per row, <c>[C, P]</c>.</param>
    /// <param name="input">The target's input.</param>
    /// <param name="rowOf">The row of every sample.</param>
    public Plain Apply(LayerArguments p, Plain weights, Plain input, IReadOnlyList<int> rowOf) =>
        Plain.Concatenate([.. rowOf.Select((row, sample) => target(With(p, weights, row), input.Block(sample, rowOf.Count)))]);

    /// <summary><c>theta0 + W h(z)</c>, all weights at once.</summary>
    public Plain Full(LayerArguments p, Plain conditions) => PlainOps.Linear(Generator(p, conditions), p["emission.weight"], p.Find("emission.theta0"));

    /// <summary>The same, tensor by tensor.</summary>
    public Plain Heads(LayerArguments p, Plain conditions)
    {
        Plain hidden = Generator(p, conditions);
        Plain[] heads =
            [.. generated.Select(entry => PlainOps.Linear(hidden, p[$"emission.{entry.Name}.weight"], p.Find($"emission.{entry.Name}.theta0")))];
        return SideBySide(conditions.Shape[0], heads);
    }

    /// <summary>The same, chunk by chunk, each told by its embedding; the surplus of the last is dropped.</summary>
    public Plain Chunks(LayerArguments p, Plain conditions)
    {
        Plain embeddings = p["emission.chunks"];
        (int sets, int size) = (conditions.Shape[0], embeddings.Shape[1]);
        Plain[] chunks = new Plain[embeddings.Shape[0]];
        for (int chunk = 0; chunk < chunks.Length; chunk++)
        {
            Plain told = Indexing.Map([sets, size + conditions.Shape[1]], i =>
            {
                (int set, int column) = (i / (size + conditions.Shape[1]), i % (size + conditions.Shape[1]));
                return column < size ? embeddings[chunk, column] : conditions[set, column - size];
            });
            chunks[chunk] = PlainOps.Linear(Generator(p, told), p["emission.weight"], p["emission.bias"]);
        }
        Plain weights = SideBySide(sets, chunks).Columns(0, [sets, Count]);
        return PlainLayers.Scale(weights, null, p.Find("emission.theta0"));
    }

    private Plain Generator(LayerArguments p, Plain x)
    {
        for (int i = 0; p.Find($"generator.hidden{i}.weight") is { } weight; i++)
        {
            x = PlainOps.Linear(x, weight, p[$"generator.hidden{i}.bias"]).Map(activation);
        }
        return x;
    }

    private LayerArguments With(LayerArguments p, Plain weights, int row)
    {
        List<string> names = [];
        List<Plain> values = [];
        int first = 0;
        foreach ((string name, Shape shape) in generated)
        {
            names.Add(name);
            values.Add(new Plain(shape, weights.Values.AsSpan((row * Count) + first, (int)shape.Count).ToArray()));
            first += (int)shape.Count;
        }
        return p.Of("target").Before(names, values);
    }

    private static Plain SideBySide(int rows, Plain[] parts)
    {
        int columns = parts.Sum(part => part.Shape[1]);
        Plain all = new(rows, columns);
        int first = 0;
        foreach (Plain part in parts)
        {
            for (int i = 0; i < part.Values.Length; i++)
            {
                all[i / part.Shape[1], first + (i % part.Shape[1])] = part[i];
            }
            first += part.Shape[1];
        }
        return all;
    }
}
