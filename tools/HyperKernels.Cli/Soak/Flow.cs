namespace HyperKernels.Cli.Soak;

/// <summary>
/// One logical flow of a schedule: does one random thing after another to what all flows share. What must hold of each: the number that the model says, or, where the
/// model knows of misuse, a documented exception.
/// </summary>
internal sealed partial class Flow(int number, ScheduleWorld world, Baton baton, ScopeModel? inherited)
{
    private const int Actions = 30;
    private const int MostFlows = 6;
    private const float Largest = 200;

    private readonly List<ScopeModel> _mine = [];
    private readonly CancellationTokenSource _cancelled = new();

    // The innermost scope of this flow: one that it was started in, or its own.
    private ScopeModel? _scope = inherited;

    public int Number { get; } = number;

    public void Run()
    {
        try
        {
            for (int i = 0; i < Actions; i++)
            {
                Baton.Pass();
                _cancelled.Token.ThrowIfCancellationRequested();
                Act();
            }
        }
        catch (OperationCanceledException)
        {
            world.Note(this, "was cancelled");
        }
        while (_mine.Count > 0)
        {
            Close(_mine[^1]);
        }
    }

    private void Act()
    {
        switch (world.Random.Next(24))
        {
            case 0 or 1 or 2:
                Make();
                break;
            case 3 or 4 or 5 or 6 or 7:
                Compute();
                break;
            case 8 or 9:
                Read();
                break;
            case 10:
                Gather();
                break;
            case 11:
                Write();
                break;
            case 12:
                End(world.Any(world.Random.Next(4) == 0 ? world.Positions : world.Items));
                break;
            case 13:
                Open(new MemoryScope());
                break;
            case 14 or 15:
                Open(new Tape());
                break;
            case 16 or 17 or 18:
                Watch();
                break;
            case 19 or 20:
                TakeGradient();
                break;
            case 21:
                CloseAny();
                break;
            case 22:
                Keep();
                break;
            default:
                StartOrCancel();
                break;
        }
    }

    // Runs what may be refused. It must give a value where nothing was amiss, before or meanwhile, and must not where something was amiss before.
    private bool Try(string what, bool mustRefuse, Func<bool> mayRefuse, Action action)
    {
        Exception? refusal = null;
        try
        {
            action();
        }
        catch (Exception failure) when (IsDocumented(failure))
        {
            refusal = failure;
        }
        world.Note(this, refusal is null ? what : $"{what} was refused: {refusal.GetType().Name}");
        if (refusal is not null && !mustRefuse && !mayRefuse())
        {
            throw new ScheduleException($"{what} was refused without a reason: {refusal}");
        }
        if (refusal is null && mustRefuse)
        {
            throw new ScheduleException($"{what} was not refused");
        }
        (world.Answers, world.Refusals) = refusal is null ? (world.Answers + 1, world.Refusals) : (world.Answers, world.Refusals + 1);
        return refusal is null;
    }

    private static bool IsDocumented(Exception failure) =>
        failure is ObjectDisposedException || failure.GetType() == typeof(InvalidOperationException) || failure.GetType() == typeof(ArgumentException);

    private static void Expect(float wanted, ReadOnlySpan<float> came, string what)
    {
        if (came.ContainsAnyExcept(wanted))
        {
            throw new ScheduleException($"{what} must be {wanted} everywhere; got {string.Join(' ', came.ToArray())}");
        }
    }
}

/// <summary>What did not hold in a schedule.</summary>
internal sealed class ScheduleException(string message) : Exception(message);
