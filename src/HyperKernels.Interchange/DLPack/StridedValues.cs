using HyperKernels.IO;

namespace HyperKernels.Interchange;

/// <summary>Values of another library, as DLPack describes them.</summary>
internal readonly unsafe ref struct StridedValues
{
    private readonly DLTensor _source;
    private readonly Shape _shape;

    public StridedValues(in DLTensor source)
    {
        _source = source;
        Span<int> sizes = stackalloc int[Shape.MaxRank];
        long count = 1;
        for (int axis = 0; axis < source.Rank; axis++)
        {
            long size = source.Shape[axis];
            if (size is < 0 or > int.MaxValue || (count *= size) > Array.MaxLength)
            {
                throw new ArgumentException($"DLPack: at most {Array.MaxLength:N0} values are taken at once; axis {axis} has {size:N0}.");
            }
            sizes[axis] = (int)size;
        }
        _shape = new Shape(sizes[..source.Rank]);
    }

    private bool IsDense
    {
        get
        {
            if (_source.Strides is null)
            {
                return true;
            }
            long stride = 1;
            for (int axis = _source.Rank - 1; axis >= 0; axis--)
            {
                if (_shape[axis] > 1 && _source.Strides[axis] != stride)
                {
                    return false;
                }
                stride *= _shape[axis];
            }
            return true;
        }
    }

    public Tensor ToTensor(Device? device) => (DLTypeCode)_source.TypeCode switch
    {
        DLTypeCode.Float when _source.TypeBits == 32 => Floats(Dense<float>(), device),
        DLTypeCode.Float when _source.TypeBits == 64 => Floats(NumericArray.From(Dense<double>(), Sizes()).ToFloat32(), device),
        DLTypeCode.Float when _source.TypeBits == 16 => Floats(NumericArray.From(Dense<Half>(), Sizes()).ToFloat32(), device),
        DLTypeCode.BFloat when _source.TypeBits == 16 => Floats(Array.ConvertAll(Dense<ushort>(), static upper => BitConverter.UInt32BitsToSingle((uint)upper << 16)), device),
        DLTypeCode.Bool when _source.TypeBits == 8 => Integers(Array.ConvertAll(Dense<byte>(), static value => value != 0 ? 1 : 0), device),
        DLTypeCode.Int when _source.TypeBits == 8 => Integers(NumericArray.From(Dense<sbyte>(), Sizes()).ToInt32(), device),
        DLTypeCode.Int when _source.TypeBits == 16 => Integers(NumericArray.From(Dense<short>(), Sizes()).ToInt32(), device),
        DLTypeCode.Int when _source.TypeBits == 32 => Integers(Dense<int>(), device),
        DLTypeCode.Int when _source.TypeBits == 64 => Integers(NumericArray.From(Dense<long>(), Sizes()).ToInt32(), device),
        DLTypeCode.UInt when _source.TypeBits == 8 => Integers(NumericArray.From(Dense<byte>(), Sizes()).ToInt32(), device),
        DLTypeCode.UInt when _source.TypeBits == 16 => Integers(NumericArray.From(Dense<ushort>(), Sizes()).ToInt32(), device),
        DLTypeCode.UInt when _source.TypeBits == 32 => Integers(NumericArray.From(Dense<uint>(), Sizes()).ToInt32(), device),
        DLTypeCode.UInt when _source.TypeBits == 64 => Integers(NumericArray.From(Dense<ulong>(), Sizes()).ToInt32(), device),
        _ => throw new ArgumentException(
            $"DLPack: floats of 16 to 64 bits, bfloat16, bool and integers are taken; got type code {_source.TypeCode} with {_source.TypeBits} bits. Convert them first."),
    };

    private Tensor Floats(float[] values, Device? device) => Tensor.From(values, _shape, device);

    private Tensor Integers(int[] values, Device? device) => Tensor.From(values, _shape, device);

    private long[] Sizes() => Array.ConvertAll(_shape.AsSpan().ToArray(), static size => (long)size);

    private T[] Dense<T>()
        where T : unmanaged
    {
        T[] values = new T[_shape.Count];
        T* source = (T*)((byte*)_source.Data + _source.ByteOffset);
        if (IsDense)
        {
            new ReadOnlySpan<T>(source, values.Length).CopyTo(values);
            return values;
        }
        // The index moves like an odometer, and the place in the source with it.
        Span<int> index = stackalloc int[Shape.MaxRank];
        long from = 0;
        for (int to = 0; to < values.Length; to++)
        {
            values[to] = source[from];
            for (int axis = _source.Rank - 1; axis >= 0; axis--)
            {
                from += _source.Strides[axis];
                if (++index[axis] < _shape[axis])
                {
                    break;
                }
                from -= _source.Strides[axis] * _shape[axis];
                index[axis] = 0;
            }
        }
        return values;
    }
}
