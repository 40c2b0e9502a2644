using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>Brings rows that belong to nodes or hyperedges to the pairs that they are in.</summary>
internal delegate Tensor Spread(Tensor rows);

// The perceptron on pairs of rows: on [a; b] for every pair, where a and b come from fewer rows than there are pairs. Its first linear layer is
// split into a part for each side, W [a; b] = W_a a + W_b b, which are computed once for each of their rows; a layer norm over [a; b] splits too,
// because its mean and variance follow from those of the sides. Pairs cost sums of gathered rows then, no matrix product.
internal sealed partial class SetMlp
{
    /// <summary>All but the last linear layer, for every pair.</summary>
    /// <param name="a"><c>[A, F]</c></param>
    /// <param name="b"><c>[B, G]</c> with F + G = inFeatures.</param>
    /// <param name="spreadA">From rows of a to pairs.</param>
    /// <param name="spreadB">From rows of b to pairs.</param>
    /// <returns><c>[P, hidden]</c>; <c>[P, inFeatures]</c>, joined, for a perceptron of one layer.</returns>
    public Tensor HiddenOfPairs(Tensor a, Tensor b, Spread spreadA, Spread spreadB)
    {
        if (_linears.Length == 1 || _norms[0] is BatchNorm)
        {
            return Hidden(Ops.Concatenate(1, spreadA(a), spreadB(b)));
        }
        (Tensor left, Tensor right, PairNorm? norm) = Split(a, b, spreadA, spreadB);
        Tensor sum = Ops.Add(spreadA(left), spreadB(right));
        return AfterFirst(Ops.Relu(norm is { } given ? given.Apply(sum) : sum));
    }

    /// <summary>
    /// The whole perceptron for every membership <c>[a of its node; b of its hyperedge]</c>, aggregated by nodes. The last linear layer comes behind
    /// the aggregation, and a perceptron of one layer makes no row for a membership at all.
    /// </summary>
    /// <param name="a"><c>[N, F]</c></param>
    /// <param name="b"><c>[E, G]</c></param>
    /// <param name="incidence">Which a meets which b.</param>
    /// <param name="aggregation">By node.</param>
    /// <returns><c>[N, outFeatures]</c>; zeros for a node without hyperedges.</returns>
    public Tensor ToNodes(Tensor a, Tensor b, Incidence incidence, SetAggregation aggregation)
    {
        Tensor spreadToNodes(Tensor rows) => Ops.NodesToMemberships(rows, incidence);
        Tensor spreadToEdges(Tensor rows) => Ops.EdgesToMemberships(rows, incidence);
        Tensor counts = SegmentCounts.Of(incidence, Toward.Nodes);
        bool mean = aggregation == SetAggregation.Mean;
        Tensor shares = Ops.Reshape(mean ? Ops.Minimum(counts, Tensor.Ones([], counts.Device)) : counts, -1, 1);
        if (_linears.Length > 1 || _norms[0] is BatchNorm)
        {
            Tensor hidden = HiddenOfPairs(a, b, spreadToNodes, spreadToEdges);
            Tensor rows = mean ? Ops.SegmentMean(hidden, incidence, Toward.Nodes) : Ops.SegmentSum(hidden, incidence, Toward.Nodes);
            return Ops.Add(Ops.Linear(rows, Last.Weight), Ops.Multiply(shares, Last.Bias!.Value));
        }
        (Tensor left, Tensor right, PairNorm? norm) = Split(a, b, spreadToNodes, spreadToEdges);
        Tensor? scale = mean ? incidence.InverseCounts(Toward.Nodes) : null;
        if (norm is null)
        {
            // The bias stands in the right side: a sum over nothing leaves it out.
            return Ops.Add(Ops.Multiply(left, shares), Ops.EdgesToNodes(right, incidence, nodeScale: scale));
        }
        Tensor sum = norm.Value.Sum(left, right, incidence);
        return Ops.Add(scale is { } each ? Ops.Multiply(sum, Ops.Reshape(each, -1, 1)) : sum, Ops.Multiply(shares, norm.Value.Constant));
    }

    /// <summary>
    /// Both sides of the first linear layer. Without a norm the layer is the sum of the two; with one they are of centred rows, and the norm says what the layer is.
    /// </summary>
    private (Tensor Left, Tensor Right, PairNorm? Norm) Split(Tensor a, Tensor b, Spread spreadA, Spread spreadB)
    {
        Tensor weight = First.Weight.Value;
        Tensor bias = First.Bias!.Value;
        (int sizeA, int sizeB) = (a.Shape[-1], b.Shape[-1]);
        if (_norms[0] is not LayerNorm norm)
        {
            return (Ops.Linear(a, Ops.Slice(weight, 1, 0, sizeA)), Ops.Linear(b, Ops.Slice(weight, 1, sizeA, sizeB), bias), null);
        }
        Tensor gained = Ops.Multiply(weight, norm.Weight!.Value);
        Tensor gainedA = Ops.Slice(gained, 1, 0, sizeA);
        Tensor gainedB = Ops.Slice(gained, 1, sizeA, sizeB);
        (Tensor centredA, Tensor meanA, Tensor squaresA) = Centre(a);
        (Tensor centredB, Tensor meanB, Tensor squaresB) = Centre(b);
        float size = sizeA + sizeB;

        // Sides of means m_a and m_b have the mean (F m_a + G m_b) / (F + G), and between them the squares F G / (F + G) (m_a - m_b)^2.
        Tensor difference = Ops.Subtract(spreadA(meanA), spreadB(meanB));
        Tensor squares = Ops.Add(Ops.Add(spreadA(squaresA), spreadB(squaresB)), Ops.MultiplyScalar(Ops.Square(difference), sizeA * sizeB / size));
        Tensor scale = Ops.Rsqrt(Ops.AddScalar(Ops.MultiplyScalar(squares, 1 / size), norm.Epsilon));
        Tensor tilt = Ops.Subtract(Ops.MultiplyScalar(Ops.Sum(gainedA, [1]), sizeB / size), Ops.MultiplyScalar(Ops.Sum(gainedB, [1]), sizeA / size));
        Tensor constant = Ops.Linear(Ops.Reshape(norm.Bias!.Value, 1, -1), weight, bias);
        return (Ops.Linear(centredA, gainedA), Ops.Linear(centredB, gainedB), new PairNorm(scale, difference, tilt, constant));
    }

    private static (Tensor Centred, Tensor Mean, Tensor Squares) Centre(Tensor rows)
    {
        Tensor mean = Ops.Mean(rows, [1], keepAxes: true);
        Tensor centred = Ops.Subtract(rows, mean);
        return (centred, mean, Ops.Sum(Ops.Square(centred), [1], keepAxes: true));
    }

    /// <summary>What a layer norm before the first linear layer makes of the sum s of its sides: <c>scale (s + difference tilt) + constant</c>.</summary>
    /// <param name="Scale">One over the deviation of each pair, <c>[P, 1]</c>.</param>
    /// <param name="Difference">Of the means of its sides, <c>[P, 1]</c>.</param>
    /// <param name="Tilt">What a difference of 1 adds, <c>[outputs]</c>.</param>
    /// <param name="Constant">What the norm's bias gives, and the layer's, <c>[1, outputs]</c>.</param>
    private readonly record struct PairNorm(Tensor Scale, Tensor Difference, Tensor Tilt, Tensor Constant)
    {
        public Tensor Apply(Tensor sum) => Ops.Add(Ops.Multiply(Scale, Ops.Add(sum, Ops.Multiply(Difference, Tilt))), Constant);

        /// <summary>The sum by node without the constant, from the sides: <c>[N, outputs]</c>.</summary>
        public Tensor Sum(Tensor left, Tensor right, Incidence incidence)
        {
            Tensor scales = Ops.SegmentSum(Scale, incidence, Toward.Nodes);
            Tensor tilts = Ops.SegmentSum(Ops.Multiply(Scale, Difference), incidence, Toward.Nodes);
            Tensor edges = Ops.EdgesToNodes(right, incidence, Ops.Reshape(Scale, -1));
            return Ops.Add(Ops.Add(Ops.Multiply(left, scales), edges), Ops.Multiply(tilts, Tilt));
        }
    }
}
