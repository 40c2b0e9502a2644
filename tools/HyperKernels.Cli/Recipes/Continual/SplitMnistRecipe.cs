using HyperKernels.Cli.Data;
using HyperKernels.Cli.Training;
using HyperKernels.Models;

namespace HyperKernels.Cli.Recipes;

/// <summary>Digits in five tasks of two, one after another.</summary>
/// <param name="emission">How weights are generated.</param>
internal sealed class SplitMnistRecipe(TaskEmission emission = TaskEmission.Chunks) : ContinualRecipe
{
    public override string Name => $"split-mnist{ContinualVariant.Suffix(emission)}";

    public override string Description =>
        $"Five tasks of two digits after another, {ContinualVariant.Words(emission)}, with and without its output regulariser.";

    // The authors' later code for the small network, posterior_replay_cl, takes 5000 steps of 32 images, rate 5e-4 and beta 10.
    protected override ContinualSettings Settings => new()
    {
        Target = [100, 100],
        Embedding = 32,
        Network = emission switch
        {
            TaskEmission.Full => new() { Emission = emission, Hidden = [10, 10] },
            TaskEmission.Chunks => new() { Emission = emission, Hidden = [10, 10, 10, 10], ChunkSize = 8000, ChunkEmbedding = 32, ChunkDeviation = 0.1f },
            _ => new() { Emission = emission, HiddenFeatures = 32, ChunkSize = 8000, ChunkEmbedding = 32 },
        },
        Beta = 0.1f,
        Rate = 1e-3f,
        Batch = 64,
        Steps = emission == TaskEmission.Chunks ? 2000 : 1500,
    };

    protected override IReadOnlyList<Figure> Published => [new Figure("hypernetwork", ContinualVariant.PublishedName(emission), 0.9972, "P2")];

    protected override DigitTasks Tasks(DigitData data, int seed) => DigitTasks.Split(data);
}
