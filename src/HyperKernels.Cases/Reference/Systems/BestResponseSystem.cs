using HyperKernels.Layers;
using HyperKernels.Models;

namespace HyperKernels.Cases;

/// <summary>
/// A linear layer or a convolution that was made self-tuning. Two families of cases hold it, which differ in what they call things; sizes follow from
/// the tensors.
/// </summary>
/// <param name="name">What the family calls the system.</param>
/// <param name="hyperparameters">What it calls the hyperparameters.</param>
public sealed class BestResponseSystem(string name, string hyperparameters) : IReferenceSystem
{
    /// <inheritdoc/>
    public string Name => name;

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, Tensor> Run(ReferenceRun run)
    {
        Tensor response = run.Parameter("htensor_to_scalars.weight");
        HyperparameterSpace space = new(Hyperparameter.Free("hyperparameters") with { Size = response.Shape[1] });
        SelfTuningNetwork network = run.Own(SelfTuningNetwork.For(Target(run), space, elementScale: run.HasParameter("elem_scalar")));
        BestResponseEmission emission = (BestResponseEmission)network.Network.Emission;
        Dictionary<Parameter, Tensor> values = [];
        foreach ((string part, Parameter parameter) in emission.NamedParameters())
        {
            values.Add(parameter, part switch
            {
                "elementary.weight" => run.Parameter("elem_weight"),
                "elementary.bias" => run.Parameter("elem_bias"),
                "hyper.weight" => run.Parameter("hnet_weight"),
                "hyper.bias" => run.Parameter("hnet_bias"),
                "element_scales" => run.Parameter("elem_scalar"),
                // The authors' layer keeps rows for a bias that it may not have.
                "response" => Ops.Slice(response, 0, 0, emission.Response.Shape[0]),
                _ => throw new InvalidDataException($"{run.Case.Path}: the case has nothing for the layer's parameter \"{part}\"."),
            });
        }
        using IDisposable weights = ParameterOverrides.Use(values);
        // Without hyperparameters the authors' layers leave the second weights out, as zeros do.
        Tensor given = run.OptionalInput(hyperparameters) ?? Tensor.Zeros([1, space.Size], run.Device);
        Tensor rows = given.Rank == 1 ? Ops.Reshape(given, 1, space.Size) : given;
        return new Dictionary<string, Tensor> { ["y"] = network.Forward(run.Input("x"), rows) };
    }

    private static Layer Target(ReferenceRun run)
    {
        ReferenceCase source = run.Case;
        Shape weight = source.Tensor("param.elem_weight").Shape;
        bool bias = source.Flag("bias", run.HasParameter("elem_bias"));
        if (weight.Rank == 2)
        {
            return new Linear(weight[1], weight[0], bias);
        }
        (int stride, int padding) = (source.Int("stride", 1), source.Int("pad", 0));
        (int dilation, int groups) = (source.Int("dilation", 1), source.Int("groups", 1));
        return weight.Rank switch
        {
            3 => new Conv1d(weight[1] * groups, weight[0], weight[2], stride, padding, dilation, groups, bias),
            4 => new Conv2d(weight[1] * groups, weight[0], (weight[2], weight[3]), new Conv2dOptions(stride, padding, dilation, groups), bias),
            _ => throw new InvalidDataException($"{source.Path}: elem_weight must be [O, I], [O, I, K] or [O, I, KH, KW]; it is {weight}."),
        };
    }
}
