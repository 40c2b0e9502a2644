using ILGPU.IR;
using ILGPU.IR.Rewriting;
using ILGPU.IR.Transformations;
using ILGPU.IR.Values;
using ILGPU.Util;

namespace HyperKernels.Gpu;

/// <summary>
/// Writes out comparisons of floats that hold for NaN, which ILGPU makes of those that do not when it turns a condition round: <c>if (a &gt; b)</c> jumps
/// over what follows on "a &lt;= b, or one is NaN". Its OpenCL has no words for the second half and leaves it away, so that NaN went into the branch. PTX
/// has.
/// </summary>
internal sealed class NaNComparisons : UnorderedTransformation
{
    private static readonly Rewriter s_rewriter = NewRewriter();

    protected override bool PerformTransformation(Method.Builder builder) => s_rewriter.Rewrite(builder.SourceBlocks, builder);

    private static Rewriter NewRewriter()
    {
        Rewriter rewriter = new();
        rewriter.Add<CompareValue>(HoldsForNaN, WriteOut);
        return rewriter;
    }

    // Unequal is so in C.
    private static bool HoldsForNaN(CompareValue compare) =>
        compare.IsUnsignedOrUnordered && compare.Kind != CompareKind.NotEqual && compare.Left.BasicValueType.IsFloat();

    // A compiler makes one comparison of it again.
    private static void WriteOut(RewriterContext context, CompareValue compare)
    {
        BasicBlock.Builder builder = context.Builder;
        Value ordered = builder.CreateCompare(compare.Location, compare.Left, compare.Right, compare.Kind);
        Value either = builder.CreateArithmetic(compare.Location, IsNaN(compare.Left), IsNaN(compare.Right), BinaryArithmeticKind.Or);
        context.ReplaceAndRemove(compare, builder.CreateArithmetic(compare.Location, ordered, either, BinaryArithmeticKind.Or).Resolve());

        Value IsNaN(Value value) => builder.CreateCompare(compare.Location, value, value, CompareKind.NotEqual, CompareFlags.UnsignedOrUnordered);
    }
}
