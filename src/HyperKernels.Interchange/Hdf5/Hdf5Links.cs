using System.Buffers.Binary;
using System.Text;

namespace HyperKernels.Interchange;

/// <summary>
/// Looks at what an object's header says before a library follows it: soft links in it that lead to each other are followed sixteen times, as the HDF5 library does, and other
/// files that it names are not opened. Source: The HDF Group, "HDF5 File Format Specification Version 3.0", IV.A, "Data Object Headers".
/// </summary>
internal sealed class Hdf5Links
{
    private const int MostSteps = 16;
    private const int LongestMessage = ushort.MaxValue;

    // Kinds of messages.
    private const int Link = 0x06;
    private const int ExternalData = 0x07;
    private const int DataLayout = 0x08;
    private const int Continuation = 0x10;

    private const int VirtualLayout = 3;
    private const int HardLink = 0;
    private const int SoftLink = 1;
    private const int ExternalLink = 64;

    private readonly string _path;
    private readonly FileStream _file;
    private readonly byte[] _buffer = new byte[LongestMessage];
    private readonly int _offsetBytes = sizeof(long);
    private readonly int _lengthBytes = sizeof(long);
    private readonly long _base;

    // Of the header at hand. The first link of a name is the one that is found; one that is no soft link leads to nothing here.
    private readonly Dictionary<string, string?> _first = new(StringComparer.Ordinal);
    private readonly List<(string Name, string Target)> _soft = [];
    private readonly Queue<(long At, ulong Length)> _blocks = [];
    private readonly HashSet<long> _begun = [];
    private int _read;

    /// <summary>Finds the superblock, which says how wide addresses are and what they are counted from.</summary>
    /// <param name="path">For messages.</param>
    /// <param name="file">Its position is changed by every check.</param>
    public Hdf5Links(string path, FileStream file)
    {
        (_path, _file) = (path, file);
        ReadOnlySpan<byte> signature = [0x89, (byte)'H', (byte)'D', (byte)'F', 0x0D, 0x0A, 0x1A, 0x0A];
        // Where the library looks for it.
        (long at, long step) = (0, 512);
        for (; at < file.Length; at += step, step *= 2)
        {
            ReadOnlySpan<byte> head = Bytes(at, 48);
            if (head.StartsWith(signature) && head.Length == 48)
            {
                int version = head[8];
                (_offsetBytes, _lengthBytes) = version < 2 ? (head[13], head[14]) : (head[9], head[10]);
                _base = (long)Number(head, version switch { 0 => 24, 1 => 28, _ => 12 }, _offsetBytes);
                break;
            }
        }
        file.Position = 0;
    }

    /// <summary>Checks what stands at a place, where it is an object's header; anything else passes.</summary>
    /// <returns>How many bytes were read for it.</returns>
    /// <exception cref="InvalidDataException">Links lead to each other too often, or to another file; the message names the byte.</exception>
    public int Check(long at)
    {
        _read = 0;
        ReadOnlySpan<byte> head = Bytes(at, 16);
        if (head.Length > 5 && head.StartsWith("OHDR"u8))
        {
            int flags = head[5];
            int times = (flags & 0x20) != 0 ? 16 : 0;
            int counts = (flags & 0x10) != 0 ? 4 : 0;
            int width = 1 << (flags & 3);
            long size = at + 6 + times + counts;
            _blocks.Enqueue((size + width, Number(Bytes(size, width), 0, width)));
            Messages(at, isFirstVersion: false, (flags & 4) != 0);
        }
        else if (head.Length == 16 && head[0] == 1)
        {
            _blocks.Enqueue((at + 16, BinaryPrimitives.ReadUInt32LittleEndian(head[8..])));
            Messages(at, isFirstVersion: true, hasOrder: false);
        }
        return _read;
    }

    // As the library goes through them, also where lengths are wrong: what it comes to see is seen here.
    private void Messages(long header, bool isFirstVersion, bool hasOrder)
    {
        _first.Clear();
        _soft.Clear();
        _begun.Clear();
        int prefix = isFirstVersion ? 8 : hasOrder ? 6 : 4;
        ulong gap = isFirstVersion ? 0 : (ulong)prefix;
        while (_blocks.TryDequeue(out (long At, ulong Length) block))
        {
            if (!_begun.Add(block.At))
            {
                continue;
            }
            long at = block.At;
            for (ulong left = block.Length; left > gap;)
            {
                ReadOnlySpan<byte> message = Bytes(at, prefix);
                if (message.Length < prefix)
                {
                    break;
                }
                int kind = isFirstVersion ? BinaryPrimitives.ReadUInt16LittleEndian(message) : message[0];
                int length = BinaryPrimitives.ReadUInt16LittleEndian(message[(isFirstVersion ? 2 : 1)..]);
                if (kind is Link or ExternalData or DataLayout or Continuation)
                {
                    See(kind, at, Bytes(at + prefix, length), isFirstVersion);
                }
                at += prefix + length;
                left = unchecked(left - (ulong)(prefix + length));
            }
        }
        foreach ((string name, string target) in _soft)
        {
            Follow(header, name, target);
        }
    }

    private void See(int kind, long at, ReadOnlySpan<byte> data, bool isFirstVersion)
    {
        switch (kind)
        {
            case Link:
                SeeLink(at, data, isFirstVersion);
                break;
            case ExternalData:
                throw Refusal.At(_path, at, "a data set's numbers are in other files, which are not opened.");
            case DataLayout when data.Length > 1 && data[0] > 3 && data[1] == VirtualLayout:
                throw Refusal.At(_path, at, "a data set is made of others, which may be in other files: these are not opened.");
            case Continuation when data.Length >= _offsetBytes + _lengthBytes:
                // A later version's blocks begin with a signature, and end with a checksum.
                (long signature, ulong around) = isFirstVersion ? (0, 0UL) : (4, 8UL);
                _blocks.Enqueue((unchecked(_base + (long)Number(data, 0, _offsetBytes) + signature), unchecked(Number(data, _offsetBytes, _lengthBytes) - around)));
                break;
        }
    }

    private void SeeLink(long at, ReadOnlySpan<byte> data, bool isFirstVersion)
    {
        // Version, flags; a kind, an order and an encoding where flags say so; the name behind its length.
        int flags = data.Length > 1 ? data[1] : 0;
        int place = 2;
        int kind = (flags & 8) != 0 && place < data.Length ? data[place++] : HardLink;
        place += ((flags & 4) != 0 ? sizeof(long) : 0) + ((flags & 16) != 0 ? 1 : 0);
        int width = 1 << (flags & 3);
        ulong length = Number(data, place, width);
        place += width;
        if (kind == ExternalLink)
        {
            throw Refusal.At(_path, at, "a link leads to another file, which is not opened.");
        }
        if (length > (ulong)Math.Max(0, data.Length - place))
        {
            // The library would take that much memory. A first version's header has no signature: this may be something else.
            if (isFirstVersion)
            {
                return;
            }
            throw Refusal.At(_path, at, FormattableString.Invariant($"a link's name of {length:N0} bytes must lie within its message of {data.Length:N0}."));
        }
        string name = Encoding.UTF8.GetString(data.Slice(place, (int)length));
        place += (int)length;
        string? target = null;
        if (kind == SoftLink && (int)Number(data, place, sizeof(ushort)) is var targetLength && targetLength <= data.Length - place - sizeof(ushort))
        {
            target = Encoding.UTF8.GetString(data.Slice(place + sizeof(ushort), targetLength));
            _soft.Add((name, target));
        }
        _first.TryAdd(name, target);
    }

    // A path from the root, or one through another group, begins with a read, which is counted elsewhere.
    private void Follow(long header, string name, string target)
    {
        string? next = target;
        for (int steps = 1; next is not null; steps++)
        {
            if (steps > MostSteps)
            {
                throw Refusal.At(_path, header, $"the link {OneLine.Quote(name)} leads to itself, or over more than {MostSteps} others.");
            }
            int slash = next.IndexOf('/', StringComparison.Ordinal);
            next = _first.GetValueOrDefault(slash < 0 ? next : next[..slash]);
        }
    }

    // Up to so many bytes, fewer at the end of the file; in a buffer that the next call uses again.
    private ReadOnlySpan<byte> Bytes(long at, int count)
    {
        if (at < 0 || at >= _file.Length)
        {
            return [];
        }
        _file.Position = at;
        int read = _file.ReadAtLeast(_buffer.AsSpan(0, Math.Min(count, _buffer.Length)), count, throwOnEndOfStream: false);
        _read += read;
        return _buffer.AsSpan(0, read);
    }

    // Little-endian, of any width up to eight bytes; 0 where it is not there.
    private static ulong Number(ReadOnlySpan<byte> bytes, int at, int width)
    {
        if (at < 0 || width > sizeof(ulong) || at > bytes.Length - width)
        {
            return 0;
        }
        ulong number = 0;
        for (int i = width - 1; i >= 0; i--)
        {
            number = (number << 8) | bytes[at + i];
        }
        return number;
    }
}
