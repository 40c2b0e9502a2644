using HyperKernels.IO;

namespace HyperKernels.Cli.Data;

/// <summary>MNIST and Fashion-MNIST as their makers publish them: four IDX files in a folder, gzip or not.</summary>
internal static class MnistData
{
    // What the recipes' networks are made for.
    private const int Side = 28;

    /// <summary>Reads a training and a test set.</summary>
    /// <param name="data">The folder of all data sets.</param>
    /// <param name="name"><c>mnist</c> or <c>fashion-mnist</c>, also the sub-folder's name.</param>
    /// <exception cref="DirectoryNotFoundException">There is no such folder.</exception>
    /// <exception cref="FileNotFoundException">A file is missing.</exception>
    /// <exception cref="InvalidDataException">A file is damaged, or labels and images do not belong together.</exception>
    public static (ImageSet Training, ImageSet Test) Load(string data, string name)
    {
        string folder = Path.Combine(data, name);
        if (!Directory.Exists(folder))
        {
            throw new DirectoryNotFoundException($"{folder} does not exist; --data must name the folder that holds {name}/train-images-idx3-ubyte.gz and its three companions.");
        }
        return (Read(folder, name, "train"), Read(folder, $"{name} test", "t10k"));
    }

    private static ImageSet Read(string folder, string name, string part)
    {
        string imagePath = Find(folder, $"{part}-images-idx3-ubyte");
        string labelPath = Find(folder, $"{part}-labels-idx1-ubyte");
        NumericArray images = IdxFile.Read(imagePath);
        NumericArray labels = IdxFile.Read(labelPath);
        bool isSet = images.Type == StoredType.U8 && images.Shape.Length == 3 && images.Shape[0] > 0 && images.Shape[1] == Side && images.Shape[2] == Side;
        if (!isSet)
        {
            throw new InvalidDataException($"{imagePath}: images must be bytes [1 or more, {Side}, {Side}]; got {images.Type} [{string.Join(", ", images.Shape)}].");
        }
        if (labels.Type != StoredType.U8 || labels.Shape.Length != 1 || labels.Shape[0] != images.Shape[0])
        {
            throw new InvalidDataException($"{labelPath}: there must be {images.Shape[0]} labels, one byte each, as there are images; got {labels.Length} of {labels.Type}.");
        }
        int wrong = labels.Bytes.IndexOfAnyExceptInRange((byte)0, (byte)(ImageSet.Classes - 1));
        if (wrong >= 0)
        {
            throw new InvalidDataException($"{labelPath}: labels must be from 0 to {ImageSet.Classes - 1}; label {wrong} is {labels.Bytes[wrong]}.");
        }
        return new ImageSet(name, images.Bytes.ToArray(), labels.Bytes.ToArray(), (int)images.Shape[1], (int)images.Shape[2]);
    }

    private static string Find(string folder, string name)
    {
        string plain = Path.Combine(folder, name);
        string packed = plain + ".gz";
        return File.Exists(packed) ? packed
            : File.Exists(plain) ? plain
            : throw new FileNotFoundException($"{packed} does not exist, and {name} without .gz neither.");
    }
}
