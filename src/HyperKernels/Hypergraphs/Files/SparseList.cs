namespace HyperKernels.IO;

/// <summary>Values of some places, known as they come.</summary>
internal sealed class SparseList<T>
{
    private readonly Dictionary<int, T> _values = [];

    public void Set(int place, T value, bool isThere)
    {
        if (isThere)
        {
            _values[place] = value;
        }
    }

    /// <summary>The values of all places, or null if none has one.</summary>
    public T[]? ToArray(int count, T otherwise)
    {
        if (_values.Count == 0)
        {
            return null;
        }
        T[] all = new T[count];
        Array.Fill(all, otherwise);
        foreach ((int place, T value) in _values)
        {
            all[place] = value;
        }
        return all;
    }
}

/// <summary>Values that may be missing.</summary>
internal static class SparseLists
{
    public static void Set<T>(this SparseList<T> list, int place, T? value)
        where T : struct => list.Set(place, value.GetValueOrDefault(), value.HasValue);
}
