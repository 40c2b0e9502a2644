using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace HyperKernels.Tests.Architecture;

/// <summary>What the runtime does not check stands where <see cref="NativePlaces"/> says, and nowhere else.</summary>
public sealed class NativePlacesTests
{
    private static readonly Lazy<IReadOnlyDictionary<string, SyntaxNode>> s_sources = new(() => SourceUses.All.Files.ToDictionary(
        file => file, file => CSharpSyntaxTree.ParseText(File.ReadAllText(Path.Combine(TestData.Repository, file)), new CSharpParseOptions(LanguageVersion.Latest)).GetRoot()));

    [Test]
    public void Pointers_StandInListedPlaces() => Check(
        NativePlaces.Pointers, static node => node.DescendantTokens().Any(token => token.IsKind(SyntaxKind.UnsafeKeyword)));

    [Test]
    public void UncheckedReferences_StandInListedPlaces() => Check(
        NativePlaces.References,
        static node => Uses(node, "Unsafe", "CollectionsMarshal")
            || Calls(node, "MemoryMarshal", "GetReference", "GetArrayDataReference", "CreateSpan", "CreateReadOnlySpan"));

    [Test]
    public void NativeLibraries_AreOpenedInListedPlaces() => Check(
        NativePlaces.Libraries,
        static node => Uses(node, "NativeLibrary") || node.DescendantNodes().OfType<AttributeSyntax>().Any(attribute => attribute.Name.ToString() is "DllImport" or "LibraryImport")
            || Calls(node, "Marshal", "GetDelegateForFunctionPointer"));

    [Test]
    public void Code_IsFoundAtRunTimeInListedPlaces() => Check(
        NativePlaces.Code,
        static node => Uses(node, "AssemblyLoadContext", "DynamicMethod", "AssemblyBuilder", "ProcessStartInfo", "Activator", "BinaryFormatter")
            || Calls(node, "Assembly", "Load", "LoadFrom", "LoadFile", "UnsafeLoadFrom") || Calls(node, "Type", "GetType") || Calls(node, "Process", "Start"));

    private static void Check(IReadOnlyDictionary<string, string> places, Func<SyntaxNode, bool> does)
    {
        string[] found = [.. s_sources.Value.Where(source => does(source.Value)).Select(source => source.Key)];
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

    private static bool Calls(SyntaxNode node, string type, params string[] members) => node.DescendantNodes().OfType<MemberAccessExpressionSyntax>()
        .Any(access => access.Expression.ToString() == type && members.Contains(access.Name.Identifier.Text));
}
