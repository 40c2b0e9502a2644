using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// Any network of which few numbers are trained: its weights are <c>theta_0 + P z</c> with a fixed random P and one latent vector z. A file of it holds z and a seed (and
/// theta_0 if there is one), whatever the size of the network.
/// </summary>
/// <remarks>
/// Ready-made forms: <see cref="Doh"/>, <see cref="IntrinsicDimension"/>. One latent for each of many signals: a <see cref="HyperNetwork"/> with a condition
/// (<see cref="Condition.Embedding"/>) and a <see cref="RandomProjectionEmission"/>.
/// </remarks>
public sealed class ProjectedNetwork : TensorLayer, IStoredLayer<ProjectedNetwork>
{
    static ProjectedNetwork() => LayerTypes.Register<ProjectedNetwork>();

    /// <summary>Joins a target, its emission and a latent vector.</summary>
    /// <param name="target">The network.</param>
    /// <param name="emission">Projects.</param>
    /// <param name="latent">Is projected.</param>
    /// <exception cref="ArgumentException">The target is not the emission's.</exception>
    public ProjectedNetwork(TensorLayer target, RandomProjectionEmission emission, LatentVector latent)
        : this(new HyperNetwork(target, latent, new GeneratorMlp(latent?.Size ?? 0, [], Activation.None, Initializer.Zeros), emission))
    {
    }

    private ProjectedNetwork(HyperNetwork network) => Network = Add("network", network);

    /// <summary>The network, the latent vector and what projects it.</summary>
    public HyperNetwork Network { get; }

    /// <summary>z, <c>[1, m]</c>.</summary>
    public Parameter Latent => ((LatentVector)Network.Conditioning).Values;

    /// <summary>Projects.</summary>
    public RandomProjectionEmission Emission => (RandomProjectionEmission)Network.Emission;

    /// <summary>Runs the network with the projected weights.</summary>
    /// <param name="input">What the target takes.</param>
    /// <returns>The target's output.</returns>
    public override Tensor Forward(Tensor input) => Network.Forward(input);

    static string IStoredLayer<ProjectedNetwork>.TypeName => "ProjectedNetwork";

    static ProjectedNetwork IStoredLayer<ProjectedNetwork>.Read(LayerSettings settings) => new(settings.Layer<HyperNetwork>("network"));

    void IStoredLayer<ProjectedNetwork>.WriteSettings(LayerSettings settings) => settings.SetLayer("network", Network);
}
