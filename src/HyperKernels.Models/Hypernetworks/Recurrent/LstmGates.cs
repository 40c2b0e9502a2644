using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// The half of a long short-term memory behind its matrices: from the gates i, j, f, o to
/// <c>c' = c s(LN(f) + F) + s(LN(i)) drop(tanh(LN(j)))</c>, <c>h' = tanh(LN(c')) s(LN(o))</c>, with a norm per gate or without norms.
/// </summary>
internal sealed class LstmGates : Layer
{
    /// <summary>The number of gates.</summary>
    public const int GateCount = 4;

    private readonly float _forgetBias;
    private readonly float _epsilon;
    private readonly Dropout _dropout;
    private readonly Parameter? _gain;
    private readonly Parameter? _shift;
    private readonly Parameter? _cellGain;
    private readonly Parameter? _cellShift;

    public LstmGates(int features, bool layerNorm, float forgetBias, float epsilon, float dropout, RandomStream? random)
    {
        _forgetBias = forgetBias;
        _epsilon = epsilon;
        if (layerNorm)
        {
            _gain = AddParameter("norm_gain", [GateCount, features], Initializer.Ones, role: ParameterRole.Gain);
            _shift = AddParameter("norm_shift", [GateCount, features], Initializer.Zeros, role: ParameterRole.Bias);
            _cellGain = AddParameter("cell_norm_gain", [features], Initializer.Ones, role: ParameterRole.Gain);
            _cellShift = AddParameter("cell_norm_shift", [features], Initializer.Zeros, role: ParameterRole.Bias);
        }
        _dropout = Add("dropout", new Dropout(dropout, random));
    }

    /// <summary>Takes the gates before their norms, <c>[4, B, features]</c>, and the memory, <c>[B, features]</c>.</summary>
    public (Tensor Hidden, Tensor Cell) Forward(Tensor gates, Tensor cell)
    {
        (int batch, int features) = (gates.Shape[1], gates.Shape[2]);
        gates = Ops.Reshape(gates, GateCount * batch, features);
        if (_gain is not null)
        {
            // Four gains for four times as many rows as samples: the rows of a gate are consecutive.
            gates = Ops.LayerNorm(gates, 1, _gain.Value, _shift!.Value, _epsilon);
        }
        (Tensor newCell, Tensor opened) = _dropout is { Training: true, Probability: > 0 }
            ? WithDropout(gates, cell)
            : Ops.LstmGates(Ops.Reshape(gates, GateCount, batch, features), cell, _forgetBias, LstmOrder.InputCandidateForgetOutput);
        Tensor shown = _cellGain is null ? newCell : Ops.LayerNorm(newCell, 1, _cellGain.Value, _cellShift!.Value, _epsilon);
        return (Ops.Multiply(Ops.Tanh(shown), opened), newCell);
    }

    // As Ops.LstmGates, with values of the candidate dropped.
    private (Tensor Cell, Tensor Opened) WithDropout(Tensor gates, Tensor cell)
    {
        int batch = cell.Shape[0];
        Span<Tensor> gate = [default, default, default, default];
        Ops.Split(gates, 0, [batch, batch, batch, batch], gate);
        Tensor written = Ops.Multiply(Ops.Sigmoid(gate[0]), _dropout.Forward(Ops.Tanh(gate[1])));
        return (Ops.MultiplyAdd(cell, Ops.Sigmoid(gate[2] + _forgetBias), written), Ops.Sigmoid(gate[3]));
    }
}
