using HyperKernels.IO;
using Parquet;
using Parquet.Schema;

namespace HyperKernels.Interchange;

/// <summary>Reads and writes tables in Apache Parquet's format, compressed or not.</summary>
/// <remarks>Through Parquet.Net, which reads by row groups. Source: apache/parquet-format.</remarks>
public static class ParquetTable
{
    /// <summary>Reads all columns, or some.</summary>
    /// <param name="path">The file.</param>
    /// <param name="columns">Which; null means all.</param>
    /// <param name="progress">Told after each row group: which of how many.</param>
    /// <param name="cancellation">Ends the work.</param>
    /// <returns>Columns of numbers, flags and texts.</returns>
    /// <exception cref="InvalidDataException">The file is damaged, has no such column, or one of another type; the message names it.</exception>
    /// <exception cref="IOException">The file is missing or cannot be read.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static async Task<TensorTable> ReadAsync(
        string path, IReadOnlyList<string>? columns = null, IProgress<LoadProgress>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        FileStream file = File.OpenRead(path);
        await using (file.ConfigureAwait(false))
        {
            try
            {
                return await ReadAsync(path, file, columns, progress, cancellation).ConfigureAwait(false);
            }
            catch (Exception failure) when (Refusal.Wraps(failure, path))
            {
                throw Refusal.At(path, 0, $"the file is no Parquet file, or it is damaged: {Refusal.Reason(failure)}", failure);
            }
        }
    }

    /// <summary>Writes a table as one row group.</summary>
    /// <param name="path">The file to make or replace.</param>
    /// <param name="table">The table; its columns have one number or text a row.</param>
    /// <exception cref="ArgumentException">A column has several numbers a row, or is of half precision.</exception>
    /// <exception cref="IOException">The folder is missing or cannot be written, or the disk is full.</exception>
    public static async Task WriteAsync(string path, TensorTable table)
    {
        ArgumentNullException.ThrowIfNull(table);
        using MemoryStream memory = new();
        ParquetColumn[] columns = [.. table.Names.Select(name => ParquetColumn.Of(table, name))];
        ParquetWriter writer = await ParquetWriter.CreateAsync(new ParquetSchema(columns.Select(static column => column.Field)), memory).ConfigureAwait(false);
        await using (writer.ConfigureAwait(false))
        {
            using ParquetRowGroupWriter group = writer.CreateRowGroup();
            foreach (ParquetColumn column in columns)
            {
                await column.WriteAsync(group).ConfigureAwait(false);
            }
        }
        AtomicFile.Write(path, stream => stream.Write(memory.GetBuffer(), 0, (int)memory.Length));
    }

    private static async Task<TensorTable> ReadAsync(
        string path, FileStream file, IReadOnlyList<string>? columns, IProgress<LoadProgress>? progress, CancellationToken cancellation)
    {
        ParquetFooter.Check(path, file);
        ParquetReader reader = await ParquetReader.CreateAsync(new CountedStream(file), leaveStreamOpen: true, cancellationToken: cancellation).ConfigureAwait(false);
        await using (reader.ConfigureAwait(false))
        {
            DataField[] fields = reader.Schema.GetDataFields();
            string[] names = Array.ConvertAll(fields, static field => field.Path.ToString());
            ParquetColumn[] chosen = [.. (columns ?? names).Select(name => new ParquetColumn(path, fields[Find(path, names, name)]))];
            for (int i = 0; i < reader.RowGroupCount; i++)
            {
                using ParquetRowGroupReader group = reader.OpenRowGroupReader(i);
                foreach (ParquetColumn column in chosen)
                {
                    cancellation.ThrowIfCancellationRequested();
                    await column.ReadAsync(group, file.Length, cancellation).ConfigureAwait(false);
                }
                progress?.Report(new LoadProgress(i + 1, reader.RowGroupCount, path));
            }
            TensorTable table = new();
            foreach (ParquetColumn column in chosen)
            {
                column.AddTo(table);
            }
            return table;
        }
    }

    private static int Find(string path, string[] names, string name)
    {
        int place = Array.IndexOf(names, name);
        return place >= 0 ? place : throw Refusal.At(path, 0, $"there is no column {OneLine.Quote(name)}; there are {string.Join(", ", names.Take(20).Select(OneLine.Quote))}.");
    }
}
