using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// Hypernetworks that solve a family of differential equations: coefficients or an embedding of the equation generate a <see cref="PhysicsMlp"/> or a
/// <see cref="ModifiedMlp"/>, whose derivatives by its coordinates enter the loss. Nothing needs to be solved beforehand.
/// </summary>
/// <remarks>
/// <code>
/// HyperNetwork network = HyperPinn.For(new PhysicsMlp([2, 32, 32, 1]), conditions: 2, hidden: [32]);
/// Jet u = HyperPinn.Evaluate(network, points, coefficients);     // points [B, N, 2], coefficients [B, 2]
/// Tensor residual = u.First(1) + a * u.First(0) - nu * u.Second(0);
/// </code>
/// Source: de Avila Belbute-Peres, Chen, Sha, HyperPINN, 2021 (arXiv 2111.01008); Bischof and others, HyPINO, 2025 (arXiv 2509.05117).
/// </remarks>
public static class HyperPinn
{
    static HyperPinn()
    {
        LayerTypes.Register<PhysicsMlp>();
        LayerTypes.Register<ModifiedMlp>();
    }

    /// <summary>What was published.</summary>
    public static PublishedSystem Published { get; } = new()
    {
        Name = "hyperpinn",
        Title = "HyperPINN and HyPINO's target",
        Kind = SystemKind.Conditional,
        Paper = new Paper("de Avila Belbute-Peres, Chen, Sha", "HyperPINN: Learning parameterized differential equations with physics-informed hypernetworks", "arXiv", 2021)
        {
            Arxiv = "2111.01008",
        },
        Equation = "theta = h(equation), loss = mean of |residual(u, u_x, u_xx, ...)|^2 with u = f(x; theta)",
        Source = "section 3; the modified network as in the authors' code of HyPINO, rbischof/hypino",
        Layers = [typeof(HyperPinn), typeof(PhysicsMlp), typeof(ModifiedMlp), typeof(Jet)],
        Cases = ["HyperPINN / HyPINO"],
        Recipe = "hyperpinn",
    };

    /// <summary>Makes a hypernetwork of coefficients.</summary>
    /// <param name="function">A <see cref="PhysicsMlp"/> or <see cref="ModifiedMlp"/>.</param>
    /// <param name="conditions">How many coefficients an equation has.</param>
    /// <param name="hidden">The widths of the generator, with tanh behind each.</param>
    /// <param name="random">Where first values come from; null means <see cref="Initializer.Random"/>.</param>
    public static HyperNetwork For(TensorLayer function, int conditions, IReadOnlyList<int> hidden, RandomStream? random = null) => HyperNetwork.For(
        function, Condition.Raw("equation", conditions), hidden, options: new HyperNetworkOptions { Activation = Activation.Tanh, Random = random });

    /// <summary>Evaluates the generated functions, each at points of its own.</summary>
    /// <param name="network">Its target gives derivatives (<see cref="IJetLayer"/>).</param>
    /// <param name="points"><c>[B, N, D]</c></param>
    /// <param name="conditions"><c>[B, size]</c></param>
    /// <exception cref="ArgumentException">The target gives no derivatives, or a shape differs.</exception>
    public static Jet Evaluate(HyperNetwork network, Tensor points, Tensor conditions)
    {
        ArgumentNullException.ThrowIfNull(network);
        if (network.Target is not IJetLayer function)
        {
            string type = network.Target.GetType().Name;
            throw new ArgumentException($"HyperPinn: the target must give derivatives, as PhysicsMlp and ModifiedMlp do; it is a {type}.", nameof(network));
        }
        using IDisposable weights = network.Apply(conditions);
        return function.ForwardJet(points);
    }
}
