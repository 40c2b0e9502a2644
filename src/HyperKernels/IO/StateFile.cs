namespace HyperKernels.IO;

/// <summary>Named float arrays in a safetensors file: how the state of a layer, <c>layer.GetState()</c>, is kept and exchanged.</summary>
public static class StateFile
{
    /// <summary>Writes a state as float32; the file is replaced whole or not at all.</summary>
    /// <param name="path">The file to make or replace.</param>
    /// <param name="state">Arrays by name.</param>
    /// <param name="metadata">Strings to store beside them, or null.</param>
    /// <exception cref="ArgumentException">A name is <c>__metadata__</c> or is not valid Unicode.</exception>
    /// <exception cref="IOException">The folder is missing or cannot be written, or the disk is full.</exception>
    public static void Write(string path, IReadOnlyDictionary<string, HostArray> state, IReadOnlyDictionary<string, string>? metadata = null)
    {
        ArgumentNullException.ThrowIfNull(state);
        Safetensors.Write(path, state.Select(static named => ToTensor(named.Key, named.Value)), metadata);
    }

    /// <summary>Reads all tensors of a file as float32, whatever type they have.</summary>
    /// <param name="path">The file.</param>
    /// <returns>Arrays by name, in the order of the file.</returns>
    /// <exception cref="InvalidDataException">
    /// The file breaks a rule of the format, a value does not fit into float32, or a shape is larger than tensors can be.
    /// </exception>
    /// <exception cref="IOException">The file is missing or cannot be read.</exception>
    public static IReadOnlyDictionary<string, HostArray> Read(string path)
    {
        using SafetensorsFile file = SafetensorsFile.Open(path);
        Dictionary<string, HostArray> state = [];
        foreach (SafetensorsEntry entry in file.Entries.Values)
        {
            state.Add(entry.Name, ToArray(file, entry));
        }
        return state;
    }

    internal static SafetensorsTensor ToTensor(string name, HostArray array)
    {
        Span<long> sizes = stackalloc long[Shape.MaxRank];
        Shape shape = array.Shape;
        for (int axis = 0; axis < shape.Rank; axis++)
        {
            sizes[axis] = shape[axis];
        }
        return SafetensorsTensor.From(name, array.Values, sizes[..shape.Rank]);
    }

    internal static HostArray ToArray(SafetensorsFile file, SafetensorsEntry entry)
    {
        if (entry.Shape.Length > Shape.MaxRank || entry.Shape.Any(static size => size > int.MaxValue) || entry.ElementCount > Array.MaxLength)
        {
            throw BadFile.At(file.Path, entry.ByteOffset, $"a tensor may have {Shape.MaxRank} axes and {BadFile.N(Array.MaxLength)} elements here; the file has {entry}.");
        }
        Span<int> sizes = stackalloc int[Shape.MaxRank];
        for (int axis = 0; axis < entry.Shape.Length; axis++)
        {
            sizes[axis] = (int)entry.Shape[axis];
        }
        return new HostArray(file.ReadFloat32(entry.Name), new Shape(sizes[..entry.Shape.Length]));
    }
}
