using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace HyperKernels;

/// <summary>The one way to throw, so that the methods that check stay small enough to inline.</summary>
internal static class Throw
{
    [DoesNotReturn]
    public static void Argument(string message) => throw new ArgumentException(OneLine.Of(message));

    /// <summary>The same where an expression must have a type.</summary>
    [DoesNotReturn]
    public static T Argument<T>(string message) => throw new ArgumentException(OneLine.Of(message));

    [DoesNotReturn]
    public static void InvalidOperation(string message) => throw new InvalidOperationException(OneLine.Of(message));

    [DoesNotReturn]
    public static void Disposed(string message) => throw new ObjectDisposedException(null, OneLine.Of(message));

    /// <summary>A place in a list, from 0 to below its length.</summary>
    /// <exception cref="ArgumentException">There is no such place.</exception>
    public static int IfNoPlace(string where, int place, int count, [CallerArgumentExpression(nameof(place))] string what = "") =>
        (uint)place < (uint)count
            ? place
            : Argument<int>(count == 0 ? $"{where}: {what} {place} does not exist; there are none." : $"{where}: {what} must be from 0 to {count - 1}; got {place}.");

    /// <summary>A size that becomes the length of an array.</summary>
    /// <exception cref="ArgumentException">It is below 0, or more than an array holds.</exception>
    public static int IfNoLength(string where, int length, [CallerArgumentExpression(nameof(length))] string what = "") =>
        length >= 0 && length <= Array.MaxLength ? length : Argument<int>($"{where}: {what} must be from 0 to {Array.MaxLength}; got {length}.");

    /// <summary>A number within bounds, the ends included.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It lies outside.</exception>
    public static void IfOutside(string where, long value, long low, long high = long.MaxValue, [CallerArgumentExpression(nameof(value))] string what = "")
    {
        if (value < low || value > high)
        {
            string wanted = high >= int.MaxValue ? $"at least {low}" : low == high ? $"{low}" : $"from {low} to {high}";
            throw new ArgumentOutOfRangeException(what, $"{where}: {what} must be {wanted}; got {value}.");
        }
    }

    /// <summary>What to throw where a switch over an enumeration meets a value that is none of its own.</summary>
    public static ArgumentOutOfRangeException Undefined<TEnum>(string where, TEnum value, [CallerArgumentExpression(nameof(value))] string what = "")
        where TEnum : struct, Enum => new(what, $"{where}: {what} must be one of {string.Join(", ", Enum.GetNames<TEnum>())}; got {value}.");

    /// <summary>The items of a list, none of them null.</summary>
    /// <exception cref="ArgumentNullException">There is no list.</exception>
    /// <exception cref="ArgumentException">An item is null; the message tells which.</exception>
    public static T[] IfAnyNull<T>(string where, IEnumerable<T?> items, [CallerArgumentExpression(nameof(items))] string what = "")
        where T : class
    {
        ArgumentNullException.ThrowIfNull(items, what);
        T?[] all = [.. items];
        int missing = Array.IndexOf(all, null);
        if (missing >= 0)
        {
            Argument($"{where}: {what} must not hold null; item {missing} of {all.Length} is null.");
        }
        return all!;
    }

    [DoesNotReturn]
    public static void InvalidData(string message) => throw new InvalidDataException(OneLine.Of(message));
}
