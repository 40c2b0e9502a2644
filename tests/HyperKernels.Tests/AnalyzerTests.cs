using System.Collections.Immutable;
using HyperKernels.Analyzers;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Diagnostics;

namespace HyperKernels.Tests;

/// <summary>What the analyzers in the engine's package tell, and that they keep silent where they cannot be sure. The repository itself is compiled with them.</summary>
public sealed class AnalyzerTests
{
    private const string Made = "Tensor x = Tensor.Ones([3]); Tensor y; ";

    private static readonly ImmutableArray<MetadataReference> s_references =
    [
        .. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Where(static path => Path.GetFileName(path).StartsWith("System.", StringComparison.Ordinal) || Path.GetFileName(path) is "netstandard.dll")
            .Select(static path => MetadataReference.CreateFromFile(path)),
        MetadataReference.CreateFromFile(typeof(Tensor).Assembly.Location),
    ];

    private static readonly (string Code, string Expected)[] s_told =
    [
        (Made + "{ using MemoryScope scope = new(); y = Ops.Relu(x); } Console.WriteLine(y.ToArray()[0]);",
            "HK0001: \"y\" was made in the scope \"scope\" and is disposed with it: let it out with scope.Keep(y), or read it inside"),
        (Made + "using (Tape tape = new()) { y = x + x; tape.Backward(Ops.Sum(x)); } y.ToArray();", "HK0001: \"y\" was made in the scope \"tape\""),
        (Made + "y = x; { using Tape tape = new(); y = Ops.Exp(y); tape.Backward(x); } if (x.Rank == 1) { Use(y); }", "HK0001: \"y\" was made in the scope \"tape\""),
        ("Tensor x = Tensor.Ones([3]); using Tape tape = new(); Tensor y = Ops.Relu(x);",
            "HK0002: \"tape\" records what is computed, and nothing is run backward on it: a MemoryScope frees memory the same way and records nothing"),
        ("using Tape tape = new(); Tensor w = tape.Watch(Tensor.Ones([3])); tape.Keep(Ops.Exp(w));", "HK0002: \"tape\" records"),
        ("using (Tape tape = new()) { Ops.Exp(Tensor.Ones([3])).ToArray(); }", "HK0002: \"tape\" records"),
    ];

    private static readonly string[] s_silent =
    [
        // Kept, assigned anew, looked at only, of outside, perhaps of outside, handed to somebody.
        Made + "{ using MemoryScope scope = new(); y = scope.Keep(Ops.Relu(x)); } y.ToArray();",
        Made + "{ using MemoryScope scope = new(); y = Ops.Relu(x); scope.Keep(y); } y.ToArray();",
        Made + "{ using MemoryScope scope = new(); y = Ops.Relu(x); y = x; } y.ToArray();",
        Made + "{ using MemoryScope scope = new(); y = Ops.Relu(x); } y = x; y.ToArray();",
        Made + "{ using MemoryScope scope = new(); y = Ops.Relu(x); } Console.WriteLine(y.IsAlive);",
        Made + "{ using MemoryScope scope = new(); y = Ops.Reshape(x, [1, 3]); } y.ToArray();",
        Made + "{ y = Ops.Relu(x); using MemoryScope scope = new(); } y.ToArray();",
        Made + "y = x; { using MemoryScope scope = new(); if (x.Rank == 2) { y = Ops.Relu(x); } } y.ToArray();",
        Made + "y = x; for (int i = 0; i < 3; i++) { y.ToArray(); using MemoryScope scope = new(); y = Ops.Relu(x); y.ToArray(); y = x; }",
        Made + "{ y = Ops.Relu(x); } y.ToArray();",
        Made + "{ using MemoryScope scope = new(); y = Ops.Relu(x); Use(y); } y.ToArray();",
        // Run backward, asked for a gradient, handed on, captured.
        "using Tape tape = new(); tape.Backward(Ops.Sum(Tensor.Ones([3])));",
        "using Tape tape = new(); Tensor w = tape.Watch(Tensor.Ones([3])); tape.Gradient(Ops.Sum(w), w).ToArray();",
        "using Tape tape = new(); Train(tape);",
        "using Tape tape = new(); Action later = () => tape.Backward(Tensor.Ones([1])); later();",
        "Tape tape = new();",
    ];

    [TestCaseSource(nameof(s_told))]
    public async Task Rule_TellsWhatIsSure((string Code, string Expected) example)
    {
        string[] told = await Analyze(example.Code);
        Assert.That(told, Has.Length.EqualTo(1));
        Assert.That(told[0], Does.StartWith(example.Expected));
    }

    [TestCaseSource(nameof(s_silent))]
    public async Task Rule_KeepsSilentOtherwise(string code) => Assert.That(await Analyze(code), Is.Empty);

    private static async Task<string[]> Analyze(string code)
    {
        string source = $"using System; using HyperKernels; static class C {{ static void M() {{ {code} }} static void Use(Tensor t) {{ }} static void Train(Tape t) {{ }} }}";
        CSharpCompilation compilation = CSharpCompilation.Create(
            "example", [CSharpSyntaxTree.ParseText(source)], s_references, new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary));
        Assert.That(compilation.GetDiagnostics().Where(static d => d.Severity == DiagnosticSeverity.Error), Is.Empty);
        ImmutableArray<Diagnostic> told = await compilation
            .WithAnalyzers([new TensorAfterScopeAnalyzer(), new TapeNeverRunAnalyzer()])
            .GetAnalyzerDiagnosticsAsync();
        return [.. told.Select(static d => $"{d.Id}: {d.GetMessage(System.Globalization.CultureInfo.InvariantCulture)}")];
    }
}
