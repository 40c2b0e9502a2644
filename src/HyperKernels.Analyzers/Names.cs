using System.Collections.Generic;
using System.Linq;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Diagnostics;

namespace HyperKernels.Analyzers;

/// <summary>What the rules look for: the library's types, and the uses of a variable.</summary>
internal static class Names
{
    private const string Library = "HyperKernels";

    public static bool IsTensor(ITypeSymbol type) => Is(type, "Tensor");

    public static bool IsTape(ITypeSymbol type) => Is(type, "Tape");

    public static bool IsScope(ITypeSymbol type) => Is(type, "MemoryScope") || IsTape(type);

    public static bool IsOps(ITypeSymbol type) => Is(type, "Ops");

    /// <summary>The function or the top-level statements that a node stands in.</summary>
    public static SyntaxNode? Body(SyntaxNode node) => node.Ancestors().FirstOrDefault(static ancestor =>
        ancestor is BaseMethodDeclarationSyntax or LocalFunctionStatementSyntax or AnonymousFunctionExpressionSyntax or AccessorDeclarationSyntax
            or CompilationUnitSyntax);

    /// <summary>Where a local variable is named after its declaration, in the order of the text.</summary>
    public static IEnumerable<IdentifierNameSyntax> UsesOf(ILocalSymbol variable, SyntaxNode body, SyntaxNodeAnalysisContext context) =>
        body.DescendantNodes().OfType<IdentifierNameSyntax>().Where(name =>
            name.Identifier.ValueText == variable.Name
            && SymbolEqualityComparer.Default.Equals(context.SemanticModel.GetSymbolInfo(name, context.CancellationToken).Symbol, variable));

    private static bool Is(ITypeSymbol type, string name) =>
        type.Name == name && type.ContainingNamespace is { Name: Library, ContainingNamespace.IsGlobalNamespace: true };
}
