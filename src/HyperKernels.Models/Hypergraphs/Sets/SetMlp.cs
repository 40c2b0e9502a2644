using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>The perceptron of set networks: <c>[norm], (linear, relu, norm, dropout) ..., linear</c>.</summary>
/// <remarks>
/// Names are those of the authors' code, which AllSet, ED-HNN and CoNHD share: <c>lins.i</c>, and <c>normalizations.i</c> before linear layer i.
/// Normalisation of the input is part of it where inputNorm and normalization ask for it.
/// </remarks>
internal sealed partial class SetMlp : Layer
{
    private readonly LayerList<Linear> _linears;
    private readonly TensorLayer?[] _norms;
    private readonly Dropout _dropout;

    public SetMlp(
        int inFeatures, int hiddenFeatures, int outFeatures, int layers, SetNormalization normalization = SetNormalization.None, bool inputNorm = false,
        float dropout = 0, RandomStream? random = null)
    {
        if (layers < 1)
        {
            throw new ArgumentException($"SetMlp: there must be at least one layer; got {layers}.", nameof(layers));
        }
        _linears = Add("lins", new LayerList<Linear>());
        for (int i = 0; i < layers; i++)
        {
            _linears.With(new Linear(i == 0 ? inFeatures : hiddenFeatures, i == layers - 1 ? outFeatures : hiddenFeatures, random: random));
        }
        NormList norms = new();
        _norms = new TensorLayer?[layers];
        for (int i = 0; i < layers && normalization != SetNormalization.None; i++)
        {
            int size = i == 0 ? inFeatures : hiddenFeatures;
            _norms[i] = i > 0 || inputNorm
                ? norms.With(i, normalization == SetNormalization.Layer ? new LayerNorm(size) : new BatchNorm(size))
                : null;
        }
        Add("normalizations", norms);
        _dropout = Add("dropout", new Dropout(dropout, random));
    }

    public int InFeatures => _linears[0].InFeatures;

    public int OutFeatures => Last.OutFeatures;

    private Linear First => _linears[0];

    /// <summary>The linear layer that ends it.</summary>
    public Linear Last => _linears[^1];

    /// <summary><c>[R, inFeatures]</c> to <c>[R, outFeatures]</c>.</summary>
    public Tensor Forward(Tensor rows) => Last.Forward(Hidden(rows));

    /// <summary>
    /// All but the last linear layer. That one may follow an average or a sum of what this gives: it then works on fewer rows.
    /// </summary>
    public Tensor Hidden(Tensor rows)
    {
        Tensor input = _norms[0]?.Forward(rows) ?? rows;
        return _linears.Length == 1 ? input : AfterFirst(_linears[0].Forward(input, Activation.Relu));
    }

    /// <summary>From behind the first activation to before the last linear layer.</summary>
    private Tensor AfterFirst(Tensor rows)
    {
        Tensor x = rows;
        for (int i = 1; i < _linears.Length; i++)
        {
            x = _dropout.Forward(_norms[i]?.Forward(x) ?? x);
            x = i == _linears.Length - 1 ? x : _linears[i].Forward(x, Activation.Relu);
        }
        return x;
    }

    /// <summary>The norms that there are, under the number of the linear layer that each comes before.</summary>
    private sealed class NormList : Layer
    {
        public TensorLayer With(int number, TensorLayer norm) => Add($"{number}", norm);
    }
}
