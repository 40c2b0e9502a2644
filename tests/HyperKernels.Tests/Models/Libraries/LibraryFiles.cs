using HyperKernels.Cases;
using HyperKernels.IO;
using HyperKernels.Layers;
using HyperKernels.Models;

namespace HyperKernels.Tests.Models.Libraries;

/// <summary>Files with the exact names of other libraries' state dictionaries, against numbers that those libraries computed.</summary>
internal static class LibraryFiles
{
    public static ReferenceCase Case(string name) => ReferenceCase.Open(Path.Combine(TestData.Repository, "tests", "reference", "hypernet", $"{name}.safetensors"));

    public static HostArray Array(ReferenceCase source, string name)
    {
        ReferenceTensor tensor = source.Tensor(name);
        return new HostArray(System.Array.ConvertAll(tensor.Values, static value => (float)value), tensor.Shape);
    }

    public static Tensor Input(ReferenceCase source, string name) => source.Tensor($"in.{name}").To(Device.Default);

    /// <summary>The case's parameters under the names of a library.</summary>
    public static Dictionary<string, HostArray> State(ReferenceCase source, Func<string, string> nameOf) =>
        source.All("param.").ToDictionary(pair => nameOf(pair.Name), pair => Array(source, $"param.{pair.Name}"));

    public static void Same(ReferenceCase source, string output, Tensor actual)
    {
        double[] expected = source.Tensor($"out.{output}").Values;
        Assert.That(System.Array.ConvertAll(actual.ToArray(), static value => (double)value), Is.EqualTo(expected).Within(1e-5 * Math.Max(1, expected.Max(Math.Abs))), output);
    }
}
