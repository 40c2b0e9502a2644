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

    [DoesNotReturn]
    private static void TooLarge(long count, string what, string where) =>
        Throw.Argument(string.Create(
            CultureInfo.InvariantCulture, $"{where}: kernels count to 2^31 - 1 = {int.MaxValue:N0}; {what} is {count:N0}. Work on parts of the tensor."));
}
