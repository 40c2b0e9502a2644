using HyperKernels.Interchange;
using HyperKernels.IO;

namespace HyperKernels.Tests.Interchange;

/// <summary>Tables come back from Arrow and Parquet as they were written, with what is missing; their columns become tensors.</summary>
public sealed class TableTests
{
    [Test]
    public void Arrow_HoldsEveryTypeOfColumn()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        TensorTable table = Table(withHalves: true).Add("vector", NumericArray.From(new float[] { 1, 2, 3, 4, 5, 6 }, 3, 2));
        ArrowTable.Write(folder.File("x.arrow"), table);
        AssertSame(ArrowTable.Read(folder.File("x.arrow")), table);
    }

    [Test]
    public async Task Parquet_HoldsEveryTypeOfColumn()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        TensorTable table = Table(withHalves: false);
        await ParquetTable.WriteAsync(folder.File("x.parquet"), table);
        List<LoadProgress> told = [];
        TensorTable read = await ParquetTable.ReadAsync(folder.File("x.parquet"), progress: new Direct(told.Add));
        Assert.That(read.Names, Is.EqualTo(table.Names));
        foreach (string name in table.Names.Where(name => !table.IsText(name)))
        {
            Assert.That(read[name].ToFloat64(), Is.EqualTo(table[name].ToFloat64()), name);
        }
        Assert.That(read.Texts("text"), Is.EqualTo(table.Texts("text")));
        Assert.That(told, Is.EqualTo(new[] { new LoadProgress(1, 1, folder.File("x.parquet")) }));
        TensorTable some = await ParquetTable.ReadAsync(folder.File("x.parquet"), ["f64", "text"]);
        Assert.That(some.Names, Is.EqualTo(new[] { "f64", "text" }));
    }

    // As pandas and Spark write them: numbers that may be missing, several batches.
    [Test]
    public async Task Parquet_WithMissingNumbers_InSeveralGroups()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        Parquet.Schema.DataField<int> number = new("n", true);
        Parquet.Schema.DataField<bool> flag = new("b", true);
        await using (FileStream file = File.Create(folder.File("x.parquet")))
        await using (Parquet.ParquetWriter writer = await Parquet.ParquetWriter.CreateAsync(new Parquet.Schema.ParquetSchema(number, flag), file))
        {
            foreach (int?[] part in new int?[][] { [1, null], [3] })
            {
                using Parquet.ParquetRowGroupWriter group = writer.CreateRowGroup();
                await group.WriteAsync<int>(number, part.AsMemory());
                await group.WriteAsync<bool>(flag, part.Select(value => value is null ? (bool?)null : value > 1).ToArray().AsMemory());
            }
        }
        TensorTable table = await ParquetTable.ReadAsync(folder.File("x.parquet"));
        Assert.That(table["n"].ToFloat32(), Is.EqualTo(new[] { 1, float.NaN, 3 }));
        Assert.That(table["b"].ToFloat32(), Is.EqualTo(new[] { 0, float.NaN, 1 }));
    }

    [Test]
    public void Arrow_OfStreams_Batches_MissingNumbersAndDictionaries()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        using (FileStream file = File.Create(folder.File("x.arrows")))
        {
            Apache.Arrow.Types.DictionaryType coded = new(Apache.Arrow.Types.Int8Type.Default, Apache.Arrow.Types.StringType.Default, false);
            Apache.Arrow.Schema schema = new([new("n", Apache.Arrow.Types.Int32Type.Default, true), new("word", coded, true)], null);
            using Apache.Arrow.Ipc.ArrowStreamWriter writer = new(file, schema);
            Apache.Arrow.StringArray words = new Apache.Arrow.StringArray.Builder().Append("yes").Append("no").Build();
            foreach ((int first, sbyte word) in new[] { (1, (sbyte)1), (3, (sbyte)0) })
            {
                Apache.Arrow.Int32Array numbers = new Apache.Arrow.Int32Array.Builder().Append(first).AppendNull().Build();
                Apache.Arrow.Int8Array codes = new Apache.Arrow.Int8Array.Builder().Append(word).Append(1).Build();
                writer.WriteRecordBatch(new Apache.Arrow.RecordBatch(schema, [numbers, new Apache.Arrow.DictionaryArray(coded, codes, words)], 2));
            }
            writer.WriteEnd();
        }
        TensorTable table = ArrowTable.Read(folder.File("x.arrows"));
        Assert.That(table["n"].ToFloat32(), Is.EqualTo(new[] { 1, float.NaN, 3, float.NaN }));
        Assert.That(table.Texts("word"), Is.EqualTo(new[] { "no", "no", "yes", "no" }));
    }

    [Test]
    public void Columns_BecomeTensors_LabelsAndTablesAgain()
    {
        using MemoryScope scope = new();
        TensorTable table = new TensorTable()
            .Add("a", NumericArray.From(new[] { 1L, 2, 3 }, 3))
            .Add("kind", new[] { "k10", "k2", "k10" })
            .Add("v", NumericArray.From(new float[] { 1, 2, 3, 4, 5, 6 }, 3, 2));
        Tensor all = table.ToTensor();
        Assert.That(all.Shape, Is.EqualTo(new Shape(3, 3)));
        Assert.That(all.ToArray(), Is.EqualTo(new float[] { 1, 1, 2, 2, 3, 4, 3, 5, 6 }));
        Assert.That(table.ToTensor("v", "a").ToArray(), Is.EqualTo(new float[] { 1, 2, 1, 3, 4, 2, 5, 6, 3 }));
        (DataColumn labels, IReadOnlyList<string> categories) = table.ToCategories("kind");
        Assert.That(categories, Is.EqualTo(new[] { "k2", "k10" }));
        DataSet data = new(table.ToColumn("v"), labels);
        Assert.That(data.Batches(3).Single()[1].IsAlive, Is.False, "a batch ends with its loop");
        foreach ((Tensor values, Tensor numbers) in data.Batches(3))
        {
            Assert.That(numbers.ToIntArray(), Is.EqualTo(new[] { 1, 0, 1 }));
            Assert.That(values.ToArray(), Is.EqualTo(new float[] { 1, 2, 3, 4, 5, 6 }));
        }
        TensorTable back = TensorTable.Of(all, "x", "y", "z");
        Assert.That(back["z"].ToFloat32(), Is.EqualTo(new float[] { 2, 4, 6 }));
    }

    // Two fields of a type that are one and the same in the file: thirty such types in each other are a thousand million fields to a reader that goes through them.
    [TestCase(30, "lead to the same places over and over")]
    [TestCase(70, "may be nested 64 deep")]
    public void Arrow_WhoseTypesLeadToTheSamePlaces_IsRefusedAtOnce(int depth, string why)
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        Apache.Arrow.Types.IArrowType type = Apache.Arrow.Types.Int32Type.Default;
        for (int i = 0; i < depth; i++)
        {
            type = new Apache.Arrow.Types.StructType([new("a", type, true), new("b", Apache.Arrow.Types.Int32Type.Default, true)]);
        }
        string path = folder.File("x.arrows");
        using (FileStream file = File.Create(path))
        {
            using Apache.Arrow.Ipc.ArrowStreamWriter writer = new(file, new Apache.Arrow.Schema([new("f", type, true)], null));
            writer.WriteStart();
            writer.WriteEnd();
        }
        byte[] bytes = File.ReadAllBytes(path);
        Span<byte> message = bytes.AsSpan(8);
        int schema = ArrowMessages.Target(message, ArrowMessages.Field(message, ArrowMessages.Target(message, 0), 2));
        int fields = ArrowMessages.Target(message, ArrowMessages.Field(message, schema, 1));
        for (int level = 0; level < depth; level++)
        {
            // Children, behind how many there are: the second is where the first is.
            int field = ArrowMessages.Target(message, fields + 4);
            fields = ArrowMessages.Target(message, ArrowMessages.Field(message, field, 5));
            int first = System.Buffers.Binary.BinaryPrimitives.ReadInt32LittleEndian(message[(fields + 4)..]);
            System.Buffers.Binary.BinaryPrimitives.WriteInt32LittleEndian(message[(fields + 8)..], first - 4);
        }
        File.WriteAllBytes(path, bytes);
        Assert.That(() => ArrowTable.Read(path), Throws.TypeOf<InvalidDataException>().With.Message.StartsWith($"{path}: byte 8: ").And.Message.Contains(why));
    }

    [Test]
    public void Arrow_WithoutBatches_HasItsColumns([Values] bool isFile)
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        string path = folder.File("x.arrow");
        Apache.Arrow.Schema schema = new([new("n", Apache.Arrow.Types.Int32Type.Default, true)], null);
        using (FileStream file = File.Create(path))
        {
            using Apache.Arrow.Ipc.ArrowStreamWriter writer = isFile ? new Apache.Arrow.Ipc.ArrowFileWriter(file, schema) : new(file, schema);
            writer.WriteStart();
            writer.WriteEnd();
        }
        TensorTable table = ArrowTable.Read(path);
        Assert.That((table.Names.Single(), table.Rows), Is.EqualTo(("n", 0)));
    }

    // Behind a message that is no batch the package reads on, where the footer's bytes are a length.
    [Test]
    public void Arrow_WhoseFooterNamesWhatIsNoBatch_IsRefused()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        string path = folder.File("x.arrow");
        ArrowTable.Write(path, Table(withHalves: false));
        byte[] bytes = File.ReadAllBytes(path);
        int length = System.Buffers.Binary.BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(bytes.Length - 10));
        Span<byte> footer = bytes.AsSpan(bytes.Length - 10 - length, length);
        int blocks = ArrowMessages.Target(footer, ArrowMessages.Field(footer, ArrowMessages.Target(footer, 0), 3));
        int at = (int)System.Buffers.Binary.BinaryPrimitives.ReadInt64LittleEndian(footer[(blocks + 4)..]);
        Span<byte> message = bytes.AsSpan(at + 8);
        message[ArrowMessages.Field(message, ArrowMessages.Target(message, 0), 1)] = 0;
        File.WriteAllBytes(path, bytes);
        Assert.That(() => ArrowTable.Read(path), Throws.TypeOf<InvalidDataException>().With.Message.Contains($"points at byte {at:N0}, where no message of its kind begins"));
    }

    [Test]
    public void Arrow_WhoseFooterNamesABatchTwice_IsRefused()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        string path = folder.File("x.arrow");
        Apache.Arrow.Schema schema = new([new("n", Apache.Arrow.Types.Int32Type.Default, true)], null);
        using (FileStream file = File.Create(path))
        {
            using Apache.Arrow.Ipc.ArrowFileWriter writer = new(file, schema);
            for (int i = 0; i < 2; i++)
            {
                writer.WriteRecordBatch(new Apache.Arrow.RecordBatch(schema, [new Apache.Arrow.Int32Array.Builder().Append(i).Build()], 1));
            }
            writer.WriteEnd();
        }
        Assert.That(ArrowTable.Read(path)["n"].ToInt32(), Is.EqualTo(new[] { 0, 1 }));
        byte[] bytes = File.ReadAllBytes(path);
        int length = System.Buffers.Binary.BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(bytes.Length - 10));
        Span<byte> footer = bytes.AsSpan(bytes.Length - 10 - length, length);
        int blocks = ArrowMessages.Target(footer, ArrowMessages.Field(footer, ArrowMessages.Target(footer, 0), 3));
        footer.Slice(blocks + 4, 24).CopyTo(footer[(blocks + 28)..]);
        File.WriteAllBytes(path, bytes);
        Assert.That(() => ArrowTable.Read(path), Throws.TypeOf<InvalidDataException>().With.Message.Contains("for the second time"));
    }

    [Test]
    public async Task WhatIsNotRead_IsNamed()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        string path = folder.File("x", [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
        Assert.That(() => ArrowTable.Read(path), Throws.TypeOf<InvalidDataException>().With.Message.StartsWith($"{path}: byte "));
        Assert.That(async () => await ParquetTable.ReadAsync(path), Throws.TypeOf<InvalidDataException>().With.Message.StartsWith($"{path}: byte "));
        await ParquetTable.WriteAsync(path, Table(withHalves: false));
        Assert.That(async () => await ParquetTable.ReadAsync(path, ["nothing"]), Throws.TypeOf<InvalidDataException>().With.Message.Contains("no column \"nothing\""));
        using CancellationTokenSource source = new();
        await source.CancelAsync();
        Assert.That(async () => await ParquetTable.ReadAsync(path, cancellation: source.Token), Throws.InstanceOf<OperationCanceledException>());
        TensorTable table = Table(withHalves: false);
        Assert.Multiple(() =>
        {
            Assert.That(() => table["text"], Throws.ArgumentException.With.Message.Contains("no column \"text\" of numbers"));
            Assert.That(() => table.Add("more", NumericArray.From(new float[2], 2)), Throws.ArgumentException.With.Message.Contains("3 rows each"));
            Assert.That(() => table.ToCategories("text"), Throws.ArgumentException.With.Message.Contains("row 1 has none"));
        });
    }

    private static TensorTable Table(bool withHalves)
    {
        TensorTable table = new TensorTable()
            .Add("f32", NumericArray.From(new[] { 1.5f, float.NaN, -3 }, 3))
            .Add("f64", NumericArray.From(new[] { 1.5, double.MaxValue, -3 }, 3))
            .Add("i8", NumericArray.From(new sbyte[] { 1, -2, 3 }, 3))
            .Add("u8", NumericArray.From(new byte[] { 1, 200, 3 }, 3))
            .Add("i16", NumericArray.From(new short[] { 1, -200, 3 }, 3))
            .Add("u16", NumericArray.From(new ushort[] { 1, 60000, 3 }, 3))
            .Add("i32", NumericArray.From(new[] { 1, int.MinValue, 3 }, 3))
            .Add("u32", NumericArray.From(new uint[] { 1, uint.MaxValue, 3 }, 3))
            .Add("i64", NumericArray.From(new[] { 1L, 1L << 50, 3 }, 3))
            .Add("flag", NumericArray.From(new[] { true, false, true }, 3))
            .Add("text", new[] { "one", null, "drei ä" });
        return withHalves
            ? table.Add("f16", NumericArray.From(new[] { (Half)1.5, (Half)2, (Half)3 }, 3)).Add("u64", NumericArray.From(new ulong[] { 1, 1UL << 50, 3 }, 3))
            : table;
    }

    private static void AssertSame(TensorTable actual, TensorTable expected)
    {
        Assert.That(actual.Names, Is.EqualTo(expected.Names));
        foreach (string name in expected.Names.Where(name => !expected.IsText(name)))
        {
            Assert.That(actual[name].Type, Is.EqualTo(expected[name].Type), name);
            Assert.That(actual[name].Shape, Is.EqualTo(expected[name].Shape), name);
            Assert.That(actual[name].Bytes.ToArray(), Is.EqualTo(expected[name].Bytes.ToArray()), name);
        }
        Assert.That(actual.Texts("text"), Is.EqualTo(expected.Texts("text")));
    }

    private sealed class Direct(Action<LoadProgress> report) : IProgress<LoadProgress>
    {
        public void Report(LoadProgress value) => report(value);
    }
}
