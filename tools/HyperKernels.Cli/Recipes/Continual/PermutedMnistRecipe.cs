using HyperKernels.Cli.Data;
using HyperKernels.Cli.Training;
using HyperKernels.Models;

namespace HyperKernels.Cli.Recipes;

/// <summary>All digits ten times, each time with the pixels in another order, one after another.</summary>
/// <param name="emission">How weights are generated.</param>
internal sealed class PermutedMnistRecipe(TaskEmission emission = TaskEmission.Chunks) : ContinualRecipe
{
    private const int TaskCount = 10;

    public override string Name => $"permuted-mnist{ContinualVariant.Suffix(emission)}";

    public override string Description =>
        $"Ten tasks, digits with their pixels in ten orders, {ContinualVariant.Words(emission)}, with and without its output regulariser.";

    // The authors' later code for the small network, posterior_replay_cl, takes chunks of 750, 5000 steps and beta 250; larger chunks learn faster.
    protected override ContinualSettings Settings => new()
    {
        Target = [100, 100],
        Embedding = 32,
        Network = emission switch
        {
            TaskEmission.Full => new() { Emission = emission, Hidden = [100, 100] },
            TaskEmission.Chunks => new() { Emission = emission, Hidden = [100, 100], ChunkSize = 2000, ChunkEmbedding = 16, OwnChunks = true },
            _ => new() { Emission = emission, HiddenFeatures = 64, ChunkSize = 8000, ChunkEmbedding = 32 },
        },
        Beta = 0.03f,
        Rate = emission == TaskEmission.RecurrentChunks ? 1e-3f : 5e-4f,
        Batch = 128,
        Steps = emission switch
        {
            TaskEmission.Full => 300,
            TaskEmission.Chunks => 2000,
            _ => 1000,
        },
        Clip = 1,
    };

    protected override IReadOnlyList<Figure> Published =>
    [
        new Figure("hypernetwork", ContinualVariant.PublishedName(emission), 0.9505, "P2"),
        new Figure("fine-tuning", ContinualVariant.PublishedName(emission), 0.4789, "P2"),
    ];

    protected override DigitTasks Tasks(DigitData data, int seed) => DigitTasks.Permuted(data, TaskCount, seed);
}
