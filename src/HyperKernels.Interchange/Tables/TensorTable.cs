using System.Globalization;
using HyperKernels.IO;

namespace HyperKernels.Interchange;

/// <summary>Named columns of numbers or texts, as tables in files have them, and their way to tensors and back.</summary>
/// <remarks>A number that is missing is NaN; whole numbers and flags, of which some are missing, are kept as float64.</remarks>
public sealed class TensorTable
{
    private readonly List<string> _names = [];
    private readonly Dictionary<string, NumericArray> _numbers = [];
    private readonly Dictionary<string, string?[]> _texts = [];

    /// <summary>The columns' names, in order.</summary>
    public IReadOnlyList<string> Names => _names;

    /// <summary>The number of rows.</summary>
    public int Rows { get; private set; }

    /// <summary>The numbers of a column.</summary>
    /// <param name="name">The column.</param>
    /// <returns><c>[rows]</c>, or <c>[rows, width]</c> for a column of lists that all have one length.</returns>
    /// <exception cref="ArgumentException">There is no such column, or it holds texts.</exception>
    public NumericArray this[string name] => _numbers.TryGetValue(name, out NumericArray? numbers) ? numbers : throw Missing(name, "numbers");

    /// <summary>Makes a table of the columns of a matrix.</summary>
    /// <param name="matrix"><c>[rows, columns]</c></param>
    /// <param name="names">One name for each column.</param>
    /// <exception cref="ArgumentException">The tensor is no matrix of floats with so many columns, or a name stands twice.</exception>
    public static TensorTable Of(Tensor matrix, params ReadOnlySpan<string> names)
    {
        if (matrix.Rank != 2 || matrix.Shape[1] != names.Length)
        {
            throw new ArgumentException($"TensorTable.Of: a matrix with {names.Length} columns is needed for as many names; got {matrix}.", nameof(matrix));
        }
        float[] values = matrix.ToArray();
        int rows = matrix.Shape[0];
        TensorTable table = new();
        for (int column = 0; column < names.Length; column++)
        {
            float[] own = new float[rows];
            for (int row = 0; row < rows; row++)
            {
                own[row] = values[(row * names.Length) + column];
            }
            table.Add(names[column], NumericArray.From(own, rows));
        }
        return table;
    }

    /// <summary>Adds a column of numbers.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="numbers"><c>[rows]</c> or <c>[rows, width]</c>.</param>
    /// <returns>This table.</returns>
    /// <exception cref="ArgumentException">The name is taken, or there are other rows than in the columns before.</exception>
    public TensorTable Add(string name, NumericArray numbers)
    {
        ArgumentNullException.ThrowIfNull(numbers);
        if (numbers.Shape.Length is not (1 or 2))
        {
            throw new ArgumentException($"TensorTable.Add: column \"{name}\" must have rows, or rows and a width; it has {numbers.Shape.Length} axes.", nameof(numbers));
        }
        CheckNew(name, numbers.Shape[0]);
        _numbers.Add(name, numbers);
        return this;
    }

    /// <summary>Adds a column of texts.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="texts">One for each row; null where it is missing.</param>
    /// <returns>This table.</returns>
    /// <exception cref="ArgumentException">The name is taken, or there are other rows than in the columns before.</exception>
    public TensorTable Add(string name, IReadOnlyList<string?> texts)
    {
        ArgumentNullException.ThrowIfNull(texts);
        CheckNew(name, texts.Count);
        _texts.Add(name, [.. texts]);
        return this;
    }

    /// <summary>Whether a column holds texts.</summary>
    /// <param name="name">The column.</param>
    public bool IsText(string name) => _texts.ContainsKey(name);

    /// <summary>The texts of a column.</summary>
    /// <param name="name">The column.</param>
    /// <returns>One for each row; null where it is missing.</returns>
    /// <exception cref="ArgumentException">There is no such column, or it holds numbers.</exception>
    public IReadOnlyList<string?> Texts(string name) => _texts.TryGetValue(name, out string?[]? texts) ? texts : throw Missing(name, "texts");

    /// <summary>Puts columns of numbers side by side.</summary>
    /// <param name="names">Which, in this order; none means all columns of numbers.</param>
    /// <returns>float32 <c>[rows, widths of the columns together]</c>.</returns>
    /// <exception cref="ArgumentException">There is no such column, or it holds texts.</exception>
    /// <exception cref="InvalidDataException">A finite value is outside float32's range, or a whole number above 2^24.</exception>
    public Tensor ToTensor(params ReadOnlySpan<string> names)
    {
        (float[] values, int width) = Matrix(names);
        return Tensor.From(values, [Rows, width]);
    }

    /// <summary>The same as a column of a data set.</summary>
    /// <param name="names">Which columns, in this order; none means all columns of numbers.</param>
    /// <exception cref="ArgumentException">There is no such column, or it holds texts.</exception>
    public DataColumn ToColumn(params ReadOnlySpan<string> names)
    {
        (float[] values, int width) = Matrix(names);
        return DataColumn.Floats(values, Rows, width);
    }

    /// <summary>Numbers the different texts, or whole numbers, of a column: labels for a classifier.</summary>
    /// <param name="name">The column.</param>
    /// <returns>For each row the place of its value among the categories, and the categories in order.</returns>
    /// <exception cref="ArgumentException">There is no such column, or a value is missing.</exception>
    public (DataColumn Labels, IReadOnlyList<string> Categories) ToCategories(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        string?[] values = _texts.TryGetValue(name, out string?[]? texts)
            ? texts
            : [.. this[name].ToInt64().Select(static value => value.ToString(CultureInfo.InvariantCulture))];
        int missing = Array.IndexOf(values, null);
        if (missing >= 0)
        {
            throw new ArgumentException($"TensorTable.ToCategories: every row needs a value of \"{name}\"; row {missing} has none.", nameof(name));
        }
        string[] categories = [.. values.Distinct().Order(NaturalOrder.Instance).OfType<string>()];
        Dictionary<string, int> place = categories.Select(static (category, i) => (category, i)).ToDictionary(static pair => pair.category, static pair => pair.i);
        return (DataColumn.Integers([.. values.Select(value => place[value!])]), categories);
    }

    private (float[] Values, int Width) Matrix(ReadOnlySpan<string> names)
    {
        string[] chosen = names.Length > 0 ? names.ToArray() : [.. _names.Where(_numbers.ContainsKey)];
        NumericArray[] columns = Array.ConvertAll(chosen, name => this[name]);
        int[] widths = Array.ConvertAll(columns, static column => column.Shape.Length == 1 ? 1 : (int)column.Shape[1]);
        int width = widths.Sum();
        float[] values = new float[(long)Rows * width];
        int at = 0;
        for (int i = 0; i < columns.Length; i++)
        {
            float[] own = columns[i].ToFloat32();
            for (int row = 0; row < Rows; row++)
            {
                own.AsSpan(row * widths[i], widths[i]).CopyTo(values.AsSpan((row * width) + at));
            }
            at += widths[i];
        }
        return (values, width);
    }

    private void CheckNew(string name, long rows)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (_names.Contains(name) || (_names.Count > 0 && rows != Rows) || rows > int.MaxValue)
        {
            throw new ArgumentException($"TensorTable.Add: columns have names of their own and {(_names.Count > 0 ? Rows : rows)} rows each; \"{name}\" has {rows}.", nameof(name));
        }
        Rows = (int)rows;
        _names.Add(name);
    }

    private ArgumentException Missing(string name, string wanted) => new(
        $"TensorTable: no column \"{name}\" of {wanted}; there are {string.Join(", ", _names.Select(each => $"{each} ({(IsText(each) ? "texts" : _numbers[each].Type)})"))}.");
}
