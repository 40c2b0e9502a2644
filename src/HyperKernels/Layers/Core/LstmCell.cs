namespace HyperKernels.Layers;

/// <summary>
/// One step of a long short-term memory, with PyTorch's names and gate order i, f, g, o: the rows of
/// <c>W_i x + b_i + W_h h + b_h</c> go through <c>s, s, tanh, s</c>; <c>c' = f c + i g</c>, <c>h' = o tanh(c')</c>.
/// </summary>
/// <remarks>
/// Weights may be one set for all, or one per sample or group of samples. Source: Hochreiter, Schmidhuber, 1997, with the forget gate of
/// Gers et al., 2000; no bias is added to that gate beside the learned one.
/// </remarks>
public sealed class LstmCell : RecurrentCell, IStoredLayer<LstmCell>
{
    /// <summary>Makes the cell with PyTorch's first values.</summary>
    /// <param name="inFeatures">The size I of the input.</param>
    /// <param name="hiddenFeatures">The size of the state.</param>
    /// <param name="bias">Whether biases are added.</param>
    /// <param name="random">Where first values come from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">A size is less than 1.</exception>
    public LstmCell(int inFeatures, int hiddenFeatures, bool bias = true, RandomStream? random = null)
        : base(inFeatures, hiddenFeatures, 4, bias, random)
    {
    }

    /// <summary>Takes a step from a state of zeros.</summary>
    /// <param name="input"><c>[B, I]</c></param>
    /// <returns>The new output h, <c>[B, hiddenFeatures]</c>.</returns>
    public Tensor Forward(Tensor input)
    {
        Tensor zeros = ZeroState(input);
        return Forward(input, zeros, zeros).Hidden;
    }

    /// <summary>Takes a step.</summary>
    /// <param name="input"><c>[B, I]</c></param>
    /// <param name="hidden">The last output h, <c>[B, hiddenFeatures]</c>.</param>
    /// <param name="cell">The memory c, <c>[B, hiddenFeatures]</c>.</param>
    /// <returns>The new output and the new memory, both <c>[B, hiddenFeatures]</c>.</returns>
    /// <exception cref="ArgumentException">A shape differs.</exception>
    public (Tensor Hidden, Tensor Cell) Forward(Tensor input, Tensor hidden, Tensor cell)
    {
        Check(input, hidden);
        Check(input, cell);
        (Tensor newCell, Tensor opened) = Ops.LstmGates(FromBoth(input, hidden), cell);
        return (Ops.Multiply(opened, Ops.Tanh(newCell)), newCell);
    }

    static string IStoredLayer<LstmCell>.TypeName => "LstmCell";

    static LstmCell IStoredLayer<LstmCell>.Read(LayerSettings settings) =>
        new(settings.Int("inFeatures", formerly: "inputs"), settings.Int("hiddenFeatures", formerly: "hidden"), settings.Flag("bias"));

    void IStoredLayer<LstmCell>.WriteSettings(LayerSettings settings) => WriteSizes(settings);
}
