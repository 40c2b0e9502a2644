using System.Globalization;
using System.Text;

namespace HyperKernels;

/// <summary>Writes tensors as NumPy 1.14 and later print arrays: <c>numpy.array2string</c> with its usual options.</summary>
internal sealed class TensorText
{
    // numpy.get_printoptions(): the usual values.
    private const int LineWidth = 75;
    private const int Threshold = 1000;
    private const int EdgeItems = 3;
    private const int Precision = 8;

    private readonly Tensor _tensor;
    private readonly Shape _shape;
    private readonly bool _isShortened;
    private readonly Dictionary<long, string> _words = [];

    private TensorText(Tensor tensor)
    {
        _tensor = tensor;
        _shape = tensor.Shape;
        _isShortened = _shape.Count > Threshold;
    }

    /// <summary>The values, with points for the middle of long axes where there are more than a thousand. Waits for the device.</summary>
    public static string Of(Tensor tensor)
    {
        if (tensor.Rank == 0)
        {
            return tensor.ElementType == ElementType.Float32 ? Scalar(tensor.ToScalar()) : tensor.ToIntArray()[0].ToString(CultureInfo.InvariantCulture);
        }
        if (tensor.Count == 0)
        {
            return "[]";
        }
        TensorText text = new(tensor);
        text.FormatWords();
        return text.Axis(0, 0, " ", LineWidth);
    }

    /// <summary>A number alone, as <c>str(numpy.float32(value))</c>.</summary>
    public static string Scalar(float value)
    {
        // As NumPy compares: the float nearest to 0.0001 is below it.
        double size = Math.Abs((double)value);
        if (!float.IsFinite(value))
        {
            return NotFinite(value);
        }
        if (size is 0 or >= 1e-4 and < 1e16)
        {
            string digits = Positional(value);
            return digits.EndsWith('.') ? $"{digits}0" : digits;
        }
        (string whole, string fraction, string exponent) = Scientific(value);
        return fraction.Length == 0 ? $"{whole}e{exponent}" : $"{whole}.{fraction}e{exponent}";
    }

    // All words are of one width, so that columns stand below each other; those that are left out have no say in it.
    private void FormatWords()
    {
        List<long> places = [];
        Collect(places, 0, 0);
        int[] bits = _tensor.BitsAt(places);
        Pad(places, _tensor.ElementType == ElementType.Int32
            ? [.. bits.Select(static value => value.ToString(CultureInfo.InvariantCulture))]
            : Columns([.. bits.Select(BitConverter.Int32BitsToSingle)]));
    }

    private void Pad(List<long> places, string[] words)
    {
        int width = words.Max(static word => word.Length);
        for (int i = 0; i < words.Length; i++)
        {
            _words[places[i]] = words[i].PadLeft(width);
        }
    }

    private void Collect(List<long> places, int axis, long place)
    {
        if (axis == _shape.Rank)
        {
            places.Add(place);
            return;
        }
        int size = _shape[axis];
        bool isShort = _isShortened && size > 2 * EdgeItems;
        for (int i = 0; i < size; i++)
        {
            if (isShort && i == EdgeItems)
            {
                i = size - EdgeItems;
            }
            Collect(places, axis + 1, (place * size) + i);
        }
    }

    private string Axis(int axis, long place, string indent, int width)
    {
        if (axis == _shape.Rank)
        {
            return _words[place];
        }
        int size = _shape[axis];
        bool isShort = _isShortened && size > 2 * EdgeItems;
        bool isLast = axis == _shape.Rank - 1;
        string between = new('\n', _shape.Rank - axis - 1);
        StringBuilder text = new();
        StringBuilder line = new(indent);
        for (int i = 0; i < size; i++)
        {
            if (isShort && i == EdgeItems)
            {
                i = size - EdgeItems;
                Append("...");
                End();
            }
            Append(Axis(axis + 1, (place * size) + i, $"{indent} ", width - 1));
            if (i < size - 1)
            {
                End();
            }
        }
        return $"[{text.Append(line).ToString()[indent.Length..]}]";

        void Append(string word)
        {
            if (isLast && line.Length + word.Length > width - 1 && line.Length > indent.Length)
            {
                text.Append(line.ToString().TrimEnd()).Append('\n');
                line.Clear().Append(indent);
            }
            line.Append(word);
        }

        void End()
        {
            if (isLast)
            {
                line.Append(' ');
                return;
            }
            text.Append(line).Append(between);
            line.Clear().Append(indent);
        }
    }

    private static string[] Columns(float[] values)
    {
        float[] finite = [.. values.Where(float.IsFinite)];
        double[] sizes = [.. finite.Where(static value => value != 0).Select(static value => Math.Abs((double)value))];
        bool isScientific = sizes.Length > 0 && (sizes.Max() >= 1e8 || sizes.Min() < 1e-4 || sizes.Max() / sizes.Min() > 1000);
        int fraction = 0;
        foreach (float value in finite)
        {
            fraction = Math.Max(fraction, isScientific ? Scientific(value).Fraction.Length : Positional(value).Split('.')[1].Length);
        }
        return [.. values.Select(value => !float.IsFinite(value) ? NotFinite(value) : isScientific ? Powers(value) : Plain(value))];

        string Plain(float value)
        {
            string[] parts = Positional(value).Split('.');
            return $"{parts[0]}.{parts[1].PadRight(fraction)}";
        }

        // Exactly as many digits for all: where the fewest are fewer, the value's own follow, not zeros.
        string Powers(float value)
        {
            string text = ((double)value).ToString($"e{fraction}", CultureInfo.InvariantCulture);
            int exponent = text.IndexOf('e');
            // .NET writes three digits of exponent, and no point before no digits.
            return $"{text[..exponent]}{(fraction == 0 ? "." : "")}{text.AsSpan(exponent, 2)}{text.AsSpan(exponent + 3)}";
        }
    }

    private static string NotFinite(float value) => float.IsNaN(value) ? "nan" : value < 0 ? "-inf" : "inf";

    // The fewest digits that tell the value from its neighbours, at most eight behind the point.
    private static string Positional(float value)
    {
        (string whole, string fraction, string exponent) = Scientific(value);
        string sign = whole.StartsWith('-') ? "-" : "";
        string digits = whole.TrimStart('-') + fraction;
        int point = 1 + int.Parse(exponent, CultureInfo.InvariantCulture);
        if (digits.Length - point > Precision)
        {
            return ((double)value).ToString($"F{Precision}", CultureInfo.InvariantCulture).TrimEnd('0');
        }
        digits = point <= 0 ? new string('0', 1 - point) + digits : digits.PadRight(point, '0');
        point = Math.Max(1, point);
        return $"{sign}{digits[..point]}.{digits[point..].TrimEnd('0')}";
    }

    private static (string Whole, string Fraction, string Exponent) Scientific(float value)
    {
        // "R" has the fewest digits that read back as the value, but chooses the form itself: taken apart and put together again.
        string text = value.ToString("R", CultureInfo.InvariantCulture);
        string sign = text.StartsWith('-') ? "-" : "";
        string[] powers = text.TrimStart('-').Split('E');
        string[] parts = powers[0].Split('.');
        string digits = parts[0] + (parts.Length > 1 ? parts[1] : "");
        int zeros = digits.Length - digits.TrimStart('0').Length;
        if (zeros == digits.Length)
        {
            return ($"{sign}0", "", "+00");
        }
        int exponent = parts[0].Length - 1 - zeros + (powers.Length > 1 ? int.Parse(powers[1], CultureInfo.InvariantCulture) : 0);
        digits = digits.Trim('0');
        return ($"{sign}{digits[0]}", digits[1..], $"{(exponent < 0 ? '-' : '+')}{Math.Abs(exponent):00}");
    }
}
