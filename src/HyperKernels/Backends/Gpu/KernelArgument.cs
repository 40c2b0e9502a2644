using System.Runtime.CompilerServices;

namespace HyperKernels.Backends.Gpu;

/// <summary>One argument of a kernel: a place in a buffer, a number, or a structure on the caller's stack.</summary>
internal readonly unsafe struct KernelArgument
{
    private KernelArgument(bool isBuffer, DeviceBuffer? buffer, long bits, int size, void* structure)
    {
        IsBuffer = isBuffer;
        Buffer = (GpuBuffer?)buffer;
        Bits = bits;
        Size = size;
        Structure = structure;
    }

    /// <summary>Whether this is a buffer; an absent one is null.</summary>
    public bool IsBuffer { get; }

    public GpuBuffer? Buffer { get; }

    /// <summary>A number's bytes, or a buffer's offset in elements.</summary>
    public long Bits { get; }

    /// <summary>Bytes of the number or structure.</summary>
    public int Size { get; }

    /// <summary>Where a structure lies; null for numbers.</summary>
    public void* Structure { get; }

    /// <summary>The same structure at another place.</summary>
    public KernelArgument At(void* structure) => new(false, null, 0, Size, structure);

    public static implicit operator KernelArgument(BufferRef place) => new(true, place.Buffer, place.Offset, 0, null);

    public static implicit operator KernelArgument(BufferRef? place) => new(true, place?.Buffer, place?.Offset ?? 0, 0, null);

    public static implicit operator KernelArgument(int value) => new(false, null, value, sizeof(int), null);

    public static implicit operator KernelArgument(uint value) => new(false, null, value, sizeof(uint), null);

    public static implicit operator KernelArgument(bool value) => new(false, null, value ? 1 : 0, sizeof(int), null);

    public static implicit operator KernelArgument(long value) => new(false, null, value, sizeof(long), null);

    public static implicit operator KernelArgument(ulong value) => new(false, null, (long)value, sizeof(ulong), null);

    public static implicit operator KernelArgument(float value) => new(false, null, BitConverter.SingleToInt32Bits(value), sizeof(float), null);

    /// <summary>A structure with the layout that the kernel declares. It must live on the caller's stack until the launch returns.</summary>
    public static KernelArgument Of<T>(T* structure)
        where T : unmanaged => new(false, null, 0, Unsafe.SizeOf<T>(), structure);
}
