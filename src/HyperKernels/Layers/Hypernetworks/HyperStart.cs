namespace HyperKernels.Layers;

/// <summary>How a hypernetwork's own weights start, for each of the published ways.</summary>
internal static class HyperStart
{
    /// <summary>The start of the generator's hidden layers.</summary>
    public static Initializer Hidden(HyperNetworkOptions options) => options.Initialization == HyperInitialization.Mip
        ? Initializer.Normal(shape => MagnitudeInvariant.HiddenDeviation(shape[0], MagnitudeInvariant.Gain(options.Activation)))
        : Initializer.Uniform(static shape => Hyperfan.HiddenBound(shape[1]));

    /// <summary>The start of the emission.</summary>
    /// <param name="options">The choices.</param>
    /// <param name="generated">The generated parameters by name: their values are the base weights, their roles decide the hyperfan variances.</param>
    public static EmissionScheme Scheme(HyperNetworkOptions options, IReadOnlyDictionary<string, NamedParameter> generated)
    {
        HashSet<Parameter> weightsWithBias =
            [.. generated.Values.Where(static g => g.Role == ParameterRole.Bias && g.Weight is not null).Select(static g => g.Weight!)];
        return new EmissionScheme(
            (entry, width, random) => options.Initialization == HyperInitialization.Mip
                ? Initializer.Normal(_ => MagnitudeInvariant.OutputDeviation(entry.Shape, MagnitudeInvariant.Gain(options.Activation)))
                    .Draw([entry.Count, width], random)
                : HyperfanRows(options, generated, weightsWithBias, entry, width, random),
            entry => options.Base == BaseWeights.Target ? generated[entry.Name].Parameter.OwnValue.ToArray() : null,
            options.Base != BaseWeights.None);
    }

    private static float[] HyperfanRows(
        HyperNetworkOptions options, IReadOnlyDictionary<string, NamedParameter> generated, HashSet<Parameter> weightsWithBias,
        ManifestEntry entry, int width, RandomStream? random)
    {
        FanMode mode = options.Initialization == HyperInitialization.HyperfanOut ? FanMode.Out : FanMode.In;
        bool biases = options.Initialization != HyperInitialization.HyperfanInWithoutBias;
        // A chunk mixes tensors; it is drawn as a matrix would be. Gains and tables have no fans: they keep their base weights.
        double wanted = !generated.TryGetValue(entry.Name, out NamedParameter? named)
            ? Hyperfan.WeightVariance(mode, [entry.Count, width], hasBias: false)
            : named.Role switch
            {
                ParameterRole.Weight when entry.Shape.Rank > 1 =>
                    Hyperfan.WeightVariance(mode, entry.Shape, biases && weightsWithBias.Contains(named.Parameter)),
                ParameterRole.Bias when biases && named.Weight is not null => Hyperfan.BiasVariance(mode, named.Weight.Shape),
                _ => 0,
            };
        double variance = Hyperfan.HeadVariance(wanted, width, options.InputVariance);
        return Initializer.Uniform(_ => Hyperfan.Bound(variance)).Draw([entry.Count, width], random);
    }
}
