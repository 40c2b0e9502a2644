using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// Hyperformer++: one <see cref="HyperformerAdapter"/>'s heads for all layers of a model, which read <c>LN(W2 relu(W1 [task; layer; position] + b1) + b2)</c> with learned
/// embeddings of layers and of the positions inside a layer.
/// </summary>
/// <remarks>Source: as <see cref="HyperformerAdapter"/>, eq. 6 to 8; the norm's epsilon is 1e-6.</remarks>
public sealed class HyperformerController : Layer, IStoredLayer<HyperformerController>
{
    private const float Epsilon = 1e-6f;

    private readonly int _hidden;
    private readonly Mlp _source;
    private readonly LayerNorm _norm;

    static HyperformerController() => LayerTypes.Register<HyperformerController>();

    /// <summary>Makes the controller.</summary>
    /// <param name="features">D, the model's width.</param>
    /// <param name="layers">How many layers the model has.</param>
    /// <param name="task">The size of a task's embedding, and of those of layers and positions.</param>
    /// <param name="hidden">The width of the MLP; 128 is the authors' default.</param>
    /// <param name="conditions">The size of what the heads read; 64 is the authors' default.</param>
    /// <param name="positions">How many adapters a layer has.</param>
    /// <param name="options">Of the adapters; null means the authors' defaults.</param>
    /// <param name="random">Where first values come from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">A size is less than 1.</exception>
    public HyperformerController(
        int features, int layers, int task = 64, int hidden = 128, int conditions = 64, int positions = 2, HyperformerOptions? options = null, RandomStream? random = null)
    {
        if (layers < 1 || task < 1 || hidden < 1 || positions < 1)
        {
            throw new ArgumentException(
                $"HyperformerController: sizes must be at least 1; got {layers} layers, task embeddings of {task}, a width of {hidden} and {positions} positions.");
        }
        _hidden = hidden;
        Layers = AddParameter("layers", [layers, task], Initializer.Normal(), random, ParameterRole.Table);
        Positions = AddParameter("positions", [positions, task], Initializer.Normal(), random, ParameterRole.Table);
        _source = Add("source", new Mlp([3 * task, hidden, conditions], Activation.Relu, random: random));
        _norm = Add("norm", new LayerNorm(conditions, Epsilon));
        Adapter = Add("adapter", new HyperformerAdapter(features, conditions, options, random));
    }

    /// <summary>
    /// Perspectives: embeddings of annotators in the place of tasks', <c>controller.Forward(x, annotators, layer, position)</c>, so that a frozen network answers as each of
    /// them would.
    /// </summary>
    public static PublishedSystem Perspectivist { get; } = new()
    {
        Name = "perspectivist",
        Title = "Hypernetworks for perspectivist adaptation",
        Kind = SystemKind.Conditional,
        Paper = new Paper("Ignatev, Paperno, Poesio", "Hypernetworks for Perspectivist Adaptation", "NLPerspectives", 2025) { Arxiv = "2510.13259" },
        Equation = "y = x + adapter(x; h([annotator; layer; position])): Hyperformer++ with an embedding of the annotator for that of the task",
        Source = "the abstract: a hypernetwork and adapters for each annotator; not verified against the authors' code",
        Layers = [typeof(HyperformerController), typeof(HyperformerAdapter)],
    };

    /// <summary>The embeddings of layers, one row each.</summary>
    public Parameter Layers { get; }

    /// <summary>The embeddings of positions inside a layer: feed-forward and self-attention in the authors' model.</summary>
    public Parameter Positions { get; }

    /// <summary>The shared heads.</summary>
    public HyperformerAdapter Adapter { get; }

    /// <summary>Makes the adapter of tasks for a place in the model.</summary>
    /// <param name="tasks"><c>[C, task]</c></param>
    /// <param name="layer">The layer's number.</param>
    /// <param name="position">The place inside the layer.</param>
    /// <exception cref="ArgumentException">There is no such layer or position, or the tasks have another size.</exception>
    public Adapter Generate(Tensor tasks, int layer, int position)
    {
        if (layer < 0 || layer >= Layers.Shape[0] || position < 0 || position >= Positions.Shape[0] || tasks.Rank != 2 || tasks.Shape[1] != Layers.Shape[1])
        {
            throw new ArgumentException(
                $"HyperformerController: tasks must be [rows, {Layers.Shape[1]}], for a layer from 0 to {Layers.Shape[0] - 1} and a position from 0 to "
                + $"{Positions.Shape[0] - 1}; got {tasks.Shape}, {layer} and {position}.");
        }
        Shape each = [tasks.Shape[0], tasks.Shape[1]];
        Tensor ofLayer = Ops.BroadcastTo(Ops.Slice(Layers.Value, 0, layer, 1), each);
        Tensor ofPosition = Ops.BroadcastTo(Ops.Slice(Positions.Value, 0, position, 1), each);
        return Adapter.Generate(_norm.Forward(_source.Forward(Ops.Concatenate(1, tasks, ofLayer, ofPosition))));
    }

    /// <summary>Adds what the tasks' adapter for a place gives.</summary>
    /// <param name="input"><c>[B, ..., D]</c></param>
    /// <param name="tasks"><c>[C, task]</c>, C dividing B.</param>
    /// <param name="layer">The layer's number.</param>
    /// <param name="position">The place inside the layer.</param>
    /// <returns>The shape of the input.</returns>
    /// <exception cref="ArgumentException">A shape does not fit, or there is no such place.</exception>
    public Tensor Forward(Tensor input, Tensor tasks, int layer, int position) => Generate(tasks, layer, position).Apply(input, Adapter.Options.Activation);

    static string IStoredLayer<HyperformerController>.TypeName => "HyperformerController";

    static HyperformerController IStoredLayer<HyperformerController>.Read(LayerSettings settings) => new(
        settings.Int("features"), settings.Int("layers"), settings.Int("task"), settings.Int("hidden"), settings.Int("conditions"), settings.Int("positions"),
        HyperformerAdapter.ReadOptions(settings));

    void IStoredLayer<HyperformerController>.WriteSettings(LayerSettings settings) => HyperformerAdapter.WriteOptions(
        settings.Set("features", Adapter.Features).Set("layers", Layers.Shape[0]).Set("task", Layers.Shape[1]).Set("hidden", _hidden)
            .Set("conditions", Adapter.Conditions).Set("positions", Positions.Shape[0]),
        Adapter.Options);
}
