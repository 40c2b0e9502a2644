using System.Text.RegularExpressions;

namespace HyperKernels.Cases;

/// <summary>What classes and methods are called in the catalogue.</summary>
public static partial class CaseName
{
    /// <summary>The catalogue's spelling: <c>GruCell</c> is <c>gru_cell</c>, <c>MaxPool2d</c> is <c>max_pool2d</c>.</summary>
    public static string Of(string name) => BeforeUpperCase().Replace(name, "_").ToLowerInvariant();

    [GeneratedRegex("(?<=[a-z0-9])(?=[A-Z])")]
    private static partial Regex BeforeUpperCase();
}
