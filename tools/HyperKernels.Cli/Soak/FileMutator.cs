using System.Buffers.Binary;

namespace HyperKernels.Cli.Soak;

/// <summary>Changes files as AFL's havoc stage does: several changes at once, out of bits, numbers that hurt, pieces, words of the formats, and other files.</summary>
internal sealed class FileMutator(Random random, int longest)
{
    private static readonly long[] s_numbers =
        [0, 1, -1, 2, 3, 7, 16, 32, 64, 100, 127, 128, 255, 256, 512, 1000, 1024, 4096, 32767, 32768, 65535, 65536, int.MaxValue, int.MinValue, uint.MaxValue,
            1L << 32, long.MaxValue];

    private static readonly byte[][] s_words =
    [
        .. new[]
        {
            "\"", "{", "}", "[", "]", ":", ",", "-1", "0", "1", "99999999999", "1e9", "1e400", "0.5", "null", "true", "{}", "[]", "\\u", "\\ude00", "\\n", "(", ")", "'", "L", "\n",
            " ", "F64", "U8", "BOOL", "BF16", "I64", "\"shape\"", "\"dtype\"", "\"data_offsets\":[0,0]", "<f4", ">i8", "|b1", "True", "0,", "%", "\t", "\r\n",
        }.Select(word => word.Select(letter => (byte)letter).ToArray()),
    ];

    private byte[] _file = new byte[longest];
    private int _length;

    /// <summary>A changed file; valid until the next one is asked for.</summary>
    public ReadOnlySpan<byte> Change(byte[] parent, byte[] other)
    {
        _length = Math.Min(parent.Length, longest);
        parent.AsSpan(0, _length).CopyTo(_file);
        for (int changes = 1 << random.Next(0, 5); changes > 0; changes--)
        {
            ChangeOnce(other);
        }
        return _file.AsSpan(0, _length);
    }

    private void ChangeOnce(byte[] other)
    {
        if (_length == 0)
        {
            Insert(0, other.AsSpan(0, Math.Min(other.Length, 64)));
            return;
        }
        int at = random.Next(_length);
        int most = _length - at;
        switch (random.Next(12))
        {
            case 0:
                _file[at] ^= (byte)(1 << random.Next(8));
                break;
            case 1:
                _file[at] = (byte)random.Next(256);
                break;
            case 2:
                _file[at] += (byte)random.Next(-16, 17);
                break;
            case 3 or 4:
                Number(at, most);
                break;
            case 5:
                Remove(at, Piece(most));
                break;
            case 6:
                Insert(random.Next(_length + 1), _file.AsSpan(at, Piece(most)).ToArray());
                break;
            case 7:
                byte[] piece = _file.AsSpan(at, Piece(most)).ToArray();
                int to = random.Next(_length);
                piece.AsSpan(0, Math.Min(piece.Length, _length - to)).CopyTo(_file.AsSpan(to));
                break;
            case 8:
                Insert(at, s_words[random.Next(s_words.Length)]);
                break;
            case 9:
                byte[] word = s_words[random.Next(s_words.Length)];
                word.AsSpan(0, Math.Min(word.Length, most)).CopyTo(_file.AsSpan(at));
                break;
            case 10 when other.Length > 0:
                int from = random.Next(other.Length);
                ReadOnlySpan<byte> part = other.AsSpan(from, Piece(other.Length - from));
                if (random.Next(2) == 0)
                {
                    Insert(at, part);
                }
                else
                {
                    part[..Math.Min(part.Length, most)].CopyTo(_file.AsSpan(at));
                }
                break;
            default:
                _length = random.Next(8) == 0 ? at : _length;
                _file[at] ^= 0xFF;
                break;
        }
    }

    // A number that hurts, or the one that is there and a little, in 2 to 8 bytes of either order; or a digit of a number in a text.
    private void Number(int at, int most)
    {
        if (_file[at] is >= (byte)'0' and <= (byte)'9' && random.Next(2) == 0)
        {
            _file[at] = (byte)('0' + random.Next(10));
            return;
        }
        int size = 1 << random.Next(1, 4);
        if (size > most)
        {
            return;
        }
        Span<byte> bytes = stackalloc byte[8];
        Span<byte> place = _file.AsSpan(at, size);
        bool isBig = random.Next(2) == 0;
        if (random.Next(2) == 0)
        {
            BinaryPrimitives.WriteInt64LittleEndian(bytes, s_numbers[random.Next(s_numbers.Length)]);
            bytes[..size].CopyTo(place);
            if (isBig)
            {
                place.Reverse();
            }
            return;
        }
        place.CopyTo(bytes);
        if (isBig)
        {
            bytes[..size].Reverse();
        }
        BinaryPrimitives.WriteInt64LittleEndian(bytes, BinaryPrimitives.ReadInt64LittleEndian(bytes) + random.Next(-35, 36));
        if (isBig)
        {
            bytes[..size].Reverse();
        }
        bytes[..size].CopyTo(place);
    }

    private int Piece(int most) => Math.Min(most, random.Next(4) == 0 ? random.Next(1, 512) : random.Next(1, 17));

    private void Insert(int at, ReadOnlySpan<byte> piece)
    {
        piece = piece[..Math.Min(piece.Length, longest - _length)];
        _file.AsSpan(at, _length - at).CopyTo(_file.AsSpan(at + piece.Length));
        piece.CopyTo(_file.AsSpan(at));
        _length += piece.Length;
    }

    private void Remove(int at, int count)
    {
        _file.AsSpan(at + count, _length - at - count).CopyTo(_file.AsSpan(at));
        _length -= count;
    }
}
