namespace HyperKernels.Cases.Sized;

/// <summary>A recurrent net whose gates are scaled by a smaller one, over a whole sequence: many small ops, forward and back through time.</summary>
internal static class HyperLstmSized
{
    private const int Gates = 4;

    // Scales of the input's and of the state's gates, and a shift.
    private const int Generated = 3;

    private const float NormEpsilon = 1e-3f;

    /// <summary>
    /// A layer-norm HyperLSTM: the small cell reads <c>[x; h; s]</c>; its state s gives embeddings z, and these the gates
    /// <c>LN(d_x(z) W_x x + d_h(z) W_h h + d_b(z) + b)</c>; <c>c' = c σ(f + 1) + σ(i) tanh(j)</c>, <c>h' = tanh(LN(c')) σ(o)</c>, both cells alike.
    /// </summary>
    /// <remarks>Source: Ha, Dai, Le, ICLR 2017, appendix A.2.3, with the forget bias added after the norm, as the authors' code does.</remarks>
    public static SizedOp Sequence { get; } = new(
        "hyper_lstm",
        [("B", "samples"), ("I", "inputs"), ("H", "state"), ("K", "the small cell's state"), ("Z", "embedding"), ("T", "steps")],
        (sizes, device) =>
        {
            (int batch, int inputs, int hidden) = (sizes["B"], sizes["I"], sizes["H"]);
            (int small, int embedding, int steps) = (sizes["K"], sizes["Z"], sizes["T"]);
            int read = inputs + hidden + small;
            Weights weights = new(
                Uniform([Gates, small, read], read, 1),
                Uniform([Gates, hidden, inputs], inputs, 2),
                Uniform([Gates, hidden, hidden], hidden, 3),
                Uniform([Generated * Gates, embedding, small], small, 4),
                Tensor.Ones([Generated * Gates, 1, embedding], device),
                // The scales begin about 0.1, so that products of many steps neither vanish nor grow.
                BenchSubject.Normal([Generated * Gates, embedding, hidden], device, 5, 0.1f / embedding),
                Tensor.Zeros([Gates, 1, hidden], device),
                Tensor.Ones([Gates, small], device),
                Tensor.Zeros([Gates, small], device),
                Tensor.Ones([Gates, hidden], device),
                Tensor.Zeros([Gates, hidden], device),
                Tensor.Ones([small], device),
                Tensor.Zeros([small], device),
                Tensor.Ones([hidden], device),
                Tensor.Zeros([hidden], device));
            Tensor x = BenchSubject.Normal([steps, batch, inputs], device, 6);
            Tensor[] all = [x, .. weights.All];
            Tensor[] pieces = new Tensor[Gates];
            bool[] differentiable = [false, .. weights.All.Select(_ => true)];
            double products = ((double)read * Gates * small) + ((double)(inputs + hidden) * Gates * hidden)
                + ((double)Generated * Gates * embedding * (small + hidden));
            return BenchSubject.Of(
                "hyper_lstm",
                sizes.Text,
                2 * steps * batch * products,
                4.0 * (x.Count + weights.All.Sum(w => w.Count)),
                all,
                differentiable,
                t => Run(t[0], weights, pieces));

            Tensor Uniform(Shape shape, int fan, int seed) => BenchSubject.Normal(shape, device, seed, 1 / MathF.Sqrt(fan));
        });

    private static Tensor Run(Tensor x, Weights w, Span<Tensor> pieces)
    {
        (int steps, int batch, int inputs) = (x.Shape[0], x.Shape[1], x.Shape[2]);
        Tensor h = Tensor.Zeros([batch, w.Hidden], x.Device);
        Tensor c = h;
        Tensor s = Tensor.Zeros([batch, w.Small], x.Device);
        Tensor sc = s;
        for (int step = 0; step < steps; step++)
        {
            Tensor now = Ops.Reshape(Ops.Slice(x, 0, step, 1), batch, inputs);
            Tensor smallGates = Ops.Matmul(Ops.Concatenate(1, now, h, s), w.FromAll, transposeB: true);
            (s, sc) = Cell(smallGates, sc, w.SmallGain, w.SmallShift, w.SmallCellGain, w.SmallCellShift, pieces);

            Tensor z = Ops.Add(Ops.Matmul(s, w.Embed, transposeB: true), w.EmbedShift);
            Ops.Split(Ops.Matmul(z, w.Scale), 0, [Gates, Gates, Gates], pieces[..Generated]);
            Tensor fromInput = Ops.Multiply(pieces[0], Ops.Matmul(now, w.FromInput, transposeB: true));
            Tensor fromState = Ops.Multiply(pieces[1], Ops.Matmul(h, w.FromState, transposeB: true));
            Tensor shift = Ops.Add(pieces[2], w.Shift);
            Tensor gates = Ops.Add(Ops.Add(fromInput, fromState), shift);
            (h, c) = Cell(gates, c, w.Gain, w.GateShift, w.CellGain, w.CellShift, pieces);
        }
        return h;
    }

    /// <summary>From the gates i, j, f, o before their norms, <c>[4, B, width]</c>.</summary>
    private static (Tensor State, Tensor Memory) Cell(
        Tensor gates, Tensor memory, Tensor gain, Tensor shift, Tensor cellGain, Tensor cellShift, Span<Tensor> pieces)
    {
        (int batch, int width) = (gates.Shape[1], gates.Shape[2]);
        // A gain per gate: the rows of a gate are consecutive samples.
        Tensor normed = Ops.LayerNorm(Ops.Reshape(gates, Gates * batch, width), 1, gain, shift, NormEpsilon);
        Ops.Split(normed, 0, [batch, batch, batch, batch], pieces);
        Tensor input = Ops.Sigmoid(pieces[0]);
        Tensor written = Ops.Tanh(pieces[1]);
        Tensor forget = Ops.Sigmoid(pieces[2] + 1);
        Tensor output = Ops.Sigmoid(pieces[3]);
        Tensor next = Ops.Add(Ops.Multiply(memory, forget), Ops.Multiply(input, written));
        return (Ops.Multiply(Ops.Tanh(Ops.LayerNorm(next, 1, cellGain, cellShift, NormEpsilon)), output), next);
    }

    private sealed record Weights(
        Tensor FromAll,
        Tensor FromInput,
        Tensor FromState,
        Tensor Embed,
        Tensor EmbedShift,
        Tensor Scale,
        Tensor Shift,
        Tensor SmallGain,
        Tensor SmallShift,
        Tensor Gain,
        Tensor GateShift,
        Tensor SmallCellGain,
        Tensor SmallCellShift,
        Tensor CellGain,
        Tensor CellShift)
    {
        public int Hidden => FromState.Shape[2];

        public int Small => SmallCellGain.Shape[0];

        public Tensor[] All =>
        [
            FromAll, FromInput, FromState, Embed, EmbedShift, Scale, Shift, SmallGain, SmallShift, Gain, GateShift, SmallCellGain, SmallCellShift,
            CellGain, CellShift,
        ];
    }
}
