using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using HyperKernels.Interchange;

namespace HyperKernels.Tests.Interchange;

/// <summary>Structures are read and written by their bytes, as another library would: offsets are those of dlpack.h on 64-bit machines.</summary>
public sealed unsafe class DLPackTests
{
    private static int s_deletions;

    [Test]
    public void Layout_IsThatOfTheHeader()
    {
        Assert.Multiple(() =>
        {
            Assert.That(sizeof(DLTensor), Is.EqualTo(48));
            Assert.That(sizeof(DLManagedTensor), Is.EqualTo(64));
            Assert.That(sizeof(DLManagedTensorVersioned), Is.EqualTo(80));
        });
    }

    [TestCase(false)]
    [TestCase(true)]
    public void Export_IsReadByItsBytes_AndSharesItsValues(bool versioned)
    {
        using MemoryScope scope = new();
        Tensor tensor = Tensor.From([1f, 2, 3, 4, 5, 6], [2, 3]);
        long live = Device.Cpu.Memory.LiveTensors;
        nint managed = versioned ? DLPack.ExportVersioned(tensor) : DLPack.Export(tensor);
        byte* bytes = (byte*)managed;
        if (versioned)
        {
            Assert.That((*(uint*)bytes, *(uint*)(bytes + 4), *(ulong*)(bytes + 24)), Is.EqualTo((1u, 1u, 0ul)), "version 1.1, not copied");
        }
        byte* at = bytes + (versioned ? 32 : 0);
        float* data = *(float**)at;
        Assert.Multiple(() =>
        {
            Assert.That((*(int*)(at + 8), *(int*)(at + 12)), Is.EqualTo((1, 0)), "kDLCPU, 0");
            Assert.That(*(int*)(at + 16), Is.EqualTo(2), "ndim");
            Assert.That((at[20], at[21], *(ushort*)(at + 22)), Is.EqualTo(((byte)2, (byte)32, (ushort)1)), "kDLFloat, 32 bits, 1 lane");
            Assert.That(new ReadOnlySpan<long>(*(long**)(at + 24), 2).ToArray(), Is.EqualTo(new long[] { 2, 3 }));
            Assert.That(new ReadOnlySpan<long>(*(long**)(at + 32), 2).ToArray(), Is.EqualTo(new long[] { 3, 1 }));
            Assert.That(*(ulong*)(at + 40), Is.Zero, "byte_offset");
            Assert.That(new ReadOnlySpan<float>(data, 6).ToArray(), Is.EqualTo(new float[] { 1, 2, 3, 4, 5, 6 }));
        });
        data[1] = 20;
        Assert.That(tensor.ToArray()[1], Is.EqualTo(20), "the same memory");
        // The values outlive the tensor: its memory is not used for others until the deleter runs.
        tensor.Dispose();
        for (int i = 0; i < 8; i++)
        {
            Tensor.Full([2, 3], -1);
        }
        Assert.That(data[5], Is.EqualTo(6));
        delegate* unmanaged[Cdecl]<nint, void> deleter = *(delegate* unmanaged[Cdecl]<nint, void>*)(bytes + (versioned ? 16 : 56));
        Assert.That(Device.Cpu.Memory.LiveTensors, Is.EqualTo(live + 8), "the view instead of the tensor, and eight others");
        deleter(managed);
        Assert.That(Device.Cpu.Memory.LiveTensors, Is.EqualTo(live + 7));
    }

    [Test]
    public void Export_OutOfAScope_LivesOn()
    {
        nint managed;
        using (Tape tape = new())
        {
            managed = DLPack.Export(Tensor.From([7f, 8]));
        }
        Assert.That(DLPack.Import(managed).ToArray(), Is.EqualTo(new float[] { 7, 8 }));
    }

    [Test]
    public void Export_OfIntegersAndOfViewsWithGaps_IsMarkedAsCopied()
    {
        using MemoryScope scope = new();
        Tensor columns = Ops.Slice(Tensor.From([1f, 2, 3, 4, 5, 6], [2, 3]), 1, 1, 2);
        foreach ((Tensor tensor, byte code) in new[] { (columns, (byte)2), (Tensor.From([5, -6], [2]), (byte)0) })
        {
            nint managed = DLPack.ExportVersioned(tensor);
            bool isCopied = *(ulong*)((byte*)managed + 24) == 2;
            Assert.That(((byte*)managed)[52], Is.EqualTo(code));
            Tensor back = DLPack.ImportVersioned(managed);
            Assert.That(back.ToString(), Is.EqualTo(tensor.ToString()));
            Assert.That(isCopied);
            if (code == 2)
            {
                Assert.That(back.ToArray(), Is.EqualTo(new float[] { 2, 3, 5, 6 }));
            }
            else
            {
                Assert.That(back.ToIntArray(), Is.EqualTo(new[] { 5, -6 }));
            }
        }
    }

    [Test]
    public void Import_OfEveryType()
    {
        using MemoryScope scope = new();
        AssertTaken<double>(2, [0.5, -2], [0.5f, -2]);
        AssertTaken<Half>(2, [(Half)0.5, (Half)(-2)], [0.5f, -2]);
        AssertTaken<ushort>(4, [0x3F00, 0xC000], [0.5f, -2]);
        AssertTaken<byte>(6, [0, 3], [0, 1]);
        AssertTaken<sbyte>(0, [-3, 4], [-3, 4]);
        AssertTaken<short>(0, [-300, 4], [-300, 4]);
        AssertTaken<int>(0, [-70000, 4], [-70000, 4]);
        AssertTaken<long>(0, [-70000, 4], [-70000, 4]);
        AssertTaken<byte>(1, [200, 4], [200, 4]);
        AssertTaken<ushort>(1, [60000, 4], [60000, 4]);
        AssertTaken<uint>(1, [70000, 4], [70000, 4]);
        AssertTaken<ulong>(1, [70000, 4], [70000, 4]);
    }

    [TestCase(false)]
    [TestCase(true)]
    public void Import_OfStrides_TakesTheValuesInOrder(bool versioned)
    {
        using MemoryScope scope = new();
        float[] memory = [0, 1, 2, 3, 4, 5, 6];
        // Behind one element: columns of a [2, 3] matrix backwards, that is its transposed mirror image.
        Foreign foreign = new(memory, 2, 32, [3, 2], [-1, 3], offset: 3 * sizeof(float), versioned);
        s_deletions = 0;
        Tensor taken = versioned ? DLPack.ImportVersioned(foreign.Address) : DLPack.Import(foreign.Address);
        Assert.That(taken.ToArray(), Is.EqualTo(new float[] { 3, 6, 2, 5, 1, 4 }));
        Assert.That(taken.Shape, Is.EqualTo(new Shape(3, 2)));
        Assert.That(s_deletions, Is.EqualTo(1), "the deleter runs exactly once");
        foreign.Free();
    }

    [Test]
    public void Import_OfAScalarAndOfNothing()
    {
        using MemoryScope scope = new();
        AssertShape([], [5f]);
        AssertShape([0, 4], []);

        static void AssertShape(long[] shape, float[] values)
        {
            Foreign foreign = new(values, 2, 32, shape, null, 0, versioned: false);
            Tensor taken = DLPack.Import(foreign.Address);
            Assert.That(taken.Shape.AsSpan().ToArray(), Is.EqualTo(shape));
            Assert.That(taken.ToArray(), Is.EqualTo(values));
            foreign.Free();
        }
    }

    [Test]
    public void Import_OfWhatIsNotTaken_CallsTheDeleterOnceToo()
    {
        using MemoryScope scope = new();
        AssertRefused("device type 1", static bytes => *(int*)(bytes + 8) = 2);
        AssertRefused("type code 5 with 32 bits", static bytes => bytes[20] = 5);
        AssertRefused("4 lanes", static bytes => *(ushort*)(bytes + 22) = 4);
        AssertRefused("9 axes", static bytes => *(int*)(bytes + 16) = 9);
        AssertRefused("version 2.0", static bytes => *(uint*)bytes = 2, versioned: true);
        Assert.That(() => DLPack.Import(0), Throws.ArgumentException);
        s_deletions = 0;
        Foreign large = new(new[] { 1L << 40 }, 0, 64, [1], null, 0, versioned: false);
        Assert.That(() => DLPack.Import(large.Address), Throws.TypeOf<InvalidDataException>());
        Assert.That(s_deletions, Is.EqualTo(1));
        large.Free();

        static void AssertRefused(string reason, Change change, bool versioned = false)
        {
            s_deletions = 0;
            Foreign foreign = new(new[] { 1f, 2 }, 2, 32, [2], null, 0, versioned);
            change((byte*)foreign.Address);
            Assert.That(
                () => versioned ? DLPack.ImportVersioned(foreign.Address) : DLPack.Import(foreign.Address), Throws.ArgumentException.With.Message.Contains(reason));
            Assert.That(s_deletions, Is.EqualTo(1), reason);
            foreign.Free();
        }
    }

    private delegate void Change(byte* bytes);

    private static void AssertTaken<T>(byte code, T[] values, float[] expected)
        where T : unmanaged
    {
        s_deletions = 0;
        Foreign foreign = Foreign.Of(values, code);
        Tensor taken = DLPack.Import(foreign.Address);
        bool isFloat = code is 2 or 4;
        Assert.That(taken.ElementType, Is.EqualTo(isFloat ? ElementType.Float32 : ElementType.Int32));
        Assert.That(isFloat ? taken.ToArray() : [.. taken.ToIntArray().Select(value => (float)value)], Is.EqualTo(expected), typeof(T).Name);
        Assert.That(s_deletions, Is.EqualTo(1));
        foreign.Free();
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void CountDeletion(nint managed) => s_deletions++;

    /// <summary>A structure of another library, written byte by byte. Its deleter counts; the memory stays until <see cref="Free"/>, so that it can be looked at.</summary>
    private sealed class Foreign
    {
        private readonly List<nint> _blocks = [];

        public Foreign(Array values, byte code, byte bits, long[] shape, long[]? strides, ulong offset, bool versioned)
        {
            Address = New(80);
            byte* bytes = (byte*)Address;
            byte* at = bytes;
            *(delegate* unmanaged[Cdecl]<nint, void>*)(bytes + (versioned ? 16 : 56)) = &CountDeletion;
            if (versioned)
            {
                *(uint*)bytes = 1;
                at = bytes + 32;
            }
            nint data = New(Math.Max(1, Buffer.ByteLength(values)));
            GCHandle pinned = GCHandle.Alloc(values, GCHandleType.Pinned);
            Buffer.MemoryCopy((void*)pinned.AddrOfPinnedObject(), (void*)data, Buffer.ByteLength(values), Buffer.ByteLength(values));
            pinned.Free();
            *(nint*)at = data;
            *(int*)(at + 8) = 1;
            *(int*)(at + 16) = shape.Length;
            at[20] = code;
            at[21] = bits;
            *(ushort*)(at + 22) = 1;
            *(nint*)(at + 24) = Longs(shape);
            *(nint*)(at + 32) = strides is null ? 0 : Longs(strides);
            *(ulong*)(at + 40) = offset;
        }

        public nint Address { get; }

        public static Foreign Of<T>(T[] values, byte code)
            where T : unmanaged
        {
            byte[] bytes = MemoryMarshal.AsBytes<T>(values).ToArray();
            return new Foreign(bytes, code, (byte)(8 * sizeof(T)), [values.Length], null, 0, versioned: false);
        }

        public void Free() => _blocks.ForEach(static block => NativeMemory.Free((void*)block));

        private nint Longs(long[] values)
        {
            nint block = New(8 * Math.Max(1, values.Length));
            values.CopyTo(new Span<long>((void*)block, values.Length));
            return block;
        }

        private nint New(int bytes)
        {
            nint block = (nint)NativeMemory.AllocZeroed((nuint)bytes);
            _blocks.Add(block);
            return block;
        }
    }
}
