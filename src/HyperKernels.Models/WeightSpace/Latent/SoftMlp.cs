namespace HyperKernels.Models;

/// <summary>
/// A perceptron as a decoded table describes it, with every choice soft: <c>h = sum_k p_k phi_k(h W + b) m</c> with shares p of three functions per neuron and masks m.
/// </summary>
/// <param name="Layout">Where the table holds what.</param>
/// <param name="Weights">Weights behind the threshold, all layers side by side: <c>[rows, rows (hiddenLayers + 1)]</c>.</param>
/// <param name="Biases">For every layer and the output, <c>[rows]</c>; of the output's the first counts.</param>
/// <param name="Shares">For every hidden layer and function its share in each neuron, <c>[rows]</c>.</param>
/// <param name="Masks">How much each neuron is there, before it is sharpened: <c>[rows, hiddenLayers]</c>.</param>
/// <param name="Sharpness">The steepness of thresholds and masks.</param>
public sealed record SoftMlp(
    SoftMlpLayout Layout,
    Tensor Weights,
    IReadOnlyList<Tensor> Biases,
    IReadOnlyList<IReadOnlyList<Tensor>> Shares,
    Tensor Masks,
    float Sharpness)
{
    private const float Slope = 0.01f;

    /// <summary>Reads a table.</summary>
    /// <param name="table"><c>[rows, columns]</c></param>
    /// <param name="threshold">t, <c>[1]</c>: <c>W = V sigmoid(sharpness (|V| - t))</c>.</param>
    /// <param name="temperature">Divides the logits of a neuron's functions; small is hard.</param>
    /// <param name="layout">Where the table holds what.</param>
    /// <param name="sharpness">The steepness of thresholds and masks.</param>
    /// <exception cref="ArgumentException">The table has another shape, or the temperature is not positive.</exception>
    public static SoftMlp Of(Tensor table, Tensor threshold, float temperature, SoftMlpLayout layout, float sharpness)
    {
        ArgumentNullException.ThrowIfNull(layout);
        if (table.Shape != new Shape(layout.Rows, layout.Columns) || !(temperature > 0))
        {
            throw new ArgumentException(
                $"SoftMlp: the table must be [{layout.Rows}, {layout.Columns}] and the temperature positive; got {table.Shape} and {temperature}.", nameof(table));
        }
        Tensor Columns(int start, int count) => Ops.Slice(table, 1, start, count);
        int layers = layout.HiddenLayers;
        Tensor values = Ops.Concatenate(1, [.. Enumerable.Range(0, layers + 1).Select(l => Columns(layout.WeightsOf(l), layout.Rows))]);
        Tensor[][] shares = [.. Enumerable.Range(0, layers).Select(l =>
        {
            Tensor soft = Ops.Softmax(Ops.MultiplyScalar(Columns(layout.LogitsOf(l), SoftMlpLayout.Activations), 1 / temperature));
            return Ops.Split(soft, 1, 1, 1, 1).Select(column => Ops.Reshape(column, layout.Rows)).ToArray();
        })];
        return new SoftMlp(
            layout, Ops.Multiply(values, Ops.Sigmoid(Ops.MultiplyScalar(Ops.Subtract(Ops.Abs(values), threshold), sharpness))),
            [.. Enumerable.Range(0, layers + 1).Select(l => Ops.Reshape(Columns(layout.BiasOf(l), 1), layout.Rows))], shares,
            Ops.Sigmoid(Columns(layout.Masks, layers)), sharpness);
    }

    /// <summary>Runs the perceptron.</summary>
    /// <param name="input"><c>[B, inputs]</c>; the first layer uses as many rows of its weights.</param>
    /// <returns><c>[B]</c></returns>
    /// <exception cref="ArgumentException">The input is not a matrix, or has more columns than there are rows.</exception>
    public Tensor Forward(Tensor input)
    {
        int rows = Layout.Rows;
        if (input.Rank != 2 || input.Shape[1] > rows)
        {
            throw new ArgumentException($"SoftMlp: the input must be [B, inputs] with up to {rows} inputs; it is {input.Shape}.", nameof(input));
        }
        Tensor hidden = input;
        Tensor present = Ops.Sigmoid(Ops.MultiplyScalar(Ops.AddScalar(Masks, -0.5f), Sharpness));
        for (int l = 0; l < Layout.HiddenLayers; l++)
        {
            Tensor weight = Ops.Slice(Weights, 1, l * rows, rows);
            weight = l == 0 ? Ops.Slice(weight, 0, 0, input.Shape[1]) : weight;
            Tensor sum = Ops.Add(Ops.Matmul(hidden, weight), Biases[l]);
            Tensor mixed = (Shares[l][0] * Ops.Sigmoid(sum)) + (Shares[l][1] * Ops.Tanh(sum)) + (Shares[l][2] * Ops.LeakyRelu(sum, Slope));
            hidden = Ops.Multiply(mixed, Ops.Reshape(Ops.Slice(present, 1, l, 1), rows));
        }
        Tensor output = Ops.Matmul(hidden, Ops.Slice(Weights, 1, Layout.HiddenLayers * rows, 1));
        return Ops.Reshape(Ops.Add(output, Ops.Slice(Biases[^1], 0, 0, 1)), input.Shape[0]);
    }
}
