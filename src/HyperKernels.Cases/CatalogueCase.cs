namespace HyperKernels.Cases;

/// <summary>
/// A row of the catalogue: an op, a layer or an optimiser at one size, with the plain answer in double precision and what must hold of it.
/// Tests, <c>verify</c>, <c>bench</c> and <c>ops</c> all read the same rows.
/// </summary>
public abstract class CatalogueCase
{
    /// <summary>Of the largest magnitude expected in the output; a looser one needs a reason.</summary>
    public const double DefaultTolerance = 1e-5;

    /// <summary>What is proven.</summary>
    public abstract CaseKind Kind { get; }

    /// <summary>What it is called in kernels and on the command line: <c>segment_sum</c>, <c>gru_cell</c>, <c>adam_w</c>.</summary>
    public abstract string Subject { get; }

    /// <summary>The sizes: <c>M=7 S=3 F=5</c>; with options where there are some.</summary>
    public required string Sizes { get; init; }

    /// <summary>What the random values start from; printed with every failure.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>Allowed error, relative to the largest magnitude expected.</summary>
    public double Tolerance { get; init; } = DefaultTolerance;

    /// <summary>Why a tolerance is not the default.</summary>
    public string? ToleranceReason { get; init; }

    /// <summary>What must hold on every backend, in the order of checking.</summary>
    public abstract IEnumerable<CaseProperty> Properties { get; }

    /// <summary>The subject with its kind, ops without: <c>segment_sum</c>, <c>layer gru_cell</c>.</summary>
    public string Title => Kind == CaseKind.Op ? Subject : $"{Kind.ToString().ToLowerInvariant()} {Subject}";

    /// <summary>Title and sizes: the row's identity in tests and filters.</summary>
    public string Name => $"{Title}({Sizes})";

    /// <summary>The row's name on a device: what filters look at.</summary>
    public string NameOn(Device device) => $"{Name} on {device.Name}";

    /// <inheritdoc/>
    public override string ToString() => Name;

    /// <summary>What a check of this row gave.</summary>
    internal CaseResult Result(string property, Device device, double error, double tolerance, string reason)
    {
        bool passed = error <= tolerance;
        return new CaseResult(Name, property, device.Name, passed, error, tolerance, passed ? "" : $"{reason} (seed {Seed})");
    }
}
