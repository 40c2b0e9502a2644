using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace HyperKernels.Tests.Architecture;

/// <summary>What the framework says of a number out of range ("Actual value was 0.") names no op: messages are the library's own.</summary>
public sealed class ErrorMessageTests
{
    [Test]
    public void OutOfRange_IsToldInTheLibrarysOwnWords()
    {
        IEnumerable<string> places = SourceTrees.All.SelectMany(source => source.Value.DescendantNodes().Where(IsOfTheFramework)
            .Select(node => $"{source.Key}({node.GetLocation().GetLineSpan().StartLinePosition.Line + 1}): {node}"));
        Assert.That(places, Is.Empty, "Throw.IfOutside and Throw.Undefined say where, what was wanted and what came; elsewhere the exception takes such a message");
    }

    // Its checks write their own message, and so does the constructor that takes the value.
    private static bool IsOfTheFramework(SyntaxNode node) => node switch
    {
        MemberAccessExpressionSyntax access =>
            IsTheException(access.Expression) && access.Name.Identifier.Text.StartsWith("ThrowIf", StringComparison.Ordinal),
        ObjectCreationExpressionSyntax made => IsTheException(made.Type) && made.ArgumentList?.Arguments.Count != 2,
        _ => false,
    };

    private static bool IsTheException(SyntaxNode name) => name is IdentifierNameSyntax { Identifier.Text: nameof(ArgumentOutOfRangeException) };
}
