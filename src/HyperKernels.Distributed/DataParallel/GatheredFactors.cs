using System.Buffers;

namespace HyperKernels.Distributed;

/// <summary>A gradient that is a product on every process: the factors of all, one behind the other, are those of the sum.</summary>
internal sealed class GatheredFactors
{
    private readonly Tensor _parameter;
    private readonly long _offset;
    private readonly GatheredRows _left;
    private readonly GatheredRows _right;

    public GatheredFactors(ICommunicator communicator, Tensor parameter, in GradientPart part)
    {
        (_parameter, _offset) = (parameter, part.Offset);
        _ = part.Gradient.TryGetFactors(out Tensor left, out Tensor right);
        _left = new GatheredRows(communicator, left);
        _right = new GatheredRows(communicator, right);
    }

    /// <summary>Whether each process receives fewer values so than in a sum, which is 2 (P - 1) / P of the product's.</summary>
    public static bool IsLess(int processes, in Shape left, in Shape right) =>
        (long)processes * left[0] * ((long)left[1] + right[1]) < 2L * left[1] * right[1];

    public void Poll()
    {
        _left.Poll();
        _right.Poll();
    }

    /// <summary>Puts the factors in the gradient's place.</summary>
    /// <returns>Their bytes.</returns>
    public long Finish(Tape tape)
    {
        Tensor left = _left.Finish();
        Tensor right = _right.Finish();
        tape.ReplaceGradient(_parameter, left, right, _offset);
        return (left.Count + right.Count) * sizeof(float);
    }

    // The rows of one factor on all processes, which have as many each.
    private sealed class GatheredRows
    {
        private readonly Device _device;
        private readonly Shape _shape;
        private readonly float[] _values;
        private readonly Transfer _transfer;

        public GatheredRows(ICommunicator communicator, Tensor own)
        {
            _device = own.Device;
            _shape = [communicator.Size * own.Shape[0], own.Shape[1]];
            _values = ArrayPool<float>.Shared.Rent(checked((int)_shape.Count));
            int count = (int)own.Count;
            Memory<float> place = _values.AsMemory(communicator.Rank * count, count);
            own.CopyTo(place.Span);
            int[] counts = new int[communicator.Size];
            Array.Fill(counts, count);
            _transfer = communicator.StartAllGather<float>(place, _values.AsMemory(0, (int)_shape.Count), counts);
        }

        public void Poll() => _transfer.Poll();

        public Tensor Finish()
        {
            _transfer.Wait();
            Tensor all = Tensor.From(_values.AsSpan(0, (int)_shape.Count), _shape, _device);
            ArrayPool<float>.Shared.Return(_values);
            return all;
        }
    }
}
