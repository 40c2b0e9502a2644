using HyperKernels.Backends;

namespace HyperKernels;

/// <summary>Where the rows of a tensor belong: one per node, per hyperedge, or per membership.</summary>
internal enum SegmentEnd
{
    Nodes,
    Edges,
    Memberships,
}

public static partial class Ops
{
    private static SegmentEnd EndOf(Toward toward) => toward == Toward.Edges ? SegmentEnd.Edges : SegmentEnd.Nodes;

    private static int CountOf(Incidence incidence, SegmentEnd end)
    {
        ArgumentNullException.ThrowIfNull(incidence);
        return end switch
        {
            SegmentEnd.Nodes => incidence.NodeCount,
            SegmentEnd.Edges => incidence.EdgeCount,
            _ => incidence.MembershipCount,
        };
    }

    /// <summary>The row of each membership at that end; none where it is the membership itself.</summary>
    private static BufferRef? RowsOf(Incidence incidence, SegmentEnd end) => end switch
    {
        SegmentEnd.Nodes => incidence.NodeOfMembership.Ref,
        SegmentEnd.Edges => incidence.EdgeOfMembership.Ref,
        _ => null,
    };

    /// <summary>How rows of one end are gathered into rows of another.</summary>
    private static SegmentForm Form(Incidence incidence, SegmentEnd from, SegmentEnd to)
    {
        SegmentForm form = default;
        form.Segments = CountOf(incidence, to);
        form.Slots = incidence.MembershipCount;
        if (to == SegmentEnd.Memberships)
        {
            // A segment per membership, in the order of the pairs.
            form.Rows = RowsOf(incidence, from);
            return form;
        }
        SegmentIndex index = incidence.Index(to == SegmentEnd.Edges ? Toward.Edges : Toward.Nodes);
        form.Offsets = index.Offsets.Ref;
        form.Positions = index.Positions?.Ref;
        form.Rows = from == SegmentEnd.Memberships ? form.Positions : index.OtherOfSlot.Ref;
        form.Pieces = index.Pieces?.Ref;
        form.PieceCount = index.PieceCount;
        form.FirstPieces = index.FirstPieces?.Ref;
        form.LongCount = index.LongCount;
        return form;
    }

    private static int HeadsOf(Tensor? weights) => weights is { Rank: 2 } perHead ? perHead.Shape[1] : 1;

    private static void CheckRows(string op, Incidence incidence, SegmentEnd end, Tensor x)
    {
        CheckFloat(op, x);
        if (x.Rank == 0 || x.Shape[0] != CountOf(incidence, end))
        {
            string row = end switch { SegmentEnd.Nodes => "node", SegmentEnd.Edges => "hyperedge", _ => "membership" };
            Throw.Argument($"{op}: the tensor must have one row per {row}; it is {x.Shape}, the incidence has {incidence}.");
        }
        if (!ReferenceEquals(x.Device, incidence.Device))
        {
            Throw.Argument($"{op}: tensor and incidence must be on one device; got {x.Description} and an incidence on {incidence.Device}. Use incidence.To(device).");
        }
    }

    private static void CheckWeights(string op, Incidence incidence, Tensor x, Tensor? membershipWeights)
    {
        if (membershipWeights is not { } weights)
        {
            return;
        }
        CheckRows(op, incidence, SegmentEnd.Memberships, weights);
        if (weights.Rank > 2 || (weights.Rank == 2 && (x.Rank < 2 || x.Shape[1] != weights.Shape[1])))
        {
            Throw.Argument($"{op}: membership weights must be [M], or [M, H] with rows [H, ...]; got weights {weights.Shape} and rows {x.Shape}.");
        }
    }

    private static void CheckScale(string op, Incidence incidence, SegmentEnd end, Tensor? scales)
    {
        if (scales is not { } scale)
        {
            return;
        }
        CheckRows(op, incidence, end, scale);
        if (scale.Rank != 1)
        {
            Throw.Argument($"{op}: a scale must have one number per row, [{CountOf(incidence, end)}]; got {scale.Shape}.");
        }
    }
}
