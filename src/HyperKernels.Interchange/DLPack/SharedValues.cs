using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace HyperKernels.Interchange;

/// <summary>What a structure that was handed out keeps alive: a view of the tensor that no scope owns, or a copy of its values.</summary>
internal sealed unsafe class SharedValues
{
    private const int Alignment = 64;
    private const int Int = 0;
    private const int Float = 2;

    private readonly Tensor _view;
    private readonly void* _copy;
    private readonly long* _sizes;

    private SharedValues(Tensor tensor)
    {
        Shape shape = tensor.Shape;
        bool isFloat = tensor.ElementType == ElementType.Float32;
        void* data;
        if (isFloat && TryShare(tensor, out _view))
        {
            data = Unsafe.AsPointer(ref MemoryMarshal.GetReference(_view.AsSpan()));
        }
        else
        {
            IsCopied = true;
            data = _copy = NativeMemory.AlignedAlloc((nuint)Math.Max(1, shape.Count * sizeof(float)), Alignment);
            int count = checked((int)shape.Count);
            if (isFloat)
            {
                tensor.CopyTo(new Span<float>(_copy, count));
            }
            else
            {
                tensor.CopyTo(new Span<int>(_copy, count));
            }
        }
        _sizes = (long*)NativeMemory.AllocZeroed((nuint)(2 * Math.Max(1, shape.Rank)), sizeof(long));
        long* strides = _sizes + shape.Rank;
        long stride = 1;
        for (int axis = shape.Rank - 1; axis >= 0; axis--)
        {
            _sizes[axis] = shape[axis];
            strides[axis] = stride;
            stride *= shape[axis];
        }
        Tensor = new DLTensor
        {
            Data = data,
            DeviceType = DLPack.Cpu,
            Rank = shape.Rank,
            TypeCode = isFloat ? (byte)Float : (byte)Int,
            TypeBits = 8 * sizeof(float),
            TypeLanes = 1,
            Shape = _sizes,
            Strides = strides,
        };
    }

    public DLTensor Tensor { get; }

    public bool IsCopied { get; }

    public static SharedValues Of(Tensor tensor) => new(tensor);

    /// <summary>Keeps this alive until <see cref="End"/>.</summary>
    public void* ToContext() => (void*)GCHandle.ToIntPtr(GCHandle.Alloc(this));

    public static void End(void* context)
    {
        GCHandle handle = GCHandle.FromIntPtr((nint)context);
        SharedValues shared = (SharedValues)handle.Target!;
        handle.Free();
        NativeMemory.Free(shared._sizes);
        if (shared.IsCopied)
        {
            NativeMemory.AlignedFree(shared._copy);
        }
        else
        {
            shared._view.Dispose();
        }
    }

    // Tensors that are made where no scope is current belong to their maker: a thread that inherits nothing has none. The processor's memory is native
    // and does not move.
    private static bool TryShare(Tensor tensor, out Tensor view)
    {
        Tensor made = default;
        try
        {
            _ = tensor.AsSpan();
        }
        catch (InvalidOperationException)
        {
            view = default;
            return false;
        }
        // Of the same shape it would be the same handle.
        Shape other = tensor.Rank == 1 ? [1, tensor.Shape[0]] : [(int)tensor.Count];
        Thread thread = new(() => made = Ops.Reshape(tensor, other));
        thread.UnsafeStart();
        thread.Join();
        view = made;
        return view.IsAlive;
    }
}
