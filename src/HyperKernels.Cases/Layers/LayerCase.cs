using HyperKernels.Layers;

namespace HyperKernels.Cases;

/// <summary>
/// A layer of some settings at one size. To the properties of a function it is an op of its parameters and its inputs; besides, a copy and what
/// was stored give the same, and where the layer can have a weight set for every sample, those give what the oracle gives sample by sample.
/// </summary>
public sealed class LayerCase : FunctionCase
{
    private IReadOnlyList<CaseInput>? _parameters;

    /// <summary>The layer's class in the catalogue's spelling: <c>gru_cell</c>.</summary>
    public required string Layer { get; init; }

    /// <summary>Makes the layer on the default device, with first values from a stream. The row's own values take their place.</summary>
    public required Func<RandomStream, Layer> Make { get; init; }

    /// <summary>Sets what is not a parameter: running statistics. Null where there is none.</summary>
    public Action<Layer>? Prepare { get; init; }

    /// <summary>Runs the layer on the inputs, in order.</summary>
    public required Func<Layer, Tensor[], Tensor> Run { get; init; }

    /// <summary>The layer's equations in plain loops and doubles.</summary>
    public required Func<LayerArguments, Plain> Oracle { get; init; }

    /// <summary>Deviation of the values that parameters get.</summary>
    public double ParameterScale { get; init; } = 0.5;

    /// <summary>
    /// Whether every parameter may have a leading axis of weight sets for equal blocks of samples, which are the first axis of all inputs and of
    /// the output.
    /// </summary>
    public bool TakesSets { get; init; }

    /// <summary>Why a copy gives something else, or cannot be made; null where it gives the same.</summary>
    public string? NotStored { get; init; }

    /// <inheritdoc/>
    public override CaseKind Kind => CaseKind.Layer;

    /// <inheritdoc/>
    public override string Subject => Layer;

    /// <summary>Parameters by name, then inputs.</summary>
    public override IReadOnlyList<CaseInput> Arguments => [.. Parameters, .. Inputs];

    /// <inheritdoc/>
    public override IEnumerable<CaseProperty> Properties
    {
        get
        {
            foreach (CaseProperty property in base.Properties)
            {
                yield return property;
            }
            if (NotStored is null)
            {
                yield return new(CaseProperty.Stored, GivesTheSameStored);
            }
            if (TakesSets)
            {
                yield return new(CaseProperty.WeightSets, device => WithSets(device, CaseProperty.WeightSets, Conformance.Forward));
                yield return new(CaseProperty.WeightSetsGradient, device => WithSets(device, CaseProperty.WeightSetsGradient, Conformance.Gradient));
            }
        }
    }

    /// <summary>How the values of the layer's parameters are drawn, in the layer's order.</summary>
    internal IReadOnlyList<CaseInput> Parameters
    {
        get
        {
            if (_parameters is null)
            {
                using Layer layer = MakeOn(Device.Cpu);
                _parameters = [.. layer.NamedParameters().Select(named => CaseInput.Normal(named.Name, named.Parameter.Shape, ParameterScale))];
            }
            return _parameters;
        }
    }

    /// <inheritdoc/>
    public override Plain Answer(Plain[] arguments) => Oracle(new LayerArguments([.. Parameters.Select(parameter => parameter.Name)], arguments));

    /// <inheritdoc/>
    public override CaseRun Start(Plain[] arguments, Device device)
    {
        Layer layer = MakeWith(arguments, device);
        Tensor[] inputs = UploadInputs(arguments, device);
        return new CaseRun([.. layer.Parameters.Select(parameter => parameter.OwnValue), .. inputs], () => RunOn(device, layer, inputs), layer);
    }

    /// <summary>Makes the layer on a device.</summary>
    internal Layer MakeOn(Device device)
    {
        using DeviceUse use = Device.Use(device);
        Layer layer = Make(new RandomStream(1));
        Prepare?.Invoke(layer);
        return layer;
    }

    /// <summary>Copies the inputs among drawn arguments to a device.</summary>
    internal Tensor[] UploadInputs(Plain[] arguments, Device device) => [.. Inputs.Select((input, i) => input.Upload(arguments[Parameters.Count + i], device))];

    /// <summary>Runs the layer where what it makes itself is made on its device.</summary>
    internal Tensor RunOn(Device device, Layer layer, Tensor[] inputs)
    {
        using DeviceUse use = Device.Use(device);
        return Run(layer, inputs);
    }

    private Layer MakeWith(Plain[] arguments, Device device)
    {
        Layer layer = MakeOn(device);
        foreach ((Parameter parameter, Plain values) in layer.Parameters.Zip(arguments))
        {
            parameter.Load(values.ToFloats());
        }
        return layer;
    }

    private CaseResult GivesTheSameStored(Device device)
    {
        Plain[] arguments = MakeArguments();
        using MemoryScope scope = device.Scope();
        using Layer layer = MakeWith(arguments, device);
        Tensor[] inputs = UploadInputs(arguments, device);
        // All are made before the first runs: a batch norm that trains changes with every run.
        using Layer copy = layer.Copy();
        using Layer loaded = SavedAndLoaded(layer);
        using Layer other = Make(new RandomStream(2));
        other.LoadState(layer.GetState());
        float[] expected = RunOn(device, layer, inputs).ToArray();
        string differing = string.Join(" and ", new[] { ("a copy", copy), ("what a file brought back", loaded), ("another layer that took the state", other) }
            .Where(same => !Conformance.SameBits(RunOn(device, same.Item2, inputs).ToArray(), expected)).Select(same => same.Item1));
        return Result(CaseProperty.Stored, device, differing.Length == 0 ? 0 : double.PositiveInfinity, 0, $"{differing} gave other bits");
    }

    private static Layer SavedAndLoaded(Layer layer)
    {
        string path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        try
        {
            layer.Save(path);
            // The class's name is hidden by the property of the same name.
            return HyperKernels.Layers.Layer.Load(path);
        }
        finally
        {
            File.Delete(path);
        }
    }

    // With a set for every sample, and with as few sets as divide the samples evenly: one where their number is prime.
    private CaseResult WithSets(Device device, string property, Func<FunctionCase, Device, CaseResult> check)
    {
        int samples = Inputs[0].Shape[0];
        int few = Enumerable.Range(1, samples / 2).Last(sets => samples % sets == 0);
        CaseResult each = With(samples);
        CaseResult shared = With(few);
        return each.Passed && (!shared.Passed || shared.MaxError > each.MaxError) ? shared : each;

        CaseResult With(int sets)
        {
            CaseResult result = check(new LayerSetsCase(this, sets) { Sizes = Sizes, Inputs = Inputs, Seed = Seed }, device);
            return result with { Property = property, Reason = result.Passed ? "" : $"{sets} weight sets: {result.Reason}" };
        }
    }
}
