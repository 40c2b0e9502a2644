using System.Numerics.Tensors;

namespace HyperKernels.Cli.Training;

/// <summary>How often each class was answered for each class: what F1 is computed from.</summary>
/// <param name="classes">How many there are.</param>
internal sealed class ClassCounts(int classes)
{
    private readonly long[] _right = new long[classes];
    private readonly long[] _asked = new long[classes];
    private readonly long[] _answered = new long[classes];

    /// <summary>The share of right answers; where each thing has one class, micro-F1 is the same.</summary>
    public double Micro => (double)_right.Sum() / _asked.Sum();

    /// <summary>The mean of the classes' F1; a class that is never asked for counts as 0 if it is answered, and not at all otherwise.</summary>
    public double Macro => Enumerable.Range(0, classes).Where(one => _asked[one] + _answered[one] > 0)
        .Average(one => 2.0 * _right[one] / (_asked[one] + _answered[one]));

    /// <summary>Takes an answer.</summary>
    public void Add(int answer, int label)
    {
        _asked[label]++;
        _answered[answer]++;
        _right[label] += answer == label ? 1 : 0;
    }

    /// <summary>Takes the class of the largest number of every row.</summary>
    public void Add(ReadOnlySpan<float> logits, ReadOnlySpan<int> labels)
    {
        for (int i = 0; i < labels.Length; i++)
        {
            Add(TensorPrimitives.IndexOfMax(logits.Slice(i * classes, classes)), labels[i]);
        }
    }
}
