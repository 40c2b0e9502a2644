using HyperKernels.Models;

namespace HyperKernels.Cases.Sized;

/// <summary>A recurrent net whose gates are scaled by a smaller one, over a whole sequence: many small ops, forward and back through time.</summary>
internal static class HyperLstmSized
{
    private const int Gates = 4;

    // Scales of the input's and of the state's gates, and a shift.
    private const int Generated = 3;

    /// <summary>
    /// A layer-norm <see cref="HyperLstmCell"/> without the small bias, from a state of zeros; forward gives the last output, training is forward
    /// and backward.
    /// </summary>
    public static SizedOp Sequence { get; } = new(
        "hyper_lstm",
        [("B", "samples"), ("I", "inputs"), ("H", "state"), ("K", "the small cell's state"), ("Z", "embedding"), ("T", "steps")],
        (sizes, device) =>
        {
            (int batch, int inputs, int hidden) = (sizes["B"], sizes["I"], sizes["H"]);
            (int small, int embedding, int steps) = (sizes["K"], sizes["Z"], sizes["T"]);
            HyperLstmCell cell = new(inputs, hidden, small, embedding, new HyperLstmOptions { HyperBias = false }, new RandomStream(1));
            Tensor x = BenchSubject.Normal([steps, batch, inputs], device, 6);
            Tensor seed = BenchSubject.Normal([batch, hidden], device, 17);
            int read = inputs + hidden + small;
            double products = ((double)read * Gates * small) + ((double)(inputs + hidden) * Gates * hidden)
                + ((double)Generated * Gates * embedding * (small + hidden));
            return new BenchSubject
            {
                Op = "hyper_lstm",
                Sizes = sizes.Text,
                Flops = 2 * steps * batch * products,
                Bytes = 4.0 * (x.Count + cell.Count),
                Forward = () => Run(cell, x),
                Train = tape => tape.Backward(Run(cell, x), seed),
                Owned = cell,
            };
        });

    private static Tensor Run(HyperLstmCell cell, Tensor x) => cell.ForwardSequence(x, cell.ZeroState(x.Shape[1], x.Device)).State.Hidden;
}
