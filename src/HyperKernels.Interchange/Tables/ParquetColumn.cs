using System.Numerics;
using HyperKernels.IO;
using Parquet;
using Parquet.Schema;

namespace HyperKernels.Interchange;

/// <summary>A column of a Parquet file while it is read or written, row group by row group.</summary>
internal sealed class ParquetColumn
{
    private readonly string _path;
    private readonly Part _part;

    public ParquetColumn(string path, DataField field)
    {
        _path = path;
        Field = field;
        _part = field.IsArray || field.MaxRepetitionLevel > 0 ? throw Unread() : field.ClrType switch
        {
            Type type when type == typeof(float) => new Numbers<float>(),
            Type type when type == typeof(double) => new Numbers<double>(),
            Type type when type == typeof(sbyte) => new Numbers<sbyte>(),
            Type type when type == typeof(byte) => new Numbers<byte>(),
            Type type when type == typeof(short) => new Numbers<short>(),
            Type type when type == typeof(ushort) => new Numbers<ushort>(),
            Type type when type == typeof(int) => new Numbers<int>(),
            Type type when type == typeof(uint) => new Numbers<uint>(),
            Type type when type == typeof(long) => new Numbers<long>(),
            Type type when type == typeof(ulong) => new Numbers<ulong>(),
            Type type when type == typeof(bool) => new Flags(),
            Type type when type == typeof(string) || type == typeof(ReadOnlyMemory<char>) => new Texts(),
            _ => throw Unread(),
        };
    }

    public DataField Field { get; }

    public static ParquetColumn Of(TensorTable table, string name)
    {
        if (table.IsText(name))
        {
            ParquetColumn texts = new(string.Empty, new DataField<string>(name, true));
            ((Texts)texts._part).Values.AddRange(table.Texts(name));
            return texts;
        }
        NumericArray numbers = table[name];
        if (numbers.Shape.Length != 1)
        {
            throw new ArgumentException($"ParquetTable.WriteAsync: a column has one number a row; \"{name}\" has {numbers.Shape[1]}. Write it as Arrow, or as several columns.");
        }
        return numbers.Type switch
        {
            StoredType.F32 => Of(name, numbers.ToFloat32()),
            StoredType.F64 => Of(name, numbers.ToFloat64()),
            StoredType.Bool => OfFlags(name, numbers),
            StoredType.I64 or StoredType.U32 => Of(name, numbers.ToInt64()),
            StoredType.I8 or StoredType.U8 or StoredType.I16 or StoredType.U16 or StoredType.I32 => Of(name, numbers.ToInt32()),
            _ => throw new ArgumentException($"ParquetTable.WriteAsync: column \"{name}\" is {numbers.Type}, which is not written; convert it."),
        };
    }

    public Task ReadAsync(ParquetRowGroupReader group, long fileBytes, CancellationToken cancellation)
    {
        double most = Math.Max(FileLimits.AlwaysBytes, fileBytes * FileLimits.Expansion) / sizeof(long);
        if (group.RowCount < 0 || group.RowCount > Math.Min(Array.MaxLength, most))
        {
            throw Refusal.At(
                _path, 0, FormattableString.Invariant($"a row group promises {group.RowCount:N0} rows, more than FileLimits.Expansion allows for a file of {fileBytes:N0} bytes."));
        }
        return _part.ReadAsync(group, Field, (int)group.RowCount, cancellation);
    }

    public void AddTo(TensorTable table) => _part.AddTo(table, Field.Path.ToString());

    public Task WriteAsync(ParquetRowGroupWriter group) => _part.WriteAsync(group, Field);

    private static ParquetColumn Of<T>(string name, T[] values)
        where T : unmanaged, INumber<T>
    {
        ParquetColumn column = new(string.Empty, new DataField<T>(name, false));
        ((Numbers<T>)column._part).Values.AddRange(values.Select(static value => (T?)value));
        return column;
    }

    private static ParquetColumn OfFlags(string name, NumericArray numbers)
    {
        ParquetColumn column = new(string.Empty, new DataField<bool>(name, false));
        ((Flags)column._part).Values.AddRange(numbers.ToInt32().Select(static flag => (bool?)(flag != 0)));
        return column;
    }

    private InvalidDataException Unread()
    {
        string type = Field.IsArray || Field.MaxRepetitionLevel > 0 ? "lists" : Field.ClrType.Name;
        return Refusal.At(_path, 0, $"column {OneLine.Quote(Field.Path.ToString())} is of {type}; numbers, flags and texts are read.");
    }

    private abstract class Part
    {
        public abstract Task ReadAsync(ParquetRowGroupReader group, DataField field, int rows, CancellationToken cancellation);

        public abstract void AddTo(TensorTable table, string name);

        public abstract Task WriteAsync(ParquetRowGroupWriter group, DataField field);
    }

    private abstract class Scalars<T> : Part
        where T : struct
    {
        public List<T?> Values { get; } = [];

        public override async Task ReadAsync(ParquetRowGroupReader group, DataField field, int rows, CancellationToken cancellation)
        {
            if (field.IsNullable)
            {
                T?[] some = new T?[rows];
                await group.ReadAsync<T>(field, some.AsMemory(), null, cancellation).ConfigureAwait(false);
                Values.AddRange(some);
                return;
            }
            T[] all = new T[rows];
            await group.ReadAsync<T>(field, all.AsMemory(), null, cancellation).ConfigureAwait(false);
            Values.AddRange(all.Select(static value => (T?)value));
        }

        public override Task WriteAsync(ParquetRowGroupWriter group, DataField field) =>
            group.WriteAsync<T>(field, Values.Select(static value => value!.Value).ToArray().AsMemory());
    }

    private sealed class Numbers<T> : Scalars<T>
        where T : unmanaged, INumber<T>
    {
        public override void AddTo(TensorTable table, string name) => table.Add(name, NullableNumbers.ToArray<T>([.. Values]));
    }

    private sealed class Flags : Scalars<bool>
    {
        public override void AddTo(TensorTable table, string name) => table.Add(name, NullableNumbers.ToArray([.. Values]));
    }

    private sealed class Texts : Part
    {
        public List<string?> Values { get; } = [];

        public override async Task ReadAsync(ParquetRowGroupReader group, DataField field, int rows, CancellationToken cancellation)
        {
            string?[] some = new string?[rows];
            await group.ReadAsync(field, some.AsMemory()!, null, cancellation).ConfigureAwait(false);
            Values.AddRange(some);
        }

        public override void AddTo(TensorTable table, string name) => table.Add(name, Values);

        public override Task WriteAsync(ParquetRowGroupWriter group, DataField field) => group.WriteAsync(field, Values!);
    }
}
