using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// Task-conditioned hypernetworks for continual learning: a learned embedding per task generates the weights of a target,
/// <c>theta_t = h(e_t; omega)</c>, all at once, chunk by chunk or by a recurrent network. What comes back is an ordinary
/// <see cref="HyperNetwork"/> whose only condition is the number of the task.
/// </summary>
/// <remarks>
/// <para>
/// One task is learned after another: <see cref="TaskConditioning.Learn"/> frees the embedding of the next task and freezes the others, an
/// <see cref="OutputRegulariser"/> keeps the weights generated for earlier tasks where they are, and <see cref="TaskInference"/> finds the task of
/// samples that come without one.
/// </para>
/// <code>
/// using HyperNetwork network = TaskHyperNetwork.Create(new Mlp([784, 100, 2]), tasks: 5, embedding: 32);
/// using OutputRegulariser regulariser = new(network);
/// for (int task = 0; task &lt; 5; task++)
/// {
///     regulariser.Record(tasks: task);
///     ((TaskConditioning)network.Conditioning).Learn(task);
///     using Adam adam = new(network.Parameters);
///     // in every step: loss of network.Forward(x, Tensor.From([task])), plus beta times regulariser.Loss()
/// }
/// </code>
/// <para>
/// Source: von Oswald, Henning, Grewe, Sacramento, Continual learning with hypernetworks, ICLR 2020 (arXiv 1906.00695); the authors' library,
/// chrhenning/hypnettorch (HMLP, ChunkedHMLP). Its batch and spectral norms inside the hypernetwork are left out.
/// </para>
/// </remarks>
public static class TaskHyperNetwork
{
    private static readonly int[] s_defaultHidden = [100, 100];

    // Files may hold the parts before the program has used their classes.
    static TaskHyperNetwork()
    {
        LayerTypes.Register<TaskConditioning>();
        LayerTypes.Register<TaskChunkEmission>();
    }

    /// <summary>What was published.</summary>
    public static PublishedSystem Published { get; } = new()
    {
        Name = "task-conditioned",
        Title = "Task-conditioned hypernetwork, full and chunked",
        Kind = SystemKind.Hypernetworks,
        Paper = OutputRegulariser.Paper,
        Equation = "theta_t = first P of [h(c_0, e_t), h(c_1, e_t), ...], or h(e_t) at once",
        Source = "section 2.2, and the authors' library, chrhenning/hypnettorch",
        Layers = [typeof(TaskHyperNetwork), typeof(TaskConditioning), typeof(TaskChunkEmission), typeof(TaskInference)],
        Design = new HypernetworkDesign(HyperInput.Task, HyperOutput.Once | HyperOutput.Chunks, HyperArchitecture.Mlp),
        Cases = ["task-conditioned hypernetwork", "chunked hypernetwork"],
        Recipe = "split-mnist",
    };

    /// <summary>Makes a hypernetwork that generates a target's weights from a learned embedding per task.</summary>
    /// <param name="target">Any layer; its own values are not used.</param>
    /// <param name="tasks">The number of tasks that can be learned.</param>
    /// <param name="embedding">The length of a task's embedding.</param>
    /// <param name="options">Everything else; null means the defaults of the authors' library.</param>
    /// <param name="random">Where random starts come from; null means <see cref="Initializer.Random"/>.</param>
    /// <returns>A hypernetwork that takes task numbers, integers <c>[C]</c>, behind external inputs <c>[C, External]</c> if there are some.</returns>
    /// <exception cref="ArgumentException">A size is too small, no parameter matches, or options do not go together.</exception>
    public static HyperNetwork Create(Layer target, int tasks, int embedding, TaskHyperNetworkOptions? options = null, RandomStream? random = null)
    {
        ArgumentNullException.ThrowIfNull(target);
        options ??= new TaskHyperNetworkOptions();
        bool isRecurrent = options.Emission is TaskEmission.RecurrentChunks or TaskEmission.RecurrentHeads;
        if (options.OwnChunks && options.Emission != TaskEmission.Chunks)
        {
            throw new ArgumentException($"TaskHyperNetwork: OwnChunks needs the emission {TaskEmission.Chunks}; got {options.Emission}.", nameof(options));
        }
        TargetManifest manifest = TargetManifest.Of(target, options.Parameters);
        int ownChunks = options.OwnChunks ? TaskChunkEmission.CountChunks(manifest, options.ChunkSize) : 0;
        TaskConditioning conditioning = new(
            tasks, embedding, options.External, ownChunks, options.OwnChunks ? options.ChunkEmbedding : 0,
            options.EmbeddingDeviation, options.ChunkDeviation, random);
        IReadOnlyList<int> hidden = options.Hidden ?? (isRecurrent ? [] : s_defaultHidden);
        int inputs = embedding + options.External + (options.Emission == TaskEmission.Chunks ? options.ChunkEmbedding : 0);
        TensorLayer generator = Generator(inputs, hidden, options, random);
        int width = hidden.Count == 0 ? inputs : hidden[^1];
        Emission emission = options.Emission switch
        {
            TaskEmission.Full => new FullEmission(manifest, width, TaskStarts.Full(manifest, embedding, width, options, random), random),
            TaskEmission.Chunks => new TaskChunkEmission(
                manifest, width, options.ChunkSize, options.ChunkEmbedding, options.External, options.OwnChunks, options.Bias, options.ChunkDeviation, random),
            TaskEmission.RecurrentChunks => new RecurrentEmission(
                manifest, width, options.HiddenFeatures, options.ChunkEmbedding, options.ChunkSize, options.Recurrent, random),
            _ => new RecurrentEmission(manifest, width, options.HiddenFeatures, options.ChunkEmbedding, null, options.Recurrent, random),
        };
        HyperNetwork network = new(target, conditioning, generator, emission);
        if (options.Start != TaskStart.Default)
        {
            TaskStarts.Apply(network, options, random);
        }
        return network;
    }

    // Dropout comes before the activation, as in the authors' library.
    private static Sequential Generator(int inputs, IReadOnlyList<int> hidden, TaskHyperNetworkOptions options, RandomStream? random)
    {
        List<TensorLayer> layers = [];
        foreach (int width in hidden)
        {
            Linear linear = new(inputs, width, options.Bias, random);
            layers.Add(linear);
            if (options.Dropout > 0)
            {
                layers.Add(new Dropout(options.Dropout, random));
            }
            if (options.Activation.Kind != ActivationKind.None)
            {
                layers.Add(ActivationLayer.Of(options.Activation));
            }
            inputs = width;
        }
        return new Sequential([.. layers]);
    }
}
