namespace HyperKernels.Tests;

internal enum Form
{
    Linear,
    Conv1d,
    Conv2d,
}

internal enum Sharing
{
    Shared,
    PerSample,
    PerGroup,
    ByRow,
}

internal enum Option
{
    None,
    Base,
    Everywhere,
    Outputs,
    Inputs,
    OutputsWithBase,
    OutputsDemodulated,
    InputsDemodulated,
}

/// <summary>A weight of a kind, who shares it, and how many rows a sample has.</summary>
internal sealed record WeightCase(Form Form, WeightKind Kind, Option Option, Sharing Sharing, int Rows)
{
    public const int Outputs = 6;
    public const int Inputs = 4;

    /// <summary>The axes of one weight set.</summary>
    public Shape Shape => Form switch
    {
        Form.Linear => [Outputs, Inputs],
        Form.Conv1d => [Outputs, Inputs, 3],
        _ => [Outputs, Inputs, 3, 2],
    };
}

/// <summary>The parts of a weight, drawn anew from the same seed each time.</summary>
internal sealed class WeightParts
{
    private const int Contexts = 4;
    private const int Rank = 3;
    private const float Scale = 0.7f;

    // Not small beside the norms: else the gradient of a factor that the norm takes out again is rounding alone.
    private const float Epsilon = 2;

    private static readonly int[] s_rowOf = [2, 0, 2, 3, 1, 2];

    private readonly WeightCase _row;
    private readonly Tensor _first;
    private readonly Tensor _second;
    private readonly Tensor? _base;

    public WeightParts(WeightCase row)
    {
        _row = row;
        RandomStream random = new(7);
        Shape one = row.Shape;
        int sets = row.Sharing == Sharing.Shared ? 1 : Contexts;
        Shape perSet = row.Sharing == Sharing.Shared ? one : one.Insert(0, sets);
        (Shape first, Shape second) = row.Kind switch
        {
            WeightKind.Dense => (perSet, new Shape(1)),
            WeightKind.Generated => ([sets, Rank], one.Insert(one.Rank, Rank)),
            WeightKind.Mixture => ([sets, Rank], one.Insert(0, Rank)),
            WeightKind.LowRank => (perSet.With(-one.Rank, 2), new Shape(row.Sharing == Sharing.Shared ? [one[0], 2] : [sets, one[0], 2])),
            WeightKind.Kronecker => (row.Sharing == Sharing.Shared ? [2, 2, 2] : [sets, 2, 2, 2], one.With(0, one[0] / 2).With(1, one[1] / 2).Insert(0, 2)),
            _ => (one, Delta(perSet)),
        };
        _first = Ops.RandomNormal(first, random);
        _second = Ops.RandomNormal(second, random, deviation: 0.5f);
        _base = row.Option is Option.Base or Option.OutputsWithBase ? Ops.RandomNormal(one, random) : null;
    }

    /// <summary>The drawn tensors that take part.</summary>
    public Tensor[] Tensors => _row.Kind == WeightKind.Dense ? [_first] : _base is { } given ? [_first, _second, given] : [_first, _second];

    /// <summary>B.</summary>
    public int Samples => _row.Sharing switch { Sharing.PerGroup => 2 * Contexts, Sharing.ByRow => s_rowOf.Length, _ => Contexts };

    /// <summary>The sets that the op sees.</summary>
    public int Sets => _row.Sharing switch { Sharing.Shared => 1, Sharing.ByRow => s_rowOf.Length, _ => Contexts };

    public Shape InputShape => _row.Form switch
    {
        Form.Linear => _row.Rows == 1 ? [Samples, WeightCase.Inputs] : [Samples, _row.Rows, WeightCase.Inputs],
        Form.Conv1d => [Samples, WeightCase.Inputs, _row.Rows + 2],
        _ => [Samples, WeightCase.Inputs, _row.Rows + 2, 5],
    };

    private bool IsDemodulated => _row.Option is Option.OutputsDemodulated or Option.InputsDemodulated;

    public Weight Make()
    {
        Weight weight = _row.Kind switch
        {
            WeightKind.Dense => _first,
            WeightKind.Generated => Weight.Generated(_first, _second, _base),
            WeightKind.Mixture => Weight.Mixture(_first, _second, _base),
            WeightKind.LowRank => Weight.LowRank(_first, _second, Scale, _base, _row.Shape),
            WeightKind.Kronecker => Weight.Kronecker(_first, _second),
            WeightKind.Scaled => Weight.Scaled(_first, _second, _base),
            _ => Weight.Modulated(_first, _second, IsDemodulated, Epsilon),
        };
        return _row.Sharing == Sharing.ByRow ? weight.ByRow(Tensor.From(s_rowOf, [s_rowOf.Length])) : weight;
    }

    private Shape Delta(Shape perSet) => _row.Option switch
    {
        Option.Everywhere => perSet,
        Option.Outputs or Option.OutputsDemodulated or Option.OutputsWithBase => OnlyAxis(perSet, 0),
        _ => OnlyAxis(perSet, 1),
    };

    private Shape OnlyAxis(Shape perSet, int kept)
    {
        int rank = _row.Shape.Rank;
        for (int axis = 0; axis < rank; axis++)
        {
            perSet = axis == kept ? perSet : perSet.With(axis - rank, 1);
        }
        return perSet;
    }
}
