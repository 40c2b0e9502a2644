namespace HyperKernels.Interchange;

/// <summary>Orders names as people do: letters as they are, whole numbers by value. <c>layers.2</c> comes before <c>layers.10</c>.</summary>
internal sealed class NaturalOrder : IComparer<string?>
{
    public static NaturalOrder Instance { get; } = new();

    public int Compare(string? x, string? y)
    {
        ReadOnlySpan<char> left = x;
        ReadOnlySpan<char> right = y;
        while (left.Length > 0 && right.Length > 0)
        {
            if (char.IsAsciiDigit(left[0]) && char.IsAsciiDigit(right[0]))
            {
                ReadOnlySpan<char> leftNumber = Number(ref left);
                ReadOnlySpan<char> rightNumber = Number(ref right);
                int order = leftNumber.Length != rightNumber.Length ? leftNumber.Length - rightNumber.Length : leftNumber.SequenceCompareTo(rightNumber);
                if (order != 0)
                {
                    return order;
                }
                continue;
            }
            if (left[0] != right[0])
            {
                return left[0] - right[0];
            }
            left = left[1..];
            right = right[1..];
        }
        return left.Length != right.Length ? left.Length - right.Length : string.CompareOrdinal(x, y);
    }

    private static ReadOnlySpan<char> Number(ref ReadOnlySpan<char> text)
    {
        int length = text.IndexOfAnyExceptInRange('0', '9');
        ReadOnlySpan<char> number = length < 0 ? text : text[..length];
        text = text[number.Length..];
        return number.TrimStart('0');
    }
}
