using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace HyperKernels.Tests.Architecture;

/// <summary>The syntax of every source file, read once for all tests.</summary>
internal static class SourceTrees
{
    private static readonly Lazy<IReadOnlyDictionary<string, SyntaxNode>> s_all = new(() => SourceUses.FindFiles().ToDictionary(
        file => file, file => CSharpSyntaxTree.ParseText(File.ReadAllText(Path.Combine(TestData.Repository, file)), new CSharpParseOptions(LanguageVersion.Latest)).GetRoot()));

    /// <summary>By file, below the repository.</summary>
    public static IReadOnlyDictionary<string, SyntaxNode> All => s_all.Value;
}
