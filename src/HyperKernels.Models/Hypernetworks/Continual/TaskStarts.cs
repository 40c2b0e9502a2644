using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>The hyperfan starts of hypernetworks made by <see cref="TaskHyperNetwork"/>, from the engine's formulas.</summary>
internal static class TaskStarts
{
    /// <summary>The start of an output layer that gives all weights at once.</summary>
    public static EmissionScheme Full(TargetManifest manifest, int embedding, int width, TaskHyperNetworkOptions options, RandomStream? random)
    {
        if (options.Start == TaskStart.Default)
        {
            Initializer initializer = Initializer.DefaultFor(width);
            return new EmissionScheme((entry, h, stream) => Draw(initializer, [entry.Count, h], stream), entry => Draw(initializer, [entry.Count], random), options.Bias);
        }
        double[] variances = Hyperfan.HeadVariances(Mode(options), Shapes(manifest), width, InputVariance(embedding, options));
        Dictionary<string, double> byName = manifest.Entries.Zip(variances).ToDictionary(static pair => pair.First.Name, static pair => pair.Second);
        return new EmissionScheme((entry, h, stream) => Draw(Within(byName[entry.Name]), [entry.Count, h], stream), static _ => null, options.Bias);
    }

    /// <summary>Draws the layers of a hypernetwork anew: hidden layers by their fan-in, and what follows so that generated weights get their variance.</summary>
    public static void Apply(HyperNetwork network, TaskHyperNetworkOptions options, RandomStream? random)
    {
        foreach (Linear linear in ((Sequential)network.Generator).OfType<Linear>())
        {
            Load(linear, Initializer.KaimingUniform(), random);
        }
        switch (network.Emission)
        {
            case TaskChunkEmission chunked:
                // No activation follows: with the factor 2 of the hidden layers, which the authors' library gives this one too, weights
                // would have twice the variance that the chunks' embeddings ask for.
                Load(chunked.Output, Within(1.0 / chunked.Width), random);
                Chunks(network, chunked, options, random);
                break;
            case RecurrentEmission { ChunkSize: null } recurrent:
                Heads(network, recurrent, options, random);
                break;
            case RecurrentEmission:
                throw new ArgumentException(
                    $"TaskHyperNetwork: a recurrent network over chunks has no hyperfan start, since one head makes all chunks; got {options.Start}. "
                    + $"Use {TaskStart.Default}, or {TaskEmission.RecurrentHeads}.",
                    nameof(options));
        }
    }

    // The whole hypernetwork passes the variance of its input on; the chunks' embeddings set it.
    private static void Chunks(HyperNetwork network, TaskChunkEmission emission, TaskHyperNetworkOptions options, RandomStream? random)
    {
        TaskConditioning conditioning = (TaskConditioning)network.Conditioning;
        double[] wanted = Hyperfan.ChunkTargetVariances(Mode(options), Shapes(network.Manifest), emission.ChunkSize);
        int others = conditioning.Embedding + conditioning.External;
        double given = InputVariance(conditioning.Embedding, options);
        Initializer[] chunks = [.. wanted.Select(variance => Within(Hyperfan.ChunkEmbeddingVariance(variance, others, given, emission.ChunkEmbedding)))];
        IEnumerable<Parameter> tables = emission.Chunks is { } shared
            ? [shared]
            : Enumerable.Range(0, conditioning.Tasks).Select(task => conditioning.ParametersOf(task)[^1]);
        foreach (Parameter table in tables)
        {
            table.Load([.. chunks.SelectMany(chunk => Draw(chunk, [1, emission.ChunkEmbedding], random))]);
        }
    }

    // What a recurrent network's states come to follows from no formula: it is measured.
    private static void Heads(HyperNetwork network, RecurrentEmission emission, TaskHyperNetworkOptions options, RandomStream? random)
    {
        TaskConditioning conditioning = (TaskConditioning)network.Conditioning;
        using MemoryScope scope = new();
        int[] tasks = [.. Enumerable.Range(0, conditioning.Tasks)];
        Tensor[] values = conditioning.External == 0
            ? [Tensor.From(tasks)]
            : [Tensor.From(Draw(Initializer.Normal(), [tasks.Length, conditioning.External], random), [tasks.Length, conditioning.External]), Tensor.From(tasks)];
        Tensor[] states = emission.States(conditioning.Forward(values), network.Generator);
        double[] wanted = Hyperfan.HeadVariances(Mode(options), Shapes(network.Manifest), emission.HiddenFeatures, inputVariance: 1);
        for (int i = 0; i < wanted.Length; i++)
        {
            double variance = states[i].ToArray().Average(static value => (double)value * value);
            Load(emission.Heads[i], Within(wanted[i] / variance), random);
        }
    }

    private static void Load(Linear linear, Initializer weights, RandomStream? random)
    {
        weights.Apply(linear.Weight, random);
        if (linear.Bias is { } bias)
        {
            Initializer.Zeros.Apply(bias);
        }
    }

    private static FanMode Mode(TaskHyperNetworkOptions options) => options.Start == TaskStart.HyperfanOut ? FanMode.Out : FanMode.In;

    private static Shape[] Shapes(TargetManifest manifest) => [.. manifest.Entries.Select(static entry => entry.Shape)];

    // External inputs are taken to have variance 1.
    private static double InputVariance(int embedding, TaskHyperNetworkOptions options) =>
        Hyperfan.InputVariance((embedding, (double)options.EmbeddingDeviation * options.EmbeddingDeviation), (options.External, 1));

    private static Initializer Within(double variance)
    {
        float bound = (float)Hyperfan.Bound(variance);
        return Initializer.Uniform(-bound, bound);
    }

    private static float[] Draw(Initializer initializer, Shape shape, RandomStream? random)
    {
        float[] values = new float[shape.Count];
        initializer.Fill(values, shape, random ?? Initializer.Random);
        return values;
    }
}
