using System.Diagnostics;
using System.Numerics.Tensors;
using HyperKernels.Cli.Data;
using HyperKernels.Cli.Recipes;
using HyperKernels.Layers;

namespace HyperKernels.Cli.Play;

/// <summary>A trained hypernetwork of one condition that reads digits, and digits for it.</summary>
internal sealed class PlayModel : IDisposable
{
    private const int SweepPoints = 31;

    private readonly HyperNetwork _network;
    private readonly FirstFilters _filters;
    private readonly ImageSet _digits;
    private readonly float[] _sweep;

    // Requests come at the same time; the network answers one after another.
    private readonly Lock _turn = new();

    private PlayModel(string path, HyperNetwork network, FirstFilters filters, Condition condition, ImageSet digits)
    {
        _network = network;
        _filters = filters;
        _digits = digits;
        _sweep = [.. Enumerable.Range(0, SweepPoints).Select(i => (float)(condition.Low + ((condition.High - condition.Low) * i / (SweepPoints - 1))))];
        About = new PlayAbout(
            Path.GetFileName(path), condition.Name, condition.Low, condition.High, network.Manifest.Count, network.Count, [.. digits.Labels.Select(static label => (int)label)]);
    }

    public PlayAbout About { get; }

    /// <summary>Reads the file and makes sure that it is such a network.</summary>
    /// <param name="path">As <c>train mip</c> writes it: <c>mip.safetensors</c>.</param>
    /// <param name="digits">What can be shown.</param>
    /// <exception cref="InvalidDataException">The file has another network.</exception>
    public static PlayModel Load(string path, ImageSet digits)
    {
        HyperNetwork network = HyperNetwork.Load(path);
        try
        {
            if (network.Conditioning is not DeclaredConditioning { Conditions: [{ Kind: ConditionKind.Range, Size: 1 } condition] } || FirstFilters.Of(network) is not { } filters)
            {
                throw new InvalidDataException(
                    $"{path}: play needs a hypernetwork of one range whose target begins with filters, as `hyperkernels train mip` writes it; got {network}.");
            }
            PlayModel model = new(path, network, filters, condition, digits);
            // A target of other images would fail at the first question.
            model.Answer(0, (float)condition.Low, (float)condition.Low);
            return model;
        }
        catch (ArgumentException failure)
        {
            network.Dispose();
            throw new InvalidDataException($"{path}: the network does not read digits of {digits.Height} by {digits.Width}: {failure.Message}", failure);
        }
        catch
        {
            network.Dispose();
            throw;
        }
    }

    /// <summary>Turns a digit and reads it.</summary>
    /// <param name="digit">Which, from 0.</param>
    /// <param name="turn">By how many degrees it is turned.</param>
    /// <param name="told">The condition that the network is told.</param>
    public PlayAnswer Answer(int digit, float turn, float told)
    {
        int size = _digits.Height * _digits.Width;
        float[] upright = new float[size];
        float[] turned = new float[size];
        _digits.Fill([digit], upright, new int[1]);
        ImageRotation.Turn(upright, [turn], _digits.Height, _digits.Width, turned);
        int label = _digits.Labels[digit];
        byte[] pixels = [.. turned.Select(static value => (byte)((Math.Clamp(value, 0, 1) * 255) + 0.5f))];
        lock (_turn)
        {
            long start = Stopwatch.GetTimestamp();
            float[] shares = Read(turned, [told]);
            double milliseconds = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
            (float[] filters, double norm) = _filters.At(told);
            // One batch: the same digit, a weight set for every angle.
            float[] sweep = Read(turned, _sweep);
            return new PlayAnswer(
                label, TensorPrimitives.IndexOfMax<float>(shares), shares, Convert.ToBase64String(pixels), _digits.Width, filters, _filters.Side, norm,
                [.. sweep.Where((_, place) => place % ImageSet.Classes == label)], milliseconds);
        }
    }

    // The probabilities, [conditions, 10].
    private float[] Read(float[] image, float[] conditions)
    {
        using MemoryScope scope = new();
        Tensor images = Ops.BroadcastTo(Tensor.From(image, [1, 1, _digits.Height, _digits.Width]), [conditions.Length, 1, _digits.Height, _digits.Width]);
        return Ops.Softmax(_network.Forward(images, Tensor.From(conditions))).ToArray();
    }

    public void Dispose() => _network.Dispose();
}
