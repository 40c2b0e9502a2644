using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// A small field of its own for each signal, which gives the modulation at every coordinate: <c>z(x) = [BN] S(code_p(x))</c> with S a field that all share, or nothing.
/// </summary>
/// <remarks>Source: Papa and others, Neural Modulation Fields (arXiv 2307.08351), section 3.2, and the authors' code, samuelepapa/cond-cbnt.</remarks>
public sealed class ModulationCodes : Layer, IStoredLayer<ModulationCodes>
{
    private readonly ModulatedField[] _codes;
    private readonly ModulatedField? _shared;
    private readonly BatchNorm? _norm;

    static ModulationCodes() => LayerTypes.Register<ModulationCodes>();

    /// <summary>Makes the fields.</summary>
    /// <param name="signals">How many signals there are.</param>
    /// <param name="coordinates">D.</param>
    /// <param name="features">The numbers M of a modulation.</param>
    /// <param name="code">A signal's own field; null means hash grids of 12 levels with four layers of width 16, the authors' choice.</param>
    /// <param name="shared">The field S behind it, of what a code gives; null for none.</param>
    /// <param name="codeFeatures">The numbers between the two; not read without S.</param>
    /// <param name="norm">Whether a batch norm over the points ends it. With film modulations the released code has it and does not use it.</param>
    /// <param name="random">Where first values come from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">A number is less than 1, or a field is itself to be modulated.</exception>
    public ModulationCodes(
        int signals, int coordinates, int features, ModulatedFieldOptions? code = null, ModulatedFieldOptions? shared = null, int codeFeatures = 16, bool norm = false,
        RandomStream? random = null)
        : this(
            [.. Enumerable.Range(0, Math.Max(signals, 0)).Select(_ => Plain(coordinates, shared is null ? features : codeFeatures, code ?? DefaultCode, random))],
            shared is null ? null : Plain(codeFeatures, features, shared, random),
            norm)
    {
    }

    private ModulationCodes(ModulatedField[] codes, ModulatedField? shared, bool norm)
    {
        if (codes.Length == 0)
        {
            throw new ArgumentException("ModulationCodes: there must be at least one signal; got none.");
        }
        _codes = [.. codes.Select((field, i) => Add($"code{i}", field))];
        _shared = shared is null ? null : Add("shared", shared);
        Features = (shared ?? codes[0]).Outputs;
        _norm = norm ? Add("norm", new BatchNorm(Features)) : null;
    }

    /// <summary>A signal's own field as in the authors' pretraining: hash grids of 12 levels, then four layers of width 16.</summary>
    public static ModulatedFieldOptions DefaultCode { get; } = new()
    {
        Backbone = FieldBackbone.HashGrid, Layers = 4, HiddenFeatures = 16, Modulation = FieldModulation.None,
    };

    /// <summary>How many signals there are.</summary>
    public int Signals => _codes.Length;

    /// <summary>The signals' own fields.</summary>
    public IReadOnlyList<ModulatedField> Codes => _codes;

    /// <summary>The numbers of a modulation.</summary>
    public int Features { get; }

    /// <summary>Gives modulations; the other signals' fields take no part.</summary>
    /// <param name="coordinates"><c>[N, D]</c></param>
    /// <param name="signal">Which signal all of them belong to.</param>
    /// <returns>z, <c>[N, M]</c></returns>
    /// <exception cref="ArgumentException">There is no such signal, or the shape differs.</exception>
    public Tensor Forward(Tensor coordinates, int signal)
    {
        if ((uint)signal >= (uint)_codes.Length)
        {
            throw new ArgumentException($"ModulationCodes: signals are numbered from 0 to {_codes.Length - 1}; got {signal}.", nameof(signal));
        }
        Tensor z = _codes[signal].Forward(coordinates);
        z = _shared?.Forward(z) ?? z;
        return _norm?.Forward(z) ?? z;
    }

    static string IStoredLayer<ModulationCodes>.TypeName => "ModulationCodes";

    static ModulationCodes IStoredLayer<ModulationCodes>.Read(LayerSettings settings) => new(
        settings.Layers<ModulatedField>("codes"), settings.Has("shared") ? settings.Layer<ModulatedField>("shared") : null, settings.Flag("norm"));

    void IStoredLayer<ModulationCodes>.WriteSettings(LayerSettings settings) =>
        settings.SetLayers("codes", _codes).SetLayer("shared", _shared).Set("norm", _norm is not null);

    /// <inheritdoc/>
    protected override string Describe() => $"ModulationCodes({Signals}, features: {Features})";

    private static ModulatedField Plain(int inputs, int outputs, ModulatedFieldOptions options, RandomStream? random) => options.Modulation == FieldModulation.None
        ? new ModulatedField(inputs, outputs, options, random)
        : throw new ArgumentException($"ModulationCodes: codes and what they share must be plain fields; got {options.Modulation}. Set Modulation to None.");
}
