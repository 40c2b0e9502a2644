namespace HyperKernels.Models;

/// <summary>Settings of a <see cref="ModulatedField"/>; the defaults are those of the authors' pretraining.</summary>
public sealed record ModulatedFieldOptions
{
    /// <summary>How it computes.</summary>
    public FieldBackbone Backbone { get; init; }

    /// <summary>Layers of full width between the first and the last.</summary>
    public int Layers { get; init; } = 6;

    /// <summary>Their width.</summary>
    public int HiddenFeatures { get; init; } = 64;

    /// <summary>What a modulation does.</summary>
    public FieldModulation Modulation { get; init; } = FieldModulation.Film;

    /// <summary>The sines' frequency.</summary>
    public float Frequency { get; init; } = 120;

    /// <summary>Behind the last layer; the released modulated sine networks end in a sigmoid whatever else is asked for.</summary>
    public Activation Output { get; init; }

    /// <summary>Levels of a hash grid.</summary>
    public int Levels { get; init; } = 12;

    /// <summary>Numbers at each of its places.</summary>
    public int LevelFeatures { get; init; } = 2;

    /// <summary>Cells along an axis of its first level; each further one has twice as many.</summary>
    public int BaseResolution { get; init; } = 16;

    /// <summary>The logarithm to base two of the most places of a level.</summary>
    public int LogPlaces { get; init; } = 19;

    /// <summary>The numbers of a modulation at one place.</summary>
    public int ModulationFeatures => Modulation switch
    {
        FieldModulation.None => 0,
        FieldModulation.Film => 2 * HiddenFeatures,
        _ => HiddenFeatures,
    };

    internal int WidthAfter(int width) => Modulation == FieldModulation.Concatenate ? width + HiddenFeatures : width;
}
