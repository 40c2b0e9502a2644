using HyperKernels.Cli.Data;
using HyperKernels.Cli.Training;
using HyperKernels.Layers;
using HyperKernels.Models;
using HyperKernels.Optim;

namespace HyperKernels.Cli.Recipes;

/// <summary>A weight field with its optimiser and running average, and a hypernetwork for each of the widths that are read from it.</summary>
internal sealed class FieldRun : IDisposable
{
    private const string Average = "average.";

    // One of the strengths that the authors tried; with 1 a run of a few epochs would hardly feel it.
    private const float Reconstruction = 100;

    private readonly AdamW _adam;
    private readonly ExponentialMovingAverage _average;
    private readonly FieldRegulariser _regulariser = new(reconstruction: Reconstruction);
    private readonly RandomStream _noise;
    private readonly float _clip;
    private readonly Dictionary<int, HyperNetwork> _networks;

    /// <param name="field">The field.</param>
    /// <param name="targets">A network of each width that is read; their own values are not used.</param>
    /// <param name="some">Some of the data: the field is scaled so that the widest network's layers suit them.</param>
    /// <param name="rate">Of AdamW.</param>
    /// <param name="decay">Of AdamW.</param>
    /// <param name="averageDecay">Of the running average.</param>
    /// <param name="coordinateNoise">How far coordinates are moved while training.</param>
    /// <param name="clip">What every entry of the gradients is bounded by.</param>
    /// <param name="seed">Of the noise.</param>
    public FieldRun(
        WeightField field, IReadOnlyDictionary<int, Sequential> targets, Tensor some, float rate, float decay, double averageDecay, float coordinateNoise, float clip, int seed)
    {
        Field = field;
        _noise = new RandomStream((ulong)seed + 1);
        // Before the optimiser: parameters have their last names then.
        _networks = targets.ToDictionary(static pair => pair.Key, pair => NeuMeta.For(field, pair.Value, coordinateNoise, random: _noise));
        NeuMeta.Calibrate(_networks[targets.Keys.Max()], some);
        _adam = new AdamW(field.Parameters, learningRate: rate, weightDecay: decay);
        _average = new ExponentialMovingAverage(field.Parameters, averageDecay);
        _clip = clip;
        Trainee = new Trainee("field", GetState, LoadState, _adam, _noise);
    }

    public WeightField Field { get; }

    public Trainee Trainee { get; }

    /// <summary>One step on a width.</summary>
    /// <param name="width">Which.</param>
    /// <param name="images"><c>[B, 1, height, width]</c></param>
    /// <param name="labels"><c>[B]</c></param>
    /// <param name="trained">The trained network of this width, or null.</param>
    /// <param name="reconstruction">How much its weights count.</param>
    /// <param name="rateFactor">Times the rate.</param>
    /// <returns>The cross entropy.</returns>
    public double Step(int width, Tensor images, Tensor labels, IReadOnlyList<HostArray>? trained, float reconstruction, float rateFactor)
    {
        HyperNetwork network = _networks[width];
        network.Train();
        using Tape tape = new();
        (Tensor logits, IReadOnlyList<Tensor> weights) = NeuMeta.Forward(network, images);
        Tensor loss = Ops.CrossEntropy(logits, labels);
        tape.Backward(Ops.Add(loss, _regulariser.Loss(weights, trained, reconstruction)));
        GradientClipping.ByValue(tape, Field.Parameters, _clip);
        _adam.RateFactor = rateFactor;
        _adam.Step(tape);
        _average.Update();
        return loss.ToScalar();
    }

    /// <summary>The accuracy of the network of a width, read from the averaged field.</summary>
    /// <param name="width">Which.</param>
    /// <param name="draws">Of how many noisy weight sets the mean is taken.</param>
    /// <param name="test">The images.</param>
    /// <param name="device">Where to compute.</param>
    public double Accuracy(int width, int draws, ImageSet test, Device device)
    {
        using TensorLayer network = Read(width, draws);
        return Training.Accuracy.Of(test, device, network.Forward);
    }

    /// <summary>An ordinary network of a width.</summary>
    public TensorLayer Read(int width, int draws)
    {
        HyperNetwork network = _networks[width];
        network.Eval();
        ((FieldEmission)network.Emission).Draws = draws;
        // Reading must not move the stream that training draws from.
        RandomState state = _noise.State;
        using IDisposable averages = _average.Use();
        TensorLayer read = network.Materialize();
        _noise.State = state;
        return read;
    }

    public void Dispose()
    {
        _adam.Dispose();
        _average.Dispose();
        foreach (HyperNetwork network in _networks.Values)
        {
            network.Dispose();
        }
        Field.Dispose();
    }

    private Dictionary<string, HostArray> GetState()
    {
        Dictionary<string, HostArray> state = new(Field.GetState());
        foreach (NamedParameter named in Field.NamedParameters())
        {
            state.Add(Average + named.Name, HostArray.Of(_average.Averages[named.Parameter]));
        }
        return state;
    }

    private void LoadState(IReadOnlyDictionary<string, HostArray> state)
    {
        Field.LoadState(state.Where(static pair => !pair.Key.StartsWith(Average, StringComparison.Ordinal)).ToDictionary(static pair => pair.Key, static pair => pair.Value));
        foreach (NamedParameter named in Field.NamedParameters())
        {
            _average.Averages[named.Parameter].CopyFrom(state.TryGetValue(Average + named.Name, out HostArray? average)
                ? average.Values
                : throw new ArgumentException($"the checkpoint has no average of \"{named.Name}\"."));
        }
    }
}
