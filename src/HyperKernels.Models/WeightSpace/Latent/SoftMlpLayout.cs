namespace HyperKernels.Models;

/// <summary>
/// Where a table with one row per neuron holds a perceptron: for every hidden layer the weights to its neurons, their biases and three activation logits; then weights and
/// bias of the output; then a column of masks per hidden layer.
/// </summary>
/// <param name="Rows">The neurons of a hidden layer, and the most inputs.</param>
/// <param name="HiddenLayers">The number of hidden layers.</param>
/// <remarks>Source: Huang, Montazerin, Srivastava, SWAT-NN (arXiv 2506.08270), and the authors' code (layer_config).</remarks>
public sealed record SoftMlpLayout(int Rows, int HiddenLayers)
{
    /// <summary>The functions that a neuron chooses from: sigmoid, tanh, leaky ReLU (slope 0.01).</summary>
    public const int Activations = 3;

    /// <summary>The number of columns.</summary>
    public int Columns => (HiddenLayers * (LayerColumns + 1)) + Rows + 1;

    private int LayerColumns => Rows + 1 + Activations;

    /// <summary>The first column of a layer: its weights, one column for each neuron that they lead to; the output counts as layer <see cref="HiddenLayers"/>.</summary>
    public int WeightsOf(int layer) => layer * LayerColumns;

    /// <summary>The column of a layer's biases.</summary>
    public int BiasOf(int layer) => WeightsOf(layer) + Rows;

    /// <summary>The first column of a hidden layer's activation logits.</summary>
    public int LogitsOf(int layer) => BiasOf(layer) + 1;

    /// <summary>The first column of the masks.</summary>
    public int Masks => BiasOf(HiddenLayers) + 1;
}
