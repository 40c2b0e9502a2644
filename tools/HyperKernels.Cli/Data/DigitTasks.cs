namespace HyperKernels.Cli.Data;

/// <summary>Digits as a sequence of tasks, each to train and to test.</summary>
/// <param name="Training">What to learn, task by task.</param>
/// <param name="Test">The same tasks with other images.</param>
/// <param name="Classes">The classes of a task.</param>
internal sealed record DigitTasks(IReadOnlyList<DigitTask> Training, IReadOnlyList<DigitTask> Test, int Classes)
{
    private const int ClassesPerSplit = 2;

    /// <summary>Two digits after another: 0 or 1, 2 or 3, and so on.</summary>
    public static DigitTasks Split(DigitData data)
    {
        IReadOnlyList<DigitTask> Of(ImageSet set) =>
        [
            .. Enumerable.Range(0, ImageSet.Classes / ClassesPerSplit).Select(task =>
            {
                int first = ClassesPerSplit * task;
                int[] rows = [.. Enumerable.Range(0, set.Count).Where(i => set.Labels[i] / ClassesPerSplit == task)];
                return new DigitTask($"{first}/{first + 1}", set, rows, first);
            }),
        ];
        return new DigitTasks(Of(data.Training), Of(data.Test), ClassesPerSplit);
    }

    /// <summary>All digits again and again, each time with the pixels in another order; the first time as they are.</summary>
    public static DigitTasks Permuted(DigitData data, int tasks, int seed)
    {
        int[]?[] orders = [.. Enumerable.Range(0, tasks).Select(task => task == 0 ? null : Shuffled(data.Training.Height * data.Training.Width, seed, task))];
        IReadOnlyList<DigitTask> Of(ImageSet set)
        {
            int[] rows = [.. Enumerable.Range(0, set.Count)];
            return [.. orders.Select((order, task) => new DigitTask($"order {task + 1}", set, rows, 0, order))];
        }
        return new DigitTasks(Of(data.Training), Of(data.Test), ImageSet.Classes);
    }

    private static int[] Shuffled(int count, int seed, int stream)
    {
        SplitMix random = new(seed, stream);
        int[] order = new int[count];
        for (int i = 0; i < count; i++)
        {
            int at = random.Below(i + 1);
            order[i] = order[at];
            order[at] = i;
        }
        return order;
    }
}
