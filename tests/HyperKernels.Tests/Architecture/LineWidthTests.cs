using System.Globalization;

namespace HyperKernels.Tests.Architecture;

/// <summary>Lines of C# end where <c>.editorconfig</c> says, so that two files can be read side by side.</summary>
public sealed class LineWidthTests
{
    private const string Setting = "max_line_length = ";

    [Test]
    public void Lines_AreNoWiderThanEditorconfigSays()
    {
        string setting = File.ReadLines(Path.Combine(TestData.Repository, ".editorconfig")).Single(line => line.StartsWith(Setting, StringComparison.Ordinal));
        int width = int.Parse(setting.AsSpan(Setting.Length), CultureInfo.InvariantCulture);
        IEnumerable<string> wide =
            from folder in new[] { "src", "kernels", "tools", "samples", "tests", "bench" }
            from file in Directory.EnumerateFiles(Path.Combine(TestData.Repository, folder), "*.cs", SearchOption.AllDirectories)
            from line in File.ReadLines(file).Index()
            where line.Item.Length > width
            select $"{Path.GetRelativePath(TestData.Repository, file)}({line.Index + 1}): {line.Item.Length} columns";
        Assert.That(wide, Is.Empty);
    }
}
