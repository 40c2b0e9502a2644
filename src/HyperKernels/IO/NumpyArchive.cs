using System.Collections.ObjectModel;
using System.IO.Compression;

namespace HyperKernels.IO;

/// <summary>Reads and writes NumPy's <c>.npz</c> archives: zip files of <c>.npy</c> members, stored or deflated.</summary>
public static class NumpyArchive
{
    private const string Suffix = ".npy";

    // The earliest a zip file can say: archives of the same arrays are the same bytes.
    private static readonly DateTimeOffset s_earliest = new(1980, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>Reads every array of an archive.</summary>
    /// <param name="path">The file.</param>
    /// <returns>The arrays by name, without the suffix <c>.npy</c>.</returns>
    /// <exception cref="InvalidDataException">
    /// The archive or a member breaks a rule; the message names path (and member), byte offset and rule. Offsets within a member count its
    /// decompressed bytes.
    /// </exception>
    /// <exception cref="IOException">The file is missing or cannot be read.</exception>
    public static IReadOnlyDictionary<string, NumericArray> Read(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete);
        using ZipArchive archive = Guard(path, () => new ZipArchive(file, ZipArchiveMode.Read, leaveOpen: true));
        ReadOnlyCollection<ZipArchiveEntry> entries = Guard(path, () => archive.Entries);
        Dictionary<string, NumericArray> arrays = [];
        // Members may overlap in a hostile archive: together they still may not pass what the file's bytes can become.
        long budget = BoundedReader.MostInflated(file.Length);
        foreach (ZipArchiveEntry entry in entries)
        {
            string member = $"{path}/{BadFile.Quote(entry.FullName).Trim('"')}";
            (NumericArray array, long bytes) = ReadMember(member, entry, budget);
            budget -= bytes;
            if (!arrays.TryAdd(entry.FullName[..^Suffix.Length], array))
            {
                throw BadFile.At(member, 0, "the name stands twice in the archive.");
            }
        }
        return arrays;
    }

    /// <summary>Writes an archive, atomically.</summary>
    /// <param name="path">The file to make or replace.</param>
    /// <param name="arrays">The arrays and their names, without the suffix <c>.npy</c>, in the order wanted.</param>
    /// <param name="compress">Deflates the members (numpy.savez_compressed) or stores them (numpy.savez).</param>
    /// <exception cref="ArgumentException">A name or an array is null, a name is empty or stands twice, or an array is BF16.</exception>
    /// <exception cref="IOException">The folder is missing or cannot be written, or the disk is full.</exception>
    public static void Write(string path, IEnumerable<KeyValuePair<string, NumericArray>> arrays, bool compress = false)
    {
        ArgumentNullException.ThrowIfNull(arrays);
        AtomicFile.Write(path, stream =>
        {
            using ZipArchive archive = new(stream, ZipArchiveMode.Create, leaveOpen: true);
            HashSet<string> seen = [];
            foreach ((string name, NumericArray array) in arrays)
            {
                if (name is null || array is null)
                {
                    Throw.Argument($"NumpyArchive.Write: every array must have a name and be there; number {seen.Count} of them has {(name is null ? "no name" : "no array")}.");
                }
                if (name.Length == 0 || !seen.Add(name))
                {
                    throw new ArgumentException($"NumpyArchive.Write: every array must have its own name; got {BadFile.Quote(name)} again.");
                }
                ZipArchiveEntry entry =
                    archive.CreateEntry(name + Suffix, compress ? CompressionLevel.Optimal : CompressionLevel.NoCompression);
                entry.LastWriteTime = s_earliest;
                using Stream member = entry.Open();
                member.Write(NumpyHeader.Write(array.Type, array.Shape));
                member.Write(array.Bytes);
            }
        });
    }

    private static (NumericArray Array, long Bytes) ReadMember(string member, ZipArchiveEntry entry, long budget)
    {
        if (!entry.FullName.EndsWith(Suffix, StringComparison.Ordinal))
        {
            throw BadFile.At(member, 0, $"every member of an .npz archive must end in {Suffix}.");
        }
        if (entry.IsEncrypted)
        {
            throw BadFile.At(member, 0, "encrypted members are not supported.");
        }
        using ChecksumStream content = new(Guard(member, entry.Open));
        long most = Math.Min(budget, Math.Min(entry.Length, BoundedReader.MostInflated(entry.CompressedLength)));
        BoundedReader reader = new(content, member, most);
        NumericArray array = NumpyFile.Read(reader);
        if (content.Checksum != entry.Crc32)
        {
            throw reader.Fail(reader.Position,
                $"the checksum must be {entry.Crc32:X8} as the archive says; the content has {content.Checksum:X8}.");
        }
        return (array, reader.Position);
    }

    // System.IO.Compression answers damaged archives in several ways.
    private static T Guard<T>(string path, Func<T> call)
    {
        try
        {
            return call();
        }
        catch (Exception failure) when (failure is InvalidDataException or IOException or ArgumentException or NotSupportedException)
        {
            throw BadFile.At(path, 0, $"the zip archive is damaged: {failure.Message}", failure);
        }
    }

    /// <summary>Keeps the checksum of what is read through it.</summary>
    private sealed class ChecksumStream(Stream inner) : Stream
    {
        internal uint Checksum { get; private set; }

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override int Read(Span<byte> buffer)
        {
            int read = inner.Read(buffer);
            Checksum = Crc32.Append(Checksum, buffer[..read]);
            return read;
        }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                inner.Dispose();
            }
            base.Dispose(disposing);
        }

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
