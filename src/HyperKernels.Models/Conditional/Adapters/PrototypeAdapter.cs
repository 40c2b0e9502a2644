using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// Adapters generated from the prototypes of tasks: <c>h = LN(W2 relu(W1 [prototype; layer] + b1) + b2)</c>, linear heads of h, and
/// <c>y = x + relu(x D' + d) U' + u</c> beside the feed-forward block. Prototypes are drawn to the instances of their task by two contrastive losses, so that
/// an instance of unknown task finds the nearest one.
/// </summary>
/// <remarks>
/// Heads start uniform within <c>1e-3 sqrt(3 / (hyper fan * main fan))</c>, biases at 0. Source: Zhao and others, Prototype-based HyperAdapter for Sample-Efficient Multi-task
/// Tuning, EMNLP 2023 (arXiv 2310.11670), and the authors' code, Bumble666/PHA.
/// </remarks>
public sealed class PrototypeAdapter : Layer, IStoredLayer<PrototypeAdapter>
{
    private const float Epsilon = 1e-6f;
    private const float Temperature = 0.1f;
    private const float LossWeight = 0.1f;

    private readonly int _bottleneck;
    private readonly int _hidden;
    private readonly int _conditions;
    private readonly Mlp _generator;
    private readonly LayerNorm _norm;
    private readonly GeneratedTensor _down;
    private readonly GeneratedTensor _downBias;
    private readonly GeneratedTensor _up;
    private readonly GeneratedTensor _upBias;

    static PrototypeAdapter() => LayerTypes.Register<PrototypeAdapter>();

    /// <summary>Makes prototypes and heads.</summary>
    /// <param name="features">D, the model's width.</param>
    /// <param name="bottleneck">The width of an adapter.</param>
    /// <param name="tasks">How many tasks there are.</param>
    /// <param name="prototype">The size of a prototype; 128 is the authors' default.</param>
    /// <param name="layer">The size of a layer's embedding, which is given at every call.</param>
    /// <param name="hidden">The width of the generator.</param>
    /// <param name="conditions">What the heads read.</param>
    /// <param name="random">Where first values come from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">A size is less than 1.</exception>
    public PrototypeAdapter(
        int features, int bottleneck, int tasks, int prototype = 128, int layer = 128, int hidden = 128, int conditions = 64, RandomStream? random = null)
    {
        int[] sizes = [features, bottleneck, tasks, prototype, layer, hidden, conditions];
        if (sizes.Min() < 1)
        {
            throw new ArgumentException($"PrototypeAdapter: all sizes must be at least 1; got [{string.Join(", ", sizes)}].");
        }
        (Features, LayerFeatures, _bottleneck, _hidden, _conditions) = (features, layer, bottleneck, hidden, conditions);
        Prototypes = AddParameter("prototypes", [tasks, prototype], Initializer.Normal(), random, ParameterRole.Table);
        _generator = Add("generator", new Mlp([prototype + layer, hidden, conditions], Activation.Relu, random: random));
        _norm = Add("norm", new LayerNorm(conditions, Epsilon));
        Initializer start = Start(conditions, features);
        _down = Add("down", new GeneratedTensor([bottleneck, features], conditions, start: start, random: random));
        _downBias = Add("down_bias", new GeneratedTensor([bottleneck], conditions, start: start, random: random));
        _up = Add("up", new GeneratedTensor([features, bottleneck], conditions, start: Start(conditions, bottleneck), random: random));
        _upBias = Add("up_bias", new GeneratedTensor([features], conditions, start: start, random: random));
    }

    /// <summary>What was published.</summary>
    public static PublishedSystem Published { get; } = new()
    {
        Name = "pha",
        Title = "Prototype-based hyper-adapter (PHA)",
        Kind = SystemKind.Conditional,
        Paper = new Paper("Zhao and others", "Prototype-based HyperAdapter for Sample-Efficient Multi-task Tuning", "EMNLP", 2023) { Arxiv = "2310.11670" },
        Equation = "y = x + relu(x D' + d) U' + u, [D, U, d, u] = heads(LN(W2 relu(W1 [prototype; layer])))",
        Source = "section 3; losses as in the authors' code, Bumble666/PHA",
        Layers = [typeof(PrototypeAdapter)],
        Cases = ["PHA"],
    };

    /// <summary>D.</summary>
    public int Features { get; }

    /// <summary>The size of a layer's embedding.</summary>
    public int LayerFeatures { get; }

    /// <summary>One row a task.</summary>
    public Parameter Prototypes { get; }

    /// <summary>Makes the adapters of tasks for a layer.</summary>
    /// <param name="tasks">Integers <c>[C]</c>.</param>
    /// <param name="layer">The layer's embedding, <c>[layer]</c>.</param>
    /// <exception cref="ArgumentException">There is no such task, or the embedding has another size.</exception>
    public Adapter Generate(Tensor tasks, Tensor layer)
    {
        if (layer.Rank != 1 || layer.Shape[0] != LayerFeatures)
        {
            throw new ArgumentException($"PrototypeAdapter: the layer's embedding must be [{LayerFeatures}]; got {layer.Shape}.", nameof(layer));
        }
        Tensor ofTasks = Ops.Embedding(Prototypes.Value, tasks);
        Tensor ofLayer = Ops.BroadcastTo(Ops.Reshape(layer, 1, LayerFeatures), [ofTasks.Shape[0], LayerFeatures]);
        Tensor h = _norm.Forward(_generator.Forward(Ops.Concatenate(1, ofTasks, ofLayer)));
        return new Adapter(_down.Matrix(h), _downBias.Vector(h), _up.Matrix(h), _upBias.Vector(h));
    }

    /// <summary>Adds what the tasks' adapters give.</summary>
    /// <param name="input"><c>[B, ..., D]</c></param>
    /// <param name="tasks">Integers <c>[C]</c>, C dividing B.</param>
    /// <param name="layer">The layer's embedding.</param>
    /// <returns>The shape of the input.</returns>
    /// <exception cref="ArgumentException">A shape does not fit, or there is no such task.</exception>
    public Tensor Forward(Tensor input, Tensor tasks, Tensor layer) => Generate(tasks, layer).Apply(input, Activation.Relu);

    /// <summary>
    /// Draws instances of one task together: the supervised contrastive loss of cosines at temperature 0.1, times 0.1, over the instances that have another of their task.
    /// </summary>
    /// <param name="instances"><c>[B, F]</c></param>
    /// <param name="tasks">Integers <c>[B]</c>.</param>
    /// <returns>A number; 0 if no task has two instances.</returns>
    public static Tensor InstanceLoss(Tensor instances, Tensor tasks)
    {
        int[] task = tasks.ToIntArray();
        int rows = task.Length;
        int[] others = [.. task.Select(own => task.Count(other => other == own) - 1)];
        int anchors = others.Count(static count => count > 0);
        if (anchors == 0)
        {
            return Ops.MultiplyScalar(Ops.Sum(instances), 0);
        }
        // The mean over an instance's fellows of log softmax over all others, then the mean over instances that have fellows.
        float[] weights = new float[rows * rows];
        float[] self = new float[rows * rows];
        for (int i = 0; i < rows; i++)
        {
            self[(i * rows) + i] = -1e9f;
            for (int j = 0; j < rows; j++)
            {
                weights[(i * rows) + j] = i != j && task[i] == task[j] ? -LossWeight / (others[i] * anchors) : 0;
            }
        }
        Tensor cosines = Cosines(instances, instances);
        Tensor logs = Ops.LogSoftmax(Ops.Add(cosines, Tensor.From(self, [rows, rows], instances.Device)));
        // What an instance gives itself is no number that may be multiplied by zero.
        Tensor weight = Tensor.From(weights, [rows, rows], instances.Device);
        return Ops.Sum(Ops.Multiply(Ops.Where(weight, logs, Tensor.Zeros([1, 1], instances.Device)), weight));
    }

    /// <summary>Draws instances to the prototype of their task: <c>-(s_t - log sum exp(s))</c> of cosines at temperature 0.1, times 0.1.</summary>
    /// <param name="instances"><c>[B, F]</c>, F the size of a prototype.</param>
    /// <param name="tasks">Integers <c>[B]</c>.</param>
    /// <param name="includesOwn">Whether the sum holds the own prototype too (InfoNCE); the authors' code leaves it out, and the loss can then be negative.</param>
    /// <returns>A number.</returns>
    public Tensor PrototypeLoss(Tensor instances, Tensor tasks, bool includesOwn = false)
    {
        Tensor cosines = Cosines(instances, Prototypes.Value);
        Tensor own = Ops.OneHot(tasks, Prototypes.Shape[0]);
        Tensor positive = Ops.Sum(Ops.Multiply(cosines, own), [1]);
        Tensor all = includesOwn ? cosines : Ops.Add(cosines, Ops.MultiplyScalar(own, -1e9f));
        return Ops.MultiplyScalar(Ops.Mean(Ops.Subtract(Ops.LogSumExp(all, [1]), positive)), LossWeight);
    }

    static string IStoredLayer<PrototypeAdapter>.TypeName => "PrototypeAdapter";

    static PrototypeAdapter IStoredLayer<PrototypeAdapter>.Read(LayerSettings settings) => new(
        settings.Int("features"), settings.Int("bottleneck"), settings.Int("tasks"), settings.Int("prototype"), settings.Int("layer"), settings.Int("hidden"),
        settings.Int("conditions"));

    void IStoredLayer<PrototypeAdapter>.WriteSettings(LayerSettings settings) => settings
        .Set("features", Features).Set("bottleneck", _bottleneck).Set("tasks", Prototypes.Shape[0]).Set("prototype", Prototypes.Shape[1]).Set("layer", LayerFeatures)
        .Set("hidden", _hidden).Set("conditions", _conditions);

    private static Initializer Start(int hyperFan, int mainFan)
    {
        float bound = 1e-3f * MathF.Sqrt(3f / (hyperFan * mainFan));
        return Initializer.Uniform(-bound, bound);
    }

    private static Tensor Cosines(Tensor a, Tensor b) =>
        Ops.MultiplyScalar(Ops.Matmul(Ops.L2Normalize(a), Ops.L2Normalize(b), transposeB: true), 1 / Temperature);
}
