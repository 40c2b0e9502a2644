using System.Collections.Concurrent;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace HyperKernels.Tests.Architecture;

/// <summary>One place in the sources that uses something declared elsewhere in them.</summary>
/// <param name="File">Where it is used, below the repository.</param>
/// <param name="Line">From 1.</param>
/// <param name="Name">What is used: a type, or a type's member.</param>
/// <param name="Owner">The type, or the member's type.</param>
/// <param name="Declared">The files in which it is declared: several for a partial type.</param>
internal sealed record SourceUse(string File, int Line, string Name, string Owner, IReadOnlyList<string> Declared);

/// <summary>
/// Which file uses what, over all sources below <c>src</c>, <c>kernels</c> and <c>tools</c>: bound by the compiler, so that a word in a comment, or a
/// property that is called like a type elsewhere, is not taken for a use.
/// </summary>
internal sealed class SourceUses
{
    private static readonly Lazy<SourceUses> s_all = new(() => new SourceUses());

    // What ImplicitUsings gives.
    private const string Usings =
        "global using System; global using System.Collections.Generic; global using System.IO; global using System.Linq; "
        + "global using System.Threading; global using System.Threading.Tasks;";

    private readonly ConcurrentBag<string> _unbound = [];

    private SourceUses()
    {
        CSharpParseOptions options = new(LanguageVersion.Latest);
        Files = FindFiles();
        IEnumerable<SyntaxTree> trees = Files.Select(file => CSharpSyntaxTree.ParseText(File.ReadAllText(Path.Combine(TestData.Repository, file)), options, file));
        // Not kept: it holds gigabytes, which every collection of a later test would go through.
        CSharpCompilation compilation = CSharpCompilation.Create(
            "sources",
            [CSharpSyntaxTree.ParseText(Usings, options), .. trees],
            References(),
            new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, allowUnsafe: true, nullableContextOptions: NullableContextOptions.Disable));
        Uses =
        [
            .. compilation.SyntaxTrees.Where(tree => tree.FilePath.Length > 0).AsParallel().AsOrdered().SelectMany(tree => UsesIn(tree, compilation.GetSemanticModel(tree))),
        ];
        SpreadTypes = FindSpreadTypes(compilation);
    }

    /// <summary>Read once for all tests.</summary>
    public static SourceUses All => s_all.Value;

    /// <summary>Every source file, below the repository, with forward slashes.</summary>
    public IReadOnlyList<string> Files { get; }

    /// <summary>Every use.</summary>
    public IReadOnlyList<SourceUse> Uses { get; }

    /// <summary>Types whose parts stand in several folders, with these.</summary>
    public IReadOnlyDictionary<string, string[]> SpreadTypes { get; }

    /// <summary>Names in <c>src</c> that the compiler could not find: uses there go unseen.</summary>
    public IReadOnlyCollection<string> Unbound => _unbound;

    /// <summary>The folder of a file.</summary>
    public static string FolderOf(string file) => file[..file.LastIndexOf('/')];

    /// <summary>As <see cref="Files"/>, without a look at what is used.</summary>
    public static IReadOnlyList<string> FindFiles() => [.. new[] { "src", "kernels", "tools", "samples" }.SelectMany(CodeIn).Order(StringComparer.Ordinal)];

    private static IEnumerable<string> CodeIn(string folder) =>
        Directory.EnumerateFiles(Path.Combine(TestData.Repository, folder), "*.cs", SearchOption.AllDirectories)
            .Select(file => Path.GetRelativePath(TestData.Repository, file).Replace('\\', '/'));

    // What this process runs on, the packages of the projects under test included.
    private static IEnumerable<MetadataReference> References() =>
        ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Where(path => !Path.GetFileName(path).StartsWith("HyperKernels", StringComparison.Ordinal))
            .Select(path => MetadataReference.CreateFromFile(path));

    private IEnumerable<SourceUse> UsesIn(SyntaxTree tree, SemanticModel model)
    {
        foreach (SyntaxNode node in tree.GetRoot().DescendantNodes())
        {
            // Names, and what is called without one: operators, indexers, constructors.
            if (node is not (SimpleNameSyntax or BinaryExpressionSyntax or PrefixUnaryExpressionSyntax or ElementAccessExpressionSyntax
                or BaseObjectCreationExpressionSyntax or CastExpressionSyntax or AssignmentExpressionSyntax))
            {
                continue;
            }
            SymbolInfo info = model.GetSymbolInfo(node);
            if (info.Symbol is null && info.CandidateSymbols.IsEmpty && node is SimpleNameSyntax unknown && IsMeantToBind(unknown))
            {
                _unbound.Add($"{tree.FilePath}({tree.GetLineSpan(node.Span).StartLinePosition.Line + 1}): {unknown}");
            }
            ISymbol? symbol = (info.Symbol ?? info.CandidateSymbols.FirstOrDefault())?.OriginalDefinition;
            symbol = symbol is IMethodSymbol { ReducedFrom: { } extension } ? extension.OriginalDefinition : symbol;
            INamedTypeSymbol? owner = symbol as INamedTypeSymbol ?? symbol?.ContainingType;
            if (symbol is not (INamedTypeSymbol or IMethodSymbol or IPropertySymbol or IFieldSymbol or IEventSymbol) || owner is null)
            {
                continue;
            }
            // What the compiler writes itself, such as a default constructor, stands where its type does.
            string[] declared = FilesOf(symbol.DeclaringSyntaxReferences.IsEmpty ? owner : symbol);
            if (declared.Length > 0)
            {
                string name = symbol is INamedTypeSymbol ? owner.Name : $"{owner.Name}.{symbol.Name}";
                yield return new SourceUse(tree.FilePath, tree.GetLineSpan(node.Span).StartLinePosition.Line + 1, name, owner.Name, declared);
            }
        }
    }

    // Words that look like names; and tools, whose JSON is written by a generator that does not run here.
    private static bool IsMeantToBind(SimpleNameSyntax name) =>
        name.SyntaxTree.FilePath.StartsWith("src/", StringComparison.Ordinal)
        && name.Identifier.Text is not ("nameof" or "unmanaged" or "notnull" or "global" or "_")
        // The size of a fixed buffer, which is not bound with the rest.
        && name.Ancestors().OfType<BracketedArgumentListSyntax>().FirstOrDefault()?.Parent is not VariableDeclaratorSyntax;

    private static string[] FilesOf(ISymbol symbol) =>
        [.. symbol.DeclaringSyntaxReferences.Select(reference => reference.SyntaxTree.FilePath).Where(file => file.Length > 0).Distinct()];

    private static Dictionary<string, string[]> FindSpreadTypes(CSharpCompilation compilation)
    {
        Dictionary<string, string[]> spread = [];
        foreach (SyntaxTree tree in compilation.SyntaxTrees)
        {
            SemanticModel model = compilation.GetSemanticModel(tree);
            foreach (BaseTypeDeclarationSyntax declaration in tree.GetRoot().DescendantNodes().OfType<BaseTypeDeclarationSyntax>())
            {
                INamedTypeSymbol type = model.GetDeclaredSymbol(declaration)!;
                string[] folders = [.. FilesOf(type).Select(FolderOf).Distinct()];
                if (folders.Length > 1)
                {
                    spread[type.Name] = folders;
                }
            }
        }
        return spread;
    }
}
