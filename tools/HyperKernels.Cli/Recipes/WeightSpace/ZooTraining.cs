using HyperKernels.Cli.Data;
using HyperKernels.Cli.Training;

namespace HyperKernels.Cli.Recipes;

/// <summary>How each network of a zoo is trained: all in one pass, each at a rate, with a weight decay and with a share of wrong labels of its own.</summary>
internal sealed class ZooTraining
{
    private const float Momentum = 0.9f;
    private const int Each = 16;

    private readonly ImageSet _training;
    private readonly int _seed;
    private readonly float[] _pixels;
    private readonly int[] _labels;
    private readonly int[] _rows;

    public ZooTraining(ImageSet training, int networks, int seed)
    {
        _training = training;
        _seed = seed;
        Rates = new float[networks];
        Decays = new float[networks];
        Noise = new float[networks];
        Scales = new float[networks];
        SplitMix random = new(seed, 1);
        for (int s = 0; s < networks; s++)
        {
            Rates[s] = Power(ref random, 0.003f, 0.2f);
            Decays[s] = Power(ref random, 1e-5f, 1e-2f);
            Noise[s] = random.Uniform(0, 0.7f);
            Scales[s] = Power(ref random, 0.5f, 2);
        }
        _rows = new int[networks * Each];
        _labels = new int[_rows.Length];
        _pixels = new float[_rows.Length * training.Height * training.Width];
    }

    public float[] Rates { get; }

    public float[] Decays { get; }

    public float[] Noise { get; }

    /// <summary>What first weights are multiplied by.</summary>
    public float[] Scales { get; }

    public static string Words { get; } =
        $"SGD with momentum {Momentum}, batch {Each}; drawn for each network: rate 0.003 to 0.2, weight decay 1e-5 to 0.01, share of random labels 0 to 0.7, "
        + "first weights times 0.5 to 2";

    /// <summary>The run that a recipe steps.</summary>
    public static TimedRun<NetworkZoo> Run(NetworkZoo zoo) => new("zoo", zoo, new Optim.Sgd(zoo.Parameters, learningRate: 1, momentum: Momentum));

    /// <summary>One step of all networks.</summary>
    /// <returns>The mean of their losses.</returns>
    public double Step(TimedRun<NetworkZoo> run, long step, Device device)
    {
        SplitMix random = new(_seed, 1000 + step);
        for (int i = 0; i < _rows.Length; i++)
        {
            _rows[i] = random.Below(_training.Count);
        }
        _training.Fill(_rows, _pixels, _labels);
        for (int i = 0; i < _labels.Length; i++)
        {
            _labels[i] = random.Unit() < Noise[i / Each] ? random.Below(ImageSet.Classes) : _labels[i];
        }
        double mean = 0;
        run.Step(zoo =>
        {
            Tensor images = Tensor.From(_pixels, [_rows.Length, 1, _training.Height, _training.Width], device);
            Tensor losses = Ops.CrossEntropy(zoo.Forward(NetworkZoo.Centred(images)), Tensor.From(_labels, [_labels.Length], device), Reduction.None);
            Tensor own = Ops.Mean(Ops.Reshape(losses, zoo.Size, Each), [1]);
            mean = own.ToArray().Average();
            Tensor rates = Tensor.From(Rates, [zoo.Size], device);
            foreach (Parameter parameter in zoo.Parameters)
            {
                Tensor squares = Ops.Sum(Ops.Square(Ops.Reshape(parameter.Value, zoo.Size, -1)), [1]);
                own = Ops.Add(own, Ops.Multiply(squares, Tensor.From([.. Decays.Select(static decay => decay / 2)], [zoo.Size], device)));
            }
            // One optimiser of rate 1: a network's rate is the weight of its loss.
            return Ops.Sum(Ops.Multiply(own, rates));
        });
        return mean;
    }

    private static float Power(ref SplitMix random, float low, float high) => low * MathF.Pow(high / low, random.Unit());
}
