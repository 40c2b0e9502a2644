using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// Any network whose matrices and kernels all read one bank of few numbers, through a map that is a seed: as many weights as before, a fraction of the numbers to train and
/// store. A file holds the bank, the seed and the biases.
/// </summary>
/// <remarks>
/// ROAST: <see cref="BankMap.Chunk"/> or <see cref="BankMap.Independent"/>, no change of gradients. STABLE-RPS: <see cref="BankMap.RandomFold"/> with
/// <see cref="BankGradient.SquareOfSum"/>, which makes the first values' scale matter less and gives back the plain network where nothing is compressed.
/// </remarks>
public sealed class SharedBankNetwork : TensorLayer, IStoredLayer<SharedBankNetwork>
{
    static SharedBankNetwork()
    {
        LayerTypes.Register<SharedBankNetwork>();
        LayerTypes.Register<SharedBankEmission>();
        LayerTypes.Register<Unconditional>();
    }

    /// <summary>Gives a network a bank.</summary>
    /// <param name="target">The network; its biases start at zero as in the released code, everything else that reads no bank stays as it is.</param>
    /// <param name="bank">The numbers of the bank.</param>
    /// <param name="options">Everything else; null means the defaults.</param>
    /// <param name="parameters">Which matrices, kernels and tables read it: a pattern over dotted names.</param>
    /// <param name="random">Draws the bank's first values; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">bank is below 1, s is not positive, or nothing matches.</exception>
    public SharedBankNetwork(TensorLayer target, int bank, SharedBankOptions? options = null, string parameters = "*", RandomStream? random = null)
        : this(Make(target, new SharedBankEmission(target, bank, options, parameters, random)))
    {
    }

    private SharedBankNetwork(HyperNetwork network)
    {
        Emission = network.Emission as SharedBankEmission
            ?? throw new FormatException($"the emission of a SharedBankNetwork must be a SharedBankEmission; it is a {network.Emission.GetType().Name}.");
        Network = Add("network", network);
    }

    /// <summary>What was published.</summary>
    public static PublishedSystem Published { get; } = new()
    {
        Name = "roast",
        Title = "ROAST and STABLE-RPS: one hashed bank for all weights",
        Kind = SystemKind.Conditional,
        Paper = new Paper("Desai, Shrivastava", "In defense of parameter sharing for model-compression", "ICLR", 2024) { Arxiv = "2310.11611" },
        Equation = "W_l[i] = lambda_l G_l[i] M[h_l(i)], lambda_l = 1 / (s sqrt(fan in)), h(g) = (r(g div m) + g mod m) mod m",
        Source = "section 4; ROAST: Desai, Zhou, Shrivastava, ICML 2023 (arXiv 2207.10702); the authors' code, apd10/FakeRoast, for scales and gradients",
        Layers = [typeof(SharedBankNetwork), typeof(SharedBankEmission)],
        Cases = ["ROAST"],
        Recipe = "roast-mnist",
    };

    /// <summary>The network and what its weights read.</summary>
    public HyperNetwork Network { get; }

    /// <summary>Holds the bank.</summary>
    public SharedBankEmission Emission { get; }

    /// <summary>Runs the network with weights from the bank.</summary>
    /// <param name="input">What the target takes.</param>
    /// <returns>The target's output.</returns>
    public override Tensor Forward(Tensor input) => Network.Forward(input);

    static string IStoredLayer<SharedBankNetwork>.TypeName => "SharedBankNetwork";

    static SharedBankNetwork IStoredLayer<SharedBankNetwork>.Read(LayerSettings settings) => new(settings.Layer<HyperNetwork>("network"));

    void IStoredLayer<SharedBankNetwork>.WriteSettings(LayerSettings settings) => settings.SetLayer("network", Network);

    private static HyperNetwork Make(TensorLayer target, SharedBankEmission emission)
    {
        HashSet<string> shared = [.. emission.Manifest.Entries.SelectMany(static entry => entry.Names)];
        HashSet<Layer> owners = [.. target.NamedParameters().Where(named => shared.Contains(named.Name)).Select(static named => named.Owner)];
        foreach (NamedParameter named in target.NamedParameters())
        {
            if (named.Role == ParameterRole.Bias && owners.Contains(named.Owner))
            {
                Initializer.Zeros.Apply(named.Parameter);
            }
        }
        Unconditional conditioning = new();
        return new HyperNetwork(target, conditioning, new GeneratorMlp(conditioning.Size, [], Activation.None, Initializer.Zeros), emission);
    }
}
