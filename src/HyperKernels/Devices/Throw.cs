using System.Diagnostics.CodeAnalysis;

namespace HyperKernels;

/// <summary>The one way to throw, so that the methods that check stay small enough to inline.</summary>
internal static class Throw
{
    [DoesNotReturn]
    public static void Argument(string message) => throw new ArgumentException(message);

    /// <summary>The same where an expression must have a type.</summary>
    [DoesNotReturn]
    public static T Argument<T>(string message) => throw new ArgumentException(message);

    [DoesNotReturn]
    public static void InvalidOperation(string message) => throw new InvalidOperationException(message);

    [DoesNotReturn]
    public static void Disposed(string message) => throw new ObjectDisposedException(null, message);

    [DoesNotReturn]
    public static void InvalidData(string message) => throw new InvalidDataException(OneLine.Of(message));
}
