using System.Buffers;

namespace HyperKernels.Distributed;

/// <summary>Gradients of one backward pass, one behind the other in buckets; a bucket that is full is summed over all processes at once.</summary>
internal sealed class GradientBuckets(ICommunicator communicator, int room)
{
    private readonly List<Bucket> _started = [];
    private Bucket? _open;

    /// <summary>Adds a gradient, or the part of one that begins at an offset.</summary>
    public void Add(Tensor parameter, long offset, Tensor gradient)
    {
        int count = checked((int)gradient.Count);
        if (_open is { } open && open.Count + count > room)
        {
            Close();
        }
        _open ??= new Bucket(Math.Max(room, count));
        _open.Add(parameter, offset, gradient);
        if (_open.Count >= room)
        {
            Close();
        }
    }

    /// <summary>Moves on what is under way.</summary>
    public void Poll()
    {
        foreach (Bucket bucket in _started)
        {
            bucket.Transfer!.Poll();
        }
    }

    /// <summary>Waits for all sums and puts them in the gradients' place.</summary>
    /// <param name="tape">Of the pass.</param>
    /// <param name="word">A small number to be summed too.</param>
    /// <returns>The sum of the numbers, and how many bytes were summed.</returns>
    public (int Words, long Bytes) Finish(Tape tape, int word)
    {
        _open ??= new Bucket(0);
        _open.AddWord(word);
        Close();
        long bytes = 0;
        int words = 0;
        foreach (Bucket bucket in _started)
        {
            bucket.Transfer!.Wait();
            bytes += bucket.Count * sizeof(float);
            words = bucket.PutBack(tape);
        }
        _started.Clear();
        return (words, bytes);
    }

    private void Close()
    {
        _open!.Transfer = communicator.StartAllReduceSum(_open.Values);
        _started.Add(_open);
        _open = null;
    }

    private sealed class Bucket(int room)
    {
        // One more for the word.
        private readonly float[] _values = ArrayPool<float>.Shared.Rent(room + 1);
        private readonly List<(Tensor Parameter, long Offset, int Start, int Count)> _parts = [];

        public int Count { get; private set; }

        public Memory<float> Values => _values.AsMemory(0, Count);

        public Transfer? Transfer { get; set; }

        public void Add(Tensor parameter, long offset, Tensor gradient)
        {
            int count = (int)gradient.Count;
            gradient.CopyTo(_values.AsSpan(Count, count));
            _parts.Add((parameter, offset, Count, count));
            Count += count;
        }

        public void AddWord(int word) => _values[Count++] = word;

        /// <returns>What stands behind the last gradient, which is a word in the last bucket.</returns>
        public int PutBack(Tape tape)
        {
            int end = 0;
            foreach ((Tensor parameter, long offset, int start, int count) in _parts)
            {
                tape.ReplaceGradient(parameter, _values.AsSpan(start, count), offset);
                end = start + count;
            }
            int word = end < Count ? (int)_values[end] : 0;
            ArrayPool<float>.Shared.Return(_values);
            return word;
        }
    }
}
