using HyperKernels.Cli.Training;
using HyperKernels.Layers;
using HyperKernels.Optim;

namespace HyperKernels.Cli.Recipes;

/// <summary>Something that learns one task after another: one of the runs that a <see cref="ContinualRecipe"/> trains on the same batches.</summary>
/// <param name="name">The run's name.</param>
/// <param name="clip">The most that gradients together may be long; 0 for no bound.</param>
internal abstract class ContinualLearner(string name, float clip) : IDisposable
{
    private Optimizer? _optimizer;
    private Trainee? _trainee;

    public string Name => name;

    /// <summary>What a checkpoint holds of the run; there from the first task on.</summary>
    public Trainee Trainee => _trainee ?? throw new InvalidOperationException($"{name} has not begun a task.");

    /// <summary>Random streams that draw while training.</summary>
    protected virtual RandomStream[] Streams => [];

    /// <summary>Begins a task, with an optimiser that knows nothing of those before.</summary>
    /// <param name="task">The task.</param>
    /// <param name="resumes">Whether a checkpoint follows that was made during the task.</param>
    public void Begin(int task, bool resumes = false)
    {
        if (!resumes)
        {
            Protect(task);
        }
        _optimizer?.Dispose();
        _optimizer = MakeOptimizer(task);
        _trainee = new Trainee(name, GetState, LoadState, _optimizer, Streams);
    }

    /// <summary>One step.</summary>
    /// <returns>The loss on the task, without what protects earlier ones.</returns>
    public double Step(Tensor images, Tensor labels, int task)
    {
        using Tape tape = new();
        (Tensor own, Tensor total) = Loss(images, labels, task);
        tape.Backward(total);
        if (clip > 0)
        {
            GradientClipping.ByNorm(tape, _optimizer!.Groups.SelectMany(static group => group.Parameters), clip);
        }
        _optimizer!.Step(tape);
        return own.ToScalar();
    }

    /// <summary>What makes the weights; null for a learner whose weights are its own.</summary>
    public virtual HyperNetwork? Network => null;

    /// <summary>Class scores by the weights of a task.</summary>
    public abstract Tensor Logits(Tensor images, int task);

    /// <summary>Class scores by one network for all tasks, of which there are so many; null where there is none.</summary>
    public virtual Tensor? LogitsOfAny(Tensor images, int tasks) => null;

    public virtual void Dispose() => _optimizer?.Dispose();

    /// <summary>Remembers tasks 0 to tasks - 1 as they are.</summary>
    protected abstract void Protect(int tasks);

    protected abstract Optimizer MakeOptimizer(int task);

    /// <summary>The loss on a batch, and the same with what protects earlier tasks.</summary>
    protected abstract (Tensor Own, Tensor Total) Loss(Tensor images, Tensor labels, int task);

    protected abstract IReadOnlyDictionary<string, HostArray> GetState();

    protected abstract void LoadState(IReadOnlyDictionary<string, HostArray> state);
}
