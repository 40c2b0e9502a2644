namespace HyperKernels.Serving;

/// <summary>What a request sends.</summary>
/// <param name="Input">The sample, row-major.</param>
/// <param name="Condition">The conditions' numbers, in declared order.</param>
internal sealed record Ask(float[] Input, float[] Condition);

/// <summary>What it gets.</summary>
/// <param name="Output">What the target gives with the weights of these conditions.</param>
/// <param name="Batch">How many requests were answered together.</param>
internal sealed record Answered(float[] Output, int Batch);

/// <summary>A request that waits.</summary>
internal sealed class Question(float[] input, float[] condition, CancellationToken cancel)
{
    // The answer's receiver goes on elsewhere: the loop that answers must not run requests.
    private readonly TaskCompletionSource<Answered> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public float[] Input => input;

    public float[] Condition => condition;

    /// <summary>Whether nobody waits for the answer any more.</summary>
    public bool IsCancelled => cancel.IsCancellationRequested;

    /// <summary>The answer; cancelled as soon as the caller is gone.</summary>
    public Task<Answered> Answers => _answer.Task.WaitAsync(cancel);

    public void Answer(float[] output, int batch) => _answer.TrySetResult(new Answered(output, batch));

    public void Fail(Exception failure) => _answer.TrySetException(failure);
}
