using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>Flows one after another.</summary>
public sealed class FlowChain : Flow, IStoredLayer<FlowChain>
{
    private readonly Flow[] _flows;

    static FlowChain() => LayerTypes.Register<FlowChain>();

    /// <summary>Makes the chain.</summary>
    /// <param name="flows">In order; all of one number of features.</param>
    /// <exception cref="ArgumentException">There are none, or their numbers of features differ.</exception>
    public FlowChain(params IReadOnlyList<Flow> flows)
        : base(Throw.IfAnyNull("FlowChain", flows) is [{ } first, ..] ? first.Features : 0)
    {
        _flows = [.. flows];
        for (int i = 0; i < _flows.Length; i++)
        {
            if (_flows[i].Features != Features)
            {
                throw new ArgumentException($"FlowChain: all flows must have {Features} features; flow {i} has {_flows[i].Features}.", nameof(flows));
            }
            Add($"{i}", _flows[i]);
        }
    }

    /// <summary>The flows in order.</summary>
    public IReadOnlyList<Flow> Flows => _flows;

    /// <summary>An affine flow, then RealNVP couplings with a random order before every further one.</summary>
    /// <param name="features">D.</param>
    /// <param name="couplings">How many; none leaves independent weights.</param>
    /// <param name="hiddenFeatures">The width of their hidden layers.</param>
    /// <param name="random">Where first values come from; null means <see cref="Initializer.Random"/>.</param>
    public static FlowChain RealNvp(int features, int couplings = 1, int hiddenFeatures = 200, RandomStream? random = null)
    {
        List<Flow> flows = [new AffineFlow(features, random)];
        for (int i = 0; i < couplings; i++)
        {
            if (i > 0)
            {
                flows.Add(PermutationFlow.Random(features, random));
            }
            flows.Add(new CouplingFlow(features, hiddenFeatures, random));
        }
        return new FlowChain(flows);
    }

    /// <summary>An affine flow, then inverse autoregressive ones, every second in reverse.</summary>
    /// <param name="features">D.</param>
    /// <param name="layers">How many.</param>
    /// <param name="hiddenFeatures">The width of their hidden layers.</param>
    /// <param name="random">Where first values come from; null means <see cref="Initializer.Random"/>.</param>
    public static FlowChain InverseAutoregressive(int features, int layers = 1, int hiddenFeatures = 200, RandomStream? random = null) =>
        new([new AffineFlow(features, random), .. Enumerable.Range(0, layers).Select(i => new AutoregressiveFlow(features, hiddenFeatures, i % 2 == 1, random))]);

    /// <summary>Sets the shift of an affine flow at the front so that zeros become given values.</summary>
    /// <param name="values"><c>[D]</c></param>
    /// <exception cref="InvalidOperationException">The first flow is not affine.</exception>
    public void StartAt(ReadOnlySpan<float> values)
    {
        if (_flows[0] is not AffineFlow affine)
        {
            throw new InvalidOperationException($"FlowChain.StartAt: the first flow must be an AffineFlow; it is a {_flows[0].GetType().Name}.");
        }
        using MemoryScope scope = new();
        Tensor x = Tensor.From(values, [1, Features], affine.Shift.Device);
        for (int i = _flows.Length - 1; i > 0; i--)
        {
            x = _flows[i].Inverse(x);
        }
        affine.Shift.Load(x.ToArray());
    }

    /// <inheritdoc/>
    public override (Tensor Output, Tensor LogDeterminant) Transform(Tensor input)
    {
        (Tensor x, Tensor sum) = _flows[0].Transform(input);
        foreach (Flow flow in _flows.AsSpan(1))
        {
            (x, Tensor logDeterminant) = flow.Transform(x);
            sum = Ops.Add(sum, logDeterminant);
        }
        return (x, sum);
    }

    /// <inheritdoc/>
    public override Tensor Inverse(Tensor output) => _flows.Reverse().Aggregate(output, static (x, flow) => flow.Inverse(x));

    static string IStoredLayer<FlowChain>.TypeName => "FlowChain";

    static FlowChain IStoredLayer<FlowChain>.Read(LayerSettings settings) => new(settings.Layers<Flow>("flows"));

    void IStoredLayer<FlowChain>.WriteSettings(LayerSettings settings) => settings.SetLayers("flows", _flows);
}
