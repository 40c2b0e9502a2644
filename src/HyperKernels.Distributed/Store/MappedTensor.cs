using System.Runtime.InteropServices;
using HyperKernels.IO;
using Microsoft.Win32.SafeHandles;

namespace HyperKernels.Distributed;

/// <summary>The one tensor of a safetensors file, of any size, where it lies.</summary>
internal sealed unsafe class MappedTensor<T> : IDisposable
    where T : unmanaged
{
    // Sequential reads take so much at a time.
    public const int WindowElements = 1 << 20;

    private readonly SafetensorsFile _file;
    private readonly SafeFileHandle _handle;
    private readonly ResidentWindow _window;
    private readonly bool _isResident;
    private readonly T* _base;
    private readonly long _byteOffset;

    /// <param name="folder">Where the file is.</param>
    /// <param name="expected">Which file.</param>
    /// <param name="shape">What its tensor must be.</param>
    /// <param name="bytes">How long the file must be.</param>
    /// <param name="isResident">Whether all of it may stay resident.</param>
    /// <param name="window">Counts what is read where not.</param>
    /// <exception cref="InvalidDataException">The file breaks a rule of the format, or is another tensor.</exception>
    public MappedTensor(string folder, StoreFile expected, long[] shape, long bytes, bool isResident, ResidentWindow window)
    {
        Path = System.IO.Path.Combine(folder, expected.FileName);
        FileInfo info = new(Path);
        if (info.Exists && info.Length != bytes)
        {
            throw new InvalidDataException($"{Path}: the manifest says {bytes:N0} bytes; the file has {info.Length:N0}. It was cut off, or is of another hypergraph.");
        }
        _file = SafetensorsFile.Open(Path);
        if (!_file.Entries.TryGetValue(expected.Name, out SafetensorsEntry? entry) || !entry.Shape.AsSpan().SequenceEqual(shape)
            || entry.ByteLength != entry.ElementCount * sizeof(T) || entry.Type.ToString() != expected.Type)
        {
            _file.Dispose();
            throw new InvalidDataException(
                $"{Path}: byte 8: the file must hold \"{expected.Name}\" {expected.Type} [{string.Join(", ", shape)}]; it has {entry?.ToString() ?? "no such tensor"}.");
        }
        _handle = File.OpenHandle(Path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, FileOptions.RandomAccess);
        (_window, _isResident, Length, _byteOffset) = (window, isResident, entry.ElementCount, entry.ByteOffset);
        if (Length > 0)
        {
            fixed (byte* start = _file.Bytes(expected.Name, 0, sizeof(T)))
            {
                // The map stays where it is until the file is disposed.
                _base = (T*)start;
            }
            if (!isResident)
            {
                PosixMemory.AdviseRandom((nint)_base, (nint)entry.ByteLength);
                window.Add((nint)_base, (nint)entry.ByteLength);
            }
        }
    }

    public string Path { get; }

    /// <summary>How many elements.</summary>
    public long Length { get; }

    /// <summary>Some elements where they lie, for reads of many at a time; valid until the file is disposed.</summary>
    public ReadOnlySpan<T> Slice(long start, int count)
    {
        Check(start, count);
        if (!_isResident)
        {
            _window.Touch((long)count * sizeof(T));
        }
        return new ReadOnlySpan<T>(_base + start, count);
    }

    /// <summary>Copies some elements, for reads here and there: a page fault takes several times as long as a call that copies a row, and maps what nobody asked for.</summary>
    public void Read(long start, Span<T> elements)
    {
        Check(start, elements.Length);
        if (_isResident)
        {
            new ReadOnlySpan<T>(_base + start, elements.Length).CopyTo(elements);
            return;
        }
        Span<byte> bytes = MemoryMarshal.AsBytes(elements);
        long at = _byteOffset + (start * sizeof(T));
        while (!bytes.IsEmpty)
        {
            int read = RandomAccess.Read(_handle, bytes, at);
            if (read == 0)
            {
                throw new InvalidDataException(FormattableString.Invariant($"{Path}: byte {at:N0}: the file became shorter while it was read."));
            }
            bytes = bytes[read..];
            at += read;
        }
    }

    /// <summary>Says that elements will be read: the system fetches all that is announced at once, where a read waits for each.</summary>
    public void Announce(long start, int count)
    {
        Check(start, count);
        if (count > 0)
        {
            PosixMemory.Announce((nint)(_base + start), (nint)((long)count * sizeof(T)));
        }
    }

    /// <summary>A refusal of an element's value.</summary>
    public InvalidDataException Fail(long element, string rule) =>
        new(FormattableString.Invariant($"{Path}: byte {_byteOffset + (element * sizeof(T)):N0}: {rule}"));

    public void Dispose()
    {
        _handle.Dispose();
        _file.Dispose();
    }

    private void Check(long start, int count)
    {
        if (start < 0 || start > Length - count)
        {
            throw new InvalidDataException($"{Path}: there are {Length:N0} elements; {count:N0} from {start:N0} were asked for.");
        }
    }
}
