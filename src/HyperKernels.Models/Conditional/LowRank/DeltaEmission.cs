using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>Weights that are a target's own values and a change: what the emissions of fine-tuning share.</summary>
public abstract class DeltaEmission : Emission
{
    private readonly ManifestTree _base;

    /// <summary>Takes a target's values for the base.</summary>
    /// <param name="target">Any layer; its values now become those of the base.</param>
    /// <param name="width">The numbers per row that the generator gives.</param>
    /// <param name="parameters">Which parameters are changed: a pattern over dotted names.</param>
    /// <param name="where">Which of those; null means all.</param>
    /// <param name="trainsBase">Whether the base trains too.</param>
    /// <exception cref="ArgumentException">No parameter matches.</exception>
    protected DeltaEmission(Layer target, int width, string parameters, Func<NamedParameter, bool>? where, bool trainsBase)
        : this(TargetManifest.Of(target, parameters, where), width, trainsBase)
    {
        Dictionary<string, Parameter> own = target.NamedParameters().ToDictionary(static named => named.Name, static named => named.Parameter);
        for (int i = 0; i < Base.Count; i++)
        {
            Base[i].Load(own[Manifest.Entries[i].Name].OwnValue.ToArray());
        }
    }

    /// <summary>Makes a base of zeros, for a file to fill.</summary>
    /// <param name="manifest">What is generated.</param>
    /// <param name="width">The numbers per row that the generator gives.</param>
    /// <param name="trainsBase">Whether the base trains too.</param>
    protected DeltaEmission(TargetManifest manifest, int width, bool trainsBase)
        : base(manifest, width, hasBase: true)
    {
        TrainsBase = trainsBase;
        _base = Add("base", new ManifestTree(manifest, static _ => Initializer.Zeros, null));
        foreach (Parameter parameter in Base)
        {
            parameter.RequiresGradient = trainsBase;
        }
    }

    /// <summary>Whether the base trains too.</summary>
    public bool TrainsBase { get; }

    /// <summary>The base tensors W_0 in the manifest's order.</summary>
    public IReadOnlyList<Parameter> Base => _base.InOrder;

    /// <summary>Whether a parameter is a matrix or a set of kernels, which is what changes of low rank are for.</summary>
    protected static bool IsMatrix(NamedParameter named)
    {
        ArgumentNullException.ThrowIfNull(named);
        return named.Role == ParameterRole.Weight && named.Parameter.Shape.Rank >= 2;
    }

    /// <summary>Lets the parameters of a target that are not changed train, or not.</summary>
    internal static void Freeze(HyperNetwork network, bool trains)
    {
        HashSet<string> changed = [.. network.Manifest.Entries.Select(static entry => entry.Name)];
        foreach (NamedParameter named in network.Target.NamedParameters().Where(named => !changed.Contains(named.Name)))
        {
            named.Parameter.RequiresGradient = trains;
        }
    }
}
