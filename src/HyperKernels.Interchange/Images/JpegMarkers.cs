using System.Buffers.Binary;

namespace HyperKernels.Interchange;

/// <summary>
/// Goes through a JPEG file's segments before a library does that ends the process where one speaks of a component that there is none of, or of one without samples.
/// Source: ITU-T T.81, annex B.
/// </summary>
internal static class JpegMarkers
{
    private const int FirstFrame = 0xC0;
    private const int LastFrame = 0xCF;
    private const int HuffmanTables = 0xC4;
    private const int Extension = 0xC8;
    private const int ArithmeticTables = 0xCC;
    private const int FirstAlone = 0xD0;
    private const int LastAlone = 0xD8;
    private const int End = 0xD9;
    private const int Scan = 0xDA;
    private const int Temporary = 0x01;
    private const int MostSamples = 4;
    private const int MostTables = 4;

    /// <summary>Checks frames and scans.</summary>
    /// <exception cref="InvalidDataException">One breaks a rule; the message names file, byte and rule.</exception>
    public static void Check(string path, ReadOnlySpan<byte> file)
    {
        HashSet<byte>? frame = null;
        for (int at = 2; at + 1 < file.Length;)
        {
            // Packed samples, in which FF is followed by 0 or by a restart; and bytes that fill.
            int marker = file[at + 1];
            if (file[at] != 0xFF || marker is 0 or 0xFF or Temporary or (>= FirstAlone and <= LastAlone))
            {
                at++;
                continue;
            }
            if (marker == End)
            {
                return;
            }
            int length = at + 4 <= file.Length ? BinaryPrimitives.ReadUInt16BigEndian(file[(at + 2)..]) : -1;
            if (length < 2 || length > file.Length - at - 2)
            {
                throw Refusal.At(path, at, "the image is damaged or cut off: a segment must end within the file.");
            }
            ReadOnlySpan<byte> segment = file.Slice(at + 4, length - 2);
            if (marker is >= FirstFrame and <= LastFrame and not (HuffmanTables or Extension or ArithmeticTables))
            {
                frame = frame is null ? Frame(path, at, segment) : throw Refusal.At(path, at, "there may be one frame.");
            }
            else if (marker == Scan)
            {
                CheckScan(path, at, segment, frame);
            }
            at += 2 + length;
        }
    }

    private static HashSet<byte> Frame(string path, int at, ReadOnlySpan<byte> segment)
    {
        HashSet<byte> names = [];
        bool isRight = segment.Length >= 6 && segment.Length >= 6 + (3 * segment[5]);
        for (int i = 0; isRight && i < segment[5]; i++)
        {
            ReadOnlySpan<byte> component = segment.Slice(6 + (3 * i), 3);
            (int across, int down) = (component[1] >> 4, component[1] & 15);
            isRight = names.Add(component[0]) && across is >= 1 and <= MostSamples && down is >= 1 and <= MostSamples && component[2] < MostTables;
        }
        return isRight ? names : throw Refusal.At(path, at, $"a frame must name each component once, with 1 to {MostSamples} samples each way and one of {MostTables} tables.");
    }

    private static void CheckScan(string path, int at, ReadOnlySpan<byte> segment, HashSet<byte>? frame)
    {
        bool isRight = frame is not null && segment.Length >= 1 && segment[0] >= 1 && segment[0] <= frame.Count && segment.Length >= 4 + (2 * segment[0]);
        for (int i = 0; isRight && i < segment[0]; i++)
        {
            (byte name, byte tables) = (segment[1 + (2 * i)], segment[2 + (2 * i)]);
            isRight = frame!.Contains(name) && tables >> 4 < MostTables && (tables & 15) < MostTables;
        }
        if (!isRight)
        {
            throw Refusal.At(path, at, $"a scan must be of components that the frame has, with one of {MostTables} tables each.");
        }
    }
}
