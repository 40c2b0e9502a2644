using System.Buffers.Binary;
using System.IO.MemoryMappedFiles;
using Microsoft.Win32.SafeHandles;

namespace HyperKernels.IO;

/// <summary>Reads a safetensors file through a memory map. Everything is checked when it is opened; reading copies at most once.</summary>
/// <remarks>
/// Any number of threads may read at once. While a file is open, others must not shorten it in place (the writers here never do: they
/// replace files by renaming). Source: huggingface/safetensors, "Format".
/// </remarks>
public sealed unsafe class SafetensorsFile : IDisposable
{
    // A multiple of every element size; keeps spans far below their limit for tensors of any size.
    private const int ChunkBytes = 1 << 26;

    private readonly Dictionary<string, string> _metadata = [];
    private readonly Dictionary<string, SafetensorsEntry> _entries = [];
    private readonly MemoryMappedFile _map;
    private readonly MemoryMappedViewAccessor _view;
    private byte* _base;

    // There is no finalizer on purpose: a span from Bytes may outlive a forgotten file, and a leak is better than a crash.
    private SafetensorsFile(string path)
    {
        Path = path;
        using SafeFileHandle handle = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete);
        long length = RandomAccess.GetLength(handle);
        SafetensorsHeader.Parse(path, ReadHeader(path, handle, length), length, _metadata, _entries);
        _map = MemoryMappedFile.CreateFromFile(
            handle, mapName: null, length, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: true);
        _view = _map.CreateViewAccessor(0, length, MemoryMappedFileAccess.Read);
        _view.SafeMemoryMappedViewHandle.AcquirePointer(ref _base);
    }

    /// <summary>Gets the path as it was given.</summary>
    public string Path { get; }

    /// <summary>Gets the strings stored beside the tensors.</summary>
    public IReadOnlyDictionary<string, string> Metadata => _metadata;

    /// <summary>Gets the tensors by name.</summary>
    public IReadOnlyDictionary<string, SafetensorsEntry> Entries => _entries;

    /// <summary>Opens and checks a file.</summary>
    /// <param name="path">The file.</param>
    /// <returns>The open file; dispose it to release the map.</returns>
    /// <exception cref="InvalidDataException">The file breaks a rule of the format; the message names path, byte offset and rule.</exception>
    /// <exception cref="IOException">The file is missing or cannot be read.</exception>
    public static SafetensorsFile Open(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (!BitConverter.IsLittleEndian)
        {
            throw new PlatformNotSupportedException("SafetensorsFile: the machine must be little-endian, as the format is.");
        }
        return new SafetensorsFile(path);
    }

    /// <summary>Gives the bytes of a tensor where they lie.</summary>
    /// <param name="name">The tensor.</param>
    /// <returns>Little-endian elements, row-major; valid until the file is disposed, and not necessarily aligned.</returns>
    /// <exception cref="ArgumentException">There is no such tensor, or it has more bytes than a span can hold.</exception>
    public ReadOnlySpan<byte> Bytes(string name)
    {
        SafetensorsEntry entry = Find(name);
        if (entry.ByteLength > int.MaxValue)
        {
            throw new ArgumentException(
                $"SafetensorsFile.Bytes: a span holds at most {BadFile.N(int.MaxValue)} bytes; "
                + $"{BadFile.Quote(name)} has {BadFile.N(entry.ByteLength)}.", nameof(name));
        }
        return new ReadOnlySpan<byte>(_base + entry.ByteOffset, (int)entry.ByteLength);
    }

    /// <summary>Gives a part of the bytes of a tensor where they lie: of one that is larger than a span, for example.</summary>
    /// <param name="name">The tensor.</param>
    /// <param name="start">The first byte, from the start of the tensor.</param>
    /// <param name="length">How many bytes.</param>
    /// <returns>Little-endian elements, row-major; valid until the file is disposed, and not necessarily aligned.</returns>
    /// <exception cref="ArgumentException">There is no such tensor, or it does not reach that far.</exception>
    public ReadOnlySpan<byte> Bytes(string name, long start, int length)
    {
        SafetensorsEntry entry = Find(name);
        if (start < 0 || length < 0 || start > entry.ByteLength - length)
        {
            throw new ArgumentException(
                $"SafetensorsFile.Bytes: a part must lie in the {BadFile.N(entry.ByteLength)} bytes of {BadFile.Quote(name)}; "
                + $"got {BadFile.N(length)} bytes from {BadFile.N(start)}.", nameof(start));
        }
        return new ReadOnlySpan<byte>(_base + entry.ByteOffset + start, length);
    }

    /// <summary>Reads a tensor of any type as float32.</summary>
    /// <param name="name">The tensor.</param>
    /// <returns>Its elements, row-major.</returns>
    /// <exception cref="ArgumentException">There is no such tensor, or it is too large for an array.</exception>
    /// <exception cref="InvalidDataException">A finite value is outside float32's range, or a whole number above 2^24.</exception>
    /// <remarks>F64 is rounded to the nearest float32.</remarks>
    public float[] ReadFloat32(string name)
    {
        float[] values = NewArray<float>(name);
        ReadFloat32(name, values);
        return values;
    }

    /// <summary>Reads a tensor of any type as float32 into <paramref name="values"/>.</summary>
    /// <param name="name">The tensor.</param>
    /// <param name="values">Receives the elements; as long as the tensor.</param>
    /// <exception cref="ArgumentException">There is no such tensor, or <paramref name="values"/> has another length.</exception>
    /// <exception cref="InvalidDataException">A finite value is outside float32's range, or a whole number above 2^24.</exception>
    public void ReadFloat32(string name, Span<float> values) => Read(name, values, &StoredConvert.ToFloat32);

    /// <summary>Reads a tensor of any type as float64.</summary>
    /// <param name="name">The tensor.</param>
    /// <returns>Its elements, row-major.</returns>
    /// <exception cref="ArgumentException">There is no such tensor, or it is too large for an array.</exception>
    /// <exception cref="InvalidDataException">A whole number is above 2^53.</exception>
    public double[] ReadFloat64(string name)
    {
        double[] values = NewArray<double>(name);
        ReadFloat64(name, values);
        return values;
    }

    /// <summary>Reads a tensor of any type as float64 into <paramref name="values"/>.</summary>
    /// <param name="name">The tensor.</param>
    /// <param name="values">Receives the elements; as long as the tensor.</param>
    /// <exception cref="ArgumentException">There is no such tensor, or <paramref name="values"/> has another length.</exception>
    /// <exception cref="InvalidDataException">A whole number is above 2^53.</exception>
    public void ReadFloat64(string name, Span<double> values) => Read(name, values, &StoredConvert.ToFloat64);

    /// <summary>Reads a tensor of whole numbers or BOOL as 32-bit integers.</summary>
    /// <param name="name">The tensor.</param>
    /// <returns>Its elements, row-major.</returns>
    /// <exception cref="ArgumentException">There is no such tensor, or it is too large for an array.</exception>
    /// <exception cref="InvalidDataException">The tensor has a floating type, or a value needs more than 32 bits.</exception>
    public int[] ReadInt32(string name)
    {
        int[] values = NewArray<int>(name);
        ReadInt32(name, values);
        return values;
    }

    /// <summary>Reads a tensor of whole numbers or BOOL as 32-bit integers into <paramref name="values"/>.</summary>
    /// <param name="name">The tensor.</param>
    /// <param name="values">Receives the elements; as long as the tensor.</param>
    /// <exception cref="ArgumentException">There is no such tensor, or <paramref name="values"/> has another length.</exception>
    /// <exception cref="InvalidDataException">The tensor has a floating type, or a value needs more than 32 bits.</exception>
    public void ReadInt32(string name, Span<int> values) => Read(name, values, &StoredConvert.ToInt32);

    /// <summary>Reads a tensor of whole numbers or BOOL as 64-bit integers.</summary>
    /// <param name="name">The tensor.</param>
    /// <returns>Its elements, row-major.</returns>
    /// <exception cref="ArgumentException">There is no such tensor, or it is too large for an array.</exception>
    /// <exception cref="InvalidDataException">The tensor has a floating type, or a value needs more than 63 bits.</exception>
    public long[] ReadInt64(string name)
    {
        long[] values = NewArray<long>(name);
        ReadInt64(name, values);
        return values;
    }

    /// <summary>Reads a tensor of whole numbers or BOOL as 64-bit integers into <paramref name="values"/>.</summary>
    /// <param name="name">The tensor.</param>
    /// <param name="values">Receives the elements; as long as the tensor.</param>
    /// <exception cref="ArgumentException">There is no such tensor, or <paramref name="values"/> has another length.</exception>
    /// <exception cref="InvalidDataException">The tensor has a floating type, or a value needs more than 63 bits.</exception>
    public void ReadInt64(string name, Span<long> values) => Read(name, values, &StoredConvert.ToInt64);

    /// <summary>Releases the map; spans from <see cref="Bytes(string)"/> are invalid from now on.</summary>
    public void Dispose()
    {
        if (_base is null)
        {
            return;
        }
        _base = null;
        _view.SafeMemoryMappedViewHandle.ReleasePointer();
        _view.Dispose();
        _map.Dispose();
    }

    private static byte[] ReadHeader(string path, SafeFileHandle handle, long length)
    {
        Span<byte> prefix = stackalloc byte[SafetensorsHeader.LengthBytes];
        if (length < prefix.Length || RandomAccess.Read(handle, prefix, 0) != prefix.Length)
        {
            throw BadFile.At(path, length, $"a file begins with the {prefix.Length} bytes of its header's length; it has {length}.");
        }
        ulong claimed = BinaryPrimitives.ReadUInt64LittleEndian(prefix);
        if (claimed > (ulong)Math.Max(0, FileLimits.HeaderBytes))
        {
            string why = FileLimits.HeaderBytes < SafetensorsHeader.MaxBytes ? ", as FileLimits.HeaderBytes says" : "";
            throw BadFile.At(path, 0, FormattableString.Invariant($"a header may have at most {FileLimits.HeaderBytes:N0} bytes{why}; this one claims {claimed:N0}."));
        }
        if ((long)claimed > length - prefix.Length)
        {
            throw BadFile.At(path, 0, FormattableString.Invariant(
                $"the header claims {claimed:N0} bytes but only {length - prefix.Length:N0} follow; the file may be cut off."));
        }
        byte[] header = new byte[(int)claimed];
        int done = 0;
        while (done < header.Length)
        {
            int read = RandomAccess.Read(handle, header.AsSpan(done), prefix.Length + done);
            if (read == 0)
            {
                throw BadFile.At(path, prefix.Length + done, "the file became shorter while it was read.");
            }
            done += read;
        }
        return header;
    }

    private SafetensorsEntry Find(string name)
    {
        ObjectDisposedException.ThrowIf(_base is null, this);
        ArgumentNullException.ThrowIfNull(name);
        if (_entries.TryGetValue(name, out SafetensorsEntry? entry))
        {
            return entry;
        }
        string example = _entries.Count == 0 ? string.Empty : $", for example {BadFile.Quote(_entries.Keys.First())}";
        throw new ArgumentException($"{Path}: no tensor {BadFile.Quote(name)}; the file has {_entries.Count}{example}.", nameof(name));
    }

    private T[] NewArray<T>(string name)
    {
        SafetensorsEntry entry = Find(name);
        return entry.ElementCount <= Array.MaxLength
            ? new T[(int)entry.ElementCount]
            : throw new ArgumentException(
                $"{Path}: an array holds at most {BadFile.N(Array.MaxLength)} elements; {BadFile.Quote(name)} has "
                + $"{BadFile.N(entry.ElementCount)}.", nameof(name));
    }

    private void Read<T>(
        string name, Span<T> values, delegate*<StoredType, ReadOnlySpan<byte>, Span<T>, in StoredOrigin, void> convert)
    {
        SafetensorsEntry entry = Find(name);
        if (values.Length != entry.ElementCount)
        {
            throw new ArgumentException(
                $"{Path}: tensor {BadFile.Quote(name)} has {BadFile.N(entry.ElementCount)} elements; got room for {BadFile.N(values.Length)}.",
                nameof(values));
        }
        int chunk = ChunkBytes / entry.Type.Size();
        for (long start = 0; start < values.Length; start += chunk)
        {
            Span<T> part = values.Slice((int)start, (int)Math.Min(chunk, values.Length - start));
            long offset = entry.ByteOffset + (start * entry.Type.Size());
            ReadOnlySpan<byte> bytes = new(_base + offset, part.Length * entry.Type.Size());
            convert(entry.Type, bytes, part, new StoredOrigin(Path, offset, $"tensor {BadFile.Quote(name)}"));
        }
    }
}
