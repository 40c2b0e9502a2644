using System.Collections.Immutable;

namespace HyperKernels.IO;

/// <summary>Reads and writes NumPy's <c>.npy</c> files, versions 1 to 3, of numeric and boolean arrays.</summary>
/// <remarks>Pickles are refused, never run. Source: numpy/numpy <c>lib/format.py</c>.</remarks>
public static class NumpyFile
{
    /// <summary>Reads an array; big-endian elements are swapped, Fortran order is turned into row-major order.</summary>
    /// <param name="path">The file.</param>
    /// <returns>The array.</returns>
    /// <exception cref="InvalidDataException">The file breaks a rule of the format; the message names path, byte offset and rule.</exception>
    /// <exception cref="IOException">The file is missing or cannot be read.</exception>
    public static NumericArray Read(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete);
        return Read(new BoundedReader(file, path, file.Length));
    }

    /// <summary>Writes an array, atomically.</summary>
    /// <param name="path">The file to make or replace.</param>
    /// <param name="array">The array; NumPy has no BF16.</param>
    /// <exception cref="ArgumentException">The array is BF16.</exception>
    /// <exception cref="IOException">The folder is missing or cannot be written, or the disk is full.</exception>
    public static void Write(string path, NumericArray array)
    {
        ArgumentNullException.ThrowIfNull(array);
        byte[] header = NumpyHeader.Write(array.Type, array.Shape);
        AtomicFile.Write(path, stream =>
        {
            stream.Write(header);
            stream.Write(array.Bytes);
        });
    }

    internal static NumericArray Read(BoundedReader reader)
    {
        NumpyHeader header = NumpyHeader.Read(reader);
        ImmutableArray<long> shape = header.Shape;
        long start = reader.Position;
        if (!StoredTypes.TryByteLength(shape.AsSpan(), header.Type, out _, out long bytes))
        {
            throw reader.Fail(start, $"the size of shape {StoredTypes.Text(shape.AsSpan())} of {header.Type.Name()} passes 63 bits.");
        }
        byte[] payload = reader.ReadPayload(bytes, $"{header.Type.Name()} {StoredTypes.Text(shape.AsSpan())}");
        reader.ExpectEnd("its elements");
        if (header.BigEndian)
        {
            NumericArray.SwapBytes(payload, header.Type.Size());
        }
        bool reorder = header.FortranOrder && shape.Length > 1;
        if (reorder)
        {
            payload = FromFortranOrder(payload, shape.AsSpan(), header.Type.Size());
        }
        return new NumericArray(header.Type, shape, payload, new StoredOrigin(reader.Path, start, "the array", reorder));
    }

    // Walks the row-major elements in order; the index moves like an odometer, and the source position with it.
    private static byte[] FromFortranOrder(byte[] source, ReadOnlySpan<long> shape, int elementSize)
    {
        byte[] target = new byte[source.Length];
        int rank = shape.Length;
        long[] strides = new long[rank];
        long[] index = new long[rank];
        long stride = elementSize;
        for (int axis = 0; axis < rank; axis++)
        {
            strides[axis] = stride;
            stride *= shape[axis];
        }
        long from = 0;
        for (int to = 0; to < target.Length; to += elementSize)
        {
            source.AsSpan((int)from, elementSize).CopyTo(target.AsSpan(to));
            for (int axis = rank - 1; axis >= 0; axis--)
            {
                from += strides[axis];
                if (++index[axis] < shape[axis])
                {
                    break;
                }
                from -= strides[axis] * shape[axis];
                index[axis] = 0;
            }
        }
        return target;
    }
}
