using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using HyperKernels.Cases.Sized;

namespace HyperKernels.Cli.Reports;

/// <summary>How reports are written: camel case, one document.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(FailureReport))]
[JsonSerializable(typeof(FirstReport))]
[JsonSerializable(typeof(PlayReport))]
[JsonSerializable(typeof(TrainReport))]
[JsonSerializable(typeof(IReadOnlyList<RecipeReport>))]
[JsonSerializable(typeof(IReadOnlyList<BenchReport>))]
[JsonSerializable(typeof(IReadOnlyList<PlanTiming>))]
[JsonSerializable(typeof(InfoReport))]
[JsonSerializable(typeof(IReadOnlyList<OpReport>))]
[JsonSerializable(typeof(PartitionReport))]
[JsonSerializable(typeof(ProfileReport))]
[JsonSerializable(typeof(IReadOnlyList<RoundingReport>))]
[JsonSerializable(typeof(IReadOnlyList<SoakReport>))]
[JsonSerializable(typeof(IReadOnlyList<SystemReport>))]
[JsonSerializable(typeof(IReadOnlyList<VerifyReport>))]
internal sealed partial class ReportJson : JsonSerializerContext
{
    /// <summary>With quotes and signs as they are: the documents go to terminals and files, not into web pages.</summary>
    // Made at first use: the generated part's own statics must be there.
    public static ReportJson Plain => field ??= new(new JsonSerializerOptions(Default.GeneratedSerializerOptions!)
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });
}
