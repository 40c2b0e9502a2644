using System.Buffers;

namespace HyperKernels.Models;

/// <summary>A tensor for each step of a sequence, in an array of the pool: inference allocates nothing.</summary>
internal readonly ref struct StepTensors : IDisposable
{
    private readonly Tensor[] _rented;

    /// <summary>Room for so many steps.</summary>
    public StepTensors(int steps)
    {
        _rented = ArrayPool<Tensor>.Shared.Rent(steps);
        All = _rented.AsSpan(0, steps);
    }

    /// <summary>The steps in order.</summary>
    public Span<Tensor> All { get; }

    /// <summary>Cuts what was computed for all rows of a sequence into its steps.</summary>
    public static StepTensors Of(Tensor rows, int axis, int batch)
    {
        int steps = rows.Shape[axis] / batch;
        int[] lengths = ArrayPool<int>.Shared.Rent(steps);
        Array.Fill(lengths, batch, 0, steps);
        StepTensors result = new(steps);
        Ops.Split(rows, axis, lengths.AsSpan(0, steps), result.All);
        ArrayPool<int>.Shared.Return(lengths);
        return result;
    }

    /// <summary>Gives the array back.</summary>
    public void Dispose() => ArrayPool<Tensor>.Shared.Return(_rented, clearArray: true);
}
