using System.Reflection;
using System.Text;

namespace HyperKernels.Backends.Gpu;

/// <summary>A file of kernels with the dialect before it and its includes in place: one text that a compiler takes alone.</summary>
/// <param name="File">The family's file: <c>segment.c</c>, or <c>cuda/matmul_tensor.c</c>, which only devices with what it needs are given.</param>
/// <param name="Text">The whole text; line directives lead back to the files.</param>
internal sealed record KernelSource(string File, string Text)
{
    /// <summary>The families that there are, by file name.</summary>
    public static IReadOnlyList<string> Files { get; } =
        [.. typeof(KernelSource).Assembly.GetManifestResourceNames().Where(IsFamily).Select(name => name["kernels/".Length..]).Order(StringComparer.Ordinal)];

    /// <summary>Reads a family's file from the library itself.</summary>
    /// <param name="dialect"><c>opencl</c> or <c>cuda</c>.</param>
    /// <param name="file"><c>segment.c</c>.</param>
    public static KernelSource Load(string dialect, string file)
    {
        StringBuilder text = new();
        HashSet<string> included = [];
        Append($"dialect/{dialect}.h", text, included);
        Append(file, text, included);
        return new KernelSource(file, text.ToString());
    }

    private static bool IsFamily(string name) =>
        name.StartsWith("kernels/", StringComparison.Ordinal) && name.EndsWith(".c", StringComparison.Ordinal);

    // Each file once; an include stands on a line of its own, as #include "lib/name.h".
    private static void Append(string file, StringBuilder text, HashSet<string> included)
    {
        if (!included.Add(file))
        {
            return;
        }
        text.Append("#line 1 \"").Append(file).Append("\"\n");
        int number = 0;
        foreach (string line in Read(file).Split('\n'))
        {
            number++;
            if (line.StartsWith("#include \"", StringComparison.Ordinal))
            {
                Append(line.Split('"')[1], text, included);
                text.Append("#line ").Append(number + 1).Append(" \"").Append(file).Append("\"\n");
            }
            else
            {
                text.Append(line.TrimEnd('\r')).Append('\n');
            }
        }
    }

    private static string Read(string file)
    {
        using Stream stream = Assembly.GetExecutingAssembly().GetManifestResourceStream($"kernels/{file}")
            ?? throw new KernelBuildException($"kernels/{file} is not part of this library.");
        using StreamReader reader = new(stream);
        return reader.ReadToEnd();
    }
}
