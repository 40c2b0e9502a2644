using HyperKernels.Models;

namespace HyperKernels.Cli.Recipes;

/// <summary>The recipes that <c>train</c> knows.</summary>
internal static class RecipeBook
{
    public static IReadOnlyList<IRecipe> All { get; } =
    [
        new MipRecipe(),
        new MipMnistRecipe(),
        new MipBayesRecipe(),
        new MipHyperMorphRecipe(),
        new MipScaleSpaceRecipe(),
        new MipAblationRecipe(),
        new MnistFashionRecipe(),
        new NeuMetaRecipe(),
        new LeNetRecipe(),
        new StnDigitsRecipe(),
        new StaticMnistRecipe(),
        new HyperLstmRecipe(),
        new SplitMnistRecipe(),
        new SplitMnistRecipe(TaskEmission.Full),
        new SplitMnistRecipe(TaskEmission.RecurrentChunks),
        new PermutedMnistRecipe(),
        new PermutedMnistRecipe(TaskEmission.Full),
        new PermutedMnistRecipe(TaskEmission.RecurrentChunks),
        new IntervalMnistRecipe(isSplit: true),
        new IntervalMnistRecipe(isSplit: false),
        new GhnDigitsRecipe(),
        new CondConvRecipe(),
        new PhcRecipe(),
        new HyperPinnRecipe(),
        new HyperShotRecipe(),
        new SirenImagesRecipe(),
        new TransportRecipe(),
        new NodeRecipe("hgnn", "cora-cocitation", "hgnn"),
        new NodeRecipe("cora-cocitation", "cora-cocitation", "hgnn,edhnn"),
        new NodeRecipe("cora-coauthorship", "cora-coauthorship", "hgnn,edhnn"),
        new NodeRecipe("citeseer-cocitation", "citeseer-cocitation", "hgnn,edhnn"),
        new NodeRecipe("pubmed-cocitation", "pubmed-cocitation", "hgnn,edhnn"),
        new NodeRecipe("dblp-coauthorship", "dblp-coauthorship", "hgnn,edhnn"),
        new EnronClosureRecipe(),
        new LightHgnnRecipe(),
        MembershipLabelRecipe.EmailEu,
        MembershipLabelRecipe.StackOverflowBiology,
        new HypeBoyRecipe(),
        new HdhgnProgramsRecipe(),
        new ImageSoftRecipe(),
        new HyperAdapterRecipe(),
        new IntrinsicDimensionRecipe(),
        new MoeRecipe(),
        new ZooPredictRecipe(),
        new PruneDigitsRecipe(),
        new RoastRecipe(),
        new ModulationFieldsRecipe(),
        new StoredRecipe(),
    ];

    /// <summary>Finds a recipe by its name.</summary>
    /// <exception cref="UsageException">There is none of that name.</exception>
    public static IRecipe Find(string name) =>
        All.FirstOrDefault(recipe => recipe.Name == name)
        ?? throw new UsageException($"no recipe is called \"{name}\". Known: {string.Join(", ", All.Select(recipe => recipe.Name))}.");
}
