using HyperKernels.Layers;
using HyperKernels.Models;

namespace HyperKernels.Cli.Recipes;

/// <summary>A frozen network with adapters of its own for every task and place, <c>x + U gelu(D x + d) + u</c>: nothing is shared.</summary>
/// <remarks>Source: Houlsby and others, Parameter-Efficient Transfer Learning for NLP, ICML 2019 (arXiv 1902.00751), section 2.1: near the identity at first.</remarks>
internal sealed class SeparateAdapters : TaskNetwork
{
    private static readonly Initializer s_start = Initializer.Normal(0, 1e-2f);

    private readonly ResidualNet _frozen;
    private readonly Dictionary<(int Block, int Place), (Parameter Down, Parameter DownBias, Parameter Up, Parameter UpBias)> _adapters = [];

    /// <param name="frozen">Not trained, and no part of this layer's state.</param>
    /// <param name="width">Of the frozen network.</param>
    /// <param name="blocks">Of the frozen network.</param>
    /// <param name="tasks">How many there are.</param>
    /// <param name="reduction">How many times narrower than the network its adapters are inside.</param>
    /// <param name="random">Where first values come from.</param>
    public SeparateAdapters(ResidualNet frozen, int width, int blocks, int tasks, int reduction, RandomStream random)
    {
        _frozen = frozen;
        int bottleneck = width / reduction;
        for (int block = 0; block < blocks; block++)
        {
            for (int place = 0; place < ResidualNet.Places; place++)
            {
                string name = $"block{block}_{place}";
                _adapters.Add((block, place), (
                    AddParameter($"{name}_down", [tasks, bottleneck, width], s_start, random),
                    AddParameter($"{name}_down_bias", [tasks, bottleneck], Initializer.Zeros, role: ParameterRole.Bias),
                    AddParameter($"{name}_up", [tasks, width, bottleneck], s_start, random),
                    AddParameter($"{name}_up_bias", [tasks, width], Initializer.Zeros, role: ParameterRole.Bias)));
            }
        }
    }

    public override Tensor Logits(Tensor images, int first, int tasks) => _frozen.Forward(images, (x, block, place) =>
    {
        (Parameter down, Parameter downBias, Parameter up, Parameter upBias) = _adapters[(block, place)];
        Tensor Of(Parameter all) => Ops.Slice(all.Value, 0, first, tasks);
        return new Adapter(Of(down), Of(downBias), Of(up), Of(upBias)).Apply(x, Activation.GeluTanh);
    });
}
