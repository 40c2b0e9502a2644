using System.Buffers.Binary;
using System.Globalization;

namespace HyperKernels.Interchange;

/// <summary>
/// Writes what TensorBoard shows: scalars, histograms, images and text by step, into a file of its own in a folder. <c>tensorboard --logdir</c> of that folder, or of one above
/// it, finds it; a folder below another is a run.
/// </summary>
/// <remarks>Safe for use by several threads. What was added is in the file after <see cref="Flush"/> or <see cref="Dispose"/>, and every two minutes.</remarks>
public sealed class TensorBoardWriter : IDisposable
{
    private const string FileVersion = "brain.Event:2";

    // Numbers of event.proto, summary.proto, histogram.proto and tensor.proto.
    private const int EventTime = 1;
    private const int EventStep = 2;
    private const int EventFileVersion = 3;
    private const int EventSummary = 5;
    private const int EventSession = 7;
    private const int SessionStatus = 1;
    private const int SessionStart = 1;
    private const int SummaryValue = 1;
    private const int ValueTag = 1;
    private const int ValueScalar = 2;
    private const int ValueImage = 4;
    private const int ValueHistogram = 5;
    private const int ValueTensor = 8;
    private const int ValueMetadata = 9;
    private const int StringType = 7;

    private static readonly TimeSpan s_flushEvery = TimeSpan.FromMinutes(2);
    private static int s_files;

    private readonly Lock _gate = new();
    private readonly RecordFile _file;
    private DateTimeOffset _flushed = DateTimeOffset.UtcNow;
    private bool _disposed;

    /// <summary>Makes a file in a folder, which is made if it is not there.</summary>
    /// <param name="folder">Where; one folder a run.</param>
    /// <param name="resumedAt">The step that an earlier run with files there is taken up at: what it wrote of later steps is not shown any more. Null for a new run.</param>
    /// <exception cref="IOException">The folder or the file cannot be made.</exception>
    public TensorBoardWriter(string folder, long? resumedAt = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        Directory.CreateDirectory(folder);
        DateTimeOffset now = DateTimeOffset.UtcNow;
        // The name that TensorBoard looks for. The last number tells files of one process apart.
        Path = System.IO.Path.Combine(folder, string.Create(
            CultureInfo.InvariantCulture,
            $"events.out.tfevents.{now.ToUnixTimeSeconds():D10}.{Environment.MachineName}.{Environment.ProcessId}.{Interlocked.Increment(ref s_files)}"));
        _file = new RecordFile(new FileStream(Path, FileMode.CreateNew, FileAccess.Write, FileShare.Read));
        Append(Event(0).Text(EventFileVersion, FileVersion));
        if (resumedAt is { } step)
        {
            Append(Event(step + 1).Message(EventSession, new ProtobufWriter().Varint(SessionStatus, SessionStart)));
        }
        _file.Flush();
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>Adds a point to a curve.</summary>
    /// <param name="tag">The curve's name; what stands before a slash groups curves.</param>
    /// <param name="value">May be infinite or not a number.</param>
    /// <param name="step">Where on the horizontal axis.</param>
    /// <exception cref="ObjectDisposedException">The writer is disposed.</exception>
    public void AddScalar(string tag, double value, long step) => Add(tag, step, new ProtobufWriter().Fixed32(ValueScalar, (float)value));

    /// <summary>Adds the distribution of values at a step.</summary>
    /// <param name="tag">The histogram's name.</param>
    /// <param name="values">In any order; those that are not finite are left out.</param>
    /// <param name="step">Where on the time axis.</param>
    /// <exception cref="ObjectDisposedException">The writer is disposed.</exception>
    public void AddHistogram(string tag, ReadOnlySpan<float> values, long step)
    {
        HistogramBuckets buckets = HistogramBuckets.Of(values);
        Add(tag, step, new ProtobufWriter().Message(ValueHistogram, new ProtobufWriter()
            .Fixed64(1, buckets.Min).Fixed64(2, buckets.Max).Fixed64(3, buckets.Count).Fixed64(4, buckets.Sum).Fixed64(5, buckets.SumOfSquares)
            .Bytes(6, Packed(buckets.UpperLimits)).Bytes(7, Packed(buckets.Counts))));
    }

    /// <summary>Adds the distribution of a tensor's values at a step.</summary>
    /// <param name="tag">The histogram's name.</param>
    /// <param name="values">Any shape, floats.</param>
    /// <param name="step">Where on the time axis.</param>
    /// <exception cref="ArgumentException">The tensor holds integers.</exception>
    /// <exception cref="ObjectDisposedException">The writer, or the tensor, is disposed.</exception>
    public void AddHistogram(string tag, Tensor values, long step) => AddHistogram(tag, values.ToArray(), step);

    /// <summary>Adds an image at a step.</summary>
    /// <param name="tag">The image's name.</param>
    /// <param name="image"><c>[height, width]</c> or <c>[1, height, width]</c> in grey, <c>[3, height, width]</c> in colours; 0 (dark) to 1, what is beyond is cut off.</param>
    /// <param name="step">Where on the time axis.</param>
    /// <exception cref="ArgumentException">The shape is another, or the tensor holds integers.</exception>
    /// <exception cref="ObjectDisposedException">The writer, or the tensor, is disposed.</exception>
    public void AddImage(string tag, Tensor image, long step)
    {
        Shape shape = image.Shape;
        int channels = shape.Rank == 2 ? 1 : shape.Rank == 3 ? shape[0] : 0;
        if (channels is not (1 or 3) || shape.Count == 0)
        {
            throw new ArgumentException($"TensorBoardWriter.AddImage: the image must be [height, width], [1, height, width] or [3, height, width]; got {shape}.", nameof(image));
        }
        (int height, int width) = (shape[shape.Rank - 2], shape[shape.Rank - 1]);
        float[] values = image.ToArray();
        byte[] pixels = new byte[values.Length];
        int plane = height * width;
        for (int i = 0; i < pixels.Length; i++)
        {
            // Channels lie in planes here and beside each other there.
            float value = values[(i % channels * plane) + (i / channels)];
            pixels[i] = (byte)((Math.Clamp(float.IsNaN(value) ? 0 : value, 0, 1) * byte.MaxValue) + 0.5f);
        }
        byte[] png = channels == 1 ? PngFile.Grey(pixels, height, width) : PngFile.Colour(pixels, height, width);
        Add(tag, step, new ProtobufWriter().Message(ValueImage, new ProtobufWriter().Varint(1, height).Varint(2, width).Varint(3, channels).Bytes(4, png)));
    }

    /// <summary>Adds text at a step; TensorBoard shows it as Markdown.</summary>
    /// <param name="tag">The text's name.</param>
    /// <param name="text">A line or many.</param>
    /// <param name="step">Where on the time axis.</param>
    /// <exception cref="ObjectDisposedException">The writer is disposed.</exception>
    public void AddText(string tag, string text, long step)
    {
        ArgumentNullException.ThrowIfNull(text);
        ProtobufWriter shape = new ProtobufWriter().Message(2, new ProtobufWriter().Varint(1, 1));
        ProtobufWriter tensor = new ProtobufWriter().Varint(1, StringType).Message(2, shape).Text(8, text);
        ProtobufWriter metadata = new ProtobufWriter().Message(1, new ProtobufWriter().Text(1, "text"));
        Add(tag, step, new ProtobufWriter().Message(ValueTensor, tensor).Message(ValueMetadata, metadata));
    }

    /// <summary>Writes what was added to the file.</summary>
    /// <exception cref="ObjectDisposedException">The writer is disposed.</exception>
    public void Flush()
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            _file.Flush();
            _flushed = DateTimeOffset.UtcNow;
        }
    }

    /// <summary>Writes what is left and closes the file.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            if (!_disposed)
            {
                _disposed = true;
                _file.Dispose();
            }
        }
    }

    private static ProtobufWriter Event(long step) =>
        new ProtobufWriter().Fixed64(EventTime, (DateTimeOffset.UtcNow - DateTimeOffset.UnixEpoch).TotalSeconds).Varint(EventStep, step);

    private static byte[] Packed(IReadOnlyList<double> values)
    {
        byte[] bytes = new byte[values.Count * sizeof(double)];
        for (int i = 0; i < values.Count; i++)
        {
            BinaryPrimitives.WriteDoubleLittleEndian(bytes.AsSpan(i * sizeof(double)), values[i]);
        }
        return bytes;
    }

    private void Add(string tag, long step, ProtobufWriter content)
    {
        ArgumentException.ThrowIfNullOrEmpty(tag);
        ProtobufWriter value = new ProtobufWriter().Text(ValueTag, tag).Fields(content);
        Append(Event(step).Message(EventSummary, new ProtobufWriter().Message(SummaryValue, value)));
    }

    private void Append(ProtobufWriter record)
    {
        using MemoryStream bytes = new();
        record.WriteTo(bytes);
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            _file.Append(bytes.GetBuffer().AsSpan(0, (int)bytes.Length));
            if (DateTimeOffset.UtcNow - _flushed > s_flushEvery)
            {
                _file.Flush();
                _flushed = DateTimeOffset.UtcNow;
            }
        }
    }
}
