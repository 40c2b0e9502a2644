using HyperKernels.Backends;

namespace HyperKernels;

public static partial class Ops
{
    private const int LstmGateCount = 4;

    /// <summary>
    /// What a long short-term memory does with its gates, in one pass: the new memory <c>s(forget + forgetBias) cell + s(input) tanh(candidate)</c> and the
    /// opened output gate <c>s(output)</c>, s being the logistic function. The cell's output is <c>opened * Tanh(newCell)</c>, or has a norm in between.
    /// </summary>
    /// <param name="gates">The gates before their functions: side by side <c>[B, 4 F]</c>, or one behind the other <c>[4, B, F]</c>.</param>
    /// <param name="cell">The memory <c>[B, F]</c>.</param>
    /// <param name="forgetBias">Added to the forget gate.</param>
    /// <param name="order">Which gate is which.</param>
    /// <returns>The new memory and the opened output gate, both <c>[B, F]</c>.</returns>
    /// <exception cref="ArgumentException">A shape does not fit, integers, or different devices.</exception>
    /// <remarks>Differentiable in both, any number of times. Source: Hochreiter, Schmidhuber, 1997, with the forget gate of Gers et al., 2000.</remarks>
    public static (Tensor Cell, Tensor Opened) LstmGates(
        Tensor gates, Tensor cell, float forgetBias = 0, LstmOrder order = LstmOrder.InputForgetCandidateOutput)
    {
        CheckFloats("LstmGates", gates, cell);
        Shape memory = cell.Shape;
        if (memory.Rank != 2)
        {
            Throw.Argument($"LstmGates: the memory must be [B, F]; it is {memory}.");
        }
        (int rows, int features) = (memory[0], memory[1]);
        Shape sideBySide = [rows, Size.Of((long)LstmGateCount * features)];
        if (gates.Shape != sideBySide && gates.Shape != new Shape(LstmGateCount, rows, features))
        {
            Throw.Argument($"LstmGates: for a memory of {memory} the gates must be {sideBySide} or [{LstmGateCount}, {rows}, {features}]; they are {gates.Shape}.");
        }
        if (order is not (LstmOrder.InputForgetCandidateOutput or LstmOrder.InputCandidateForgetOutput))
        {
            Throw.Argument($"LstmGates: the order must be one of {nameof(LstmOrder)}; got {order}.");
        }
        LstmSizes sizes = LstmSizesOf(gates, cell, forgetBias, order);
        Tensor newCell = New(cell, memory);
        Tensor opened = New(cell, memory);
        Tensor? saved = IsRecorded([gates, cell]) ? New(cell, [3, rows, features]) : null;
        if (memory.Count > 0)
        {
            cell.Device.Backend.LstmGates(sizes, gates.Ref, cell.Ref, newCell.Ref, opened.Ref, saved?.Ref);
        }
        Record([newCell, opened], [gates, cell], (gates, cell, opened, saved, forgetBias, order), static (g, s) =>
        {
            (Tensor gates, Tensor cell, Tensor opened, Tensor? saved, float forgetBias, LstmOrder order) = s;
            if (g.Recorded)
            {
                LstmGatesRule(g, gates, cell, forgetBias, order);
                return;
            }
            Tensor gatesGradient = New(cell, gates.Shape);
            Tensor cellGradient = New(cell, cell.Shape);
            if (cell.Count > 0)
            {
                cell.Device.Backend.LstmGatesGradient(
                    LstmSizesOf(gatesGradient, cell, forgetBias, order), saved!.Value.Ref, opened.Ref, cell.Ref, Dense(g.OutputAt(0)).Ref, Dense(g.OutputAt(1)).Ref,
                    gatesGradient.Ref, cellGradient.Ref);
            }
            g[0] = gatesGradient;
            g[1] = cellGradient;
        });
        return (newCell, opened);
    }

    private static LstmSizes LstmSizesOf(Tensor gates, Tensor cell, float forgetBias, LstmOrder order)
    {
        (int rows, int features) = (cell.Shape[0], cell.Shape[1]);
        bool isSideBySide = gates.Rank == 2;
        long step = isSideBySide ? features : gates.RowStride;
        bool candidateFirst = order == LstmOrder.InputCandidateForgetOutput;
        return new LstmSizes
        {
            Rows = rows,
            Features = features,
            RowGates = isSideBySide ? gates.RowStride : features,
            RowCell = cell.RowStride,
            Forget = candidateFirst ? 2 * step : step,
            Candidate = candidateFirst ? step : 2 * step,
            Output = 3 * step,
            ForgetBias = forgetBias,
        };
    }

    /// <summary>The gradients in ops, so that they can be differentiated again.</summary>
    private static void LstmGatesRule(Gradients g, Tensor gates, Tensor cell, float forgetBias, LstmOrder order)
    {
        int axis = gates.Rank == 2 ? 1 : 0;
        int length = gates.Shape[axis] / LstmGateCount;
        Tensor[] gate = Split(gates, axis, length, length, length, length);
        (int forgetAt, int candidateAt) = order == LstmOrder.InputCandidateForgetOutput ? (2, 1) : (1, 2);
        Tensor Of(int index) => Reshape(gate[index], cell.Shape);
        Tensor input = Sigmoid(Of(0));
        Tensor kept = Sigmoid(AddScalar(Of(forgetAt), forgetBias));
        Tensor candidate = Tanh(Of(candidateAt));
        Tensor opened = Sigmoid(Of(3));
        Tensor gradient = g.OutputAt(0);
        if (g.Needs(0))
        {
            Tensor[] gradients = new Tensor[LstmGateCount];
            gradients[0] = Multiply(Multiply(gradient, candidate), SigmoidSlope(input));
            gradients[forgetAt] = Multiply(Multiply(gradient, cell), SigmoidSlope(kept));
            gradients[candidateAt] = Multiply(Multiply(gradient, input), 1 - Square(candidate));
            gradients[3] = Multiply(g.OutputAt(1), SigmoidSlope(opened));
            g[0] = axis == 1 ? Concatenate(1, gradients) : Stack(0, gradients);
        }
        if (g.Needs(1))
        {
            g[1] = Multiply(gradient, kept);
        }
    }

    private static Tensor SigmoidSlope(Tensor value) => Multiply(value, 1 - value);
}
