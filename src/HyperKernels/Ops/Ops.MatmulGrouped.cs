using HyperKernels.Backends;

namespace HyperKernels;

// Rows of a group share a matrix: sparse mixtures of experts, typed edges.
public static partial class Ops
{
    /// <summary>
    /// A dense layer with a weight matrix for every group of rows: <c>y_r = activation(W_e x_r + b_e)</c> for the rows r of group e. No row meets a matrix that is
    /// not its own; a group without rows costs nothing and has zero gradients. On processors groups run side by side on the threads there are.
    /// </summary>
    /// <param name="x"><c>[M, I]</c>, rows in the order of the groups: <c>GatherRows(rows, groups.Order)</c>.</param>
    /// <param name="weight"><c>[E, O, I]</c></param>
    /// <param name="groups">E groups of M rows.</param>
    /// <param name="bias"><c>[E, O]</c>; null for none.</param>
    /// <param name="activation">Applied before the result leaves the registers where that is possible.</param>
    /// <returns><c>[M, O]</c>, in the order of the groups.</returns>
    /// <exception cref="ArgumentException">A shape does not fit, integers, or different devices.</exception>
    /// <remarks>Differentiable in x, weight and bias, any number of times. The same bits for any number of threads.</remarks>
    public static Tensor LinearGrouped(Tensor x, Tensor weight, RowGroups groups, Tensor? bias = null, Activation activation = default)
    {
        ArgumentNullException.ThrowIfNull(groups);
        CheckFloats("LinearGrouped", x, weight);
        if (x.Rank != 2 || weight.Rank != 3 || x.Shape[0] != groups.Rows || weight.Shape[0] != groups.Groups || weight.Shape[2] != x.Shape[1])
        {
            Throw.Argument(
                $"LinearGrouped: x must be [rows, I] and the weight [groups, O, I] for {groups.Rows} rows in {groups.Groups} groups; got x {x.Shape} and weight {weight.Shape}.");
        }
        if (bias is { } given && (given.Rank != 2 || given.Shape[0] != groups.Groups || given.Shape[1] != weight.Shape[1]))
        {
            Throw.Argument($"LinearGrouped: the bias must be [groups, O], here [{groups.Groups}, {weight.Shape[1]}]; got {given.Shape}.");
        }
        if (!GradientNeedsOutputOnly(activation) && IsRecorded([x, weight, bias ?? default]))
        {
            return Activate(LinearGrouped(x, weight, groups, bias), activation);
        }
        Tensor y = GroupedRows(x, weight, groups, transposeB: true, bias, activation);
        return Record(y, [x, weight, bias ?? default], (x, weight, groups, y, activation), static (g, s) =>
        {
            (Tensor x, Tensor weight, RowGroups groups, Tensor y, Activation activation) = s;
            Tensor sum = GradientBefore(activation, y, g.Output, g.Recorded);
            if (g.Needs(0))
            {
                g[0] = GroupedMatmul(sum, weight, groups, transposeB: false);
            }
            if (g.Needs(1))
            {
                g[1] = GroupedOuter(sum, x, groups);
            }
            if (g.Needs(2))
            {
                g[2] = Reshape(GroupedOuter(sum, Tensor.Ones([groups.Rows, 1], x.Device), groups), groups.Groups, sum.Shape[1]);
            }
        });
    }

    /// <summary>
    /// A dense layer whose matrix is that of the row's type: <c>y_i = activation(W_t x_i + b_t)</c> with t the type of row i. Rows keep their order: they are
    /// sorted, given to <see cref="LinearGrouped"/> and put back.
    /// </summary>
    /// <param name="x"><c>[M, I]</c>, such as nodes, hyperedges or memberships.</param>
    /// <param name="weight"><c>[E, O, I]</c>, a matrix per type.</param>
    /// <param name="types">The type of each of the M rows, one of E: <c>graph.NodeTypes</c>, <c>graph.EdgeTypes</c> or <c>graph.Roles</c>.</param>
    /// <param name="bias"><c>[E, O]</c>; null for none.</param>
    /// <param name="activation">Applied before the result leaves the registers where that is possible.</param>
    /// <returns><c>[M, O]</c></returns>
    /// <exception cref="ArgumentException">A shape does not fit, integers, or different devices.</exception>
    /// <remarks>Differentiable in x, weight and bias, any number of times. The same bits for any number of threads.</remarks>
    public static Tensor LinearTyped(Tensor x, Tensor weight, RowGroups types, Tensor? bias = null, Activation activation = default)
    {
        ArgumentNullException.ThrowIfNull(types);
        if (x.Rank != 2 || x.Shape[0] != types.Rows)
        {
            Throw.Argument($"LinearTyped: x must be [{types.Rows}, I], one row for each that has a type; got {x.Shape}.");
        }
        return GatherRows(LinearGrouped(GatherRows(x, types.Order), weight, types, bias, activation), types.Places);
    }

    /// <summary>Adds up what several groups gave for each row: <c>y_n = sum_j shares_nj sorted[place of (n, j)]</c>.</summary>
    /// <param name="sorted"><c>[M, O]</c>, in the order of the groups.</param>
    /// <param name="groups">Made of the k groups of each of N rows, <c>[N, k]</c>.</param>
    /// <param name="shares"><c>[N, k]</c></param>
    /// <returns><c>[N, O]</c></returns>
    /// <exception cref="ArgumentException">A shape does not fit, integers, or different devices.</exception>
    /// <remarks>Differentiable in sorted and shares, any number of times.</remarks>
    public static Tensor MixGroups(Tensor sorted, RowGroups groups, Tensor shares)
    {
        ArgumentNullException.ThrowIfNull(groups);
        if (sorted.Rank != 2 || sorted.Shape[0] != groups.Rows || shares.Rank != 2 || shares.Count != groups.Rows)
        {
            Throw.Argument($"MixGroups: sorted must be [{groups.Rows}, O] and shares [N, k] with N k = {groups.Rows}; got {sorted.Shape} and {shares.Shape}.");
        }
        (int rows, int each, int outputs) = (shares.Shape[0], shares.Shape[1], sorted.Shape[1]);
        Tensor given = Reshape(GatherRows(sorted, groups.Places), rows, each, outputs);
        return Reshape(Matmul(Reshape(shares, rows, 1, each), given), rows, outputs);
    }

    // y_r = x_r op(W_e) for the rows r of group e.
    private static Tensor GroupedMatmul(Tensor x, Tensor weight, RowGroups groups, bool transposeB)
    {
        Tensor y = GroupedRows(x, weight, groups, transposeB, null, Activation.None);
        return Record(y, [x, weight], (x, weight, groups, transposeB), static (g, s) =>
        {
            if (g.Needs(0))
            {
                g[0] = GroupedMatmul(g.Output, s.weight, s.groups, !s.transposeB);
            }
            if (g.Needs(1))
            {
                g[1] = s.transposeB ? GroupedOuter(g.Output, s.x, s.groups) : GroupedOuter(s.x, g.Output, s.groups);
            }
        });
    }

    // Y_e = sum of the outer products a_r b_r' over the rows r of group e: [E, N, K] of [M, N] and [M, K].
    private static Tensor GroupedOuter(Tensor a, Tensor b, RowGroups groups)
    {
        (int n, int k) = (a.Shape[1], b.Shape[1]);
        Tensor left = Dense(a);
        Tensor right = Dense(b);
        Tensor y = New(a, [groups.Groups, n, k]);
        MatmulSizes sizes = new()
        {
            M = n, N = k, LdA = n, LdB = k, LdY = k, StrideY = (long)n * k, TransposeA = true, Precision = Precision.Current,
        };
        a.Device.Backend.MatmulGrouped(sizes, sumsRows: true, groups.Offsets, left.Ref, right.Ref, null, y.Ref);
        return Record(y, [a, b], (a, b, groups), static (g, s) =>
        {
            if (g.Needs(0))
            {
                g[0] = GroupedMatmul(s.b, g.Output, s.groups, transposeB: true);
            }
            if (g.Needs(1))
            {
                g[1] = GroupedMatmul(s.a, g.Output, s.groups, transposeB: false);
            }
        });
    }

    private static Tensor GroupedRows(Tensor x, Tensor weight, RowGroups groups, bool transposeB, Tensor? bias, Activation activation)
    {
        (int inputs, int outputs) = (x.Shape[1], weight.Shape[transposeB ? 1 : 2]);
        Tensor rows = Dense(x);
        Tensor matrices = Dense(weight);
        Tensor? offsets = bias is { } given ? Dense(given) : null;
        Tensor y = New(x, [groups.Rows, outputs]);
        MatmulSizes sizes = new()
        {
            N = outputs,
            K = inputs,
            LdA = inputs,
            LdB = weight.Shape[2],
            LdY = outputs,
            StrideB = weight.Shape.RowCount,
            StrideBias = outputs,
            TransposeB = transposeB,
            Activation = activation,
            Precision = Precision.Current,
        };
        x.Device.Backend.MatmulGrouped(sizes, sumsRows: false, groups.Offsets, rows.Ref, matrices.Ref, offsets?.Ref, y.Ref);
        return y;
    }
}
