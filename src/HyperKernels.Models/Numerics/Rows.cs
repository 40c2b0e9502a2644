using System.Runtime.CompilerServices;

namespace HyperKernels.Models;

/// <summary>Points as rows of numbers.</summary>
internal static class Rows
{
    /// <summary>Rows, none of them null, of one length.</summary>
    /// <exception cref="ArgumentNullException">There are none.</exception>
    /// <exception cref="ArgumentException">A row is null, or two differ in length; the message tells which.</exception>
    public static T[][] OfOneLength<T>(string where, IEnumerable<T[]?> rows, [CallerArgumentExpression(nameof(rows))] string what = "")
    {
        T[][] all = Throw.IfAnyNull(where, rows, what);
        int other = Array.FindIndex(all, row => row.Length != all[0].Length);
        return other < 0
            ? all
            : Throw.Argument<T[][]>($"{where}: {what} must be of one length; the first has {all[0].Length}, item {other} has {all[other].Length}.");
    }
}
