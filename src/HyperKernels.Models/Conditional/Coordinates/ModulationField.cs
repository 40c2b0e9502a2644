using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// One field for many signals that a small field of each signal modulates, coordinate by coordinate: where a latent vector tells a signal's place among all once, this says it
/// everywhere anew.
/// </summary>
/// <remarks>
/// Source: Papa and others, Neural Modulation Fields for Conditional Cone Beam Neural Tomography (arXiv 2307.08351), and the authors' code, samuelepapa/cond-cbnt, which has
/// one signal in a batch.
/// </remarks>
public sealed class ModulationField : Layer, IStoredLayer<ModulationField>
{
    static ModulationField()
    {
        LayerTypes.Register<ModulationField>();
        LayerTypes.Register<ModulatedField>();
        LayerTypes.Register<ModulationCodes>();
        LayerTypes.Register<HashGridEncoding>();
    }

    /// <summary>Joins a field and what modulates it.</summary>
    /// <param name="field">Shared by all signals.</param>
    /// <param name="codes">The signals' own fields.</param>
    /// <exception cref="ArgumentException">The codes give other modulations than the field reads.</exception>
    public ModulationField(ModulatedField field, ModulationCodes codes)
    {
        ArgumentNullException.ThrowIfNull(field);
        ArgumentNullException.ThrowIfNull(codes);
        if (codes.Features != field.Options.ModulationFeatures)
        {
            throw new ArgumentException(
                $"ModulationField: the field reads modulations of {field.Options.ModulationFeatures} numbers; the codes give {codes.Features}.", nameof(codes));
        }
        Field = Add("field", field);
        Codes = Add("codes", codes);
    }

    /// <summary>What was published.</summary>
    public static PublishedSystem Published { get; } = new()
    {
        Name = "modulation-field",
        Title = "Neural modulation fields",
        Kind = SystemKind.Conditional,
        Paper = new Paper("Papa and others", "Neural Modulation Fields for Conditional Cone Beam Neural Tomography", "arXiv", 2023) { Arxiv = "2307.08351" },
        Equation = "z(x) = S(code_p(x)); a <- act(W a + b + z(x)) or act(gamma(x) (W a + b) + beta(x))",
        Source = "section 3; the authors' code, samuelepapa/cond-cbnt, for where modulations act",
        Layers = [typeof(ModulationField), typeof(ModulatedField), typeof(ModulationCodes), typeof(HashGridEncoding)],
        Cases = ["Neural Modulation Fields"],
        Recipe = "modulation-fields",
    };

    /// <summary>Shared by all signals.</summary>
    public ModulatedField Field { get; }

    /// <summary>The signals' own fields.</summary>
    public ModulationCodes Codes { get; }

    /// <summary>Sums densities along a ray: <c>step sum_i density_i</c>.</summary>
    /// <param name="densities"><c>[..., N]</c> or <c>[..., N, 1]</c>.</param>
    /// <param name="step">The distance of neighbours.</param>
    /// <returns><c>[...]</c></returns>
    public static Tensor LineIntegral(Tensor densities, float step)
    {
        Tensor rays = densities.Rank > 1 && densities.Shape[-1] == 1 ? Ops.Reshape(densities, densities.Shape.Remove(densities.Rank - 1)) : densities;
        return Ops.MultiplyScalar(Ops.Sum(rays, [-1]), step);
    }

    /// <summary>Evaluates a signal.</summary>
    /// <param name="coordinates"><c>[N, D]</c></param>
    /// <param name="signal">Which.</param>
    /// <returns><c>[N, O]</c></returns>
    /// <exception cref="ArgumentException">There is no such signal, or the shape differs.</exception>
    public Tensor Forward(Tensor coordinates, int signal) => Field.Forward(coordinates, Codes.Forward(coordinates, signal));

    /// <summary>Evaluates several signals at once: each by its own small field, all by the shared one in a single pass.</summary>
    /// <param name="coordinates"><c>[S, N, D]</c>, N places of each of S signals.</param>
    /// <param name="signals">Which, S of them.</param>
    /// <returns><c>[S, N, O]</c></returns>
    /// <exception cref="ArgumentException">There is another number of signals, there is no such signal, or the shape differs.</exception>
    public Tensor Forward(Tensor coordinates, ReadOnlySpan<int> signals)
    {
        if (coordinates.Rank != 3 || coordinates.Shape[0] != signals.Length || signals.IsEmpty)
        {
            throw new ArgumentException(
                $"ModulationField: coordinates must be [S, N, D] for S signals, at least one; got {coordinates.Shape} and {signals.Length}.", nameof(signals));
        }
        (int points, int axes) = (coordinates.Shape[1], coordinates.Shape[2]);
        Tensor[] modulations = new Tensor[signals.Length];
        for (int i = 0; i < signals.Length; i++)
        {
            modulations[i] = Codes.Forward(Ops.Reshape(Ops.Slice(coordinates, 0, i, 1), points, axes), signals[i]);
        }
        Tensor flat = Ops.Reshape(coordinates, signals.Length * points, axes);
        return Ops.Reshape(Field.Forward(flat, Ops.Concatenate(0, modulations)), [signals.Length, points, Field.Outputs]);
    }

    static string IStoredLayer<ModulationField>.TypeName => "ModulationField";

    static ModulationField IStoredLayer<ModulationField>.Read(LayerSettings settings) => new(settings.Layer<ModulatedField>("field"), settings.Layer<ModulationCodes>("codes"));

    void IStoredLayer<ModulationField>.WriteSettings(LayerSettings settings) => settings.SetLayer("field", Field).SetLayer("codes", Codes);
}
