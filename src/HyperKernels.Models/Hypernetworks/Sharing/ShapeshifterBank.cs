using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>A group of layers that share a flat bank: the bank, each layer's templates in it, and each layer's coefficients.</summary>
internal sealed class ShapeshifterBank : Layer
{
    private readonly SharedTemplates[] _layers;
    private readonly int[] _starts;
    private readonly (int Templates, int Row)[] _coefficients;
    private readonly Dictionary<int, Parameter> _direct = [];
    private readonly Dictionary<int, Linear> _projections = [];
    private readonly Parameter? _embedding;

    /// <summary>Makes a group's bank.</summary>
    /// <param name="shapes">The weights of the group's layers.</param>
    /// <param name="size">The bank's values.</param>
    /// <param name="width">The numbers per layer from which coefficients are computed, where they are.</param>
    /// <param name="options">Sharing, upsampling, the number of templates.</param>
    /// <param name="random">Where first values come from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">The bank is too small for a layer.</exception>
    public ShapeshifterBank(IReadOnlyList<Shape> shapes, int size, int width, ShapeshifterOptions options, RandomStream? random = null)
    {
        ArgumentNullException.ThrowIfNull(shapes);
        ArgumentNullException.ThrowIfNull(options);
        _layers = [.. shapes.Select((shape, i) => Add($"layer{i}", new SharedTemplates(
            shape, TemplatesOf(shape, size, options), size, options.Upsampling, options.Window, options.LearnsGroups, random)))];
        _starts = Places(size);
        Values = AddParameter("bank", [size], new BlockInitializer(InitialBlocks(size)), random);
        _coefficients = new (int, int)[_layers.Length];
        Dictionary<int, int> rows = [];
        for (int i = 0; i < _layers.Length; i++)
        {
            int templates = _layers[i].Templates;
            rows.TryGetValue(templates, out int row);
            _coefficients[i] = (templates, row);
            rows[templates] = row + 1;
        }
        if (options.Sharing == TemplateSharing.Embedding)
        {
            _embedding = AddParameter("embedding", [_layers.Length, options.Embedding], Initializer.Orthogonal(), random, ParameterRole.Table);
        }
        foreach ((int templates, int count) in rows.Where(static pair => pair.Key > 1).OrderBy(static pair => pair.Key))
        {
            if (options.Sharing == TemplateSharing.Weighted)
            {
                _direct.Add(templates, AddParameter($"coefficients{templates}", [count, templates], Initializer.Orthogonal(), random, ParameterRole.Table));
            }
            else if (options.Sharing == TemplateSharing.Embedding)
            {
                _projections.Add(templates, Add($"projection{templates}", new Linear(width, templates, random: random)));
            }
        }
    }

    /// <summary>The bank, flat.</summary>
    public Parameter Values { get; }

    /// <summary>Every layer's templates.</summary>
    public IReadOnlyList<SharedTemplates> Layers => _layers;

    /// <summary>Where every layer's block begins in the bank.</summary>
    public IReadOnlyList<int> Starts => _starts;

    /// <summary>The weights of the group's layers.</summary>
    /// <param name="conditions"><c>[C, Z]</c>; Z may be 0.</param>
    /// <param name="generator">Reads an embedding and conditions side by side, and gives what the linear layers compute coefficients from.</param>
    /// <param name="weights">Written: one per layer.</param>
    public void Generate(Tensor conditions, TensorLayer generator, Span<Weight> weights)
    {
        for (int i = 0; i < _layers.Length; i++)
        {
            Tensor block = Ops.Slice(Values.Value, 0, _starts[i], _layers[i].BlockSize);
            weights[i] = _layers[i].Combine(block, Coefficients(i, conditions, generator));
        }
    }

    /// <summary>What tells a layer from others: its embedding, or its own coefficients. Groups are learned from it.</summary>
    /// <param name="layer">Its place in the group.</param>
    /// <exception cref="InvalidOperationException">The layer has neither.</exception>
    public float[] Describe(int layer)
    {
        (int templates, int row) = _coefficients[layer];
        Parameter? table = _embedding ?? _direct.GetValueOrDefault(templates);
        if (table is null)
        {
            throw new InvalidOperationException("ShapeshifterBank: layers that mix one template or average them have no coefficients to compare.");
        }
        int width = table.Shape[1];
        return table.OwnValue.ToArray().AsSpan((_embedding is null ? row : layer) * width, width).ToArray();
    }

    /// <summary>How many templates a layer mixes.</summary>
    /// <param name="shape">Its weight.</param>
    /// <param name="size">The bank's values.</param>
    /// <param name="options">The most that it may mix.</param>
    public static int TemplatesOf(Shape shape, int size, ShapeshifterOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return options.LearnsGroups ? LayerGroups.LearningTemplates : (int)Math.Min(Math.Max(1, size / shape.Count), options.Templates);
    }

    private Tensor? Coefficients(int layer, Tensor conditions, TensorLayer generator)
    {
        (int templates, int row) = _coefficients[layer];
        if (_direct.TryGetValue(templates, out Parameter? direct))
        {
            return Ops.Slice(direct.Value, 0, row, 1);
        }
        if (!_projections.TryGetValue(templates, out Linear? projection))
        {
            return null;
        }
        Tensor input = Ops.Slice(_embedding!.Value, 0, layer, 1);
        if (conditions.Shape[1] > 0)
        {
            input = Ops.Concatenate(1, Ops.BroadcastTo(input, [conditions.Shape[0], input.Shape[1]]), conditions);
        }
        return projection.Forward(generator.Forward(input));
    }

    // Layers of one need take one block of the bank after another, beginning where those of other needs have not been, and again at the front
    // when it ends.
    private int[] Places(int size)
    {
        int[] starts = new int[_layers.Length];
        Dictionary<int, int> next = [];
        long taken = 0;
        foreach (int i in ByShape())
        {
            int need = _layers[i].BlockSize;
            if (!next.TryGetValue(need, out int block))
            {
                block = (int)((taken + need - 1) / need);
                bool isFree = block < _layers[i].Templates;
                block = isFree ? block : 0;
                taken = isFree ? taken + need : 0;
            }
            block = (long)(block + 1) * need > size ? 0 : block;
            starts[i] = block * need;
            next[need] = block + 1;
        }
        return starts;
    }

    /// <summary>The layers with those of the most frequent shape first.</summary>
    private IEnumerable<int> ByShape() => Enumerable.Range(0, _layers.Length)
        .GroupBy(i => _layers[i].WeightShape).OrderByDescending(static group => group.Count()).SelectMany(static group => group);

    // Blocks overlap; the most frequent shape is drawn last, because its scale fits the most layers.
    private (int Start, int Count, Shape Shape)[] InitialBlocks(int size) =>
    [
        .. ByShape().Reverse().Where(i => !_layers[i].IsUpsampled && _layers[i].BlockSize <= size)
            .Select(i => (_starts[i], _layers[i].Templates, _layers[i].WeightShape)),
    ];

    /// <summary>Kaiming-normal 3x3 kernels all over, then over them blocks with the scale of the layers that read them.</summary>
    private sealed class BlockInitializer((int Start, int Count, Shape Shape)[] blocks) : Initializer
    {
        private const int Kernel = 9;

        public override void Fill(Span<float> values, Shape shape, RandomStream random)
        {
            KaimingNormal().Fill(values, [1, Kernel], random);
            foreach ((int start, int count, Shape own) in blocks)
            {
                KaimingNormal().Fill(values.Slice(start, count * (int)own.Count), own, random);
            }
        }
    }
}
