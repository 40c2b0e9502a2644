using HyperKernels.Cli.Data;
using HyperKernels.Cli.Training;
using HyperKernels.Layers;

namespace HyperKernels.Cli.Recipes;

/// <summary>Networks of one make with weights of their own, which compute and train side by side in one pass.</summary>
internal sealed class NetworkZoo : Layer
{
    // Of the pixels of digits.
    private const float Middle = 0.3f;
    private const float Deviation = 0.35f;

    private readonly TensorLayer _network;
    private readonly Dictionary<Parameter, Parameter> _own = [];

    /// <param name="network">What each of them is; disposed with the zoo.</param>
    /// <param name="count">S, the number of networks.</param>
    /// <param name="random">Where first values come from.</param>
    /// <param name="scales">What first weights of each are multiplied by; null for ones.</param>
    public NetworkZoo(TensorLayer network, int count, RandomStream random, IReadOnlyList<float>? scales = null)
    {
        _network = network;
        Size = count;
        foreach (NamedParameter named in network.NamedParameters())
        {
            Parameter own = AddParameter(named.Name.Replace('.', '_'), new Shape([count, .. named.Parameter.Shape.AsSpan()]), Initializer.Zeros);
            float[] values = new float[own.Shape.Count];
            for (int s = 0; s < count; s++)
            {
                named.Initializer.Apply(named.Parameter, random);
                float[] first = named.Parameter.OwnValue.ToArray();
                float scale = named.Role == ParameterRole.Weight ? scales?[s] ?? 1 : 1;
                Array.ConvertAll(first, value => value * scale).CopyTo(values, s * first.Length);
            }
            own.Load(values);
            _own.Add(named.Parameter, own);
        }
    }

    /// <summary>S: the number of networks.</summary>
    public int Size { get; }

    /// <summary>What each of them is.</summary>
    public TensorLayer Network => _network;

    /// <summary>The weights of all networks by the names in one: S, then the weight's axes.</summary>
    public IReadOnlyDictionary<string, Tensor> Values() =>
        _network.NamedParameters().ToDictionary(static named => named.Name, named => _own[named.Parameter].Value);

    /// <summary>Images with a mean near zero and a deviation near one.</summary>
    public static Tensor Centred(Tensor images) => Ops.MultiplyScalar(Ops.AddScalar(images, -Middle), 1 / Deviation);

    /// <summary>What weights are multiplied by, by the names in one network; null for nothing. Where it is zero a weight does not change.</summary>
    public IReadOnlyDictionary<string, float[]>? Masks { get; set; }

    /// <summary>Overwrites the weights of all networks.</summary>
    /// <param name="values">By the names in one: S, then the weight's axes.</param>
    public void Load(IReadOnlyDictionary<string, Tensor> values)
    {
        foreach (NamedParameter named in _network.NamedParameters())
        {
            _own[named.Parameter].Load(values[named.Name].ToArray());
        }
    }

    /// <summary>Lets the network compute with all of them until the result is disposed.</summary>
    public IDisposable Use() => ParameterOverrides.Use(_network.NamedParameters().ToDictionary(static named => named.Parameter, Current));

    /// <summary>Computes.</summary>
    /// <param name="inputs">As many for each network: those of the first, then those of the second, and so on.</param>
    public Tensor Forward(Tensor inputs)
    {
        using IDisposable weights = Use();
        return _network.Forward(inputs);
    }

    /// <summary>The share of test images that each network names rightly.</summary>
    /// <param name="images">The test set.</param>
    /// <param name="device">Where to compute.</param>
    public double[] Accuracies(ImageSet images, Device device)
    {
        const int Batch = 50;
        double[] right = new double[Size];
        ImageBatch batch = new(Batch, images.Height, images.Width);
        for (int start = 0; start < images.Count; start += Batch)
        {
            int[] rows = [.. Enumerable.Range(start, Math.Min(Batch, images.Count - start))];
            batch.Fill(images, rows);
            using MemoryScope scope = device.Scope();
            float[] logits = Forward(Ops.Tile(Centred(batch.Images(device)), Size, 1, 1, 1)).ToArray();
            int each = logits.Length / Size;
            int[] labels = [.. rows.Select(row => (int)images.Labels[row])];
            for (int s = 0; s < Size; s++)
            {
                right[s] += Accuracy.Right(logits.AsSpan(s * each, each), labels);
            }
        }
        return Array.ConvertAll(right, count => count / images.Count);
    }

    private Tensor Current(NamedParameter named)
    {
        Tensor value = _own[named.Parameter].Value;
        return Masks is { } masks ? Ops.Multiply(value, Tensor.From(masks[named.Name], value.Shape, value.Device)) : value;
    }

    protected override string Describe() => $"NetworkZoo({Size} networks)";
}
