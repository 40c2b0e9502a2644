namespace HyperKernels.Tests.Distributed.Ranks;

/// <summary>What programs make sure of; the exception ends all processes.</summary>
internal static class Expect
{
    public static void Equal<T>(IReadOnlyList<T> actual, IReadOnlyList<T> expected, string what)
        where T : IEquatable<T>
    {
        if (actual.Count != expected.Count)
        {
            throw new InvalidOperationException($"{what}: {expected.Count} values were expected; got {actual.Count}.");
        }
        for (int i = 0; i < actual.Count; i++)
        {
            if (!actual[i].Equals(expected[i]))
            {
                throw new InvalidOperationException($"{what}: value {i} must be {expected[i]}; it is {actual[i]}.");
            }
        }
    }

    public static TException Throws<TException>(Action action)
        where TException : Exception
    {
        try
        {
            action();
        }
        catch (TException expected)
        {
            return expected;
        }
        throw new InvalidOperationException($"{typeof(TException).Name} was expected; nothing was thrown.");
    }
}
