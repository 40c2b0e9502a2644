using HyperKernels.Layers;

namespace HyperKernels.Cli.Recipes;

/// <summary>Which norm stands before the activations of a generator.</summary>
internal enum GeneratorNorm
{
    None,
    Batch,
    Layer,
}

/// <summary>One choice of the generator under which the forms of a hypernetwork are compared.</summary>
/// <param name="Name">As in tables.</param>
/// <param name="Activation">The generator's.</param>
/// <param name="Norm">Before every activation.</param>
/// <param name="Conditions">How many numbers the generator is told.</param>
/// <param name="Hidden">The widths of its layers.</param>
internal sealed record AblationSetting(string Name, Activation Activation, GeneratorNorm Norm, int Conditions, int[] Hidden)
{
    private const int Units = 32;

    /// <summary>The usual one, and what differs from it in one thing.</summary>
    public static IEnumerable<AblationSetting> All(int[] hidden)
    {
        AblationSetting usual = new("as usual", Activation.LeakyRelu(), GeneratorNorm.None, 1, hidden);
        return
        [
            usual,
            usual with { Name = "ReLU", Activation = Activation.Relu },
            usual with { Name = "tanh", Activation = Activation.Tanh },
            usual with { Name = "SiLU", Activation = Activation.Silu },
            usual with { Name = "GELU", Activation = Activation.Gelu },
            usual with { Name = "batch norm", Norm = GeneratorNorm.Batch },
            usual with { Name = "layer norm", Norm = GeneratorNorm.Layer },
            .. ((int[])[2, 4, 8, 16]).Select(count => usual with { Name = $"{count} conditions", Conditions = count }),
            .. ((int[][])[[16], [128], [64, 64], [16, 32, 64]]).Select(sizes => usual with { Name = $"hidden {string.Join(", ", sizes)}", Hidden = sizes }),
        ];
    }

    /// <summary>How many numbers the only condition of a network has.</summary>
    public static int Size(HyperNetwork network) => ((DeclaredConditioning)network.Conditioning).Conditions[0].Size;

    /// <summary>Makes a hypernetwork of this setting.</summary>
    public HyperNetwork Make(HyperNetworkOptions options, RandomStream random)
    {
        TensorLayer target = new Sequential(
            new Linear(2, Units, random: random), new LeakyRelu(), new Linear(Units, Units, random: random), new LeakyRelu(), new Linear(Units, 1, random: random));
        options = options with { Activation = Activation, Hidden = Hidden };
        if (Norm != GeneratorNorm.None)
        {
            options = options with { Generator = inputs => Normed(inputs, random), GeneratorOutputs = Hidden[^1] };
        }
        return HyperNetwork.For(target, Condition.Unit("gamma", Conditions), options: options);
    }

    // The layers of GeneratorMlp with its first values, and norms between whose gains keep the signal's norm at that of one condition: their start is made for it.
    private Sequential Normed(int inputs, RandomStream random)
    {
        List<TensorLayer> layers = [];
        foreach (int width in Hidden)
        {
            Linear linear = new(inputs, width, random: random);
            Initializer.Normal(0, (float)MagnitudeInvariant.HiddenDeviation(width, MagnitudeInvariant.Gain(Activation))).Apply(linear.Weight, random);
            Initializer.Zeros.Apply(linear.Bias!);
            layers.Add(linear);
            TensorLayer norm = Norm == GeneratorNorm.Batch ? new BatchNorm(width) : new LayerNorm(width);
            Initializer.Constant(1 / MathF.Sqrt(width)).Apply(norm.Parameters[0]);
            layers.Add(norm);
            layers.Add(ActivationLayer.Of(Activation));
            inputs = width;
        }
        return new Sequential([.. layers]);
    }
}
