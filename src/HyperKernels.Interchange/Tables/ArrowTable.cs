using Apache.Arrow;
using Apache.Arrow.Ipc;
using Apache.Arrow.Types;
using HyperKernels.IO;

namespace HyperKernels.Interchange;

/// <summary>Reads and writes tables in Apache Arrow's IPC format: files (<c>.arrow</c>, Feather version 2) and streams (<c>.arrows</c>).</summary>
/// <remarks>Compressed batches are not read. Source: arrow.apache.org, "Arrow Columnar Format", "Serialization and Interprocess Communication".</remarks>
public static class ArrowTable
{
    private static ReadOnlySpan<byte> Signature => "ARROW1"u8;

    /// <summary>Reads a file, or a stream in a file.</summary>
    /// <param name="path">The file.</param>
    /// <returns>Its columns of numbers, flags, texts (also dictionaries of texts) and lists of numbers of one length.</returns>
    /// <exception cref="InvalidDataException">The file is damaged, or a column is of another type; the message names it.</exception>
    /// <exception cref="IOException">The file is missing or cannot be read.</exception>
    public static TensorTable Read(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        using FileStream file = File.OpenRead(path);
        try
        {
            return Read(path, file);
        }
        catch (Exception failure) when (Refusal.Wraps(failure, path))
        {
            throw Refusal.At(path, 0, $"the file is no Arrow file, or it is damaged or compressed: {Refusal.Reason(failure)}", failure);
        }
    }

    /// <summary>Writes a table as a file of one batch.</summary>
    /// <param name="path">The file to make or replace.</param>
    /// <param name="table">The table; half precision is written as such, BF16 cannot be.</param>
    /// <exception cref="ArgumentException">A column is BF16.</exception>
    /// <exception cref="IOException">The folder is missing or cannot be written, or the disk is full.</exception>
    public static void Write(string path, TensorTable table)
    {
        ArgumentNullException.ThrowIfNull(table);
        IArrowArray[] arrays = [.. table.Names.Select(name => ArrowColumns.Of(table, name))];
        Field[] fields = [.. table.Names.Zip(arrays, static (name, array) => new Field(name, array.Data.DataType, nullable: true))];
        using RecordBatch batch = new(new Schema(fields, null), arrays, table.Rows);
        AtomicFile.Write(path, stream =>
        {
            using ArrowFileWriter writer = new(stream, batch.Schema, leaveOpen: true);
            writer.WriteRecordBatch(batch);
            writer.WriteEnd();
        });
    }

    private static TensorTable Read(string path, FileStream file)
    {
        Span<byte> start = stackalloc byte[Signature.Length];
        bool isFile = file.ReadAtLeast(start, start.Length, throwOnEndOfStream: false) == start.Length && start.SequenceEqual(Signature);
        ArrowMessages.Check(path, file, isFile);
        List<RecordBatch> batches = [];
        Schema? schema = null;
        using ArrowStreamReader reader = isFile ? new ArrowFileReader(file, leaveOpen: true) : new ArrowStreamReader(file, leaveOpen: true);
        while (reader.ReadNextRecordBatch() is { } batch)
        {
            batches.Add(batch);
            schema = batch.Schema;
        }
        if (schema is null)
        {
            // Of a file without batches the library takes the schema from where the stream stands, its signature for a length.
            file.Position = isFile ? ArrowMessages.Head : 0;
            schema = reader.Schema;
        }
        TensorTable table = new();
        for (int i = 0; i < schema.FieldsList.Count; i++)
        {
            Field field = schema.FieldsList[i];
            ArrowColumns.AddTo(table, path, field, [.. batches.Select(batch => batch.Column(i))]);
        }
        batches.ForEach(static batch => batch.Dispose());
        return table;
    }
}
