using HyperKernels.Backends;

namespace HyperKernels;

public static partial class Ops
{
    /// <summary>Changes parameters in place; never recorded. All targets are on one device.</summary>
    internal static void Optimize(Device device, OptimizerStep step, ReadOnlySpan<OptimizerTarget> targets)
    {
        if (targets.IsEmpty)
        {
            return;
        }
        // As CopyFrom does: what another thread reads of these meanwhile is refused.
        foreach (ref readonly OptimizerTarget target in targets)
        {
            target.Value.Buffer.BeginWrite();
            target.First?.Buffer.BeginWrite();
            target.Second?.Buffer.BeginWrite();
        }
        try
        {
            device.Backend.Optimize(step, targets);
        }
        finally
        {
            foreach (ref readonly OptimizerTarget target in targets)
            {
                target.Value.Buffer.EndWrite();
                target.First?.Buffer.EndWrite();
                target.Second?.Buffer.EndWrite();
            }
        }
    }

    /// <summary>Whether <see cref="Optimize"/> does better with the factors of <c>left^T right</c>, of which depth rows count, than with the product.</summary>
    internal static bool UsesUpProduct(Tensor left, Tensor right, int depth) =>
        left.Rank == 2 && right.Rank == 2 && left.IsDense && left.Device.Backend.UsesUpProduct(left.Shape[1], right.Shape[1], depth);

    /// <summary>Writes <c>left^T right</c> over the first rows of both, the bits of <see cref="Matmul"/>; never recorded. All are dense matrices.</summary>
    internal static void MultiplyInto(Tensor left, Tensor right, int depth, Tensor y, MatmulPrecision precision)
    {
        MatmulSizes sizes = new()
        {
            Batch = 1,
            M = y.Shape[0],
            N = y.Shape[1],
            K = depth,
            LdA = y.Shape[0],
            LdB = y.Shape[1],
            LdY = y.Shape[1],
            TransposeA = true,
            Precision = precision,
        };
        y.Device.Backend.Matmul(sizes, left.Ref, right.Ref, null, y.Ref);
    }
}
