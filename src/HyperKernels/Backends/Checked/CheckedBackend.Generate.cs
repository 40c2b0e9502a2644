using System.Runtime.CompilerServices;

namespace HyperKernels.Backends.Checked;

internal sealed partial class CheckedBackend
{
    public void GenerateLinear(in GenerateSizes sizes, BufferRef x, BufferRef z, BufferRef generator, BufferRef? baseWeight, BufferRef y)
    {
        CheckOperands(sizes, x, z, generator, baseWeight, y);
        using Loan loan = Hold(y);
        Target.GenerateLinear(sizes, x, z, generator, baseWeight, y);
        Keep(x, z, generator, baseWeight, y);
    }

    public void GenerateLinearGradient(
        in GenerateSizes sizes, BufferRef x, BufferRef z, BufferRef generator, BufferRef? baseWeight, BufferRef gradient,
        BufferRef? dx, BufferRef? dz, BufferRef? dGenerator, BufferRef? dBase)
    {
        CheckOperands(sizes, x, z, generator, baseWeight, gradient);
        Check(dx, (long)sizes.Batch * sizes.Rows * sizes.Inputs);
        Check(dz, (long)sizes.Batch * sizes.Embedding);
        Check(dGenerator, Weights(sizes) * sizes.Embedding);
        Check(dBase, Weights(sizes));
        using Loan data = Hold(dx, dz);
        using Loan weights = Hold(dGenerator, dBase);
        Target.GenerateLinearGradient(sizes, x, z, generator, baseWeight, gradient, dx, dz, dGenerator, dBase);
        Keep(x, z, generator, baseWeight, gradient, dx, dz, dGenerator, dBase);
    }

    private static long Weights(in GenerateSizes sizes) => (long)sizes.Outputs * sizes.Inputs;

    private void CheckOperands(in GenerateSizes sizes, BufferRef x, BufferRef z, BufferRef generator, BufferRef? baseWeight, BufferRef y, [CallerMemberName] string op = "")
    {
        Check(x, (long)sizes.Batch * sizes.Rows * sizes.Inputs, op: op);
        Check(z, (long)sizes.Batch * sizes.Embedding, op: op);
        Check(generator, Weights(sizes) * sizes.Embedding, op: op);
        Check(baseWeight, Weights(sizes), op: op);
        Check(y, (long)sizes.Batch * sizes.Rows * sizes.Outputs, op: op);
    }
}
