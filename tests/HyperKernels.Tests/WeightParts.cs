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

/// <summary>The parts of a weight, drawn anew from the same seed each time, and what they make by the definition in plain loops.</summary>
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
        _base = row.Option == Option.Base ? Ops.RandomNormal(one, random) : null;
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
            _ => Weight.Modulated(_first, _second, IsDemodulated, Epsilon),
        };
        return _row.Sharing == Sharing.ByRow ? weight.ByRow(Tensor.From(s_rowOf, [s_rowOf.Length])) : weight;
    }

    /// <summary>All sets end to end, by the sums of the definition.</summary>
    public double[] Definition()
    {
        int[] rows = _row.Sharing switch { Sharing.Shared => [0], Sharing.ByRow => s_rowOf, _ => [.. Enumerable.Range(0, Contexts)] };
        return [.. rows.SelectMany(OneSet)];
    }

    private Shape Delta(Shape perSet) => _row.Option switch
    {
        Option.Everywhere => perSet,
        Option.Outputs or Option.OutputsDemodulated => OnlyAxis(perSet, 0),
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

    private double[] OneSet(int set)
    {
        Shape one = _row.Shape;
        int count = (int)one.Count;
        int kernel = count / (one[0] * one[1]);
        float[] first = _first.ToArray();
        float[] second = _second.ToArray();
        float[]? bases = _base?.ToArray();
        double[] w = new double[count];
        for (int o = 0; o < one[0]; o++)
        {
            double squares = 0;
            for (int i = 0; i < one[1]; i++)
            {
                for (int k = 0; k < kernel; k++)
                {
                    int at = (((o * one[1]) + i) * kernel) + k;
                    w[at] = (bases?[at] ?? 0) + Element(first, second, set, o, i, k, at, count, kernel);
                    squares += w[at] * w[at];
                }
            }
            for (int at = o * count / one[0]; IsDemodulated && at < (o + 1) * count / one[0]; at++)
            {
                w[at] /= Math.Sqrt(squares + Epsilon);
            }
        }
        return w;
    }

    private double Element(float[] first, float[] second, int set, int o, int i, int k, int at, int count, int kernel)
    {
        double sum = 0;
        switch (_row.Kind)
        {
            case WeightKind.Dense:
                return first[(set * count) + at];
            case WeightKind.Generated:
                for (int h = 0; h < Rank; h++)
                {
                    sum += (double)first[(set * Rank) + h] * second[(at * Rank) + h];
                }
                return sum;
            case WeightKind.Mixture:
                for (int e = 0; e < Rank; e++)
                {
                    sum += (double)first[(set * Rank) + e] * second[(e * count) + at];
                }
                return sum;
            case WeightKind.LowRank:
                for (int r = 0; r < 2; r++)
                {
                    int inner = WeightCase.Inputs * kernel;
                    sum += (double)first[(((set * 2) + r) * inner) + (i * kernel) + k] * second[(((set * WeightCase.Outputs) + o) * 2) + r];
                }
                return Scale * sum;
            case WeightKind.Kronecker:
                int u = WeightCase.Outputs / 2;
                int v = WeightCase.Inputs / 2;
                for (int n = 0; n < 2; n++)
                {
                    double left = first[(((((set * 2) + n) * 2) + (o / u)) * 2) + (i / v)];
                    sum += left * second[((((((n * u) + (o % u)) * v) + (i % v)) * kernel) + k)];
                }
                return sum;
            default:
                int delta = _row.Option switch
                {
                    Option.Everywhere => (set * count) + at,
                    Option.Outputs or Option.OutputsDemodulated => (set * WeightCase.Outputs) + o,
                    _ => (set * WeightCase.Inputs) + i,
                };
                return first[at] * (1.0 + second[delta]);
        }
    }
}
