using System.Runtime.InteropServices;

namespace HyperKernels.Interchange;

// The C structures of dlpack.h, version 1.1, as they lie in memory on 64-bit machines. Source: dmlc/dlpack, include/dlpack/dlpack.h.

/// <summary>DLTensor: 48 bytes.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct DLTensor
{
    public void* Data;
    public int DeviceType;
    public int DeviceId;
    public int Rank;
    public byte TypeCode;
    public byte TypeBits;
    public ushort TypeLanes;
    public long* Shape;

    /// <summary>In elements; null for row-major values without gaps.</summary>
    public long* Strides;
    public ulong ByteOffset;
}

/// <summary>DLManagedTensor, the form before version 1.0: 64 bytes.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct DLManagedTensor
{
    public DLTensor Tensor;
    public void* Context;
    public delegate* unmanaged[Cdecl]<DLManagedTensor*, void> Deleter;
}

/// <summary>DLManagedTensorVersioned, the form since version 1.0: 80 bytes.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct DLManagedTensorVersioned
{
    public uint Major;
    public uint Minor;
    public void* Context;
    public delegate* unmanaged[Cdecl]<DLManagedTensorVersioned*, void> Deleter;
    public ulong Flags;
    public DLTensor Tensor;
}

/// <summary>DLDataTypeCode.</summary>
internal enum DLTypeCode
{
    Int = 0,
    UInt = 1,
    Float = 2,
    BFloat = 4,
    Bool = 6,
}
