using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch.nn;

namespace HyperKernels.TorchPeer;

/// <summary>AllSet's attention of learned seeds over the rows of a set, as its authors write it.</summary>
internal sealed class SetAttention(long inputs, long outputs, long heads)
{
    private readonly Linear _keys = Linear(inputs, outputs), _values = Linear(inputs, outputs), _hidden = Linear(outputs, outputs), _last = Linear(outputs, outputs);
    private readonly LayerNorm _before = LayerNorm(outputs), _after = LayerNorm(outputs);

    public Parameter Seed { get; } = Parameter(Works.Normal([1, heads, outputs / heads], 0.1));

    public Module[] Modules => [_keys, _values, _hidden, _last, _before, _after];

    public torch.Tensor Forward(torch.Tensor rows, torch.Tensor from, Func<torch.Tensor, torch.Tensor> softmax, Func<torch.Tensor, torch.Tensor> add)
    {
        long width = outputs / heads;
        torch.Tensor scores = functional.leaky_relu((_keys.forward(rows).view(-1, heads, width) * Seed).sum(-1), 0.2);
        torch.Tensor shares = softmax(scores.index_select(0, from));
        torch.Tensor pooled = add(_values.forward(rows).view(-1, heads, width).index_select(0, from) * shares.unsqueeze(2));
        torch.Tensor x = _before.forward((pooled + Seed).view(-1, outputs));
        return _after.forward(x + functional.relu(_last.forward(functional.relu(_hidden.forward(x)))));
    }
}
