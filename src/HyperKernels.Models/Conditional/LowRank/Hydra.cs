using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// A linear layer with a parallel and a sequential adapter of low rank: <c>f = W x + b</c>, <c>y = f + s (B_p (A_p x + a_p) + b_p) + s (B_s (A_s f + a_s) + b_s)</c>. All is
/// linear, so that it merges into one matrix and one bias.
/// </summary>
/// <remarks>
/// Ways down start Xavier-uniform, ways up and biases at zero: the layer starts as its base. Source: Kim and others, Hydra: Multi-head Low-rank Adaptation for
/// Parameter Efficient Fine-tuning (arXiv 2309.06922), section 3, and the authors' code, extremebird/Hydra. There, merging into attention reads the MLP's matrix by mistake;
/// here each layer merges its own.
/// </remarks>
public sealed class Hydra : TensorLayer, IStoredLayer<Hydra>
{
    private readonly Dropout _dropout;

    static Hydra() => LayerTypes.Register<Hydra>();

    /// <summary>Adapts a linear layer.</summary>
    /// <param name="inner">The layer; it no longer trains unless told otherwise.</param>
    /// <param name="rank">The width of both adapters.</param>
    /// <param name="scale">s.</param>
    /// <param name="dropout">That a number between the ways down and up is dropped while training.</param>
    /// <param name="trainsBase">Whether the layer itself trains too.</param>
    /// <param name="random">Where first values come from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">rank is below 1, or the probability is not in [0, 1].</exception>
    public Hydra(Linear inner, int rank, float scale = 1, float dropout = 0, bool trainsBase = false, RandomStream? random = null)
    {
        ArgumentNullException.ThrowIfNull(inner);
        (Rank, Scale, TrainsBase) = (rank, scale, trainsBase);
        Inner = Add("inner", inner);
        _dropout = Add("dropout", new Dropout(dropout, random));
        ParallelDown = Add("parallel_down", Down(inner.InFeatures, random));
        ParallelUp = Add("parallel_up", Up(inner.OutFeatures, random));
        SequentialDown = Add("sequential_down", Down(inner.OutFeatures, random));
        SequentialUp = Add("sequential_up", Up(inner.OutFeatures, random));
        foreach (Parameter parameter in inner.Parameters)
        {
            parameter.RequiresGradient = trainsBase;
        }
    }

    /// <summary>What was published.</summary>
    public static PublishedSystem Published { get; } = new()
    {
        Name = "hydra",
        Title = "Hydra: parallel and sequential low-rank adapters",
        Kind = SystemKind.Conditional,
        Paper = new Paper("Kim and others", "Hydra: Multi-head Low-rank Adaptation for Parameter Efficient Fine-tuning", "arXiv", 2023) { Arxiv = "2309.06922" },
        Equation = "f = W x + b, y = f + s (B_p (A_p x + a_p) + b_p) + s (B_s (A_s f + a_s) + b_s)",
        Source = "section 3, and the authors' code, extremebird/Hydra",
        Layers = [typeof(Hydra)],
        Cases = ["Hydra"],
    };

    /// <summary>The adapted layer.</summary>
    public Linear Inner { get; }

    /// <summary>A_p and a_p.</summary>
    public Linear ParallelDown { get; }

    /// <summary>B_p and b_p.</summary>
    public Linear ParallelUp { get; }

    /// <summary>A_s and a_s.</summary>
    public Linear SequentialDown { get; }

    /// <summary>B_s and b_s.</summary>
    public Linear SequentialUp { get; }

    /// <summary>The width of both adapters.</summary>
    public int Rank { get; }

    /// <summary>s.</summary>
    public float Scale { get; }

    /// <summary>Whether the adapted layer trains too.</summary>
    public bool TrainsBase { get; }

    /// <summary>Applies the layer and both adapters.</summary>
    /// <param name="input"><c>[B, ..., inFeatures]</c></param>
    /// <returns><c>[B, ..., outFeatures]</c></returns>
    /// <exception cref="ArgumentException">The last axis has another size.</exception>
    public override Tensor Forward(Tensor input)
    {
        Tensor own = Inner.Forward(input);
        Tensor parallel = ParallelUp.Forward(_dropout.Forward(ParallelDown.Forward(input)));
        Tensor sequential = SequentialUp.Forward(_dropout.Forward(SequentialDown.Forward(own)));
        return Ops.Add(own, Ops.MultiplyScalar(Ops.Add(parallel, sequential), Scale));
    }

    /// <summary>The one matrix and the one bias that the layer comes to, differentiable in every part.</summary>
    /// <returns><c>[outFeatures, inFeatures]</c> and <c>[outFeatures]</c></returns>
    public (Tensor Weight, Tensor Bias) Merged()
    {
        Tensor weight = Inner.Weight.Value;
        Tensor parallel = Ops.Matmul(ParallelUp.Weight.Value, ParallelDown.Weight.Value);
        Tensor sequential = Ops.Matmul(SequentialUp.Weight.Value, Ops.Matmul(SequentialDown.Weight.Value, weight));
        // What the layer gives for zeros.
        Tensor nothing = Tensor.Zeros([1, Inner.InFeatures], weight.Device);
        Tensor own = Inner.Forward(nothing);
        Tensor offsets = Ops.Add(ParallelUp.Forward(ParallelDown.Forward(nothing)), SequentialUp.Forward(SequentialDown.Forward(own)));
        Tensor bias = Ops.Reshape(Ops.Add(own, Ops.MultiplyScalar(offsets, Scale)), Inner.OutFeatures);
        return (Ops.Add(weight, Ops.MultiplyScalar(Ops.Add(parallel, sequential), Scale)), bias);
    }

    /// <summary>An ordinary linear layer that gives the same.</summary>
    public Linear ToLinear()
    {
        using MemoryScope scope = new();
        (Tensor weight, Tensor bias) = Merged();
        Linear merged = new(Inner.InFeatures, Inner.OutFeatures, random: new RandomStream(0));
        merged.Weight.Load(weight.ToArray());
        merged.Bias!.Load(bias.ToArray());
        return merged;
    }

    static string IStoredLayer<Hydra>.TypeName => "Hydra";

    static Hydra IStoredLayer<Hydra>.Read(LayerSettings settings) =>
        new(settings.Layer<Linear>("inner"), settings.Int("rank"), settings.Number("scale"), settings.Number("dropout"), settings.Flag("trainsBase"));

    void IStoredLayer<Hydra>.WriteSettings(LayerSettings settings) => settings
        .SetLayer("inner", Inner).Set("rank", Rank).Set("scale", Scale).Set("dropout", _dropout.Probability).Set("trainsBase", TrainsBase);

    /// <inheritdoc/>
    protected override string Describe() => $"Hydra(rank: {Rank})";

    private Linear Down(int features, RandomStream? random)
    {
        Linear layer = new(features, Rank, random: random);
        Initializer.XavierUniform().Apply(layer.Weight, random);
        Initializer.Zeros.Apply(layer.Bias!, random);
        return layer;
    }

    private Linear Up(int features, RandomStream? random)
    {
        Linear layer = new(Rank, features, random: random);
        Initializer.Zeros.Apply(layer.Weight, random);
        Initializer.Zeros.Apply(layer.Bias!, random);
        return layer;
    }
}
