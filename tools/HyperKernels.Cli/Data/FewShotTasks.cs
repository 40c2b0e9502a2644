namespace HyperKernels.Cli.Data;

/// <summary>A batch of few-shot tasks: each has some classes in an order of its own, and of each class a few images to learn from and some to answer for.</summary>
/// <param name="classes">What tasks are drawn from; all images of one size.</param>
/// <param name="ways">Classes of a task.</param>
/// <param name="shots">Images of a class to learn from.</param>
/// <param name="queries">Images of a class to answer for.</param>
/// <param name="tasks">Tasks of a batch.</param>
internal sealed class FewShotTasks(IReadOnlyList<ImageClass> classes, int ways, int shots, int queries, int tasks)
{
    private readonly int[] _order = [.. Enumerable.Range(0, classes.Count)];
    private readonly int[] _classes = new int[tasks * ways];
    private readonly int[] _rows = new int[tasks * ways * (shots + queries)];
    private float[] _pixels = [];

    /// <summary>The images [tasks, ways, shots + queries] as rows of their class's set, the shots of a class first.</summary>
    public ReadOnlySpan<int> Rows => _rows;

    /// <summary>What to answer: the place of the class in its task, [tasks * ways * queries].</summary>
    public int[] Answers { get; } = [.. Enumerable.Range(0, tasks * ways * queries).Select(i => i / queries % ways)];

    /// <summary>Draws tasks; they depend on seed and step alone.</summary>
    public void Draw(int seed, long step)
    {
        SplitMix random = new(seed, step);
        for (int i = 0; i < _order.Length; i++)
        {
            _order[i] = i;
        }
        for (int place = 0; place < _classes.Length; place++)
        {
            int way = place % ways;
            int at = way + random.Below(_order.Length - way);
            (_order[way], _order[at]) = (_order[at], _order[way]);
            _classes[place] = _order[way];
            Choose(classes[_order[way]].Rows, _rows.AsSpan(place * (shots + queries), shots + queries), ref random);
        }
    }

    /// <summary>The images of the tasks.</summary>
    /// <returns>[tasks * ways * (shots + queries), 1, height, width]</returns>
    public Tensor Images(Device device)
    {
        (int height, int width) = (classes[0].Images.Height, classes[0].Images.Width);
        int size = height * width;
        _pixels = _pixels.Length == 0 ? new float[_rows.Length * size] : _pixels;
        for (int i = 0; i < _rows.Length; i++)
        {
            classes[_classes[i / (shots + queries)]].Fill(_rows[i], _pixels.AsSpan(i * size, size));
        }
        return Tensor.From(_pixels, [_rows.Length, 1, height, width], device);
    }

    // Different ones: few of many, so that a second draw is rare.
    private static void Choose(ReadOnlySpan<int> from, Span<int> chosen, ref SplitMix random)
    {
        for (int i = 0; i < chosen.Length; i++)
        {
            do
            {
                chosen[i] = from[random.Below(from.Length)];
            }
            while (chosen[..i].Contains(chosen[i]));
        }
    }
}
