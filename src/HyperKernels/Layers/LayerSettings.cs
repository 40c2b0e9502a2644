namespace HyperKernels.Layers;

/// <summary>What a layer of the library was made from: its type's name and the numbers given to its constructor. Files hold it as JSON.</summary>
internal sealed class LayerSettings(string type, params (string Name, double Value)[] numbers)
{
    public string Type => type;

    public IReadOnlyList<(string Name, double Value)> Numbers => numbers;

    /// <summary>A number by name.</summary>
    /// <exception cref="FormatException">There is none of that name.</exception>
    public float Number(string name) => (float)Value(name);

    /// <summary>A whole number by name.</summary>
    /// <exception cref="FormatException">There is none of that name, or it is not whole.</exception>
    public int Int(string name)
    {
        double value = Value(name);
        return value == (int)value ? (int)value : throw new FormatException($"\"{name}\" of a layer \"{type}\" must be a whole number; it is {value}.");
    }

    public bool Flag(string name) => Value(name) != 0;

    /// <summary>Whole numbers <c>name0</c>, <c>name1</c>, ...</summary>
    public int[] Ints(string name)
    {
        int count = Int(name);
        if (count < 0 || count > numbers.Length)
        {
            throw new FormatException($"\"{name}\" of a layer \"{type}\" announces {count} numbers.");
        }
        int[] values = new int[count];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = Int($"{name}{i}");
        }
        return values;
    }

    /// <summary>The form that <see cref="Ints"/> reads.</summary>
    public static IEnumerable<(string Name, double Value)> List(string name, IReadOnlyList<int> values) =>
        [(name, values.Count), .. values.Select((value, i) => ($"{name}{i}", (double)value))];

    private double Value(string name)
    {
        foreach ((string known, double value) in numbers)
        {
            if (known == name)
            {
                return value;
            }
        }
        throw new FormatException($"a layer \"{type}\" needs \"{name}\".");
    }
}
