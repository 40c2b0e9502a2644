using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>The choices of a shapeshifter network; the defaults are one group of all layers that learns coefficients directly.</summary>
public sealed record ShapeshifterOptions
{
    /// <summary>
    /// The values that all banks have together, beside the weights of layers that are alone in their group. 0: every bank holds its group's
    /// largest weight.
    /// </summary>
    public long Budget { get; init; }

    /// <summary>
    /// For every weight of the target, in order, the number of its group (see <see cref="LayerGroups"/>); null puts all into one. A layer that is
    /// alone in its group keeps its own weight.
    /// </summary>
    public IReadOnlyList<int>? Groups { get; init; }

    /// <summary>Where coefficients come from.</summary>
    public TemplateSharing Sharing { get; init; } = TemplateSharing.Weighted;

    /// <summary>What happens where a bank is too small for a weight.</summary>
    public TemplateUpsampling Upsampling { get; init; }

    /// <summary>The most templates that a layer mixes; fewer where the bank holds fewer weights of its size.</summary>
    public int Templates { get; init; } = 8;

    /// <summary>For masks, the number of 3x3 kernels that one mask spans.</summary>
    public int Window { get; init; } = 1;

    /// <summary>The length of a layer's embedding.</summary>
    public int Embedding { get; init; } = 24;

    /// <summary>
    /// Widths of layers between embeddings and the linear layers that give coefficients, each followed by a ReLU; none in the published system.
    /// </summary>
    public IReadOnlyList<int> Hidden { get; init; } = [];

    /// <summary>
    /// Whether this network is trained to find groups: one bank, of which all layers mix four templates by a softmax
    /// (<see cref="LayerGroups.Learned"/>). Needs a budget.
    /// </summary>
    public bool LearnsGroups { get; init; }

    /// <summary>What coefficients computed from embeddings depend on besides; null means nothing.</summary>
    public Conditioning? Conditioning { get; init; }

    /// <summary>Where first values come from; null means <see cref="Initializer.Random"/>.</summary>
    public RandomStream? Random { get; init; }
}
