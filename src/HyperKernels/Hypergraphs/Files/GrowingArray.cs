namespace HyperKernels.IO;

/// <summary>An array that doubles as it fills. Unlike a list it gives the array away without a copy where it is full.</summary>
internal struct GrowingArray<T>()
{
    private T[] _items = [];

    public int Count { get; private set; }

    public readonly T this[int index] => _items[index];

    public void Add(T item)
    {
        if (Count == _items.Length)
        {
            if (Count == Array.MaxLength)
            {
                throw new InvalidDataException($"at most {BadFile.N(Array.MaxLength)} memberships can be read; the file has more.");
            }
            Array.Resize(ref _items, (int)Math.Min(Math.Max(1024L, 2L * Count), Array.MaxLength));
        }
        _items[Count++] = item;
    }

    public T[] ToArray()
    {
        Array.Resize(ref _items, Count);
        return _items;
    }
}
