using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// A modulated convolution that is adapted to domains by few numbers: the kernels of a style, demodulated, are changed by offsets of channels that are linear in a domain's
/// vector, <c>y_b = conv(x_b, w_b (1 + i_b + o_b))</c> and variants (<see cref="DomainPatch"/>).
/// </summary>
/// <remarks>
/// Offsets act after demodulation, which would else undo those of outputs. Heads start Xavier-uniform times 0.01 with zero biases (gains at one): a fresh layer hardly
/// changes its base. Source: Alanov, Titov, Vetrov, HyperDomainNet: Universal Domain Adaptation for Generative Adversarial Networks, NeurIPS 2022 (arXiv 2210.08884), section
/// 4, and the authors' code, MACderRu/HyperDomainNet.
/// </remarks>
public sealed class DomainConv : Layer, IStoredLayer<DomainConv>
{
    private const float StartScale = 0.01f;

    private readonly bool _bias;

    // Files may hold the convolution before a program uses it.
    static DomainConv()
    {
        LayerTypes.Register<DomainConv>();
        LayerTypes.Register<ModulatedConv>();
        LayerTypes.Register<EqualisedLinear>();
    }

    /// <summary>Adapts a modulated convolution.</summary>
    /// <param name="inner">The convolution; whether it trains is left as it is.</param>
    /// <param name="domainFeatures">The numbers of a domain's vector.</param>
    /// <param name="patch">What the domain changes.</param>
    /// <param name="bias">Whether heads have biases.</param>
    /// <param name="random">Where first values come from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">domainFeatures is below 1.</exception>
    public DomainConv(
        ModulatedConv inner, int domainFeatures, DomainPatch patch = DomainPatch.SeparateMultiply, bool bias = true, RandomStream? random = null)
    {
        ArgumentNullException.ThrowIfNull(inner);
        (DomainFeatures, Patch, _bias) = (domainFeatures, patch, bias);
        Inner = Add("inner", inner);
        (int i, int o, int k) = (inner.InChannels, inner.OutChannels, inner.KernelSize);
        if (patch is DomainPatch.SeparateMultiply or DomainPatch.SeparateAdd or DomainPatch.InputMultiply or DomainPatch.InputTapMultiply)
        {
            Inputs = Head("head_in", i, random);
        }
        if (patch is DomainPatch.SeparateMultiply or DomainPatch.SeparateAdd or DomainPatch.OutputMultiply or DomainPatch.OutputTapMultiply)
        {
            Outputs = Head("head_out", o, random);
        }
        if (patch is DomainPatch.FullMultiply or DomainPatch.FullAdd)
        {
            Pairs = Head("head_shift", o * i, random);
        }
        if (patch is DomainPatch.InputTapMultiply or DomainPatch.OutputTapMultiply)
        {
            Taps = Head("head_kernel", k * k, random);
        }
        if (patch is DomainPatch.OutputAffine or DomainPatch.OutputGain)
        {
            Gains = Head("head_gamma", o, random);
            Initializer.Ones.Apply(Gains.Bias ?? Gains.Weight, random);
        }
        if (patch is DomainPatch.OutputAffine)
        {
            Shifts = Head("head_beta", o, random);
        }
    }

    /// <summary>What was published.</summary>
    public static PublishedSystem Published { get; } = new()
    {
        Name = "hyperdomainnet",
        Title = "HyperDomainNet: domain offsets of a modulated generator",
        Kind = SystemKind.Conditional,
        Paper = new Paper("Alanov, Titov, Vetrov", "HyperDomainNet: Universal Domain Adaptation for Generative Adversarial Networks", "NeurIPS", 2022) { Arxiv = "2210.08884" },
        Equation = "y_b = conv(x_b, w_b (1 + i_b + o_b)) with w_b modulated and demodulated, i_b and o_b linear in the domain's vector",
        Source = "section 4; the other patches as in the authors' code, MACderRu/HyperDomainNet",
        Layers = [typeof(DomainConv), typeof(ModulatedConv)],
        Cases = ["HyperDomainNet"],
    };

    /// <summary>The convolution that is adapted.</summary>
    public ModulatedConv Inner { get; }

    /// <summary>The numbers of a domain's vector.</summary>
    public int DomainFeatures { get; }

    /// <summary>What the domain changes.</summary>
    public DomainPatch Patch { get; }

    /// <summary>Gives offsets of inputs, or null.</summary>
    public Linear? Inputs { get; }

    /// <summary>Gives offsets of outputs, or null.</summary>
    public Linear? Outputs { get; }

    /// <summary>Gives offsets of pairs of channels, or null.</summary>
    public Linear? Pairs { get; }

    /// <summary>Gives offsets of a kernel's taps, or null.</summary>
    public Linear? Taps { get; }

    /// <summary>Gives gains of outputs, or null.</summary>
    public Linear? Gains { get; }

    /// <summary>Gives what is added to the weights of outputs, or null.</summary>
    public Linear? Shifts { get; }

    /// <summary>Convolves with the kernels of each sample's style, changed for its domain.</summary>
    /// <param name="input"><c>[B, I, H, W]</c></param>
    /// <param name="style"><c>[C, styleFeatures]</c>, C dividing B.</param>
    /// <param name="domain"><c>[D, domainFeatures]</c>: D is C, or 1; with C = 1 it divides B.</param>
    /// <returns><c>[B, O, H, W]</c></returns>
    /// <exception cref="ArgumentException">A shape does not fit.</exception>
    public Tensor Forward(Tensor input, Tensor style, Tensor domain)
    {
        Weight kernels = Inner.Kernels(style);
        // What changes inputs or outputs alone goes around a convolution whose kernels need not be written out.
        return Patch switch
        {
            DomainPatch.InputMultiply => Inner.Apply(Scaled(input, Ops.AddScalar(Inputs!.Forward(domain), 1)), kernels),
            DomainPatch.OutputMultiply => Scaled(Inner.Apply(input, kernels), Ops.AddScalar(Outputs!.Forward(domain), 1)),
            DomainPatch.OutputGain => Scaled(Inner.Apply(input, kernels), Gains!.Forward(domain)),
            _ => Inner.Apply(input, Changed(kernels, domain)),
        };
    }

    static string IStoredLayer<DomainConv>.TypeName => "DomainConv";

    static DomainConv IStoredLayer<DomainConv>.Read(LayerSettings settings) =>
        new(settings.Layer<ModulatedConv>("inner"), settings.Int("domainFeatures"), settings.Choice<DomainPatch>("patch"), settings.Flag("bias"));

    void IStoredLayer<DomainConv>.WriteSettings(LayerSettings settings) => settings
        .SetLayer("inner", Inner).Set("domainFeatures", DomainFeatures).Set("patch", Patch).Set("bias", _bias);

    /// <inheritdoc/>
    protected override string Describe() => $"DomainConv({Patch})";

    private Linear Head(string name, int outputs, RandomStream? random)
    {
        Linear head = Add(name, new Linear(DomainFeatures, outputs, _bias, random));
        Initializer.XavierUniform(StartScale).Apply(head.Weight, random);
        if (head.Bias is { } bias)
        {
            Initializer.Zeros.Apply(bias, random);
        }
        return head;
    }

    // x [B, K, H, W] times scale [D, K], each row of which serves B / D consecutive samples.
    private static Tensor Scaled(Tensor x, Tensor scale)
    {
        int rows = scale.Shape[0];
        if (x.Shape[0] % rows != 0)
        {
            throw new ArgumentException($"DomainConv: the domains' rows must divide the {x.Shape[0]} samples; there are {rows}.");
        }
        Tensor samples = Ops.Reshape(x, rows, x.Shape[0] / rows, x.Shape[1], x.Shape[2] * x.Shape[3]);
        return Ops.Reshape(Ops.Multiply(samples, Ops.Reshape(scale, rows, 1, x.Shape[1], 1)), x.Shape);
    }

    private Weight Changed(Weight kernels, Tensor domain)
    {
        Tensor w = kernels.Materialize();
        (int o, int i, int k, int rows) = (Inner.OutChannels, Inner.InChannels, Inner.KernelSize, domain.Shape[0]);
        w = w.Rank == 5 ? w : Ops.Reshape(w, 1, o, i, k, k);
        Tensor Inputs5() => Ops.Reshape(Inputs!.Forward(domain), rows, 1, i, 1, 1);
        Tensor Outputs5() => Ops.Reshape(Outputs!.Forward(domain), rows, o, 1, 1, 1);
        Tensor Taps5() => Ops.Reshape(Taps!.Forward(domain), rows, 1, 1, k, k);
        Tensor Pairs5() => Ops.Reshape(Pairs!.Forward(domain), rows, o, i, 1, 1);
        Tensor Raised(Tensor offsets) => Ops.Multiply(w, Ops.AddScalar(offsets, 1));
        return Patch switch
        {
            DomainPatch.SeparateMultiply => Raised(Ops.Add(Inputs5(), Outputs5())),
            DomainPatch.SeparateAdd => Ops.Add(w, Ops.Add(Inputs5(), Outputs5())),
            DomainPatch.FullMultiply => Raised(Pairs5()),
            DomainPatch.FullAdd => Ops.Add(w, Pairs5()),
            DomainPatch.InputTapMultiply => Raised(Ops.Add(Inputs5(), Taps5())),
            DomainPatch.OutputTapMultiply => Raised(Ops.Add(Outputs5(), Taps5())),
            _ => Ops.Add(Ops.Multiply(w, Ops.Reshape(Gains!.Forward(domain), rows, o, 1, 1, 1)), Ops.Reshape(Shifts!.Forward(domain), rows, o, 1, 1, 1)),
        };
    }
}
