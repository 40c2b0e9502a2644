using System.Diagnostics;
using System.Numerics.Tensors;

namespace HyperKernels.Distributed;

/// <summary>
/// Trains one network on several processes: each computes on its share of every batch, and gradients are added up while the backward pass still runs, so that every
/// process takes the step that one process would take on the whole batch.
/// </summary>
/// <remarks>
/// <para>Every process makes the same network and optimiser, asks <see cref="Share"/> which rows of a batch are its own, computes the mean loss of these, and steps as always
/// inside <see cref="Use"/>. Results are those of one process to rounding, and the same bits in every run with as many processes. What mixes the rows of a batch, such as
/// batch normalisation, sees the rows of the share alone.</para>
/// <para>Rule: gradients are collected in buckets, and each bucket is summed once it is full. A gradient that is a product <c>left^T right</c> of [K, M] and [K, N] is gathered
/// as its factors instead of summed where that is fewer bytes: <c>N_p K (M + N) &lt; 2 M N</c> for N_p processes, and only where all shares are as large.</para>
/// <para>On devices other than the processor values go through its memory.</para>
/// </remarks>
public sealed class DataParallel : IGradientReceiver
{
    /// <summary>Of buckets, unless told otherwise: messages so long cost by their bytes, and the first is on its way early.</summary>
    public const int DefaultBucketBytes = 1 << 20;

    private readonly GradientBuckets _buckets;
    private readonly List<GatheredFactors> _gathered = [];
    private float _weight = 1;
    private bool _isEven = true;

    /// <param name="communicator">The processes; not disposed by this.</param>
    /// <param name="bucketBytes">From how many bytes on gradients are summed together; the same on every process.</param>
    /// <exception cref="ArgumentException">A bucket holds not even one number.</exception>
    public DataParallel(ICommunicator communicator, int bucketBytes = DefaultBucketBytes)
    {
        ArgumentNullException.ThrowIfNull(communicator);
        if (bucketBytes < sizeof(float))
        {
            throw new ArgumentException($"DataParallel: a bucket must hold at least {sizeof(float)} bytes; got {bucketBytes}.");
        }
        Communicator = communicator;
        _buckets = new GradientBuckets(communicator, bucketBytes / sizeof(float));
    }

    /// <summary>The processes.</summary>
    public ICommunicator Communicator { get; }

    /// <summary>Asks all processes to stop, with the next backward pass.</summary>
    public bool StopRequested { get; set; }

    /// <summary>Whether any process had asked to stop by the last backward pass: the same answer on all of them.</summary>
    public bool IsStopAgreed { get; private set; }

    /// <summary>What was exchanged since the start.</summary>
    public ExchangeFigures Figures { get; private set; }

    /// <summary>Which rows of a batch are this process's own, and what its gradients count for until the next call.</summary>
    /// <param name="rows">The rows of the whole batch.</param>
    /// <returns>The first of its own, and how many; shares differ by one at most.</returns>
    /// <exception cref="ArgumentException">There are fewer rows than processes.</exception>
    public (int Start, int Count) Share(int rows)
    {
        if (rows < Communicator.Size)
        {
            throw new ArgumentException($"DataParallel.Share: a batch must have a row for each of {Communicator.Size} processes; it has {rows}. Use fewer, or larger batches.");
        }
        int start = (int)((long)rows * Communicator.Rank / Communicator.Size);
        int count = (int)((long)rows * (Communicator.Rank + 1) / Communicator.Size) - start;
        _weight = (float)count / rows;
        _isEven = rows % Communicator.Size == 0;
        return (start, count);
    }

    /// <summary>Makes the values of parameters those of rank 0.</summary>
    /// <param name="parameters">The same on every process, in the same order.</param>
    public void Start(IEnumerable<Parameter> parameters)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        foreach (Parameter? given in parameters)
        {
            Parameter parameter = given ?? throw new ArgumentException("DataParallel.Start: parameters must not hold null.", nameof(parameters));
            float[] values = parameter.OwnValue.ToArray();
            Communicator.Broadcast<float>(values);
            parameter.Load(values);
        }
    }

    /// <summary>Adds up the gradients of backward passes until the result is disposed, in this thread and what it starts or awaits.</summary>
    public IDisposable Use() => Tape.UseReceiver(this);

    /// <summary>Means over the whole batch from those over the shares.</summary>
    /// <param name="means">Of this process's share; as many on every process.</param>
    public double[] Average(ReadOnlySpan<double> means)
    {
        double[] sums = new double[means.Length];
        TensorPrimitives.Multiply(means, _weight, sums);
        Communicator.AllReduceSum<double>(sums);
        return sums;
    }

    float IGradientReceiver.Weight => _weight;

    void IGradientReceiver.Ready(Tape tape, Tensor parameter)
    {
        Gradient gradient = tape.GradientOf(parameter);
        if (gradient.TryGetParts(parameter.Count, out IReadOnlyList<GradientPart> parts) && parts.Any(IsGathered))
        {
            foreach (GradientPart part in parts)
            {
                Take(tape, parameter, part);
            }
            return;
        }
        Take(tape, parameter, new GradientPart(0, parameter.Count, gradient));
    }

    void IGradientReceiver.Advance()
    {
        _buckets.Poll();
        foreach (GatheredFactors factors in _gathered)
        {
            factors.Poll();
        }
    }

    void IGradientReceiver.Finish(Tape tape)
    {
        long start = Stopwatch.GetTimestamp();
        (int asked, long summed) = _buckets.Finish(tape, StopRequested ? 1 : 0);
        IsStopAgreed = asked > 0;
        long gathered = 0;
        foreach (GatheredFactors factors in _gathered)
        {
            gathered += factors.Finish(tape);
        }
        _gathered.Clear();
        Figures = new ExchangeFigures(
            Figures.Passes + 1, Figures.SummedBytes + summed, Figures.GatheredBytes + gathered, Figures.Waited + Stopwatch.GetElapsedTime(start));
    }

    private bool IsGathered(GradientPart part) =>
        _isEven && part.Gradient.TryGetFactors(out Tensor left, out Tensor right) && GatheredFactors.IsLess(Communicator.Size, left.Shape, right.Shape);

    private void Take(Tape tape, Tensor parameter, GradientPart part)
    {
        if (IsGathered(part))
        {
            _gathered.Add(new GatheredFactors(Communicator, parameter, part));
            return;
        }
        if (part.Gradient.IsDense)
        {
            _buckets.Add(parameter, part.Offset, part.Gradient.Values);
        }
        else if (part.Count == parameter.Count)
        {
            _ = tape.TryGetGradient(parameter, out Tensor values);
            _buckets.Add(parameter, 0, values);
        }
        else
        {
            _ = part.Gradient.TryGetFactors(out Tensor left, out Tensor right);
            using Tensor product = Ops.Matmul(left, right, transposeA: true);
            _buckets.Add(parameter, part.Offset, product);
        }
    }
}
