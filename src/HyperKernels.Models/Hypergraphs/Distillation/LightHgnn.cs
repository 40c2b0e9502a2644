using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// The student of LightHGNN and LightHGNN+: <c>logits = W_2 dropout(relu(W_1 x + b_1)) + b_2</c>. It reads features alone; what it knows of the hypergraph
/// it learned from its teacher (<see cref="LightHgnnLoss"/>).
/// </summary>
/// <remarks>
/// The teacher is any network of logits, an <see cref="Hgnn"/> of 32 hidden features in the paper. Training follows the authors' code, iMoonLab/LightHGNN: Adam,
/// rate 0.01, weight decay 5e-4, 200 epochs, the best on the validation nodes kept, for teacher and student alike. LightHGNN drops the loss's high-order term;
/// LightHGNN+ samples hyperedges anew at every step by <see cref="EdgeReliability"/>.
/// </remarks>
public sealed class LightHgnn : Layer, IStoredLayer<LightHgnn>
{
    private readonly Linear _first;
    private readonly Linear _second;
    private readonly Dropout _dropout;

    static LightHgnn() => LayerTypes.Register<LightHgnn>();

    /// <summary>Makes the student with PyTorch's first values of linear layers.</summary>
    /// <param name="inFeatures">Features of a node.</param>
    /// <param name="hiddenFeatures">Hidden features; 128 in the paper.</param>
    /// <param name="classes">How many logits a node gets.</param>
    /// <param name="dropout">The share of hidden values that training sets to zero.</param>
    /// <param name="random">Draws first values, then what is dropped; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">A size is less than 1, or dropout is not in [0, 1].</exception>
    public LightHgnn(int inFeatures, int hiddenFeatures, int classes, float dropout = 0.5f, RandomStream? random = null)
    {
        _first = Add("layer0", new Linear(inFeatures, hiddenFeatures, random: random));
        _second = Add("layer1", new Linear(hiddenFeatures, classes, random: random));
        _dropout = Add("dropout", new Dropout(dropout, random));
    }

    /// <summary>What was published.</summary>
    public static PublishedSystem Published { get; } = new()
    {
        Name = "lighthgnn",
        Title = "LightHGNN and LightHGNN+",
        Kind = SystemKind.Hypergraphs,
        Paper = new Paper(
            "Feng, Luo, Ying, Gao", "LightHGNN: Distilling Hypergraph Neural Networks into MLPs for 100x Faster Inference", "ICLR", 2024)
        {
            Arxiv = "2402.04296",
        },
        Equation = "L = l CE + (1 - l) (mean_v KL(t_v || s_v) + mean_e KL(t_e || s_e)), e kept with probability 1 - |dH_e| / max |dH|",
        Source = "section 4, and the authors' code, iMoonLab/LightHGNN",
        Layers = [typeof(LightHgnn), typeof(LightHgnnLoss), typeof(EdgeReliability), typeof(TopologyScore)],
        HypergraphDesign = new(
            HypergraphStructure.Hypergraph, HypergraphMessages.None, HypergraphAggregation.None, Training: HypergraphTraining.Supervised),
        Cases = ["lighthgnn_loss", "lighthgnn_reliability"],
        Recipe = "light-hgnn",
    };

    /// <summary>Computes logits.</summary>
    /// <param name="nodes">One row per node, <c>[N, inFeatures]</c>.</param>
    /// <returns><c>[N, classes]</c></returns>
    /// <exception cref="ArgumentException">The last axis has another size.</exception>
    public Tensor Forward(Tensor nodes) => _second.Forward(Hidden(nodes));

    /// <summary>Computes what the second layer reads: the embedding that <see cref="TopologyScore"/> is taken of.</summary>
    /// <param name="nodes">One row per node, <c>[N, inFeatures]</c>.</param>
    /// <returns><c>[N, hiddenFeatures]</c>, after ReLU and dropout.</returns>
    /// <exception cref="ArgumentException">The last axis has another size.</exception>
    public Tensor Hidden(Tensor nodes) => _dropout.Forward(_first.Forward(nodes, Activation.Relu));

    static string IStoredLayer<LightHgnn>.TypeName => "LightHgnn";

    static LightHgnn IStoredLayer<LightHgnn>.Read(LayerSettings settings) =>
        new(settings.Int("inFeatures"), settings.Int("hiddenFeatures"), settings.Int("classes"), settings.Number("dropout"));

    void IStoredLayer<LightHgnn>.WriteSettings(LayerSettings settings) => settings
        .Set("inFeatures", _first.InFeatures).Set("hiddenFeatures", _first.OutFeatures).Set("classes", _second.OutFeatures)
        .Set("dropout", _dropout.Probability);
}
