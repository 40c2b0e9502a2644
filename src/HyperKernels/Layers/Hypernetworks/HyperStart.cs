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
    /// <param name="inputVariance">The mean square of the generator's inputs.</param>
    public static EmissionScheme Scheme(HyperNetworkOptions options, IReadOnlyDictionary<string, NamedParameter> generated, double inputVariance)
    {
        HashSet<Parameter> weightsWithBias =
            [.. generated.Values.Where(static g => g.Role == ParameterRole.Bias && g.Weight is not null).Select(static g => g.Weight!)];
        return new EmissionScheme(
            (entry, width, random) => options.Initialization == HyperInitialization.Mip
                ? Initializer.Normal(_ => MagnitudeInvariant.OutputDeviation(entry.Shape, MagnitudeInvariant.Gain(options.Activation)))
                    .Draw([entry.Count, width], random)
                : Initializer.Uniform(_ => Hyperfan.Bound(Hyperfan.HeadVariance(Wanted(entry), width, inputVariance))).Draw([entry.Count, width], random),
            entry => options.Base == BaseWeights.Target || generated[entry.Name].Role == ParameterRole.Gain
                ? generated[entry.Name].Parameter.OwnValue.ToArray()
                : null,
            options.Base != BaseWeights.None);

        // A chunk mixes tensors: one layer for all chunks can give them the mean of what they want.
        double Wanted(ManifestEntry entry) => generated.TryGetValue(entry.Name, out NamedParameter? named)
            ? WantedVariance(options, named, weightsWithBias)
            : generated.Values.Sum(each => each.Parameter.Shape.Count * WantedVariance(options, each, weightsWithBias))
                / generated.Values.Sum(static each => each.Parameter.Shape.Count);
    }

    private static double WantedVariance(HyperNetworkOptions options, NamedParameter named, HashSet<Parameter> weightsWithBias)
    {
        FanMode mode = options.Initialization == HyperInitialization.HyperfanOut ? FanMode.Out : FanMode.In;
        bool biases = options.Initialization != HyperInitialization.HyperfanInWithoutBias;
        Shape shape = named.Parameter.Shape;
        return named.Role switch
        {
            ParameterRole.Weight when shape.Rank > 1 => Hyperfan.WeightVariance(mode, shape, biases && weightsWithBias.Contains(named.Parameter)),
            ParameterRole.Bias => biases && named.Weight is not null ? Hyperfan.BiasVariance(mode, named.Weight.Shape) : 0,
            // What has no fans keeps its base weights, or where it has none gets the scale of its own.
            ParameterRole.Gain when options.Base != BaseWeights.None => 0,
            _ when options.Base == BaseWeights.Target => 0,
            _ => named.Parameter.OwnValue.ToArray().Average(static value => (double)value * value),
        };
    }
}
