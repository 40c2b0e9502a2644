using HyperKernels.Backends;

namespace HyperKernels;

public static partial class Ops
{
    /// <summary>
    /// Gathers the rows of nodes into their hyperedges: <c>y[e] = edgeScale[e] * sum over the members v of e of w * nodeScale[v] * x[v]</c>.
    /// </summary>
    /// <param name="x">One row per node, <c>[N, ...]</c>.</param>
    /// <param name="incidence">Which node is in which hyperedge.</param>
    /// <param name="membershipWeights">w: one per pair <c>[M]</c>, or one per pair and head <c>[M, H]</c> with x <c>[N, H, ...]</c>; ones if null.</param>
    /// <param name="nodeScale">A factor per node, <c>[N]</c>; ones if null.</param>
    /// <param name="edgeScale">A factor per hyperedge, <c>[E]</c>; ones if null.</param>
    /// <returns>One row per hyperedge, <c>[E, ...]</c>; an empty hyperedge gives zeros.</returns>
    /// <exception cref="ArgumentException">A tensor has not one row per node, hyperedge or pair, holds integers, or is on another device.</exception>
    /// <remarks>
    /// Differentiable in x, weights and scales, any number of times: the gradient of a gather is the gather the other way. Sums run in an
    /// order that the incidence alone decides, so that a rerun on the same device gives the same bits.
    /// </remarks>
    public static Tensor NodesToEdges(
        Tensor x, Incidence incidence, Tensor? membershipWeights = null, Tensor? nodeScale = null, Tensor? edgeScale = null) =>
        SegmentSum("NodesToEdges", incidence, SegmentEnd.Nodes, SegmentEnd.Edges, x, membershipWeights, nodeScale, edgeScale);

    /// <summary>
    /// Gathers the rows of hyperedges into their nodes: <c>y[v] = nodeScale[v] * sum over the hyperedges e of v of w * edgeScale[e] * z[e]</c>.
    /// </summary>
    /// <param name="z">One row per hyperedge, <c>[E, ...]</c>.</param>
    /// <param name="incidence">Which node is in which hyperedge.</param>
    /// <param name="membershipWeights">w: one per pair <c>[M]</c>, or one per pair and head <c>[M, H]</c> with z <c>[E, H, ...]</c>; ones if null.</param>
    /// <param name="edgeScale">A factor per hyperedge, <c>[E]</c>; ones if null.</param>
    /// <param name="nodeScale">A factor per node, <c>[N]</c>; ones if null.</param>
    /// <returns>One row per node, <c>[N, ...]</c>; a node without hyperedges gets zeros.</returns>
    /// <exception cref="ArgumentException">As <see cref="NodesToEdges(Tensor, Incidence, Tensor?, Tensor?, Tensor?)"/>.</exception>
    /// <remarks>As <see cref="NodesToEdges(Tensor, Incidence, Tensor?, Tensor?, Tensor?)"/>.</remarks>
    public static Tensor EdgesToNodes(
        Tensor z, Incidence incidence, Tensor? membershipWeights = null, Tensor? edgeScale = null, Tensor? nodeScale = null) =>
        SegmentSum("EdgesToNodes", incidence, SegmentEnd.Edges, SegmentEnd.Nodes, z, membershipWeights, edgeScale, nodeScale);

    /// <summary>The row of its node for every membership: <c>y[i] = x[node of i]</c>.</summary>
    /// <param name="x">One row per node, <c>[N, ...]</c>.</param>
    /// <param name="incidence">Which node is in which hyperedge.</param>
    /// <returns><c>[M, ...]</c>, in the order of the pairs.</returns>
    /// <exception cref="ArgumentException">x has not one row per node, holds integers, or is on another device.</exception>
    /// <remarks>Differentiable any number of times.</remarks>
    public static Tensor NodesToMemberships(Tensor x, Incidence incidence) =>
        SegmentSum("NodesToMemberships", incidence, SegmentEnd.Nodes, SegmentEnd.Memberships, x, null, null, null);

    /// <summary>The row of its hyperedge for every membership: <c>y[i] = z[edge of i]</c>.</summary>
    /// <param name="z">One row per hyperedge, <c>[E, ...]</c>.</param>
    /// <param name="incidence">Which node is in which hyperedge.</param>
    /// <returns><c>[M, ...]</c>, in the order of the pairs.</returns>
    /// <exception cref="ArgumentException">z has not one row per hyperedge, holds integers, or is on another device.</exception>
    /// <remarks>Differentiable any number of times.</remarks>
    public static Tensor EdgesToMemberships(Tensor z, Incidence incidence) =>
        SegmentSum("EdgesToMemberships", incidence, SegmentEnd.Edges, SegmentEnd.Memberships, z, null, null, null);

    /// <summary>Adds the rows of each segment: <c>y[s] = sum of values[i]</c> over the memberships of s.</summary>
    /// <param name="values">One row per membership, <c>[M, ...]</c>, in the order of the pairs.</param>
    /// <param name="incidence">Assigns the memberships to hyperedges and nodes.</param>
    /// <param name="toward">Whether segments are hyperedges or nodes.</param>
    /// <returns><c>[E, ...]</c> or <c>[N, ...]</c>; an empty segment gives zeros.</returns>
    /// <exception cref="ArgumentException">values has not one row per membership, holds integers, or is on another device.</exception>
    /// <remarks>Differentiable any number of times. Sums run in an order that the incidence alone decides.</remarks>
    public static Tensor SegmentSum(Tensor values, Incidence incidence, Toward toward) =>
        SegmentSum("SegmentSum", incidence, SegmentEnd.Memberships, EndOf(toward), values, null, null, null);

    /// <summary>Averages the rows of each segment.</summary>
    /// <param name="values">One row per membership, <c>[M, ...]</c>, in the order of the pairs.</param>
    /// <param name="incidence">Assigns the memberships to hyperedges and nodes.</param>
    /// <param name="toward">Whether segments are hyperedges or nodes.</param>
    /// <returns><c>[E, ...]</c> or <c>[N, ...]</c>; an empty segment gives zeros, not NaN.</returns>
    /// <exception cref="ArgumentException">values has not one row per membership, holds integers, or is on another device.</exception>
    /// <remarks>Differentiable any number of times. Sums run in an order that the incidence alone decides.</remarks>
    public static Tensor SegmentMean(Tensor values, Incidence incidence, Toward toward)
    {
        ArgumentNullException.ThrowIfNull(incidence);
        return SegmentSum("SegmentMean", incidence, SegmentEnd.Memberships, EndOf(toward), values, null, null, incidence.Index(toward).InverseCounts);
    }

    /// <summary>How alike the two ends of each membership are: <c>s[i] = sum over k of x[node of i, k] * z[edge of i, k]</c>.</summary>
    /// <param name="x">One row per node, <c>[N, ...]</c>.</param>
    /// <param name="z">One row per hyperedge, <c>[E, ...]</c>, with the trailing axes of x.</param>
    /// <param name="incidence">Which node is in which hyperedge.</param>
    /// <param name="perHead">True: x is <c>[N, H, ...]</c>, z is <c>[E, H, ...]</c>, and each head gives a number of its own.</param>
    /// <returns><c>[M]</c>, or <c>[M, H]</c> per head, in the order of the pairs.</returns>
    /// <exception cref="ArgumentException">The rows do not fit the incidence or each other, or a tensor holds integers or is on another device.</exception>
    /// <remarks>Differentiable in both, any number of times. Also known as SDDMM.</remarks>
    public static Tensor SampledDot(Tensor x, Tensor z, Incidence incidence, bool perHead = false)
    {
        CheckRows("SampledDot", incidence, SegmentEnd.Nodes, x);
        CheckRows("SampledDot", incidence, SegmentEnd.Edges, z);
        if (!x.Shape.AsSpan()[1..].SequenceEqual(z.Shape.AsSpan()[1..]) || (perHead && x.Rank < 2))
        {
            Throw.Argument($"SampledDot: rows of nodes and hyperedges must have the same axes{(perHead ? ", heads first" : "")}; got {x.Shape} and {z.Shape}.");
        }
        return SegmentDot(incidence, SegmentEnd.Nodes, SegmentEnd.Edges, x, z, null, null, perHead);
    }

    /// <summary>y = the rows of <paramref name="from"/> gathered into those of <paramref name="to"/>: one op for all six ways.</summary>
    private static Tensor SegmentSum(
        string name, Incidence incidence, SegmentEnd from, SegmentEnd to, Tensor x, Tensor? weights, Tensor? inScale, Tensor? outScale)
    {
        CheckRows(name, incidence, from, x);
        CheckWeights(name, incidence, x, weights);
        CheckScale(name, incidence, from, inScale);
        CheckScale(name, incidence, to, outScale);
        Tensor y = New(x, x.Shape.With(0, CountOf(incidence, to)));
        SegmentForm form = Form(incidence, from, to);
        Tensor? pieces = form.PieceCount == 0 ? null : New(x, [form.PieceCount, Size.Of(x.Shape.RowCount)]);
        x.Device.Backend.SegmentSum(
            form, Size.Of(x.Shape.RowCount), HeadsOf(weights), x.Ref, x.Shape[0], x.RowStride, DenseRef(weights), DenseRef(inScale),
            DenseRef(outScale), pieces?.Ref, y.Ref);
        pieces?.Dispose();
        return Record(y, [x, weights ?? default, inScale ?? default, outScale ?? default], (incidence, from, to, x, weights, inScale, outScale), static (g, s) =>
        {
            if (g.Needs(0))
            {
                g[0] = SegmentSum("SegmentSum", s.incidence, s.to, s.from, g.Output, s.weights, s.outScale, s.inScale);
            }
            if (g.Needs(1))
            {
                g[1] = SegmentDot(s.incidence, s.from, s.to, s.x, g.Output, s.inScale, s.outScale, s.weights?.Rank == 2);
            }
            if (g.Needs(2) || g.Needs(3))
            {
                Tensor dots = SegmentDot(s.incidence, s.from, s.to, s.x, g.Output, null, null, s.weights?.Rank == 2);
                Tensor shares = s.weights is { } weights ? SumHeads(Multiply(weights, dots)) : dots;
                if (g.Needs(2))
                {
                    g[2] = ScaleGradient(s.incidence, s.to, s.from, shares, s.outScale);
                }
                if (g.Needs(3))
                {
                    g[3] = ScaleGradient(s.incidence, s.from, s.to, shares, s.inScale);
                }
            }
        });
    }

    /// <summary>s[i] = scaleA[a] * scaleB[b] * &lt;x[a], z[b]&gt; for the two ends a, b of every membership.</summary>
    private static Tensor SegmentDot(
        Incidence incidence, SegmentEnd a, SegmentEnd b, Tensor x, Tensor z, Tensor? scaleA, Tensor? scaleB, bool perHead)
    {
        int heads = perHead ? x.Shape[1] : 1;
        int count = incidence.MembershipCount;
        int features = Size.Of(x.Shape.RowCount);
        Tensor y = New(x, perHead ? [count, heads] : [count]);
        if (features == 0)
        {
            x.Device.Backend.Fill(y.Ref, y.Count, 0);
        }
        else
        {
            x.Device.Backend.SegmentDot(
                count, features, heads, RowsOf(incidence, a), RowsOf(incidence, b), x.Ref, x.RowStride, z.Ref, z.RowStride, DenseRef(scaleA),
                DenseRef(scaleB), y.Ref);
        }
        return Record(y, [x, z, scaleA ?? default, scaleB ?? default], (incidence, a, b, x, z, scaleA, scaleB, perHead), static (g, s) =>
        {
            if (g.Needs(0))
            {
                g[0] = SegmentSum("SegmentDot", s.incidence, s.b, s.a, s.z, g.Output, s.scaleB, s.scaleA);
            }
            if (g.Needs(1))
            {
                g[1] = SegmentSum("SegmentDot", s.incidence, s.a, s.b, s.x, g.Output, s.scaleA, s.scaleB);
            }
            if (g.Needs(2) || g.Needs(3))
            {
                Tensor shares = SumHeads(Multiply(g.Output, SegmentDot(s.incidence, s.a, s.b, s.x, s.z, null, null, s.perHead)));
                if (g.Needs(2))
                {
                    g[2] = ScaleGradient(s.incidence, s.b, s.a, shares, s.scaleB);
                }
                if (g.Needs(3))
                {
                    g[3] = ScaleGradient(s.incidence, s.a, s.b, shares, s.scaleA);
                }
            }
        });
    }

    /// <summary>Adds the shares of a row's memberships, each with the scale of its other end.</summary>
    private static Tensor ScaleGradient(Incidence incidence, SegmentEnd from, SegmentEnd to, Tensor shares, Tensor? scale) =>
        scale is { } rows
            ? SegmentSum("ScaleGradient", incidence, from, to, rows, shares, null, null)
            : SegmentSum("ScaleGradient", incidence, SegmentEnd.Memberships, to, shares, null, null, null);

    private static Tensor SumHeads(Tensor shares) => shares.Rank == 1 ? shares : Sum(shares, [1]);
}
