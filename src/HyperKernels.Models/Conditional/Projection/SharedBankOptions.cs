namespace HyperKernels.Models;

/// <summary>Settings of a <see cref="SharedBankEmission"/>; the defaults are those of STABLE-RPS.</summary>
public sealed record SharedBankOptions
{
    /// <summary>Which number each weight reads.</summary>
    public BankMap Map { get; init; } = BankMap.RandomFold;

    /// <summary>The weights of a run of <see cref="BankMap.Chunk"/>.</summary>
    public int Chunk { get; init; } = 32;

    /// <summary>s: the bank's first numbers lie within it on both sides.</summary>
    public float FirstValues { get; init; } = 0.05f;

    /// <summary>How large weights are.</summary>
    public BankScale Scale { get; init; }

    /// <summary>By what the bank's gradient is divided. Do it here or in the optimiser, not in both.</summary>
    public BankGradient Gradient { get; init; } = BankGradient.SquareOfSum;

    /// <summary>Where the map comes from; a file keeps it in the map's place.</summary>
    public ulong Seed { get; init; }
}
