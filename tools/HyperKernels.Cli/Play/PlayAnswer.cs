using System.Text.Json.Serialization;

namespace HyperKernels.Cli.Play;

/// <summary>What the page is about, asked once.</summary>
/// <param name="File">The hypernetwork's file.</param>
/// <param name="Condition">The name of its condition.</param>
/// <param name="Low">The least value of the condition.</param>
/// <param name="High">The greatest.</param>
/// <param name="Weights">How many weights it generates.</param>
/// <param name="Parameters">How many parameters it has itself.</param>
/// <param name="Labels">The class of every digit that can be shown.</param>
internal sealed record PlayAbout(string File, string Condition, double Low, double High, int Weights, long Parameters, IReadOnlyList<int> Labels);

/// <summary>One answer of the network.</summary>
/// <param name="Label">The right class.</param>
/// <param name="Answer">The class that was answered.</param>
/// <param name="Probabilities">Of every class.</param>
/// <param name="Pixels">The turned digit: grey bytes, row-major, in base 64.</param>
/// <param name="Side">Rows and columns of the digit.</param>
/// <param name="Filters">The first layer's filters for the condition told, one after another.</param>
/// <param name="FilterSide">Rows and columns of a filter.</param>
/// <param name="Norm">Of all generated weights.</param>
/// <param name="Sweep">The probability of the right class for conditions evenly from the least to the greatest, all else the same.</param>
/// <param name="Milliseconds">What generating the weights and reading the digit with them took, the sweep not counted.</param>
internal sealed record PlayAnswer(
    int Label, int Answer, IReadOnlyList<float> Probabilities, string Pixels, int Side, IReadOnlyList<float> Filters, int FilterSide, double Norm, IReadOnlyList<float> Sweep,
    double Milliseconds);

/// <summary>How both are written.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(PlayAbout))]
[JsonSerializable(typeof(PlayAnswer))]
internal sealed partial class PlayJson : JsonSerializerContext;
