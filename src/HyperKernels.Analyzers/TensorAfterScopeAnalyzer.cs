using System.Collections.Immutable;
using System.Linq;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Diagnostics;

namespace HyperKernels.Analyzers;

/// <summary>
/// HK0001: a tensor that was made in a scope is used after it. Told only where it is sure: the block's own statements end with a new value from an op for a
/// variable of outside, nothing keeps it, and the next use behind the block reads it.
/// </summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class TensorAfterScopeAnalyzer : DiagnosticAnalyzer
{
    /// <summary>The rule's id.</summary>
    public const string Id = "HK0001";

    private static readonly DiagnosticDescriptor s_rule = new(
        Id,
        "A tensor is used after its scope",
        "\"{0}\" was made in the scope \"{1}\" and is disposed with it: let it out with {1}.Keep({0}), or read it inside",
        "HyperKernels",
        DiagnosticSeverity.Warning,
        isEnabledByDefault: true);

    // These may give back what they were given, which can belong to an outer scope.
    private static readonly ImmutableHashSet<string> s_mayPassThrough =
    [
        "Reshape", "Flatten", "Permute", "Transpose", "Slice", "Split", "BroadcastTo", "Tile", "RepeatRows", "Detach", "Pad", "Concatenate", "Dropout", "Activate",
    ];

    /// <inheritdoc/>
    public override ImmutableArray<DiagnosticDescriptor> SupportedDiagnostics => [s_rule];

    /// <inheritdoc/>
    public override void Initialize(AnalysisContext context)
    {
        context.ConfigureGeneratedCodeAnalysis(GeneratedCodeAnalysisFlags.None);
        context.EnableConcurrentExecution();
        context.RegisterSyntaxNodeAction(AnalyzeBlock, SyntaxKind.Block);
    }

    private static void AnalyzeBlock(SyntaxNodeAnalysisContext context)
    {
        BlockSyntax block = (BlockSyntax)context.Node;
        // The block of a function is left with it: nothing comes after.
        if (block.Parent is BaseMethodDeclarationSyntax or LocalFunctionStatementSyntax or AnonymousFunctionExpressionSyntax or AccessorDeclarationSyntax
            || Names.Body(block) is not { } body
            || ScopeOf(block, context) is not { } scope)
        {
            return;
        }
        foreach (ExpressionStatementSyntax statement in block.Statements.OfType<ExpressionStatementSyntax>())
        {
            if (statement.Expression is AssignmentExpressionSyntax { RawKind: (int)SyntaxKind.SimpleAssignmentExpression, Left: IdentifierNameSyntax name } assignment
                && context.SemanticModel.GetSymbolInfo(name, context.CancellationToken).Symbol is ILocalSymbol tensor
                && Names.IsTensor(tensor.Type)
                && !block.Span.Contains(tensor.DeclaringSyntaxReferences[0].Span)
                && statement.SpanStart > scope.Declaration.SpanStart
                && IsNew(assignment.Right, context))
            {
                Check(tensor, statement, scope.Symbol, block, body, context);
            }
        }
    }

    private static void Check(
        ILocalSymbol tensor, ExpressionStatementSyntax made, ILocalSymbol scope, BlockSyntax block, SyntaxNode body, SyntaxNodeAnalysisContext context)
    {
        IdentifierNameSyntax? read = null;
        foreach (IdentifierNameSyntax use in Names.UsesOf(tensor, body, context))
        {
            // Inside: whatever else happens to it there, an assignment or Keep, may let it out.
            if (block.Span.Contains(use.Span))
            {
                if (use.SpanStart > made.Span.End && (IsAssigned(use) || IsArgument(use)))
                {
                    return;
                }
            }
            else if (use.SpanStart > block.Span.End)
            {
                if (read is null && (IsAssigned(use) || use.Parent is MemberAccessExpressionSyntax { Name.Identifier.ValueText: "IsAlive" or "Dispose" }))
                {
                    return;
                }
                // In another function, or behind a jump, order in the text says nothing.
                if (use.FirstAncestorOrSelf<AnonymousFunctionExpressionSyntax>() is not null || use.FirstAncestorOrSelf<LocalFunctionStatementSyntax>() is not null)
                {
                    return;
                }
                read ??= use;
            }
        }
        if (read is not null && block.Parent is BlockSyntax or UsingStatementSyntax && read.FirstAncestorOrSelf<CatchClauseSyntax>() is null)
        {
            context.ReportDiagnostic(Diagnostic.Create(s_rule, read.GetLocation(), tensor.Name, scope.Name));
        }
    }

    private static (ILocalSymbol Symbol, SyntaxNode Declaration)? ScopeOf(BlockSyntax block, SyntaxNodeAnalysisContext context)
    {
        VariableDeclarationSyntax? declaration = block.Parent is UsingStatementSyntax { Declaration: { } given }
            ? given
            : block.Statements.OfType<LocalDeclarationStatementSyntax>().FirstOrDefault(static local => local.UsingKeyword != default)?.Declaration;
        return declaration is { Variables.Count: 1 }
            && context.SemanticModel.GetDeclaredSymbol(declaration.Variables[0], context.CancellationToken) is ILocalSymbol scope
            && Names.IsScope(scope.Type)
            ? (scope, declaration)
            : null;
    }

    private static bool IsNew(ExpressionSyntax value, SyntaxNodeAnalysisContext context) =>
        context.SemanticModel.GetSymbolInfo(value, context.CancellationToken).Symbol is IMethodSymbol { IsStatic: true } method
        && ((Names.IsOps(method.ContainingType) && !s_mayPassThrough.Contains(method.Name))
            || (method.MethodKind == MethodKind.UserDefinedOperator && Names.IsTensor(method.ContainingType)));

    private static bool IsAssigned(IdentifierNameSyntax use) =>
        (use.Parent is AssignmentExpressionSyntax assignment && assignment.Left == use) || use.Parent is ArgumentSyntax { RefKindKeyword.RawKind: not 0 };

    private static bool IsArgument(IdentifierNameSyntax use) => use.Parent is ArgumentSyntax;
}
