using System.Buffers.Binary;
using System.Text;
using HyperKernels.IO;
using NUnit.Framework;

namespace HyperKernels.Tests.IO;

[TestFixture]
internal sealed class SafetensorsTests
{
    private TestData.TemporaryFolder _folder = null!;

    [SetUp]
    public void SetUp() => _folder = TestData.Temporary();

    [TearDown]
    public void TearDown() => _folder.Dispose();

    [Test]
    public void Write_EveryType_ReadsBackEqual()
    {
        string path = _folder.File("all.safetensors");
        double[] doubles = [1.5, -2.25, double.MaxValue, double.NaN];
        float[] floats = [0f, -0f, float.Epsilon, float.PositiveInfinity, 3.25f, -7f];
        Half[] halves = [(Half)0.5f, (Half)(-65504f)];
        long[] longs = [long.MinValue, long.MaxValue];
        Safetensors.Write(path,
        [
            SafetensorsTensor.From("f64", doubles, 2, 2),
            SafetensorsTensor.From("f32", floats, 2, 3),
            SafetensorsTensor.From("f16", halves, 2),
            SafetensorsTensor.FromBytes("bf16", StoredType.BF16, new byte[] { 0x80, 0x3F, 0x20, 0xC1 }, 2),
            SafetensorsTensor.From("i64", longs, 2),
            SafetensorsTensor.From("i32", new int[] { -5 }),
            SafetensorsTensor.From("i16", new short[] { -3, 3 }, 2, 1),
            SafetensorsTensor.From("i8", new sbyte[] { -128, 127 }, 2),
            SafetensorsTensor.From("u8", new byte[] { 0, 255, 7 }, 3),
            SafetensorsTensor.From("u16", new ushort[] { 65535 }, 1),
            SafetensorsTensor.From("u32", new uint[] { uint.MaxValue }, 1),
            SafetensorsTensor.From("u64", new ulong[] { long.MaxValue }, 1),
            SafetensorsTensor.From("bool", new bool[] { true, false }, 2),
            SafetensorsTensor.From("empty", Array.Empty<float>(), 3, 0, 5),
        ], new Dictionary<string, string> { ["b"] = "line\n\"quoted\" \\ é 😀", ["a"] = string.Empty });

        using SafetensorsFile file = SafetensorsFile.Open(path);

        Assert.Multiple(() =>
        {
            Assert.That(file.Entries, Has.Count.EqualTo(14));
            Assert.That(file.Metadata["b"], Is.EqualTo("line\n\"quoted\" \\ é 😀"));
            Assert.That(file.Metadata["a"], Is.Empty);
            Assert.That(file.ReadFloat64("f64"), Is.EqualTo(doubles));
            Assert.That(file.ReadFloat32("f32"), Is.EqualTo(floats));
            Assert.That(file.ReadFloat32("f16"), Is.EqualTo(new float[] { 0.5f, -65504f }));
            Assert.That(file.ReadFloat64("bf16"), Is.EqualTo(new double[] { 1, -10 }));
            Assert.That(file.ReadInt64("i64"), Is.EqualTo(longs));
            Assert.That(file.ReadInt32("i32"), Is.EqualTo(new int[] { -5 }));
            Assert.That(file.ReadInt64("i16"), Is.EqualTo(new long[] { -3, 3 }));
            Assert.That(file.ReadInt32("i8"), Is.EqualTo(new int[] { -128, 127 }));
            Assert.That(file.ReadFloat32("u8"), Is.EqualTo(new float[] { 0, 255, 7 }));
            Assert.That(file.ReadInt32("u16"), Is.EqualTo(new int[] { 65535 }));
            Assert.That(file.ReadInt64("u32"), Is.EqualTo(new long[] { uint.MaxValue }));
            Assert.That(file.ReadInt64("u64"), Is.EqualTo(new long[] { long.MaxValue }));
            Assert.That(file.ReadInt32("bool"), Is.EqualTo(new int[] { 1, 0 }));
            Assert.That(file.ReadFloat32("empty"), Is.Empty);
            Assert.That(file.Entries["empty"].Shape, Is.EqualTo(new long[] { 3, 0, 5 }));
            Assert.That(file.Entries["i32"].Shape, Is.Empty);
            Assert.That(file.Bytes("u8").ToArray(), Is.EqualTo(new byte[] { 0, 255, 7 }));
        });
    }

    [Test]
    public void Write_AnyOrder_GivesTheReferenceLayout()
    {
        SafetensorsTensor[] tensors =
        [
            SafetensorsTensor.From("b", new float[] { 1 }, 1),
            SafetensorsTensor.From("z", new byte[] { 9 }, 1),
            SafetensorsTensor.From("a", new float[] { 2 }, 1),
            SafetensorsTensor.From("y", new double[] { 3 }),
        ];
        using MemoryStream one = new();
        using MemoryStream other = new();
        Safetensors.Write(one, tensors, new Dictionary<string, string> { ["k"] = "v", ["j"] = "u" });
        Safetensors.Write(other, tensors.Reverse(), new Dictionary<string, string> { ["j"] = "u", ["k"] = "v" });

        const string Header =
            """{"__metadata__":{"j":"u","k":"v"},"y":{"dtype":"F64","shape":[],"data_offsets":[0,8]},"""
            + """
            "a":{"dtype":"F32","shape":[1],"data_offsets":[8,12]},"b":{"dtype":"F32","shape":[1],"data_offsets":[12,16]},"z":{"dtype":"U8","shape":[1],"data_offsets":[16,17]}}
            """;
        byte[] bytes = one.ToArray();
        long length = BinaryPrimitives.ReadInt64LittleEndian(bytes);
        Assert.Multiple(() =>
        {
            Assert.That(other.ToArray(), Is.EqualTo(bytes));
            Assert.That(length % 8, Is.Zero);
            Assert.That(Encoding.UTF8.GetString(bytes, 8, (int)length).TrimEnd(' '), Is.EqualTo(Header));
            Assert.That(bytes, Has.Length.EqualTo(8 + length + 17));
        });
    }

    [TestCase("", "byte 0: a file begins with the 8 bytes of its header's length; it has 0.")]
    [TestCase("abc", "byte 3: a file begins with the 8 bytes of its header's length; it has 3.")]
    public void Open_NoHeaderLength_IsRefused(string content, string message) =>
        AssertRefused(Encoding.ASCII.GetBytes(content), message);

    [TestCase(100_000_001UL, "byte 0: a header may have at most 100,000,000 bytes; this one claims 100,000,001.")]
    [TestCase(ulong.MaxValue, "byte 0: a header may have at most 100,000,000 bytes; this one claims 18,446,744,073,709,551,615.")]
    [TestCase(3UL, "byte 0: the header claims 3 bytes but only 2 follow; the file may be cut off.")]
    [TestCase(0UL, "byte 8: the header must begin with '{'.")]
    public void Open_WrongHeaderLength_IsRefused(ulong claimed, string message)
    {
        byte[] file = [0, 0, 0, 0, 0, 0, 0, 0, (byte)'{', (byte)'}'];
        BinaryPrimitives.WriteUInt64LittleEndian(file, claimed);
        AssertRefused(file, message);
    }

    private const string Good = "\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]";

    // A dollar sign stands for the valid fields of a tensor of eight bytes.
    [TestCase(" {}", 0, "byte 8: the header must begin with '{'.")]
    [TestCase("[]", 0, "byte 8: the header must begin with '{'.")]
    [TestCase("{\"a\":1}", 0, "byte 13: tensor \"a\" must be an object.")]
    [TestCase("{\"a\":{$}", 8, "byte 61: the header is not valid JSON")]
    [TestCase("{\n\n  \"a\" 5}", 0, "byte 17: the header is not valid JSON: '5' is invalid after a property name. Expected a ':'.")]
    [TestCase("{} x", 0, "byte 11: the header is not valid JSON")]
    [TestCase("{}{}", 0, "byte 10: the header is not valid JSON")]
    [TestCase("{\"a\":{$},}", 8, "byte 62: the header is not valid JSON")]
    [TestCase("{\"\\ud800\":{$}}", 8, "byte 9: a string escapes half of a surrogate pair.")]
    [TestCase("{\"a\":{\"\\ude00\":0}}", 8, "byte 14: a string escapes half of a surrogate pair.")]
    [TestCase("{\"a\":{$},\"a\":{$}}", 8, "byte 62: the name \"a\" stands twice.")]
    [TestCase("{\"a\":{$},\"b\":{$}}", 8, "byte 93: tensor \"b\" begins at data byte 0 and overlaps the tensor before it, which ends at 8.")]
    [TestCase("{\"a\":{$,\"dtype\":\"F32\"}}", 8, "byte 61: tensor \"a\" gives one of dtype, shape, data_offsets twice.")]
    [TestCase("{\"a\":{\"dtype\":\"F32\",\"shape\":[2]}}", 8, "byte 9: tensor \"a\" must have dtype, shape and data_offsets.")]
    [TestCase("{\"a\":{}}", 0, "byte 9: tensor \"a\" must have dtype, shape and data_offsets.")]
    [TestCase("{\"a\":{\"dtype\":\"F31\"}}", 0, "byte 22: tensor \"a\": dtype \"F31\" is not one of F64, F32, F16,")]
    [TestCase("{\"a\":{\"dtype\":\"f32\"}}", 0, "byte 22: tensor \"a\": dtype \"f32\" is not one of")]
    [TestCase("{\"a\":{\"dtype\":32}}", 0, "byte 22: tensor \"a\": dtype must be a string.")]
    [TestCase("{\"a\":{\"shape\":2}}", 0, "byte 22: tensor \"a\": shape must be an array.")]
    [TestCase("{\"a\":{\"shape\":[-1]}}", 0, "byte 23: tensor \"a\": a size in shape must be a whole number from 0 to 9,223,372,036,854,775,807.")]
    [TestCase("{\"a\":{\"shape\":[-0]}}", 0, "byte 23: tensor \"a\": a size in shape must be a whole number")]
    [TestCase("{\"a\":{\"shape\":[1.0]}}", 0, "byte 23: tensor \"a\": a size in shape must be a whole number")]
    [TestCase("{\"a\":{\"shape\":[1e2]}}", 0, "byte 23: tensor \"a\": a size in shape must be a whole number")]
    [TestCase("{\"a\":{\"shape\":[\"2\"]}}", 0, "byte 23: tensor \"a\": a size in shape must be a whole number")]
    [TestCase("{\"a\":{\"shape\":[9223372036854775808]}}", 0, "byte 23: tensor \"a\": a size in shape must be a whole number")]
    [TestCase("{\"a\":{\"data_offsets\":[0]}}", 0, "byte 31: tensor \"a\": data_offsets must be a whole number")]
    [TestCase("{\"a\":{\"data_offsets\":[0,8,8]}}", 0, "byte 34: tensor \"a\": data_offsets must be an array of two numbers.")]
    [TestCase("{\"a\":{\"data_offsets\":8}}", 0, "byte 29: tensor \"a\": data_offsets must be an array of two numbers.")]
    [TestCase("{\"a\":{\"data_offsets\":[-8,0]}}", 0, "byte 30: tensor \"a\": data_offsets must be a whole number from 0")]
    [TestCase("{\"a\":{\"dtype\":\"F32\",\"shape\":[4,3],\"data_offsets\":[0,40]}}", 40,
        "byte 42: tensor \"a\" spans 40 bytes but its shape [4, 3] of F32 needs 48.")]
    [TestCase("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[8,0]}}", 8, "byte 40: tensor \"a\" ends at data byte 0, before its begin 8.")]
    [TestCase("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[4,12]}}", 12,
        "byte 40: tensor \"a\" begins at data byte 4 and leaves a hole before it, which ends at 0.")]
    [TestCase("{\"a\":{$}}", 4, "byte 40: tensor \"a\" ends at data byte 8 but the file holds 4; it may be cut off.")]
    [TestCase("{\"a\":{$}}", 9, "byte 70: 1 bytes follow the last tensor.")]
    [TestCase("{}", 1, "byte 10: 1 bytes follow the last tensor.")]
    [TestCase("{\"a\":{\"dtype\":\"F32\",\"shape\":[4294967296,4294967296],\"data_offsets\":[0,0]}}", 0,
        "byte 60: tensor \"a\": the size of its shape [4294967296, 4294967296] of F32 passes 63 bits.")]
    [TestCase("{\"a\":{\"dtype\":\"F32\",\"shape\":[4611686018427387904],\"data_offsets\":[0,0]}}", 0,
        "byte 58: tensor \"a\": the size of its shape [4611686018427387904] of F32 passes 63 bits.")]
    [TestCase("{\"__metadata__\":{\"a\":1}}", 0, "byte 29: metadata key \"a\" must have a string as its value.")]
    [TestCase("{\"__metadata__\":{\"a\":null}}", 0, "byte 29: metadata key \"a\" must have a string as its value.")]
    [TestCase("{\"__metadata__\":[]}", 0, "byte 24: \"__metadata__\" must be an object of strings.")]
    [TestCase("{\"__metadata__\":{\"a\":\"\",\"a\":\"\"}}", 0, "byte 32: metadata key \"a\" stands twice.")]
    [TestCase("{\"__metadata__\":{},\"__metadata__\":{}}", 0, "byte 27: the name \"__metadata__\" stands twice.")]
    public void Open_MalformedHeader_IsRefusedWithPathOffsetAndRule(string header, int dataBytes, string message) =>
        AssertRefused(Make(header.Replace("$", Good, StringComparison.Ordinal), dataBytes), message);

    [Test]
    public void Open_InvalidUtf8_IsRefusedAtTheByte()
    {
        byte[] file = Make("{\"a?\":{}}", 0);
        file[8 + 3] = 0xC3;
        AssertRefused(file, "byte 11: the header is not valid UTF-8.");
    }

    [Test]
    public void Open_TooManyDimensions_IsRefused()
    {
        string sizes = string.Join(',', Enumerable.Repeat("1", 65));
        AssertRefused(Make($"{{\"a\":{{\"shape\":[{sizes}]}}}}", 0), "tensor \"a\": a shape may have at most 64 dimensions.");
    }

    [TestCase("{}", 0)]
    [TestCase("{\"__metadata__\":null}", 0)]
    [TestCase("{\"a\":{$}}   ", 8)]
    [TestCase("{\"a\":{$,\"later\":{\"x\":[1,{}]}}}", 8)]
    [TestCase("{\"e\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[8,8]},\"a\":{$}}", 8)]
    [TestCase("{\"a\":{$},\"e\":{\"dtype\":\"U8\",\"shape\":[0,7],\"data_offsets\":[0,0]}}", 8)]
    public void Open_UnusualButValidHeader_IsRead(string header, int dataBytes)
    {
        string path = _folder.File("x.safetensors", Make(header.Replace("$", Good, StringComparison.Ordinal), dataBytes));
        using SafetensorsFile file = SafetensorsFile.Open(path);
        if (file.Entries.ContainsKey("a"))
        {
            Assert.That(file.ReadFloat32("a"), Is.EqualTo(new float[] { 0, 0 }));
        }
        Assert.That(file.Metadata, Is.Empty);
    }

    [Test]
    public void Read_UnalignedData_GivesTheValues()
    {
        byte[] file = Make("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[1,9]},\"p\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}", 9);
        BinaryPrimitives.WriteSingleLittleEndian(file.AsSpan(file.Length - 8), 1.25f);
        BinaryPrimitives.WriteSingleLittleEndian(file.AsSpan(file.Length - 4), -2.5f);
        using SafetensorsFile open = SafetensorsFile.Open(_folder.File("x.safetensors", file));
        Assert.That(open.ReadFloat32("a"), Is.EqualTo(new float[] { 1.25f, -2.5f }));
        Assert.That(open.ReadFloat64("a"), Is.EqualTo(new double[] { 1.25, -2.5 }));
    }

    [Test]
    public void Read_ValueThatDoesNotFit_IsRefusedAtItsByte()
    {
        string path = _folder.File("x.safetensors");
        Safetensors.Write(path,
        [
            SafetensorsTensor.From("d", new double[] { 1, 1e300 }, 2),
            SafetensorsTensor.From("l", new long[] { 1L << 53, (1L << 53) + 1, -1L << 31 }, 3),
            SafetensorsTensor.From("u", new ulong[] { ulong.MaxValue }, 1),
        ]);
        using SafetensorsFile file = SafetensorsFile.Open(path);
        long at = file.Entries["l"].ByteOffset;
        Assert.Multiple(() =>
        {
            Assert.That(() => file.ReadFloat32("d"), Throws.TypeOf<InvalidDataException>().With.Message.EqualTo(
                $"{path}: byte {file.Entries["d"].ByteOffset + 8}: tensor \"d\" holds 1E+300, which float32 cannot hold; read it as float64."));
            Assert.That(() => file.ReadInt32("l"), Throws.TypeOf<InvalidDataException>().With.Message.EqualTo(
                $"{path}: byte {at}: tensor \"l\" holds 9007199254740992, outside -2,147,483,648 to 2,147,483,647; read it as a wider type."));
            Assert.That(() => file.ReadFloat64("l"), Throws.TypeOf<InvalidDataException>().With.Message.Contain($"byte {at + 8}:"));
            Assert.That(() => file.ReadInt64("u"), Throws.TypeOf<InvalidDataException>().With.Message.Contain("holds 18446744073709551615"));
            Assert.That(() => file.ReadInt64("d"), Throws.TypeOf<InvalidDataException>().With.Message.Contain("is F64; whole numbers"));
        });
    }

    [Test]
    public void Read_EveryHalf_IsWidenedExactly()
    {
        ushort[] bits = [.. Enumerable.Range(0, 65536).Select(i => (ushort)i)];
        Half[] halves = [.. bits.Select(BitConverter.UInt16BitsToHalf)];
        string path = _folder.File("x.safetensors");
        Safetensors.Write(path, [SafetensorsTensor.From("h", halves, 256, 256)]);
        using SafetensorsFile file = SafetensorsFile.Open(path);
        Assert.That(file.ReadFloat32("h"), Is.EqualTo(halves.Select(half => (float)half)));
        Assert.That(file.ReadFloat64("h"), Is.EqualTo(halves.Select(half => (double)half)));
    }

    [Test]
    public void Read_BeyondFourGibibytes_GivesTheValuesThatLieThere()
    {
        const long Big = 5_000_000_000;
        string header = $"{{\"tail\":{{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[{Big},{Big + 4}]}},"
            + $"\"big\":{{\"dtype\":\"U8\",\"shape\":[{Big}],\"data_offsets\":[0,{Big}]}}}}";
        string path = _folder.File("big.safetensors", Make(header, 0));
        using (FileStream stream = new(path, FileMode.Open))
        {
            // The file system keeps the hole without storing it.
            stream.SetLength(stream.Length + Big);
            stream.Position = stream.Length;
            stream.Write([0, 0, 0x20, 0xC0]);
        }
        using SafetensorsFile file = SafetensorsFile.Open(path);
        Assert.Multiple(() =>
        {
            Assert.That(file.ReadFloat32("tail"), Is.EqualTo(new float[] { -2.5f }));
            Assert.That(() => file.Bytes("big").Length, Throws.ArgumentException.With.Message.Contain("a span holds at most 2,147,483,647 bytes"));
            Assert.That(() => file.ReadInt32("big"), Throws.ArgumentException.With.Message.Contain("an array holds at most"));
        });
    }

    [Test]
    public void Read_WrongNameLengthOrAfterDispose_IsRefused()
    {
        string path = _folder.File("x.safetensors");
        Safetensors.Write(path, [SafetensorsTensor.From("weight", new float[] { 1, 2 }, 2)]);
        SafetensorsFile file = SafetensorsFile.Open(path);
        Assert.That(() => file.ReadFloat32("wieght"), Throws.ArgumentException.With.Message.StartsWith(
            $"{path}: no tensor \"wieght\"; the file has 1, for example \"weight\"."));
        Assert.That(() => file.ReadFloat32("weight", new float[3]), Throws.ArgumentException.With.Message.StartsWith(
            $"{path}: tensor \"weight\" has 2 elements; got room for 3."));
        file.Dispose();
        file.Dispose();
        Assert.That(() => file.Bytes("weight").Length, Throws.TypeOf<ObjectDisposedException>());
    }

    [Test]
    public void Write_WrongNamesOrShapes_AreRefusedBeforeAnythingIsWritten()
    {
        string path = _folder.File("x.safetensors");
        SafetensorsTensor one = SafetensorsTensor.From("a", new float[] { 1 }, 1);
        Assert.Multiple(() =>
        {
            Assert.That(() => Safetensors.Write(path, [one, one]), Throws.ArgumentException.With.Message.Contain("\"a\" stands twice"));
            Assert.That(() => Safetensors.Write(path, [SafetensorsTensor.From("__metadata__", new float[] { 1 }, 1)]),
                Throws.ArgumentException.With.Message.Contain("is reserved"));
            Assert.That(() => Safetensors.Write(path, [SafetensorsTensor.From("\ud800", new float[] { 1 }, 1)]),
                Throws.ArgumentException.With.Message.Contain("surrogate"));
            Assert.That(() => SafetensorsTensor.From("a", new float[] { 1 }, 2), Throws.ArgumentException.With.Message.EqualTo(
                "SafetensorsTensor \"a\": values must fill the shape [2]; got 1 values."));
            Assert.That(() => SafetensorsTensor.From("a", new decimal[] { 1 }, 1), Throws.ArgumentException);
            Assert.That(Directory.GetFiles(_folder.Root), Is.Empty);
        });
    }

    internal static byte[] Make(string header, int dataBytes)
    {
        byte[] json = Encoding.UTF8.GetBytes(header);
        byte[] file = new byte[8 + json.Length + dataBytes];
        BinaryPrimitives.WriteInt64LittleEndian(file, json.Length);
        json.CopyTo(file, 8);
        return file;
    }

    private void AssertRefused(byte[] content, string message)
    {
        string path = _folder.File("bad.safetensors", content);
        Assert.That(() => SafetensorsFile.Open(path).Dispose(),
            Throws.TypeOf<InvalidDataException>().With.Message.StartsWith($"{path}: byte ").And.Message.Contain(message));
    }
}
