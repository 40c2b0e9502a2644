using HyperKernels.IO;
using PureHDF;
using PureHDF.Selections;
using PureHDF.VOL.Native;

namespace HyperKernels.Interchange;

/// <summary>Reads arrays of numbers out of HDF5 files: <c>.h5</c>, <c>.hdf5</c>, and MATLAB's <c>.mat</c> since version 7.3.</summary>
/// <remarks>
/// Through PureHDF, in managed code; numbers of big-endian machines are refused, and so are links and data sets that lead to other files. Content may become as much larger than
/// its file as <see cref="FileLimits"/> says.
/// </remarks>
public static class Hdf5File
{
    private const int DeepestGroups = 32;

    /// <summary>The names of all data sets: <c>/train/images</c>.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="InvalidDataException">The file is damaged, or its groups or links lead back to themselves.</exception>
    /// <exception cref="IOException">The file is missing or cannot be read.</exception>
    public static IReadOnlyList<string> Names(string path) => Opened(path, file =>
    {
        List<string> names = [];
        Collect(path, file, string.Empty, names, DeepestGroups);
        return (IReadOnlyList<string>)names;
    });

    /// <summary>Reads a data set.</summary>
    /// <param name="path">The file.</param>
    /// <param name="name">The data set: <c>/train/images</c>.</param>
    /// <returns>Its elements: floats of 32 and 64 bits, integers of 8 to 64 bits.</returns>
    /// <exception cref="InvalidDataException">The file is damaged, or holds no such data set of numbers; the message names those that there are.</exception>
    /// <exception cref="IOException">The file is missing or cannot be read.</exception>
    public static NumericArray Read(string path, string name) => Read(path, name, 0, null);

    /// <summary>Reads rows of a data set, for one that is larger than memory.</summary>
    /// <param name="path">The file.</param>
    /// <param name="name">The data set.</param>
    /// <param name="start">The first row.</param>
    /// <param name="rows">How many; null means all that follow.</param>
    /// <returns>Its elements, <c>[rows, ...]</c>.</returns>
    /// <exception cref="InvalidDataException">The file is damaged, or holds no such data set of numbers with so many rows.</exception>
    /// <exception cref="IOException">The file is missing or cannot be read.</exception>
    public static NumericArray Read(string path, string name, long start, long? rows) => Opened(path, file =>
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        if (!file.LinkExists(name))
        {
            List<string> names = [];
            Collect(path, file, string.Empty, names, DeepestGroups);
            throw Refusal.At(path, 0, $"there is no data set {OneLine.Quote(name)}; there are {string.Join(", ", names.Take(20).Select(OneLine.Quote))}.");
        }
        IH5Dataset dataset = file.Dataset(name);
        long[] shape = [.. dataset.Space.Dimensions.Select(static size => checked((long)size))];
        Selection? selection = null;
        if (start != 0 || rows is not null)
        {
            long wanted = rows ?? (shape.Length > 0 ? shape[0] - start : 0);
            if (shape.Length == 0 || start < 0 || wanted < 0 || start > shape[0] - wanted)
            {
                throw Refusal.At(path, 0, $"{OneLine.Quote(name)} has the shape [{string.Join(", ", shape)}]; rows {start} to {start + wanted} were asked for.");
            }
            shape[0] = wanted;
            ulong[] starts = new ulong[shape.Length];
            starts[0] = (ulong)start;
            selection = new HyperslabSelection(shape.Length, starts, [.. shape.Select(static size => (ulong)size)]);
        }
        CheckSize(path, name, shape, dataset.Type.Size);
        return Elements(path, name, dataset, selection, shape);
    });

    private static NumericArray Elements(string path, string name, IH5Dataset dataset, Selection? selection, long[] shape)
    {
        IH5DataType type = dataset.Type;
        bool isSigned = type.Class == H5DataTypeClass.FixedPoint && type.FixedPoint.IsSigned;
        return (type.Class, type.Size, isSigned) switch
        {
            (H5DataTypeClass.FloatingPoint, 4, _) => Of<float>(),
            (H5DataTypeClass.FloatingPoint, 8, _) => Of<double>(),
            (H5DataTypeClass.FixedPoint, 1, true) => Of<sbyte>(),
            (H5DataTypeClass.FixedPoint, 1, false) => Of<byte>(),
            (H5DataTypeClass.FixedPoint, 2, true) => Of<short>(),
            (H5DataTypeClass.FixedPoint, 2, false) => Of<ushort>(),
            (H5DataTypeClass.FixedPoint, 4, true) => Of<int>(),
            (H5DataTypeClass.FixedPoint, 4, false) => Of<uint>(),
            (H5DataTypeClass.FixedPoint, 8, true) => Of<long>(),
            (H5DataTypeClass.FixedPoint, 8, false) => Of<ulong>(),
            _ => throw Refusal.At(path, 0, $"{OneLine.Quote(name)} holds {type.Class} of {type.Size} bytes; floats of 4 and 8 bytes and integers are read."),
        };

        NumericArray Of<T>()
            where T : unmanaged
        {
            T[] values = shape.Length == 0 ? [dataset.Read<T>()] : shape.Contains(0) ? [] : dataset.Read<T[]>(selection);
            return NumericArray.From(values, shape);
        }
    }

    private static void CheckSize(string path, string name, long[] shape, int elementSize)
    {
        double bytes = shape.Aggregate((double)elementSize, static (product, size) => product * size);
        long file = new FileInfo(path).Length;
        if (bytes > Math.Max(FileLimits.AlwaysBytes, file * FileLimits.Expansion) || bytes / elementSize > Array.MaxLength)
        {
            throw Refusal.At(
                path, 0, $"{OneLine.Quote(name)} [{string.Join(", ", shape)}] is more than arrays or FileLimits.Expansion allow for a file of {file:N0} bytes. Read it by rows.");
        }
    }

    private static void Collect(string path, IH5Group group, string place, List<string> names, int depth)
    {
        foreach (IH5Object child in group.Children())
        {
            string name = $"{place}/{child.Name}";
            if (child is IH5Dataset)
            {
                names.Add(name);
            }
            else if (child is IH5Group inner)
            {
                if (depth == 0)
                {
                    throw Refusal.At(path, 0, $"{OneLine.Quote(name)} lies in more than {DeepestGroups} groups: one may hold itself.");
                }
                Collect(path, inner, name, names, depth - 1);
            }
        }
    }

    private static T Opened<T>(string path, Func<NativeFile, T> read)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        using FileStream stream = File.OpenRead(path);
        try
        {
            using NativeFile file = H5File.Open(new Hdf5Stream(path, stream), leaveOpen: true);
            return read(file);
        }
        catch (Exception failure) when (Refusal.Wraps(failure, path))
        {
            throw Refusal.At(path, 0, $"the file is no HDF5 file, is damaged, or has a form that is not read: {Refusal.Reason(failure)}", failure);
        }
    }
}
