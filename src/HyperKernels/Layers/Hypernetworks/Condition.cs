using System.Collections.ObjectModel;
using System.Globalization;

namespace HyperKernels.Layers;

/// <summary>How a <see cref="Condition"/> turns a value into what the generator reads.</summary>
public enum ConditionKind
{
    /// <summary>A number in a declared range, mapped linearly to 0..1, then encoded.</summary>
    Range,

    /// <summary>A positive number in a declared range that spans decades, mapped to 0..1 by its logarithm, then encoded.</summary>
    LogRange,

    /// <summary>Numbers that the generator reads as they are: neither mapped nor encoded.</summary>
    Raw,

    /// <summary>One of several categories, as a one-hot vector.</summary>
    Categorical,

    /// <summary>One of several tasks, layers or chunks, as a learned vector.</summary>
    Embedding,
}

/// <summary>What happens to values outside a declared range. The encodings fold there, so they are never let through unseen.</summary>
public enum OutOfRange
{
    /// <summary>They become the nearest end of the range; costs no look at the device's values.</summary>
    Clamp,

    /// <summary>They are refused; reads the values back from the device at every call.</summary>
    Error,
}

/// <summary>One named input of a hypernetwork: what its values mean and how they are prepared.</summary>
public sealed partial class Condition
{
    private Condition(string name, ConditionKind kind, int size)
    {
        if (string.IsNullOrWhiteSpace(name))
        {
            Throw.Argument("Condition: a name is needed; it stands in files and messages.");
        }
        if (size < 1)
        {
            Throw.Argument($"Condition \"{name}\": at least one value is needed; got {size}.");
        }
        Name = name;
        Kind = kind;
        Size = size;
    }

    /// <summary>The name; several conditions are laid out in alphabetical order of their names.</summary>
    public string Name { get; }

    /// <summary>How values are prepared.</summary>
    public ConditionKind Kind { get; }

    /// <summary>Numbers per row: of a range or raw condition those given, of a category the number of categories, of an embedding its width.</summary>
    public int Size { get; }

    /// <summary>The lower end of a range.</summary>
    public double Low { get; private init; }

    /// <summary>The upper end of a range.</summary>
    public double High { get; private init; } = 1;

    /// <summary>What happens outside the range.</summary>
    public OutOfRange OutOfRange { get; private init; }

    /// <summary>The names of categories, if they have some.</summary>
    public ReadOnlyCollection<string> Categories { get; private init; } = ReadOnlyCollection<string>.Empty;

    /// <summary>How many rows an embedding has.</summary>
    public int Rows { get; private init; }

    /// <summary>Whether values are integers (rows of an embedding, categories) instead of floats.</summary>
    public bool TakesIndices => Kind is ConditionKind.Categorical or ConditionKind.Embedding;

    /// <summary>Whether values are mapped to 0..1 and encoded.</summary>
    internal bool IsEncoded => Kind is ConditionKind.Range or ConditionKind.LogRange;

    /// <summary>A number (or several) between two ends, mapped linearly to 0..1.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="low">The value that becomes 0.</param>
    /// <param name="high">The value that becomes 1; above <paramref name="low"/>.</param>
    /// <param name="size">Numbers per row.</param>
    /// <param name="outOfRange">What happens to values outside.</param>
    /// <exception cref="ArgumentException">The range is empty or not finite.</exception>
    public static Condition Range(string name, double low, double high, int size = 1, OutOfRange outOfRange = OutOfRange.Clamp)
    {
        if (!double.IsFinite(low) || !double.IsFinite(high) || low >= high)
        {
            Throw.Argument(Invariant($"Condition.Range \"{name}\": low must be below high, both finite; got {low} and {high}."));
        }
        return new Condition(name, ConditionKind.Range, size) { Low = low, High = high, OutOfRange = outOfRange };
    }

    /// <summary>A positive number between two ends that lie decades apart (a weight decay, a learning rate), mapped to 0..1 by its logarithm.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="low">The value that becomes 0; positive.</param>
    /// <param name="high">The value that becomes 1; above <paramref name="low"/>.</param>
    /// <param name="size">Numbers per row.</param>
    /// <param name="outOfRange">What happens to values outside.</param>
    /// <exception cref="ArgumentException">The range is empty, not finite or not positive.</exception>
    public static Condition LogRange(string name, double low, double high, int size = 1, OutOfRange outOfRange = OutOfRange.Clamp)
    {
        if (!double.IsFinite(high) || low <= 0 || low >= high)
        {
            Throw.Argument(Invariant(
                $"Condition.LogRange \"{name}\": low must be positive and below high; got {low} and {high}. Use Range for ranges that hold 0."));
        }
        return new Condition(name, ConditionKind.LogRange, size) { Low = low, High = high, OutOfRange = outOfRange };
    }

    /// <summary>Numbers already between 0 and 1.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="size">Numbers per row.</param>
    /// <param name="outOfRange">What happens to values outside.</param>
    /// <exception cref="ArgumentException">The name is empty or size below 1.</exception>
    public static Condition Unit(string name, int size = 1, OutOfRange outOfRange = OutOfRange.Clamp) => Range(name, 0, 1, size, outOfRange);

    /// <summary>Numbers that the generator reads as they are, for example the features of a sample.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="size">Numbers per row.</param>
    /// <exception cref="ArgumentException">The name is empty or size below 1.</exception>
    public static Condition Raw(string name, int size) => new(name, ConditionKind.Raw, size);

    /// <summary>One of some named categories, as a one-hot vector.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="categories">Their names; a value is the place in this list, from 0.</param>
    /// <exception cref="ArgumentException">The name is empty or there are no categories.</exception>
    public static Condition Categorical(string name, params ReadOnlySpan<string> categories) =>
        new(name, ConditionKind.Categorical, categories.Length) { Categories = new ReadOnlyCollection<string>(categories.ToArray()) };

    /// <summary>One of some numbered categories, as a one-hot vector.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="count">How many there are; a value is from 0 to count - 1.</param>
    /// <exception cref="ArgumentException">The name is empty or count below 1.</exception>
    public static Condition Categorical(string name, int count) => new(name, ConditionKind.Categorical, count);

    /// <summary>A learned vector for each of some tasks, layers or chunks.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="rows">How many there are.</param>
    /// <param name="size">The length of each vector.</param>
    /// <exception cref="ArgumentException">There are none, or the name has dots.</exception>
    public static Condition Embedding(string name, int rows, int size)
    {
        if (name is not null && name.Contains('.', StringComparison.Ordinal))
        {
            Throw.Argument($"Condition.Embedding \"{name}\": the learned vectors are a parameter of this name, which must have no dots.");
        }
        if (rows < 1)
        {
            Throw.Argument($"Condition.Embedding \"{name}\": at least one row is needed; got {rows}.");
        }
        return new Condition(name!, ConditionKind.Embedding, size) { Rows = rows };
    }

    /// <summary>Checks a tensor of values and gives it a leading axis of rows.</summary>
    /// <returns><c>[C, Size]</c> floats, or <c>[C]</c> integers.</returns>
    internal Tensor CheckRows(Tensor values)
    {
        if (TakesIndices)
        {
            bool isColumnOfIndices = values.Rank <= 1 || (values.Rank == 2 && values.Shape[1] == 1);
            if (values.ElementType != ElementType.Int32 || !isColumnOfIndices)
            {
                Throw.Argument($"Condition \"{Name}\": integers [rows] are needed; got {values.Description}.");
            }
            return values.Rank == 1 ? values : Ops.Reshape(values, [(int)values.Count]);
        }
        bool isRows = values.Rank == 2 && values.Shape[1] == Size;
        bool isColumn = values.Rank == 1 && Size == 1;
        bool isRow = values.Rank <= 1 && values.Count == Size;
        if (values.ElementType != ElementType.Float32 || !(isRows || isColumn || isRow))
        {
            Throw.Argument($"Condition \"{Name}\": floats [rows, {Size}] are needed; got {values.Description}.");
        }
        return isRows ? values : isColumn ? Ops.Reshape(values, [(int)values.Count, 1]) : Ops.Reshape(values, [1, Size]);
    }

    /// <summary>Maps declared ranges to 0..1; everything else stays.</summary>
    internal Tensor Normalize(Tensor values)
    {
        if (OutOfRange == OutOfRange.Error)
        {
            Span<float> all = values.ToArray();
            foreach (float value in all)
            {
                CheckValue(value);
            }
        }
        if (Kind == ConditionKind.Range && Low == 0 && High == 1)
        {
            return OutOfRange == OutOfRange.Clamp ? Ops.Clamp(values, 0, 1) : values;
        }
        // Clamped before the logarithm: what lies outside may have none.
        Tensor inside = Ops.Clamp(values, (float)Low, (float)High);
        bool isLog = Kind == ConditionKind.LogRange;
        double low = isLog ? Math.Log(Low) : Low;
        double high = isLog ? Math.Log(High) : High;
        Tensor scale = isLog ? Ops.Log(inside) : inside;
        return Ops.MultiplyScalar(Ops.AddScalar(scale, (float)-low), (float)(1 / (high - low)));
    }

    /// <summary>Refuses a value that no encoding can tell from another.</summary>
    internal void CheckValue(double value)
    {
        if (IsEncoded && !(value >= Low && value <= High))
        {
            Throw.Argument(Invariant($"Condition \"{Name}\": values must lie between {Low} and {High}; got {value}."));
        }
        int rows = Kind == ConditionKind.Embedding ? Rows : Size;
        if (TakesIndices && !(value >= 0 && value < rows && value == Math.Floor(value)))
        {
            Throw.Argument(Invariant($"Condition \"{Name}\": values must be integers from 0 to {rows - 1}; got {value}."));
        }
    }

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
