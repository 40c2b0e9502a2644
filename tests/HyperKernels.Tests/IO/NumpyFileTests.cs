using System.Buffers.Binary;
using System.Text;
using HyperKernels.IO;
using NUnit.Framework;

namespace HyperKernels.Tests.IO;

[TestFixture]
internal sealed class NumpyFileTests
{
    private TestData.TemporaryFolder _folder = null!;

    [SetUp]
    public void SetUp() => _folder = TestData.Temporary();

    [TearDown]
    public void TearDown() => _folder.Dispose();

    [Test]
    public void Write_EveryType_ReadsBackEqual()
    {
        NumericArray[] arrays =
        [
            NumericArray.From(new double[] { 1, -2.5 }, 2),
            NumericArray.From(new float[] { 1, -2.5f, 3, 4, 5, 6 }, 1, 2, 3),
            NumericArray.From(new Half[] { (Half)0.5f }),
            NumericArray.From(new long[] { long.MinValue }, 1),
            NumericArray.From(new int[] { int.MinValue, 7 }, 2, 1),
            NumericArray.From(new short[] { -2 }, 1),
            NumericArray.From(new sbyte[] { -2 }, 1),
            NumericArray.From(new byte[] { 200 }, 1),
            NumericArray.From(new ushort[] { 60000 }, 1),
            NumericArray.From(new uint[] { uint.MaxValue }, 1),
            NumericArray.From(new ulong[] { ulong.MaxValue }, 1),
            NumericArray.From(new bool[] { true, false }, 2),
            NumericArray.From(Array.Empty<float>(), 0, 4),
        ];
        string path = _folder.File("x.npy");
        foreach (NumericArray array in arrays)
        {
            NumpyFile.Write(path, array);
            NumericArray read = NumpyFile.Read(path);
            Assert.That((read.Type, read.Shape, read.Bytes.ToArray()), Is.EqualTo((array.Type, array.Shape, array.Bytes.ToArray())));
        }
    }

    [Test]
    public void WriteArchive_OfAnArrayOrANameThatIsNull_SaysWhich()
    {
        NumericArray array = NumericArray.From([1f], 1);
        string path = Path.Combine(Path.GetTempPath(), "hyperkernels-not-written.npz");
        Assert.That(
            () => NumpyArchive.Write(path, [new("a", array), new("b", null!)]),
            Throws.ArgumentException.With.Message.EqualTo("NumpyArchive.Write: every array must have a name and be there; number 1 of them has no array."));
        Assert.That(() => NumpyArchive.Write(path, [new(null!, array)]), Throws.ArgumentException.With.Message.EndsWith("number 0 of them has no name."));
        Assert.That(File.Exists(path), Is.False);
    }

    [Test]
    public void Write_TwoByThree_GivesTheBytesNumpyGives()
    {
        string path = _folder.File("x.npy");
        NumpyFile.Write(path, NumericArray.From(new float[] { 1, 2, 3, 4, 5, 6 }, 2, 3));
        byte[] bytes = File.ReadAllBytes(path);
        string text = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }".PadRight(117) + "\n";
        Assert.Multiple(() =>
        {
            Assert.That(bytes, Has.Length.EqualTo(128 + 24));
            Assert.That(bytes[..10], Is.EqualTo(new byte[] { 0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59, 1, 0, 118, 0 }));
            Assert.That(Encoding.ASCII.GetString(bytes, 10, 118), Is.EqualTo(text));
            Assert.That(BinaryPrimitives.ReadSingleLittleEndian(bytes.AsSpan(148)), Is.EqualTo(6f));
        });
    }

    [TestCase(1)]
    [TestCase(2)]
    [TestCase(3)]
    public void Read_EveryVersionBigEndianFortranOrder_GivesRowMajorValues(int version)
    {
        // Element (i, j, k) of shape [2, 3, 4] holds 100 i + 10 j + k; Fortran order lets the first index run fastest.
        byte[] data = new byte[2 * 3 * 4 * 4];
        int at = 0;
        for (int k = 0; k < 4; k++)
        {
            for (int j = 0; j < 3; j++)
            {
                for (int i = 0; i < 2; i++, at += 4)
                {
                    BinaryPrimitives.WriteInt32BigEndian(data.AsSpan(at), (100 * i) + (10 * j) + k);
                }
            }
        }
        string header = "{\"shape\": (2L, 3, 4,), 'fortran_order':True,'descr' : '>i4'}\n";
        NumericArray array = NumpyFile.Read(_folder.File("x.npy", Make(header, data, version)));
        int[] expected = [.. from i in Enumerable.Range(0, 2) from j in Enumerable.Range(0, 3) from k in Enumerable.Range(0, 4)
                             select (100 * i) + (10 * j) + k];
        Assert.That(array.ToInt32(), Is.EqualTo(expected));
        Assert.That(array.ToFloat32(), Is.EqualTo(expected));
        Assert.That(array.ToInt64(), Is.EqualTo(expected));
        Assert.That(array.Shape, Is.EqualTo(new long[] { 2, 3, 4 }));
    }

    [Test]
    public void Read_BigEndianDoubles_GivesTheValues()
    {
        byte[] data = new byte[16];
        BinaryPrimitives.WriteDoubleBigEndian(data, -0.125);
        BinaryPrimitives.WriteDoubleBigEndian(data.AsSpan(8), 1e300);
        NumericArray array =
            NumpyFile.Read(_folder.File("x.npy", Make("{'descr': '>f8', 'fortran_order': False, 'shape': (2,), }", data, 1)));
        Assert.That(array.ToFloat64(), Is.EqualTo(new double[] { -0.125, 1e300 }));
        Assert.That(() => array.ToFloat32(), Throws.TypeOf<InvalidDataException>().With.Message.Contain("byte 75: the array holds 1E+300"));
    }

    [Test]
    public void ToInt32_OfFortranOrder_NamesTheWholeArray()
    {
        byte[] data = new byte[4 * 8];
        data[15] = 1;
        NumericArray array =
            NumpyFile.Read(_folder.File("x.npy", Make("{'descr': '<i8', 'fortran_order': True, 'shape': (2, 2), }", data, 1)));
        Assert.That(() => array.ToInt32(), Throws.TypeOf<InvalidDataException>().With.Message.Contain(
            "byte 68: the array holds 72057594037927936, outside -2,147,483,648 to 2,147,483,647; read it as a wider type."));
    }

    private const string Descr = "'descr': '<f4'";
    private const string Order = "'fortran_order': False";

    [TestCase("[]", 0, "byte 10: the header must have a dictionary here.")]
    [TestCase("{", 0, "byte 11: a quoted string must stand here.")]
    [TestCase("{'descr", 0, "byte 12: a quoted string must end.")]
    [TestCase("{'descr' '<f4'}", 0, "byte 19: the header must have ':' after a key here.")]
    [TestCase("{" + Descr + ", " + Order + "}", 0, "byte 10: the header must have the keys descr, fortran_order and shape.")]
    [TestCase("{" + Descr + " " + Order + "}", 0, "byte 26: the header must have ',' or '}' after a value here.")]
    [TestCase("{" + Descr + ", " + Descr + "}", 0, "byte 27: the key descr stands twice.")]
    [TestCase("{" + Descr + ", 'more': 1}", 0, "byte 27: the header must have the keys descr, fortran_order and shape; got \"more\".")]
    [TestCase("{'descr': '|O'}", 0, "byte 20: an array of Python objects holds pickles, which could run code and are never read; save it with a numeric dtype.")]
    [TestCase("{'descr': [('a', '<f4')]}", 0, "byte 20: structured arrays are not supported; save each field as an array of its own.")]
    [TestCase("{'descr': '<U5'}", 0, "byte 20: dtype \"<U5\" is not '<' or '>' with one of")]
    [TestCase("{'descr': '|f4'}", 0, "byte 20: dtype \"|f4\" is not")]
    [TestCase("{'descr': '=f4'}", 0, "byte 20: dtype \"=f4\" is not")]
    [TestCase("{'descr': ''}", 0, "byte 20: dtype \"\" is not")]
    [TestCase("{'descr': '<c8'}", 0, "byte 20: dtype \"<c8\" is not")]
    [TestCase("{'fortran_order': 0}", 0, "byte 28: fortran_order must be True or False.")]
    [TestCase("{'shape': [1]}", 0, "byte 20: the header must have '(' of the shape here.")]
    [TestCase("{'shape': (1)}", 0, "byte 22: the header must have ',' after a size here.")]
    [TestCase("{'shape': (-1,)}", 0, "byte 21: a size in shape must be a whole number from 0 to")]
    [TestCase("{'shape': (,)}", 0, "byte 21: a size in shape must be a whole number from 0 to")]
    [TestCase("{'shape': (9223372036854775808,)}", 0, "byte 21: a size in shape must be a whole number from 0 to")]
    [TestCase("{" + Descr + ", " + Order + ", 'shape': (2, 3), } x", 24, "byte 70: only white space may follow the dictionary.")]
    [TestCase("{" + Descr + ", " + Order + ", 'shape': (2, 3), }", 23,
        "byte 69: the header promises 24 bytes of F32 [2, 3] but the file can hold 23; it may be cut off.")]
    [TestCase("{" + Descr + ", " + Order + ", 'shape': (2, 3), }", 25, "byte 93: the file must end after its elements; more bytes follow.")]
    [TestCase("{" + Descr + ", " + Order + ", 'shape': (4294967296, 4294967296), }", 0,
        "the size of shape [4294967296, 4294967296] of F32 passes 63 bits.")]
    [TestCase("{" + Descr + ", " + Order + ", 'shape': (1000000000,), }", 0, "may have at most 2,147,483,591 bytes; the header promises 4,000,000,000.")]
    public void Read_MalformedHeader_IsRefusedWithPathOffsetAndRule(string header, int dataBytes, string message) =>
        AssertRefused(Make(header, new byte[dataBytes], 1), message);

    [Test]
    public void Read_WrongStart_IsRefused()
    {
        byte[] good = Make("{" + Descr + ", " + Order + ", 'shape': (), }", new byte[4], 1);
        AssertRefused([], "byte 0: the file ends inside the magic string and version; 8 bytes were due, 0 came.");
        AssertRefused(good[..9], "byte 9: the file ends inside the header's length; 2 bytes were due, 1 came.");
        AssertRefused(good[..20], "byte 10: the header promises 55 bytes of header but the file can hold 10; it may be cut off.");
        AssertRefused([0x93, .. "nUMPY"u8, .. good[6..]], "byte 0: a .npy file begins with the bytes 93 'NUMPY'.");
        AssertRefused([.. good[..6], 4, 0, .. good[8..]], "byte 6: the version must be 1.0, 2.0 or 3.0; got 4.0.");
        AssertRefused([.. good[..6], 1, 1, .. good[8..]], "byte 6: the version must be 1.0, 2.0 or 3.0; got 1.1.");
        AssertRefused([.. good[..6], 2, 0, 0, 0, 1, 0], "byte 8: a header may have at most 65,535 bytes; this one claims 65,536.");
        Assert.That(NumpyFile.Read(_folder.File("good.npy", good)).ToFloat32(), Is.EqualTo(new float[] { 0 }));
    }

    [TestCase(false)]
    [TestCase(true)]
    public void Archive_WrittenAndRead_GivesTheSameArrays(bool compress)
    {
        Dictionary<string, NumericArray> arrays = new()
        {
            ["weight"] = NumericArray.From(Enumerable.Range(0, 3000).Select(i => (float)(i % 17)).ToArray(), 30, 100),
            ["nested/name é"] = NumericArray.From(new long[] { 1, 2, 3 }, 3),
            ["empty"] = NumericArray.From(Array.Empty<double>(), 0),
        };
        string path = _folder.File("x.npz");
        NumpyArchive.Write(path, arrays, compress);
        byte[] first = File.ReadAllBytes(path);
        NumpyArchive.Write(path, arrays, compress);

        IReadOnlyDictionary<string, NumericArray> read = NumpyArchive.Read(path);

        Assert.That(File.ReadAllBytes(path), Is.EqualTo(first), "the same arrays give the same bytes");
        Assert.That(first, Has.Length.LessThan(compress ? 3000 : 20000).And.Length.GreaterThan(compress ? 100 : 12000));
        Assert.That(read.Keys, Is.EquivalentTo(arrays.Keys));
        foreach ((string name, NumericArray array) in arrays)
        {
            Assert.That((read[name].Type, read[name].Shape, read[name].Bytes.ToArray()),
                Is.EqualTo((array.Type, array.Shape, array.Bytes.ToArray())), name);
        }
    }

    [Test]
    public void Archive_DamagedMember_IsRefusedByItsChecksum()
    {
        string path = _folder.File("x.npz");
        NumpyArchive.Write(path, [new("w", NumericArray.From(new float[] { 1, 2, 3 }, 3))]);
        byte[] bytes = File.ReadAllBytes(path);
        int at = bytes.AsSpan().IndexOf((ReadOnlySpan<byte>)[0, 0, 0x80, 0x3F, 0, 0, 0, 0x40]);
        bytes[at] ^= 1;
        File.WriteAllBytes(path, bytes);
        Assert.That(() => NumpyArchive.Read(path), Throws.TypeOf<InvalidDataException>()
            .With.Message.StartsWith($"{path}/w.npy: byte 140: the checksum must be "));
    }

    [Test]
    public void Archive_NotAnArrayTwiceOrCutOff_IsRefused()
    {
        string path = _folder.File("x.npz");
        NumpyArchive.Write(path, [new("aa", NumericArray.From(new float[] { 1 }, 1)), new("ab", NumericArray.From(new float[] { 1 }, 1))]);
        byte[] bytes = File.ReadAllBytes(path);
        byte[] twice = Replace(bytes, "ab.npy"u8, "aa.npy"u8);
        byte[] text = Replace(bytes, "ab.npy"u8, "ab.txt"u8);
        Assert.Multiple(() =>
        {
            Assert.That(() => NumpyArchive.Read(_folder.File("t.npz", twice)), Throws.TypeOf<InvalidDataException>()
                .With.Message.Contain("t.npz/aa.npy: byte 0: the name stands twice in the archive."));
            Assert.That(() => NumpyArchive.Read(_folder.File("n.npz", text)), Throws.TypeOf<InvalidDataException>()
                .With.Message.Contain("n.npz/ab.txt: byte 0: every member of an .npz archive must end in .npy."));
            Assert.That(() => NumpyArchive.Read(_folder.File("c.npz", bytes.AsSpan(0, bytes.Length / 2))),
                Throws.TypeOf<InvalidDataException>().With.Message.Contain("c.npz: byte 0: the zip archive is damaged: "));
            Assert.That(() => NumpyArchive.Write(path, [new("a", NumericArray.From(new float[] { 1 }, 1)), new("a", NumericArray.From(new float[] { 1 }, 1))]),
                Throws.ArgumentException);
            Assert.That(File.ReadAllBytes(path), Is.EqualTo(bytes));
        });
    }

    internal static byte[] Make(string header, byte[] data, int version)
    {
        byte[] text = Encoding.Latin1.GetBytes(header);
        byte[] length = new byte[version == 1 ? 2 : 4];
        if (version == 1)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(length, (ushort)text.Length);
        }
        else
        {
            BinaryPrimitives.WriteInt32LittleEndian(length, text.Length);
        }
        return [0x93, .. "NUMPY"u8, (byte)version, 0, .. length, .. text, .. data];
    }

    private static byte[] Replace(byte[] bytes, ReadOnlySpan<byte> old, ReadOnlySpan<byte> with)
    {
        byte[] changed = [.. bytes];
        int at;
        while ((at = changed.AsSpan().IndexOf(old)) >= 0)
        {
            with.CopyTo(changed.AsSpan(at));
        }
        return changed;
    }

    private void AssertRefused(byte[] content, string message)
    {
        string path = _folder.File("bad.npy", content);
        Assert.That(() => NumpyFile.Read(path),
            Throws.TypeOf<InvalidDataException>().With.Message.StartsWith($"{path}: byte ").And.Message.Contain(message));
    }
}
