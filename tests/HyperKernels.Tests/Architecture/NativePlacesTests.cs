using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace HyperKernels.Tests.Architecture;

/// <summary>What the runtime does not check stands where <see cref="NativePlaces"/> says, and nowhere else.</summary>
public sealed class NativePlacesTests
{
    [Test]
    public void Pointers_StandInListedPlaces() => Check(
        NativePlaces.Pointers, static node => node.DescendantTokens().Any(token => token.IsKind(SyntaxKind.UnsafeKeyword)));

    [Test]
    public void UncheckedReferences_StandInListedPlaces() => Check(
        NativePlaces.References,
        static node => Uses(node, "Unsafe", "CollectionsMarshal", "GCHandle", "UnsafeAccessor", "SkipLocalsInit")
            || Calls(node, "MemoryMarshal", "GetReference", "GetArrayDataReference", "CreateSpan", "CreateReadOnlySpan", "CreateFromPinnedArray")
            || Members(node).Any(access => access.Name.Identifier.Text is "LoadUnsafe" or "StoreUnsafe")
            || Members(node).Any(access => access.Expression.ToString() == "Marshal" && access.Name.Identifier.Text != "SizeOf"));

    [Test]
    public void NativeLibraries_AreOpenedInListedPlaces() => Check(
        NativePlaces.Libraries,
        static node => Uses(node, "NativeLibrary") || node.DescendantNodes().OfType<AttributeSyntax>().Any(attribute => attribute.Name.ToString() is "DllImport" or "LibraryImport")
            || Calls(node, "Marshal", "GetDelegateForFunctionPointer"));

    [Test]
    public void Code_IsFoundAtRunTimeInListedPlaces() => Check(
        NativePlaces.Code,
        static node => Uses(node, "AssemblyLoadContext", "DynamicMethod", "AssemblyBuilder", "ILGenerator", "ProcessStartInfo", "Activator", "BinaryFormatter")
            || Calls(node, "Assembly", "Load", "LoadFrom", "LoadFile", "UnsafeLoadFrom") || Calls(node, "Process", "Start") || Calls(node, "Expression", "Lambda")
            || FindsByName(node, "GetType", "GetMethod", "GetConstructor", "InvokeMember", "CreateInstance"));

    private static void Check(IReadOnlyDictionary<string, string> places, Func<SyntaxNode, bool> does)
    {
        string[] found = [.. SourceTrees.All.Where(source => does(source.Value)).Select(source => source.Key)];
        Assert.Multiple(() =>
        {
            Assert.That(found.Where(file => !places.Keys.Any(place => Covers(place, file))), Is.Empty, "NativePlaces.cs lists where this may stand");
            Assert.That(places.Keys.Where(place => !found.Any(file => Covers(place, file))), Is.Empty, "listed, and not there any more");
        });
    }

    private static bool Covers(string place, string file) =>
        place == file || (place.EndsWith("/**", StringComparison.Ordinal) && file.StartsWith(place[..^2], StringComparison.Ordinal));

    private static bool Uses(SyntaxNode node, params string[] names) =>
        node.DescendantNodes().OfType<IdentifierNameSyntax>().Any(name => names.Contains(name.Identifier.Text));

    private static bool Calls(SyntaxNode node, string type, params string[] members) =>
        Members(node).Any(access => access.Expression.ToString() == type && members.Contains(access.Name.Identifier.Text));

    // An object's own GetType takes no argument, nor does a stack frame's GetMethod.
    private static bool FindsByName(SyntaxNode node, params string[] members) => node.DescendantNodes().OfType<InvocationExpressionSyntax>().Any(call =>
        call.ArgumentList.Arguments.Count > 0
        && (call.Expression switch
        {
            MemberAccessExpressionSyntax access => access.Name,
            MemberBindingExpressionSyntax binding => binding.Name,
            _ => null,
        })?.Identifier.Text is { } name && members.Contains(name));

    private static IEnumerable<MemberAccessExpressionSyntax> Members(SyntaxNode node) => node.DescendantNodes().OfType<MemberAccessExpressionSyntax>();
}
