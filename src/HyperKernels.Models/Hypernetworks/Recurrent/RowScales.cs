using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// What the small network of a HyperRNN or HyperLSTM generates in a step: for each gate scales for the rows of the input's matrix, scales for
/// those of the state's, and a shift, <c>A_x (E_x s + e_x)</c>, <c>A_h (E_h s + e_h)</c> and <c>B E_b s</c>. The embeddings of shifts have no bias.
/// </summary>
internal sealed class RowScales : Layer
{
    // Every scale starts at a tenth: the trick of recurrent batch norm (Cooijmans et al., 2017).
    private const float FirstScale = 0.1f;
    private const float ShiftEmbeddingDeviation = 0.01f;

    private readonly int _gates;
    private readonly int _size;
    private readonly Parameter _embedding;
    private readonly Parameter _bias;
    private readonly Parameter _generator;

    public RowScales(int gates, int hyperFeatures, int embedding, int hiddenFeatures, RandomStream? random)
    {
        _gates = gates;
        _size = embedding;
        Initializer embeddings = new ScaleThenShift(Initializer.Zeros, Initializer.Normal(0, ShiftEmbeddingDeviation));
        Initializer scales = new ScaleThenShift(Initializer.Constant(FirstScale / embedding), Initializer.Zeros);
        // All embeddings below each other: one product gives them all.
        _embedding = AddParameter("embedding", [3 * gates * embedding, hyperFeatures], embeddings, random);
        _bias = AddParameter("embedding_bias", [2 * gates * embedding], Initializer.Ones, random, ParameterRole.Bias, _embedding);
        _generator = AddParameter("generator", [3 * gates, embedding, hiddenFeatures], scales, random);
    }

    /// <summary>The bias of all embeddings, that of shifts being zero: the same in every step.</summary>
    public Tensor Bias() => Ops.Pad(_bias.Value, [(0, _gates * _size)]);

    /// <summary>Takes the small network's state <c>[B, hyperFeatures]</c>; each result is <c>[gates, B, hiddenFeatures]</c>.</summary>
    public (Tensor OfInput, Tensor OfHidden, Tensor Shift) Forward(Tensor state, Tensor bias)
    {
        Tensor embeddings = Ops.Linear(state, _embedding, bias);
        embeddings = Ops.Permute(Ops.Reshape(embeddings, state.Shape[0], 3 * _gates, _size), 1, 0, 2);
        Span<Tensor> generated = [default, default, default];
        Ops.Split(Ops.Matmul(embeddings, _generator.Value), 0, [_gates, _gates, _gates], generated);
        return (generated[0], generated[1], generated[2]);
    }

    /// <summary>One initialiser for the two thirds that concern scales, another for what concerns shifts.</summary>
    private sealed class ScaleThenShift(Initializer scales, Initializer shifts) : Initializer
    {
        public override void Fill(Span<float> values, Shape shape, RandomStream random)
        {
            int count = values.Length / 3 * 2;
            int rows = shape[0] / 3;
            scales.Fill(values[..count], shape.With(0, 2 * rows), random);
            shifts.Fill(values[count..], shape.With(0, rows), random);
        }
    }
}
