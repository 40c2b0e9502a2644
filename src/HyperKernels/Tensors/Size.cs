using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Runtime.CompilerServices;

namespace HyperKernels;

/// <summary>Sizes that kernels count with 32 bits, from products that may have more.</summary>
internal static class Size
{
    /// <summary>The same number as an integer.</summary>
    /// <param name="count">A product of sizes.</param>
    /// <param name="what">What it counts, for the message: filled in with the expression.</param>
    /// <param name="where">Who asks, for the message: filled in with the method.</param>
    /// <exception cref="ArgumentException">It is larger than 2^31 - 1.</exception>
    public static int Of(long count, [CallerArgumentExpression(nameof(count))] string what = "", [CallerMemberName] string where = "")
    {
        if (count > int.MaxValue)
        {
            TooLarge(count, what, where);
        }
        return (int)count;
    }

    /// <summary>An array of the collector's, where the number may be more than arrays hold or the machine has memory for.</summary>
    /// <param name="count">How many elements.</param>
    /// <param name="what">What they are, for the message: filled in with the expression.</param>
    /// <param name="where">Who asks, for the message: filled in with the method.</param>
    /// <exception cref="ArgumentException">The number is negative or more than an array holds.</exception>
    /// <exception cref="DeviceException">There is not enough memory.</exception>
    public static T[] Array<T>(long count, [CallerArgumentExpression(nameof(count))] string what = "", [CallerMemberName] string where = "")
    {
        if (count < 0 || count > System.Array.MaxLength)
        {
            Throw.Argument(string.Create(CultureInfo.InvariantCulture, $"{where}: {what} must be from 0 to {System.Array.MaxLength:N0}, what an array holds; got {count:N0}."));
        }
        try
        {
            return new T[count];
        }
        catch (OutOfMemoryException failure)
        {
            throw new DeviceException(
                string.Create(CultureInfo.InvariantCulture, $"{where}: there is no memory for {count:N0} elements of type {typeof(T).Name} ({what})."), failure);
        }
    }

    [DoesNotReturn]
    private static void TooLarge(long count, string what, string where) =>
        Throw.Argument(string.Create(
            CultureInfo.InvariantCulture, $"{where}: kernels count to 2^31 - 1 = {int.MaxValue:N0}; {what} is {count:N0}. Work on parts of the tensor."));
}
