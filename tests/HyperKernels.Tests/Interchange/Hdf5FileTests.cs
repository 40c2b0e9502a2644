using System.Diagnostics;
using HyperKernels.Interchange;
using HyperKernels.IO;
using PureHDF;

namespace HyperKernels.Tests.Interchange;

/// <summary>Data sets come out of HDF5 files whole and by rows, also of files that HDF5's own tools wrote.</summary>
public sealed class Hdf5FileTests
{
    [Test]
    public void Read_OfEveryType()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        string path = Write(folder);
        Assert.That(Hdf5File.Names(path), Is.EquivalentTo(new[] { "/train/images", "/train/labels", "/f64", "/i8", "/u16", "/i64", "/texts" }));
        NumericArray images = Hdf5File.Read(path, "/train/images");
        Assert.Multiple(() =>
        {
            Assert.That(images.Shape, Is.EqualTo(new long[] { 4, 2, 3 }));
            Assert.That(images.ToFloat32(), Is.EqualTo(Enumerable.Range(0, 24).Select(i => i / 2f)));
            Assert.That(Hdf5File.Read(path, "train/labels").Type, Is.EqualTo(StoredType.U8));
            Assert.That(Hdf5File.Read(path, "/train/labels").ToInt32(), Is.EqualTo(new[] { 3, 1, 200, 4 }));
            Assert.That(Hdf5File.Read(path, "/f64").ToFloat64(), Is.EqualTo(new[] { 0.1, -1e300 }));
            Assert.That(Hdf5File.Read(path, "/i8").ToInt32(), Is.EqualTo(new[] { -1, 2 }));
            Assert.That(Hdf5File.Read(path, "/u16").ToInt32(), Is.EqualTo(new[] { 60000, 2 }));
            Assert.That(Hdf5File.Read(path, "/i64").ToInt64(), Is.EqualTo(new[] { -1L << 40, 2 }));
        });
    }

    [Test]
    public void Read_OfRows_TakesThemAlone()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        string path = Write(folder);
        NumericArray rows = Hdf5File.Read(path, "/train/images", start: 1, rows: 2);
        Assert.That(rows.Shape, Is.EqualTo(new long[] { 2, 2, 3 }));
        Assert.That(rows.ToFloat32(), Is.EqualTo(Enumerable.Range(6, 12).Select(i => i / 2f)));
        Assert.That(Hdf5File.Read(path, "/train/labels", 3, null).ToInt32(), Is.EqualTo(new[] { 4 }));
        Assert.That(() => Hdf5File.Read(path, "/train/labels", 3, 2), Throws.TypeOf<InvalidDataException>().With.Message.Contains("rows 3 to 5 were asked for"));
    }

    [Test]
    public void Read_OfWhatHdf5sOwnToolsWrote()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        File.WriteAllText(folder.File("numbers.txt"), "1.5 2.5 -3\n4 5 6\n");
        File.WriteAllText(folder.File("numbers.config"), "PATH table\nINPUT-CLASS TEXTFP\nRANK 2\nDIMENSION-SIZES 2 3\nOUTPUT-CLASS FP\nOUTPUT-SIZE 64\nOUTPUT-BYTE-ORDER LE\n");
        Run(folder, "h5import", "numbers.txt", "-c", "numbers.config", "-o", "numbers.h5");
        NumericArray numbers = Hdf5File.Read(folder.File("numbers.h5"), "/table");
        Assert.That(numbers.Shape, Is.EqualTo(new long[] { 2, 3 }));
        Assert.That(numbers.ToFloat64(), Is.EqualTo(new[] { 1.5, 2.5, -3, 4, 5, 6 }));
        // In chunks, shuffled and compressed, as published data sets are.
        Run(folder, "h5repack", "-l", "table:CHUNK=1x2", "-f", "table:SHUF", "-f", "table:GZIP=6", "numbers.h5", "packed.h5");
        Assert.That(Hdf5File.Read(folder.File("packed.h5"), "/table").ToFloat64(), Is.EqualTo(numbers.ToFloat64()));
    }

    [Test]
    public void Read_OfTheOtherByteOrder_IsRefused()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        File.WriteAllText(folder.File("numbers.txt"), "1.5 2.5\n");
        File.WriteAllText(
            folder.File("numbers.config"), "PATH table\nINPUT-CLASS TEXTFP\nRANK 1\nDIMENSION-SIZES 2\nOUTPUT-CLASS FP\nOUTPUT-SIZE 32\nOUTPUT-BYTE-ORDER BE\n");
        Run(folder, "h5import", "numbers.txt", "-c", "numbers.config", "-o", "numbers.h5");
        Assert.That(() => Hdf5File.Read(folder.File("numbers.h5"), "/table"), Throws.TypeOf<InvalidDataException>().With.Message.Contains("Byte order"));
    }

    [Test]
    public void Links_AreFollowed()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        H5File file = new() { ["g"] = new H5Group { ["d"] = new[] { 1f, 2f } }, ["l1"] = new H5SoftLink("/g/d"), ["h"] = new H5SoftLink("g") };
        for (int i = 2; i <= 16; i++)
        {
            file[$"l{i}"] = new H5SoftLink($"l{i - 1}");
        }
        file.Write(folder.File("x.h5"));
        Assert.That(Hdf5File.Names(folder.File("x.h5")), Does.Contain("/g/d").And.Contain("/h/d").And.Contain("/l1").And.Contain("/l16"));
        Assert.That(Hdf5File.Read(folder.File("x.h5"), "/h/d").ToFloat32(), Is.EqualTo(new[] { 1f, 2f }));
        Assert.That(Hdf5File.Read(folder.File("x.h5"), "l16").ToFloat32(), Is.EqualTo(new[] { 1f, 2f }));
    }

    // The library follows links of one group without reading: nothing stops it before the stack ends, and the process with it.
    [TestCase("x", "x")]
    [TestCase("x", "x/y/z")]
    [TestCase("x", "y", "y", "z/more", "z", "x")]
    public void Links_ThatLeadToThemselves_AreRefused(params string[] links)
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        H5Group inner = new() { ["d"] = new[] { 1f } };
        H5File file = new() { ["d"] = new[] { 1f }, ["inner"] = inner };
        for (int i = 0; i < links.Length; i += 2)
        {
            inner[links[i]] = new H5SoftLink(links[i + 1]);
        }
        string path = folder.File("x.h5");
        file.Write(path);
        Assert.That(() => Hdf5File.Names(path), Throws.TypeOf<InvalidDataException>().With.Message.Match($"^{path}: byte [1-9][0-9,]*: the link \"x\" leads to itself"));
        Assert.That(() => Hdf5File.Read(path, "/inner/d"), Throws.TypeOf<InvalidDataException>().With.Message.Contains("leads to itself"));
        Assert.That(() => Hdf5File.Read(path, "/inner/x"), Throws.TypeOf<InvalidDataException>().With.Message.Contains("leads to itself"));
        Assert.That(Hdf5File.Read(path, "/d").ToFloat32(), Is.EqualTo(new[] { 1f }), "nothing leads there from here");
    }

    [Test]
    public void Links_OverTooManyOthers_AreRefused()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        H5File file = new() { ["l0"] = new H5SoftLink("/nothing") };
        for (int i = 1; i <= 17; i++)
        {
            file[$"l{i}"] = new H5SoftLink($"l{i - 1}");
        }
        file.Write(folder.File("x.h5"));
        Assert.That(
            () => Hdf5File.Names(folder.File("x.h5")), Throws.TypeOf<InvalidDataException>().With.Message.Contains("the link \"l16\" leads to itself, or over more than 16"));
    }

    [Test]
    public void Group_ThatHoldsItself_IsRefused()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        string path = folder.File("x.h5");
        new H5File { ["self"] = new H5Group { ["d"] = new[] { 1f } }, ["twin"] = new H5Group { ["d"] = new[] { 1f } } }.Write(path);
        byte[] bytes = File.ReadAllBytes(path);
        // The root group's address stands at byte 36 of the superblock, a link's behind its name.
        byte[] root = bytes[36..44];
        foreach (string name in new[] { "self", "twin" })
        {
            root.CopyTo(bytes, bytes.AsSpan().IndexOf(System.Text.Encoding.ASCII.GetBytes(name)) + name.Length);
        }
        File.WriteAllBytes(path, bytes);
        Assert.That(
            () => Hdf5File.Names(path),
            Throws.TypeOf<InvalidDataException>().With.Message.StartsWith($"{path}: byte 0: ").And.Message.Contains("lies in more than 32 groups"));
    }

    [Test]
    public void LinkToAnotherFile_OrWithANameBeyondItsMessage_IsRefused()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        string path = folder.File("x.h5");
        new H5File { ["d"] = new[] { 1f }, ["away"] = new H5SoftLink("0123456789") }.Write(path);
        byte[] bytes = File.ReadAllBytes(path);
        // Before the name stand its length in four bytes, its encoding and the kind of link: 1 is a soft one, 64 one to another file.
        int kind = bytes.AsSpan().IndexOf("away"u8) - 6;
        Assert.That(bytes[kind], Is.EqualTo(1));
        byte[] longer = [.. bytes];
        longer[kind + 5] = 0x10;
        File.WriteAllBytes(path, longer);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.That(() => Hdf5File.Names(path), Throws.TypeOf<InvalidDataException>().With.Message.Contains("a link's name of 268,435,460 bytes must lie within its message"));
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.LessThan(1 << 20));
        bytes[kind] = 64;
        File.WriteAllBytes(path, bytes);
        Assert.That(() => Hdf5File.Names(path), Throws.TypeOf<InvalidDataException>().With.Message.Contains("a link leads to another file, which is not opened"));
    }

    [Test]
    public void WhatIsNotRead_IsNamed()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        string path = Write(folder);
        Assert.That(() => Hdf5File.Read(path, "/texts"), Throws.TypeOf<InvalidDataException>().With.Message.Contains("\"/texts\" holds "));
        Assert.That(() => Hdf5File.Read(path, "/nothing"), Throws.TypeOf<InvalidDataException>().With.Message.Contains("\"/train/images\""));
        string damaged = folder.File("damaged.h5", File.ReadAllBytes(path)[..100]);
        Assert.That(() => Hdf5File.Names(damaged), Throws.TypeOf<InvalidDataException>().With.Message.StartsWith($"{damaged}: byte 0: "));
    }

    private static string Write(TestData.TemporaryFolder folder)
    {
        float[,,] images = new float[4, 2, 3];
        for (int i = 0; i < 24; i++)
        {
            images[i / 6, i / 3 % 2, i % 3] = i / 2f;
        }
        H5File file = new()
        {
            ["train"] = new H5Group { ["images"] = images, ["labels"] = new byte[] { 3, 1, 200, 4 } },
            ["f64"] = new[] { 0.1, -1e300 },
            ["i8"] = new sbyte[] { -1, 2 },
            ["u16"] = new ushort[] { 60000, 2 },
            ["i64"] = new[] { -1L << 40, 2 },
            ["texts"] = new[] { "a", "b" },
        };
        file.Write(folder.File("x.h5"));
        return folder.File("x.h5");
    }

    // hdf5-tools is no part of the machine for sure.
    private static void Run(TestData.TemporaryFolder folder, string tool, params string[] arguments)
    {
        string[] places = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator);
        string? found = Array.Find(Array.ConvertAll(places, place => Path.Combine(place, tool)), File.Exists);
        if (found is null)
        {
            string reason = $"{tool} of hdf5-tools is not there";
            string[] required = (Environment.GetEnvironmentVariable("HYPERKERNELS_REQUIRE") ?? "").Split(',', StringSplitOptions.TrimEntries);
            Assert.That(required, Has.No.Member("hdf5"), $"HYPERKERNELS_REQUIRE names hdf5, but {reason}");
            throw new IgnoreException(reason);
        }
        ProcessStartInfo start = new(found, arguments) { WorkingDirectory = folder.Root, RedirectStandardError = true, RedirectStandardOutput = true };
        using Process process = Process.Start(start)!;
        string error = process.StandardOutput.ReadToEnd() + process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.That(process.ExitCode, Is.Zero, error);
    }
}
