using System.Collections.Immutable;
using System.Linq;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Diagnostics;

namespace HyperKernels.Analyzers;

/// <summary>
/// HK0002: a tape records, and nothing is run backward on it. Told only where the tape cannot be reached but by its local variable, and that variable is
/// never used for more than keeping, watching or starting anew.
/// </summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class TapeNeverRunAnalyzer : DiagnosticAnalyzer
{
    /// <summary>The rule's id.</summary>
    public const string Id = "HK0002";

    private static readonly DiagnosticDescriptor s_rule = new(
        Id,
        "A tape that is never run backward",
        "\"{0}\" records what is computed, and nothing is run backward on it: a MemoryScope frees memory the same way and records nothing",
        "HyperKernels",
        DiagnosticSeverity.Warning,
        isEnabledByDefault: true);

    private static readonly ImmutableHashSet<string> s_harmless = ["Keep", "Watch", "Reset", "Dispose"];

    /// <inheritdoc/>
    public override ImmutableArray<DiagnosticDescriptor> SupportedDiagnostics => [s_rule];

    /// <inheritdoc/>
    public override void Initialize(AnalysisContext context)
    {
        context.ConfigureGeneratedCodeAnalysis(GeneratedCodeAnalysisFlags.None);
        context.EnableConcurrentExecution();
        context.RegisterSyntaxNodeAction(Analyze, SyntaxKind.LocalDeclarationStatement, SyntaxKind.UsingStatement);
    }

    private static void Analyze(SyntaxNodeAnalysisContext context)
    {
        VariableDeclarationSyntax? declaration = context.Node switch
        {
            LocalDeclarationStatementSyntax local when local.UsingKeyword != default => local.Declaration,
            UsingStatementSyntax statement => statement.Declaration,
            _ => null,
        };
        if (declaration is not { Variables.Count: 1 }
            || declaration.Variables[0] is not { Initializer.Value: BaseObjectCreationExpressionSyntax } variable
            || context.SemanticModel.GetDeclaredSymbol(variable, context.CancellationToken) is not ILocalSymbol tape
            || !Names.IsTape(tape.Type)
            || Names.Body(context.Node) is not { } body)
        {
            return;
        }
        foreach (IdentifierNameSyntax use in Names.UsesOf(tape, body, context))
        {
            if (use.Parent is not MemberAccessExpressionSyntax access || access.Expression != use || !s_harmless.Contains(access.Name.Identifier.ValueText))
            {
                return;
            }
        }
        context.ReportDiagnostic(Diagnostic.Create(s_rule, variable.Identifier.GetLocation(), tape.Name));
    }
}
