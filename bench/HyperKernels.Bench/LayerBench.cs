using BenchmarkDotNet.Attributes;
using HyperKernels.Cases.Sized;

namespace HyperKernels.Bench;

/// <summary>Whole layers and models: one pass without a tape, and one training step.</summary>
public class LayerBench : SubjectBench
{
    public static IEnumerable<string> Models => LayerSubjects.All.Keys;

    [ParamsSource(nameof(Models))]
    public string Model { get; set; } = "";

    [Benchmark]
    public void Forward() => RunForward();

    [Benchmark]
    public void TrainingStep() => RunTraining();

    private protected override BenchSubject Make() => LayerSubjects.All[Model]();
}
