using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>One layer's network of a weight field. Names are those of the authors' modules.</summary>
internal sealed class FieldMlp : TensorLayer
{
    private readonly Sequential _blocks;
    private readonly Scalars _scalars;
    private readonly Linear _last;

    public FieldMlp(int inFeatures, int hiddenFeatures, int outFeatures, int layers, float scale, RandomStream? random)
    {
        First = Add("initial_layer", new Linear(inFeatures, hiddenFeatures, random: random));
        _blocks = Add("residual_blocks", new Sequential(
            [.. Enumerable.Range(1, layers - 1).Select(_ => new Linear(hiddenFeatures, hiddenFeatures, random: random))]));
        _scalars = Add("scalars", new Scalars(layers - 1, scale));
        _last = Add("output_layer", new Linear(hiddenFeatures, outFeatures, random: random));
    }

    public Linear First { get; }

    public Linear Last => _last;

    public override Tensor Forward(Tensor input)
    {
        Tensor hidden = First.Forward(input, Activation.Relu);
        for (int i = 0; i < _blocks.Length; i++)
        {
            hidden = Ops.Add(Ops.Multiply(((Linear)_blocks[i]).Forward(hidden, Activation.Relu), _scalars.Values[i].Value), hidden);
        }
        return _last.Forward(hidden);
    }

    private sealed class Scalars : Layer
    {
        public Scalars(int count, float first) =>
            Values = [.. Enumerable.Range(0, count).Select(i => AddParameter($"{i}", [], Initializer.Constant(first), role: ParameterRole.Gain))];

        public Parameter[] Values { get; }
    }
}
