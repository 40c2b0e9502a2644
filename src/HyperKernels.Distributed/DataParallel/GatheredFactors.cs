using System.Numerics.Tensors;

namespace HyperKernels.Distributed;

/// <summary>A gradient that is a product on every process: the factors of all, one behind the other, are those of the sum.</summary>
internal sealed class GatheredFactors
{
    private readonly Tensor _parameter;
    private readonly long _offset;
    private readonly Shape _leftShape;
    private readonly Shape _rightShape;
    private readonly float[] _left;
    private readonly float[] _right;
    private readonly Transfer _leftTransfer;
    private readonly Transfer _rightTransfer;

    public GatheredFactors(ICommunicator communicator, Tensor parameter, in GradientPart part, float weight)
    {
        (_parameter, _offset) = (parameter, part.Offset);
        _ = part.Gradient.TryGetFactors(out Tensor left, out Tensor right);
        float[] ownLeft = left.ToArray();
        TensorPrimitives.Multiply(ownLeft, weight, ownLeft);
        _leftShape = [communicator.Size * left.Shape[0], left.Shape[1]];
        _rightShape = [communicator.Size * right.Shape[0], right.Shape[1]];
        (_left, _leftTransfer) = Gather(communicator, ownLeft);
        (_right, _rightTransfer) = Gather(communicator, right.ToArray());
    }

    /// <summary>Whether each process receives fewer values so than in a sum, which is 2 (P - 1) / P of the product's.</summary>
    public static bool IsLess(int processes, in Shape left, in Shape right) =>
        (long)processes * left[0] * ((long)left[1] + right[1]) < 2L * left[1] * right[1];

    public void Poll()
    {
        _leftTransfer.Poll();
        _rightTransfer.Poll();
    }

    /// <summary>Puts the factors in the gradient's place.</summary>
    /// <returns>Their bytes.</returns>
    public long Finish(Tape tape)
    {
        Transfer.WaitAll(_leftTransfer, _rightTransfer);
        tape.ReplaceGradient(_parameter, Tensor.From(_left, _leftShape, _parameter.Device), Tensor.From(_right, _rightShape, _parameter.Device), _offset);
        return (_leftShape.Count + _rightShape.Count) * sizeof(float);
    }

    private static (float[] All, Transfer Transfer) Gather(ICommunicator communicator, float[] own)
    {
        float[] all = new float[communicator.Size * own.Length];
        int[] counts = new int[communicator.Size];
        Array.Fill(counts, own.Length);
        return (all, communicator.StartAllGather<float>(own, all, counts));
    }
}
