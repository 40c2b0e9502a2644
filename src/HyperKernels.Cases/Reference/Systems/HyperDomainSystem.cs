using HyperKernels.Layers;
using HyperKernels.Models;

namespace HyperKernels.Cases;

/// <summary>A modulated convolution adapted to domains.</summary>
public sealed class HyperDomainSystem : IReferenceSystem
{
    /// <inheritdoc/>
    public string Name => "HyperDomainNet";

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, Tensor> Run(ReferenceRun run)
    {
        ReferenceCase source = run.Case;
        DomainPatch patch = source.Text("patch", "csep_mult") switch
        {
            "csep_mult" => DomainPatch.SeparateMultiply,
            "csep_delta" => DomainPatch.SeparateAdd,
            "cin_mult" => DomainPatch.InputMultiply,
            "cout_mult" => DomainPatch.OutputMultiply,
            "cfull_mult" => DomainPatch.FullMultiply,
            "cfull_delta" => DomainPatch.FullAdd,
            "aff_cout" => DomainPatch.OutputAffine,
            "aff_cout_no_beta" => DomainPatch.OutputGain,
            "cink_mult" => DomainPatch.InputTapMultiply,
            "coutk_mult" => DomainPatch.OutputTapMultiply,
            string other => throw new InvalidDataException($"{source.Path}: the patch \"{other}\" is not known."),
        };
        RandomStream random = new(0);
        ModulatedConv inner = new(
            source.Int("in"), source.Int("out"), source.Int("k"), source.Int("style"), source.Flag("demod", true), source.Flag("upsample", false), random);
        bool bias = source.All("param.head").Any(static named => named.Name.EndsWith(".bias", StringComparison.Ordinal));
        DomainConv layer = run.Own(new DomainConv(inner, source.Int("code"), patch, bias, random));
        Dictionary<Parameter, Tensor> values = layer.NamedParameters().ToDictionary(
            static named => named.Parameter,
            named => Ops.Reshape(run.Parameter(named.Name.Replace("inner.", "", StringComparison.Ordinal)), named.Parameter.Shape));
        using IDisposable weights = ParameterOverrides.Use(values);
        return new Dictionary<string, Tensor> { ["y"] = layer.Forward(run.Input("x"), run.Input("style"), run.Input("domain")) };
    }
}
