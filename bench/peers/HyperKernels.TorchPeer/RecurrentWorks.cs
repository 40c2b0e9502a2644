using TorchSharp;
using static TorchSharp.torch.nn;

namespace HyperKernels.TorchPeer;

/// <summary>Recurrent hypernetworks, one eager op for each of the equations' terms.</summary>
internal static class RecurrentWorks
{
    /// <summary>The equations of the engine's HyperLstmCell without the small bias.</summary>
    public static IEnumerable<Variant> HyperLstm(Letters s)
    {
        (long batch, long inputs, long hidden) = (s["B"], s["I"], s["H"]);
        (long small, long embedding, long steps) = (s["K"], s["Z"], s["T"]);
        long read = inputs + hidden + small;
        torch.Tensor fromAll = Uniform(4 * small, read), fromInput = Uniform(4 * hidden, inputs), fromState = Uniform(4 * hidden, hidden);
        torch.Tensor embed = Uniform(12 * embedding, small), embedShift = torch.ones(12 * embedding);
        torch.Tensor scale = Works.Normal([12, embedding, hidden], 0.1 / embedding), shift = torch.zeros(4, 1, hidden);
        torch.Tensor[] smallNorms = Norms(small), largeNorms = Norms(hidden);
        torch.Tensor x = Works.Normal([steps, batch, inputs]);
        yield return Works.WithGradient(
            "libtorch eager", Forward, [fromAll, fromInput, fromState, embed, embedShift, scale, shift, .. smallNorms, .. largeNorms]);

        torch.Tensor Forward()
        {
            torch.Tensor h = torch.zeros(batch, hidden), c = h, state = torch.zeros(batch, small), stateCell = state;
            for (long step = 0; step < steps; step++)
            {
                torch.Tensor now = x[step];
                (state, stateCell) = Cell(ByGate(functional.linear(torch.cat([now, h, state], 1), fromAll)), stateCell, smallNorms);
                torch.Tensor z = functional.linear(state, embed, embedShift).view(batch, 12, embedding).transpose(0, 1);
                torch.Tensor[] generated = torch.bmm(z, scale).split(4, 0);
                torch.Tensor gates = (generated[0] * ByGate(functional.linear(now, fromInput))) + (generated[1] * ByGate(functional.linear(h, fromState)))
                    + (generated[2] + shift);
                (h, c) = Cell(gates, c, largeNorms);
            }
            return h;
        }

        torch.Tensor ByGate(torch.Tensor y) => y.view(batch, 4, -1).transpose(0, 1);
    }

    private static (torch.Tensor Hidden, torch.Tensor Cell) Cell(torch.Tensor gates, torch.Tensor memory, torch.Tensor[] norms)
    {
        long width = gates.shape[2];
        torch.Tensor normed = (functional.layer_norm(gates, [width], eps: 1e-3) * norms[0].unsqueeze(1)) + norms[1].unsqueeze(1);
        torch.Tensor[] gate = normed.unbind(0);
        torch.Tensor cell = (memory * torch.sigmoid(gate[2] + 1)) + (torch.sigmoid(gate[0]) * torch.tanh(gate[1]));
        return (torch.tanh(functional.layer_norm(cell, [width], norms[2], norms[3], 1e-3)) * torch.sigmoid(gate[3]), cell);
    }

    private static torch.Tensor Uniform(long rows, long columns) => Works.Normal([rows, columns], 1 / Math.Sqrt(columns));

    // Gain and shift of the gates, then of the memory.
    private static torch.Tensor[] Norms(long width) => [torch.ones(4, width), torch.zeros(4, width), torch.ones(width), torch.zeros(width)];
}
