namespace HyperKernels.Layers;

/// <summary>
/// One step of a gated recurrent unit, with PyTorch's names and gate order r, z, n:
/// <c>r = s(W_ir x + b_ir + W_hr h + b_hr)</c>, <c>z = s(W_iz x + b_iz + W_hz h + b_hz)</c>,
/// <c>n = tanh(W_in x + b_in + r (W_hn h + b_hn))</c>, <c>h' = (1 - z) n + z h</c>.
/// </summary>
/// <remarks>
/// Weights may be one set for all, or one per sample or group of samples. Source: Cho et al., EMNLP 2014; as in PyTorch (and unlike the
/// paper) r multiplies after the matrix and its bias.
/// </remarks>
public sealed class GruCell : RecurrentCell, IStoredLayer<GruCell>
{
    /// <summary>Makes the cell with PyTorch's first values.</summary>
    /// <param name="inFeatures">The size I of the input.</param>
    /// <param name="hiddenFeatures">The size of the state.</param>
    /// <param name="bias">Whether biases are added.</param>
    /// <param name="random">Where first values come from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">A size is less than 1.</exception>
    public GruCell(int inFeatures, int hiddenFeatures, bool bias = true, RandomStream? random = null)
        : base(inFeatures, hiddenFeatures, 3, bias, random)
    {
    }

    /// <summary>Takes a step from a state of zeros.</summary>
    /// <param name="input"><c>[B, I]</c></param>
    /// <returns>The new state, <c>[B, hiddenFeatures]</c>.</returns>
    public Tensor Forward(Tensor input) => Forward(input, ZeroState(input));

    /// <summary>Takes a step.</summary>
    /// <param name="input"><c>[B, I]</c></param>
    /// <param name="state"><c>[B, hiddenFeatures]</c></param>
    /// <returns>The new state, <c>[B, hiddenFeatures]</c>.</returns>
    /// <exception cref="ArgumentException">A shape differs.</exception>
    public Tensor Forward(Tensor input, Tensor state)
    {
        Check(input, state);
        // Reset and update stand side by side and are opened together.
        ReadOnlySpan<int> parts = [2 * HiddenFeatures, HiddenFeatures];
        Span<Tensor> fromInput = [default, default];
        Span<Tensor> fromState = [default, default];
        Span<Tensor> opened = [default, default];
        Ops.Split(FromInput(input), 1, parts, fromInput);
        Ops.Split(FromHidden(state), 1, parts, fromState);
        Ops.Split(Ops.Sigmoid(Ops.Add(fromInput[0], fromState[0])), 1, [HiddenFeatures, HiddenFeatures], opened);
        (Tensor reset, Tensor update) = (opened[0], opened[1]);
        Tensor candidate = Ops.Tanh(Ops.MultiplyAdd(reset, fromState[1], fromInput[1]));
        return Ops.MultiplyAdd(update, Ops.Subtract(state, candidate), candidate);
    }

    static string IStoredLayer<GruCell>.TypeName => "GruCell";

    static GruCell IStoredLayer<GruCell>.Read(LayerSettings settings) =>
        new(settings.Int("inFeatures", formerly: "inputs"), settings.Int("hiddenFeatures", formerly: "hidden"), settings.Flag("bias"));

    void IStoredLayer<GruCell>.WriteSettings(LayerSettings settings) => WriteSizes(settings);
}
