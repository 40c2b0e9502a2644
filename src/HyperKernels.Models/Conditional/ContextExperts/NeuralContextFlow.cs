using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>An expert that reads the context beside the state: <c>f(y; c) = MLP([D(y); G(c)])</c>, D and G perceptrons whose widths grow from their inputs to one size.</summary>
/// <remarks>
/// The first layer behind is applied to both parts by themselves, so that what is known of the context is computed once for all states of a system.
/// Source: Nzoyem, Barton, Deakin, Neural Context Flows for Meta-Learning of Dynamical Systems, ICLR 2025 (arXiv 2405.02154), as in the code of MixER, ddrous/MixER (Expert_NCF).
/// </remarks>
public sealed class NeuralContextFlow : ContextExpert, IStoredLayer<NeuralContextFlow>
{
    private readonly int[] _sizes;
    private readonly Activation? _activation;
    private readonly Sequential _context;
    private readonly Sequential _data;
    private readonly Linear _joint;
    private readonly Sequential _main;

    // Files may hold the activation before a program uses it.
    static NeuralContextFlow()
    {
        LayerTypes.Register<NeuralContextFlow>();
        LayerTypes.Register<Swish>();
    }

    /// <summary>Makes the expert.</summary>
    /// <param name="features">The features of a state.</param>
    /// <param name="contextFeatures">The numbers of a context.</param>
    /// <param name="hiddenFeatures">The width of the perceptron that reads both.</param>
    /// <param name="intermediateFeatures">What state and context are turned into; null means half that width.</param>
    /// <param name="depth">The hidden layers of that perceptron, 1 or more.</param>
    /// <param name="dataDepth">The hidden layers of D.</param>
    /// <param name="contextDepth">The hidden layers of G.</param>
    /// <param name="activation">Behind hidden layers; null means <see cref="Swish"/>, each with a steepness of its own.</param>
    /// <param name="shift">Whether a trained number is added to contexts.</param>
    /// <param name="random">Where first values come from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">A size is less than 1, or a depth too small.</exception>
    public NeuralContextFlow(
        int features,
        int contextFeatures,
        int hiddenFeatures,
        int? intermediateFeatures = null,
        int depth = 3,
        int dataDepth = 1,
        int contextDepth = 1,
        Activation? activation = null,
        bool shift = false,
        RandomStream? random = null)
        : base(contextFeatures, shift)
    {
        int middle = intermediateFeatures ?? Math.Max(1, hiddenFeatures / 2);
        if (features < 1 || hiddenFeatures < 1 || middle < 1 || depth < 1 || dataDepth < 0 || contextDepth < 0)
        {
            throw new ArgumentException(
                $"NeuralContextFlow: features, widths and depth must be at least 1, other depths not negative; "
                + $"got {features}, {hiddenFeatures}, {middle}, {depth}, {dataDepth} and {contextDepth}.");
        }
        _sizes = [features, hiddenFeatures, middle, depth, dataDepth, contextDepth];
        _activation = activation;
        _context = Add("context", Growing(contextFeatures, middle, contextDepth, random));
        _data = Add("data", Growing(features, middle, dataDepth, random));
        _joint = Add("joint", new Linear(2 * middle, hiddenFeatures, random: random));
        _main = Add("main", Chain([hiddenFeatures, .. Enumerable.Repeat(hiddenFeatures, depth - 1), features], first: true, random));
    }

    /// <inheritdoc/>
    public override Tensor Forward(Tensor input, Tensor context)
    {
        Tensor told = _context.Forward(Shifted(context));
        if (input.Rank < 2 || input.Shape[0] != told.Shape[0] || input.Shape[-1] != _sizes[0])
        {
            throw new ArgumentException($"NeuralContextFlow: states must be [{told.Shape[0]}, ..., {_sizes[0]}], one block per context; got {input.Shape}.", nameof(input));
        }
        int middle = _sizes[2];
        Tensor weight = _joint.Weight.Value;
        Tensor ofContext = Ops.Linear(told, Ops.Slice(weight, 1, middle, middle), _joint.Bias!.Value);
        Tensor ofData = Ops.Linear(_data.Forward(input), Ops.Slice(weight, 1, 0, middle));
        int[] axes = [told.Shape[0], .. Enumerable.Repeat(1, input.Rank - 2), ofContext.Shape[1]];
        return _main.Forward(Ops.Add(ofData, Ops.Reshape(ofContext, axes)));
    }

    static string IStoredLayer<NeuralContextFlow>.TypeName => "NeuralContextFlow";

    static NeuralContextFlow IStoredLayer<NeuralContextFlow>.Read(LayerSettings settings)
    {
        int[] sizes = settings.Ints("sizes");
        Activation? activation = settings.Has("activation") ? settings.Activation() : null;
        return new NeuralContextFlow(
            sizes[0], settings.Int("contextFeatures"), sizes[1], sizes[2], sizes[3], sizes[4], sizes[5], activation, settings.Flag("shift"));
    }

    void IStoredLayer<NeuralContextFlow>.WriteSettings(LayerSettings settings)
    {
        settings.Set("sizes", _sizes).Set("contextFeatures", ContextFeatures).Set("shift", Shifts);
        if (_activation is { } activation)
        {
            settings.SetActivation(activation);
        }
    }

    // Widths grow, or shrink, by one factor; those in between are rounded to even numbers, as the authors do.
    private Sequential Growing(int from, int to, int hidden, RandomStream? random)
    {
        int[] widths = new int[hidden + 2];
        (widths[0], widths[^1]) = (from, to);
        for (int i = 1; i <= hidden; i++)
        {
            int width = (int)(from * Math.Exp((double)i / (hidden + 1) * Math.Log((double)to / from)));
            widths[i] = Math.Max(2, (width + 1) / 2 * 2);
        }
        return Chain(widths, first: false, random);
    }

    private Sequential Chain(int[] widths, bool first, RandomStream? random)
    {
        List<TensorLayer> layers = [];
        for (int i = 0; i < widths.Length - 1; i++)
        {
            if (i > 0 || first)
            {
                layers.Add(_activation is { } function ? ActivationLayer.Of(function) : new Swish(random));
            }
            layers.Add(new Linear(widths[i], widths[i + 1], random: random));
        }
        return new Sequential([.. layers]);
    }
}
