using System.Runtime.CompilerServices;

namespace HyperKernels.Interchange;

/// <summary>
/// A file for a reader of somebody else's, which may go round in circles where the file says so: it is read a number of times its bytes in all, and not oftener
/// than that in pieces; and what goes deeper at every read is stopped before the stack ends, which nothing could catch.
/// </summary>
internal class CountedStream(FileStream file) : Stream
{
    private const long MostRounds = 64;
    private const long AlwaysReads = 10_000;

    private readonly long _most = (MostRounds * file.Length) + AlwaysReads;
    private long _bytes;
    private long _reads;

    public override bool CanRead => true;

    public override bool CanSeek => true;

    public override bool CanWrite => false;

    public override long Length => file.Length;

    public override long Position
    {
        get => file.Position;
        set
        {
            Count(0);
            file.Position = value;
        }
    }

    public override int Read(Span<byte> buffer) => Count(file.Read(buffer));

    public override int Read(byte[] buffer, int offset, int count) => Count(file.Read(buffer, offset, count));

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        Count(await file.ReadAsync(buffer, cancellationToken).ConfigureAwait(false));

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int ReadByte()
    {
        int value = file.ReadByte();
        Count(1);
        return value;
    }

    public override long Seek(long offset, SeekOrigin origin)
    {
        Count(0);
        return file.Seek(offset, origin);
    }

    public override void Flush()
    {
    }

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <summary>Notes a read of so many bytes.</summary>
    protected int Count(int read)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        _bytes += read;
        return _bytes > _most || ++_reads > _most
            ? throw new InvalidDataException($"what the file says leads round in circles: it was read {MostRounds} times over.")
            : read;
    }
}
