using System.Numerics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using SharpFuzz.Common;

namespace HyperKernels.Fuzzing;

/// <summary>The marks that instrumented assemblies set: for every pair of branches taken one after the other, how often.</summary>
internal sealed unsafe class Coverage : IDisposable
{
    private const int Size = 1 << 16;

    private readonly byte* _marks = (byte*)NativeMemory.AlignedAlloc(Size, 64);

    // Which counts were seen, by powers of two: as AFL has them.
    private readonly byte[] _seen = new byte[Size];

    public Coverage()
    {
        NativeMemory.Clear(_marks, Size);
        Trace.SharedMem = _marks;
    }

    /// <summary>Pairs seen so far.</summary>
    public int Pairs { get; private set; }

    /// <summary>Forgets what was seen: for another reader.</summary>
    public void Forget()
    {
        Array.Clear(_seen);
        Pairs = 0;
    }

    /// <summary>Forgets the marks of the file before.</summary>
    public void Clear()
    {
        NativeMemory.Clear(_marks, Size);
        Trace.PrevLocation = 0;
    }

    /// <summary>Whether the last file led through a pair that none did before, or about twice as often.</summary>
    public bool FindsNew()
    {
        bool isNew = false;
        for (int block = 0; block < Size; block += Vector512<byte>.Count)
        {
            if (Vector512.LoadAligned(_marks + block) == Vector512<byte>.Zero)
            {
                continue;
            }
            for (int i = block; i < block + Vector512<byte>.Count; i++)
            {
                int count = _marks[i];
                byte bucket = (byte)(count == 0 ? 0 : 1 << Math.Min(7, BitOperations.Log2((uint)count)));
                if ((bucket & ~_seen[i]) != 0)
                {
                    Pairs += _seen[i] == 0 ? 1 : 0;
                    _seen[i] |= bucket;
                    isNew = true;
                }
            }
        }
        return isNew;
    }

    public void Dispose() => NativeMemory.AlignedFree(_marks);
}
