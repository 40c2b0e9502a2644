using System.Runtime.CompilerServices;

namespace HyperKernels.Models;

/// <summary>Checks that many models make on what they are given, with one wording.</summary>
internal static class Refuse
{
    /// <summary>The items of a list, none of them null.</summary>
    /// <exception cref="ArgumentNullException">There is no list.</exception>
    /// <exception cref="ArgumentException">An item is null; the message tells which.</exception>
    public static T[] Nulls<T>(string where, IEnumerable<T?> items, [CallerArgumentExpression(nameof(items))] string what = "")
        where T : class
    {
        ArgumentNullException.ThrowIfNull(items, what);
        T?[] all = [.. items];
        int missing = Array.IndexOf(all, null);
        if (missing >= 0)
        {
            throw new ArgumentException($"{where}: {what} must not hold null; item {missing} of {all.Length} is null.", what);
        }
        return all!;
    }

    /// <summary>Rows, none of them null, of one length.</summary>
    /// <exception cref="ArgumentNullException">There are none.</exception>
    /// <exception cref="ArgumentException">A row is null, or two differ in length; the message tells which.</exception>
    public static T[][] Ragged<T>(string where, IEnumerable<T[]?> rows, [CallerArgumentExpression(nameof(rows))] string what = "")
    {
        T[][] all = Nulls(where, rows, what);
        int other = Array.FindIndex(all, row => row.Length != all[0].Length);
        return other < 0 ? all : throw new ArgumentException($"{where}: {what} must be of one length; the first has {all[0].Length}, item {other} has {all[other].Length}.", what);
    }

    /// <summary>A number within bounds, the ends included.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It lies outside.</exception>
    public static void Outside(string where, int value, int low, int high = int.MaxValue, [CallerArgumentExpression(nameof(value))] string what = "")
    {
        if (value < low || value > high)
        {
            throw new ArgumentOutOfRangeException(what, $"{where}: {what} must be {(high == int.MaxValue ? $"at least {low}" : $"from {low} to {high}")}; got {value}.");
        }
    }

    /// <summary>A place in a list, from 0 to below its length.</summary>
    /// <exception cref="ArgumentException">There is no such place.</exception>
    public static int NoPlace(string where, int place, int count, [CallerArgumentExpression(nameof(place))] string what = "") =>
        (uint)place < (uint)count ? place : throw new ArgumentException($"{where}: {what} must be from 0 to below {count}; got {place}.", what);

    /// <summary>A size that becomes the length of an array.</summary>
    /// <exception cref="ArgumentException">It is below 0, or more than an array holds.</exception>
    public static int Length(string where, int length, [CallerArgumentExpression(nameof(length))] string what = "") =>
        length >= 0 && length <= Array.MaxLength ? length : throw new ArgumentException($"{where}: {what} must be from 0 to {Array.MaxLength}; got {length}.", what);

    /// <summary>A name as messages show it: short, on one line, in quotes.</summary>
    public static string Name(string name)
    {
        string head = name.Length > 80 ? $"{name[..80]}..." : name;
        return $"\"{string.Concat(head.Select(static letter => char.IsControl(letter) || char.IsSurrogate(letter) ? '?' : letter))}\"";
    }
}
