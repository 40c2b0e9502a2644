using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace HyperKernels.Interchange;

/// <summary>
/// Hands tensors to other libraries of the same process, and takes theirs, through DLPack's structures: what NumPy, PyTorch, JAX and CuPy exchange as
/// capsules, here by pointer. On the processor.
/// </summary>
/// <remarks>
/// Two forms are in use: that before version 1.0 (<c>DLManagedTensor</c>, in a capsule called <c>dltensor</c>) and the versioned one
/// (<c>DLManagedTensorVersioned</c>, <c>dltensor_versioned</c>). Source: dmlc/dlpack, version 1.1.
/// </remarks>
public static unsafe class DLPack
{
    /// <summary>The name that Python gives a capsule with <see cref="Export"/>'s pointer.</summary>
    public const string CapsuleName = "dltensor";

    /// <summary>The name that Python gives a capsule with <see cref="ExportVersioned"/>'s pointer.</summary>
    public const string VersionedCapsuleName = "dltensor_versioned";

    internal const uint Major = 1;
    internal const uint Minor = 1;
    internal const int Cpu = 1;

    // DLPACK_FLAG_BITMASK_IS_COPIED
    internal const ulong IsCopied = 2;

    // Of pinned memory, which the processor reads too.
    private const int CudaHost = 3;

    /// <summary>Makes a <c>DLManagedTensor</c>.</summary>
    /// <param name="tensor">The tensor. Floats without gaps, on the processor, are shared, not copied: writes of either side are seen by the other.</param>
    /// <returns>
    /// The structure's address. Whoever gets it must call its deleter exactly once (<see cref="Release"/> does); until then the values stay, also when
    /// the tensor or its scope ends.
    /// </returns>
    /// <exception cref="ObjectDisposedException">The tensor is disposed.</exception>
    public static nint Export(Tensor tensor)
    {
        SharedValues export = SharedValues.Of(tensor);
        DLManagedTensor* managed = (DLManagedTensor*)NativeMemory.AllocZeroed((nuint)sizeof(DLManagedTensor));
        managed->Tensor = export.Tensor;
        managed->Context = export.ToContext();
        managed->Deleter = &Delete;
        return (nint)managed;
    }

    /// <summary>Makes a <c>DLManagedTensorVersioned</c>; else as <see cref="Export"/>.</summary>
    /// <param name="tensor">The tensor; a copy is marked as one in the flags.</param>
    /// <returns>The structure's address; see <see cref="Export"/>, and <see cref="ReleaseVersioned"/>.</returns>
    /// <exception cref="ObjectDisposedException">The tensor is disposed.</exception>
    public static nint ExportVersioned(Tensor tensor)
    {
        SharedValues export = SharedValues.Of(tensor);
        DLManagedTensorVersioned* managed = (DLManagedTensorVersioned*)NativeMemory.AllocZeroed((nuint)sizeof(DLManagedTensorVersioned));
        managed->Major = Major;
        managed->Minor = Minor;
        managed->Flags = export.IsCopied ? IsCopied : 0;
        managed->Tensor = export.Tensor;
        managed->Context = export.ToContext();
        managed->Deleter = &DeleteVersioned;
        return (nint)managed;
    }

    /// <summary>Copies the values of a <c>DLManagedTensor</c> into a tensor, then calls its deleter, exactly once, also where it is refused.</summary>
    /// <param name="managed">The structure's address, now owned by this call.</param>
    /// <param name="device">Where to; null means <see cref="Device.Default"/>.</param>
    /// <returns>
    /// float32 of float16, bfloat16, float32 and float64; int32 of bool and of integers of 8 to 64 bits. Values with strides, also negative ones, become
    /// row-major.
    /// </returns>
    /// <exception cref="ArgumentException">The address is zero, or the values are not on the processor, or of another type or more axes than tensors have.</exception>
    /// <exception cref="InvalidDataException">A value does not fit into float32 or int32.</exception>
    public static Tensor Import(nint managed, Device? device = null)
    {
        CheckAddress(managed);
        DLManagedTensor* source = (DLManagedTensor*)managed;
        try
        {
            return Read(source->Tensor, device);
        }
        finally
        {
            Release(managed);
        }
    }

    /// <summary>Copies the values of a <c>DLManagedTensorVersioned</c>; else as <see cref="Import"/>.</summary>
    /// <param name="managed">The structure's address, now owned by this call.</param>
    /// <param name="device">Where to; null means <see cref="Device.Default"/>.</param>
    /// <returns>As <see cref="Import"/>.</returns>
    /// <exception cref="ArgumentException">As <see cref="Import"/>, or the structure is of another major version than 1.</exception>
    /// <exception cref="InvalidDataException">A value does not fit into float32 or int32.</exception>
    public static Tensor ImportVersioned(nint managed, Device? device = null)
    {
        CheckAddress(managed);
        DLManagedTensorVersioned* source = (DLManagedTensorVersioned*)managed;
        try
        {
            // Of another major version only version, context and deleter are where they were.
            return source->Major == Major
                ? Read(source->Tensor, device)
                : throw new ArgumentException($"DLPack.ImportVersioned: version {Major} is read; the structure is of version {source->Major}.{source->Minor}.", nameof(managed));
        }
        finally
        {
            ReleaseVersioned(managed);
        }
    }

    /// <summary>Calls the deleter of a <c>DLManagedTensor</c> that nobody else takes. The address is invalid afterwards.</summary>
    /// <param name="managed">The structure's address.</param>
    public static void Release(nint managed)
    {
        CheckAddress(managed);
        DLManagedTensor* structure = (DLManagedTensor*)managed;
        // A producer whose memory needs no end gives none.
        if (structure->Deleter is not null)
        {
            structure->Deleter(structure);
        }
    }

    /// <summary>Calls the deleter of a <c>DLManagedTensorVersioned</c> that nobody else takes. The address is invalid afterwards.</summary>
    /// <param name="managed">The structure's address.</param>
    public static void ReleaseVersioned(nint managed)
    {
        CheckAddress(managed);
        DLManagedTensorVersioned* structure = (DLManagedTensorVersioned*)managed;
        if (structure->Deleter is not null)
        {
            structure->Deleter(structure);
        }
    }

    private static Tensor Read(in DLTensor source, Device? device)
    {
        if (source.DeviceType is not (Cpu or CudaHost))
        {
            throw new ArgumentException($"DLPack: values must be on the processor (device type {Cpu}); they are on type {source.DeviceType}. Move them there first.");
        }
        if (source.Rank is < 0 or > Shape.MaxRank || source.TypeLanes != 1)
        {
            throw new ArgumentException(
                $"DLPack: tensors have 0 to {Shape.MaxRank} axes of single values; got {source.Rank} axes and {source.TypeLanes} lanes.");
        }
        return new StridedValues(source).ToTensor(device);
    }

    private static void CheckAddress(nint managed)
    {
        if (managed == 0)
        {
            throw new ArgumentException("DLPack: the address of a structure is needed; got zero.", nameof(managed));
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void Delete(DLManagedTensor* managed)
    {
        if (managed is not null)
        {
            SharedValues.End(managed->Context);
            NativeMemory.Free(managed);
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void DeleteVersioned(DLManagedTensorVersioned* managed)
    {
        if (managed is not null)
        {
            SharedValues.End(managed->Context);
            NativeMemory.Free(managed);
        }
    }
}
