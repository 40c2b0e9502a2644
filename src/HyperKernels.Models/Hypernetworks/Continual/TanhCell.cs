using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>One step of a plain recurrent network with PyTorch's names and first values: <c>h' = tanh(W_i x + b_i + W_h h + b_h)</c>.</summary>
internal sealed class TanhCell : Layer
{
    private readonly Parameter _weightInput;
    private readonly Parameter _weightHidden;
    private readonly Parameter _biasInput;
    private readonly Parameter _biasHidden;

    public TanhCell(int inFeatures, int hiddenFeatures, RandomStream? random)
    {
        Initializer initializer = Initializer.DefaultFor(hiddenFeatures);
        _weightInput = AddParameter("weight_ih", [hiddenFeatures, inFeatures], initializer, random);
        _weightHidden = AddParameter("weight_hh", [hiddenFeatures, hiddenFeatures], initializer, random);
        _biasInput = AddParameter("bias_ih", [hiddenFeatures], initializer, random, ParameterRole.Bias, _weightInput);
        _biasHidden = AddParameter("bias_hh", [hiddenFeatures], initializer, random, ParameterRole.Bias, _weightHidden);
    }

    public Tensor Forward(Tensor input, Tensor hidden) =>
        Ops.Tanh(Ops.Add(Ops.Linear(input, _weightInput, _biasInput.Value), Ops.Linear(hidden, _weightHidden, _biasHidden.Value)));
}
